import { mediaTypes } from './inputs.js';
import { type ServiceSettings, type Spec, sizeOfExample } from './spec.js';

/** How to call a service, as plain text for people. */
export function usageText(spec: Spec, { token }: ServiceSettings, host: string): string {
  const url = `http://${host}`;
  const curl = `curl${token === null ? '' : " -H 'Authorization: Bearer TOKEN'"}`;
  const shape = `(${spec.inputShape.join(', ')})`;
  const size = sizeOfExample(spec);
  const numbers = spec.takes === 'pictures' ? 'pixels from 0 to 255' : 'numbers';
  const post = (type: string, data: string, path = '/predict'): string =>
    `  ${curl} -H 'Content-Type: ${type}' --data-binary ${data} '${url}${path}'`;
  const ways: Readonly<Record<string, string>> = {
    'application/json': `one or more examples, flat or nested as ${shape}, ${numbers}
${post('application/json', `'{"inputs": [[…${size} numbers…]]}'`)}`,
    'image/png': `a picture of any size
${post('image/png', '@picture.png')}`,
    'image/jpeg': `a picture of any size
${post('image/jpeg', '@picture.jpg')}`,
    'text/csv': `rows with a header, which has at least: ${spec.csv?.columns.join(', ')}
${post('text/csv', '@rows.csv')}`,
    'application/octet-stream':
      spec.takes === 'pictures'
        ? `one or more examples ${shape}, a byte for each pixel of a channel; ?dtype=float32: little-endian float32
${post('application/octet-stream', '@pixels.bin')}`
        : `one or more examples of ${size} little-endian float32
${post('application/octet-stream', '@rows.f32')}`,
  };
  const kinds = mediaTypes(spec).map((type) => `${type}: ${ways[type]}`);
  const answer =
    spec.classes === null
      ? '{"predictions": [{"values": {…}}]}'
      : '{"predictions": [{"label", "probability", "probabilities": {…}}]}, with ?top=n the n most probable classes';
  return `${spec.name}

POST /predict

${kinds.join('\n\n')}

The answer has one prediction for each example:
  ${answer}
What is wrong with a request is said as {"error": "…"}.

GET /model     the shape of inputs, the classes, and how inputs are prepared
GET /health    whether it is ready, requests so far, and the queue
`;
}
