import { describe, expect, test } from 'vitest';
import { array, full, type NDArray, toNested, zeros } from '../../src/arrays/index.js';
import {
  decodeJson,
  decodeNpy,
  decodeNpz,
  decodeSafetensors,
  encodeJson,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
} from '../../src/formats/index.js';
import { checkParts } from '../../src/formats/parse-json.js';

const a = array([
  [1, 2],
  [3, 4.5],
]);
const n = array([5, 6, 7], [3], 'float64');

const values = (state: Record<string, NDArray>) => [toNested(state.a), toNested(state.n)];

const READERS: Record<string, [bytes: Uint8Array, read: (bytes: Uint8Array) => unknown]> = {
  safetensors: [encodeSafetensors({ a, n }), (bytes) => values(decodeSafetensors(bytes).tensors)],
  npz: [encodeNpz({ a, n }), (bytes) => values(decodeNpz(bytes))],
  npy: [encodeNpy(a), (bytes) => [toNested(decodeNpy(bytes)), [5, 6, 7]]],
  json: [encodeJson({ a, n }), (bytes) => values(decodeJson(bytes))],
};

/** In the memory that `buffer` is, at an odd address, with other bytes before and behind. */
function placed(bytes: Uint8Array, buffer: ArrayBufferLike): [buffer: ArrayBufferLike, at: number, length: number] {
  new Uint8Array(buffer).fill(0x77).set(bytes, 13);
  return [buffer, 13, bytes.length];
}

describe.each(Object.entries(READERS))('bytes of %s are read from', (_, [bytes, read]) => {
  const whole = [
    [
      [1, 2],
      [3, 4.5],
    ],
    [5, 6, 7],
  ];

  test('a part of a Uint8Array', () => {
    expect(read(new Uint8Array(...placed(bytes, new ArrayBuffer(bytes.length + 20))))).toEqual(whole);
  });

  test('shared memory', () => {
    expect(read(new Uint8Array(...placed(bytes, new SharedArrayBuffer(bytes.length + 20))))).toEqual(whole);
  });

  // The slice of a Node Buffer is no copy, unlike that of a Uint8Array.
  test('a Node Buffer, also in shared memory', () => {
    const [buffer, at, length] = placed(bytes, new ArrayBuffer(bytes.length + 20));
    expect(read(Buffer.from(buffer as ArrayBuffer, at, length))).toEqual(whole);
    const shared = placed(bytes, new SharedArrayBuffer(bytes.length + 20));
    expect(read(Buffer.from(...(shared as [SharedArrayBuffer, number, number])))).toEqual(whole);
  });

  test('memory of another realm, where Jest has its files', () => {
    const { runInNewContext } = process.getBuiltinModule('node:vm');
    const buffer = runInNewContext(`new ArrayBuffer(${bytes.length + 20})`) as ArrayBuffer;
    expect(buffer).not.toBeInstanceOf(ArrayBuffer);
    expect(read(Buffer.from(...(placed(bytes, buffer) as [ArrayBuffer, number, number])))).toEqual(whole);
  });
});

test('more arrays and texts than are read are not written', () => {
  expect(() => checkParts('save', 1, 1e6 - 43)).not.toThrow();
  expect(() => checkParts('save', 1, 1e6 - 42)).toThrow('save: state has 1 arrays and 999958 texts, expected at most');
});

describe('what is written is read again, or refused', { tags: 'slow' }, () => {
  /** As many arrays without values as a file may have, with a name each. */
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, zeros([0])]));
  const most = Math.floor((1e6 - 32) / 11);

  test.each([
    ['safetensors', encodeSafetensors, decodeSafetensors],
    ['json', encodeJson, decodeJson],
  ] as const)('many arrays in %s', (_, encode, decode) => {
    const state = many(most);
    expect(() => decode(encode(state))).not.toThrow();
    state.another = zeros([0]);
    const expected = 'expected at most 1000000 parts, of which an array has 11';
    expect(() => encode(state)).toThrow(`state has ${most + 1} arrays and 0 texts, ${expected}`);
  });

  test('texts in JSON, which numbers that are not finite are', () => {
    const a = full([1e6 - 43], Number.NaN);
    expect(decodeJson(encodeJson({ a })).a.shape).toEqual(a.shape);
    expect(() => encodeJson({ a: full([1e6 - 42], Number.NaN) })).toThrow('1 arrays and 999958 texts');
  });
});
