// Checks exercise.mjs: node check.mjs

import { array, decodeSafetensors, encodeSafetensors, nn, Random } from 'layerwise';
import { lesson, near, wrong } from './lesson.mjs';

const random = new Random(0);
const NET = {
  'hidden.weight': random.randn([3, 4]),
  'hidden.bias': random.randn([3]),
  größe: random.randn([2, 1, 2], 'float64'),
};

/** A file with the given header, and as many zeros for numbers. @param {object | string} header @param {number} count */
function fileOf(header, count) {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + count);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

/** @param {string} what @param {() => unknown} call @param {string} [named] What the message has to name. */
function refused(what, call, named) {
  try {
    call();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message.includes('yours to write')) throw error;
    if (named !== undefined && !message.includes(named)) wrong(`${what}: the error does not name ${named}: ${message}`);
    return;
  }
  wrong(`${what} was taken: it has to be refused by an error`);
}

await lesson({
  'readHeader: of a file of the library': ({ readHeader }) => {
    const { header, start } = readHeader(encodeSafetensors(NET));
    const shape = header?.['hidden.weight']?.shape;
    if (String(shape) !== '3,4') wrong(`the shape of hidden.weight is ${shape}, expected 3,4`);
    const numbers = 4 * (12 + 3) + 8 * 4;
    near('start', start, encodeSafetensors(NET).length - numbers);
  },

  'readHeader: of bytes in the middle of a buffer': ({ readHeader }) => {
    const file = fileOf({}, 4);
    const buffer = new Uint8Array(file.length + 5);
    buffer.set(file, 5);
    near('start', readHeader(buffer.subarray(5)).start, 10);
  },

  'decode: a file of the library': ({ decode }) => {
    const state = decode(encodeSafetensors(NET, { metadata: { made: 'today' } }));
    const names = Object.keys(state).sort().join(', ');
    const expected = Object.keys(NET).sort().join(', ');
    if (names !== expected) wrong(`the names are ${names}, expected ${expected}`);
    for (const [name, a] of Object.entries(NET)) {
      near(name, state[name], a, 0);
      if (state[name].dtype !== a.dtype) wrong(`${name} has dtype ${state[name].dtype}, expected ${a.dtype}`);
    }
  },

  'encode: a file that the library reads': ({ encode }) => {
    const bytes = encode(NET);
    if (!(bytes instanceof Uint8Array)) wrong('encode returns no Uint8Array');
    const { tensors } = decodeSafetensors(bytes);
    for (const [name, a] of Object.entries(NET)) {
      if (tensors[name] === undefined) wrong(`the file has no ${name}, only ${Object.keys(tensors).join(', ')}`);
      near(name, tensors[name], a, 0);
    }
  },

  'encode: a view is written as it is read, not as it lies in memory': ({ encode }) => {
    const a = array([1, 2, 3, 4, 5, 6], [2, 3]);
    const { tensors } = decodeSafetensors(encode({ turned: a.transpose(1, 0), column: a.pick(null, 1) }));
    near('turned', tensors.turned, array([1, 4, 2, 5, 3, 6], [3, 2]), 0);
    near('column', tensors.column, [2, 5], 0);
  },

  'both: a net comes back as it was': ({ encode, decode }) => {
    const layers = () => new nn.Sequential(new nn.Linear(4, 3), new nn.BatchNorm1d(3));
    const [net, other] = [layers(), layers()];
    other.loadStateDict(decode(encode(net.stateDict())));
    near('0.weight', other.stateDict()['0.weight'], net.stateDict()['0.weight'], 0);
  },

  'decode: a file that is not what it claims to be is refused': ({ decode }) => {
    const whole = encodeSafetensors(NET);
    const entry = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
    refused('a file of 3 bytes', () => decode(whole.subarray(0, 3)));
    refused('a file that ends in its header', () => decode(whole.subarray(0, 40)));
    refused('a file whose last byte is missing', () => decode(whole.subarray(0, whole.length - 1)));
    refused('a header that is no JSON', () => decode(fileOf('{"a": ', 0)));
    refused('an array behind the end of the file', () => decode(fileOf({ beta: entry }, 4)), 'beta');
    refused('a dtype that is unknown', () => decode(fileOf({ beta: { ...entry, dtype: 'U7' } }, 8)), 'beta');
    refused('a shape of 3 numbers with 8 bytes', () => decode(fileOf({ beta: { ...entry, shape: [3] } }, 8)), 'beta');
    const before = { ...entry, data_offsets: [-8, 0] };
    refused('offsets that begin before the numbers', () => decode(fileOf({ beta: before }, 8)), 'beta');
  },
});
