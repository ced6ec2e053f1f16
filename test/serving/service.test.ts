import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Served, Service, type ServiceSettings } from '../../src/serving/index.js';
import { meanModel, sumModel } from './models.js';

const SETTINGS: ServiceSettings = {
  ...{ host: '127.0.0.1', port: 0, token: null },
  ...{ maxBatch: 8, maxWait: 2, maxBody: 1000, timeout: 5 },
};

/** What the model at hand does before it predicts. */
let before: (() => void) | null = null;
const notes: string[] = [];

const model: Served = {
  spec: meanModel.spec,
  predict: (X) => {
    before?.();
    return meanModel.predict(X);
  },
};

let service: Service;

beforeAll(async () => {
  service = await Service.start(model, SETTINGS, (note) => notes.push(note));
});

afterAll(() => service.end(0));

async function ask(path: string, init: RequestInit = {}, at = service): Promise<[status: number, value: unknown]> {
  const response = await fetch(`http://127.0.0.1:${at.port}${path}`, init);
  const text = await response.text();
  return [response.status, /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text];
}

function post(body: string | Uint8Array, type: string, path = '/predict', at = service): ReturnType<typeof ask> {
  return ask(path, { method: 'POST', body: body as BodyInit, headers: { 'Content-Type': type } }, at);
}

const OCTETS = 'application/octet-stream';

test('predicts one example and several', async () => {
  expect(await post('{"inputs": [255, 255, 255, 0]}', 'application/json')).toEqual([
    200,
    { predictions: [{ label: 'light', probability: 0.75, probabilities: { dark: 0.25, light: 0.75 } }] },
  ]);
  const [, several] = await post(Buffer.alloc(44, 255), OCTETS);
  expect((several as { predictions: unknown[] }).predictions).toHaveLength(11);
});

test('top gives the most probable classes first', async () => {
  const [, answer] = await post('{"inputs": [255, 255, 255, 0]}', 'application/json', '/predict?top=1');
  const [{ probabilities }] = (answer as { predictions: { probabilities: object }[] }).predictions;
  expect(Object.entries(probabilities)).toEqual([['light', 0.75]]);
  for (const top of ['0', 'x', '1.5', '']) {
    expect(await post(Buffer.alloc(4), OCTETS, `/predict?top=${top}`)).toEqual([
      400,
      { error: 'top is out of its range, expected a whole number ≥ 1' },
    ]);
  }
});

test('a model that gives numbers answers with values', async () => {
  const sums = await Service.start(sumModel, SETTINGS, () => {});
  try {
    expect(await post('a,b\n1,2\n3,4\n', 'text/csv', '/predict', sums)).toEqual([
      200,
      { predictions: [{ values: { sum: 21 } }, { values: { sum: 43 } }] },
    ]);
    expect(await post('a,b\n1,2\n', 'text/csv', '/predict?top=1', sums)).toEqual([
      400,
      { error: 'top is out of its range, expected none: the model gives numbers, not classes' },
    ]);
    expect((await ask('/', {}, sums))[1]).toContain('rows with a header, which has at least: a, b');
  } finally {
    await sums.end(0);
  }
});

test('says how to call it, what the model is, and how it is', async () => {
  const [status, text] = await ask('/');
  expect(status).toBe(200);
  expect(text).toContain(
    `curl -H 'Content-Type: image/png' --data-binary @picture.png 'http://127.0.0.1:${service.port}/predict'`,
  );
  expect(await ask('/model')).toEqual([
    200,
    {
      ...{ name: 'mean', takes: 'pictures', inputShape: [1, 2, 2], classes: ['dark', 'light'] },
      ...{ outputs: ['dark', 'light'], preprocessing: { mean: [0] } },
    },
  ]);
  expect(await ask('/health')).toEqual([
    200,
    {
      state: 'ready',
      uptime: expect.any(Number),
      requests: { answered: expect.any(Number), reading: 0 },
      examples: { predicted: expect.any(Number), predicting: 0, waiting: 0 },
      batches: expect.any(Number),
    },
  ]);
});

test('what is wrong with a request is said', async () => {
  const expected = '{ "inputs": [one or more examples of shape (1, 2, 2) or flat lists of 4] }';
  expect(await post('{"inputs": [1]}', 'application/json')).toEqual([
    400,
    { error: `the body has inputs of shape (1), expected ${expected}` },
  ]);
  expect((await post('x', 'text/plain'))[0]).toBe(415);
  expect((await post(Buffer.alloc(1001), OCTETS))[0]).toBe(413);
  expect((await ask('/predict'))[0]).toBe(405);
  expect((await ask('/predictions'))[0]).toBe(404);
  const foreign = { method: 'POST', body: '{}', headers: { Origin: 'http://evil.example' } };
  expect((await ask('/predict', foreign))[0]).toBe(403);
});

test('a model that fails is a 500 and a note, and the service goes on', async () => {
  before = () => {
    throw new Error('out of something');
  };
  expect(await post(Buffer.alloc(4), OCTETS)).toEqual([
    500,
    { error: 'the model failed, and the log of the server says why' },
  ]);
  expect(notes.join()).toContain('out of something');
  before = null;
  expect((await post(Buffer.alloc(4), OCTETS))[0]).toBe(200);
});

test('at its end what has come in is answered', async () => {
  const other = await Service.start(model, SETTINGS, () => {});
  const begun = new Promise<void>((resolve) => {
    before = () => {
      before = null;
      resolve();
    };
  });
  const asked = Array.from({ length: 20 }, () => post(Buffer.alloc(4), OCTETS, '/predict', other));
  const all = Promise.allSettled(asked);
  await begun;
  expect(await other.end(5000)).toEqual({ inTime: true });
  // A connection that had not been made yet is refused, no request is left without an answer.
  const settled = await all;
  const answers = settled.filter((one) => one.status === 'fulfilled');
  expect(answers.length).toBeGreaterThan(0);
  for (const { value } of answers) expect(value[0]).toBe(200);
});

test('a port in use is an error', async () => {
  const taken = { ...SETTINGS, port: service.port };
  await expect(Service.start(model, taken, () => {})).rejects.toThrow(`serve: port ${service.port} is in use`);
});
