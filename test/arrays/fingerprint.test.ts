import { expect, test } from 'vitest';
import { fingerprint } from '../../src/arrays/index.js';

test('a fingerprint tells numbers, their order and how many there are apart', () => {
  const lists = [[], [0], [0, 0], [-0], [1, 2], [2, 1], [1, 2 + 2 ** -51], [Number.NaN], [Number.POSITIVE_INFINITY]];
  const texts = lists.map((list) => fingerprint(list));
  expect(new Set(texts).size).toBe(lists.length);
  for (const text of texts) expect(text).toMatch(/^[0-9a-f]{16}$/);
  expect(fingerprint(Float32Array.of(1, 2))).toBe(fingerprint([1, 2]));
});

test('one of 10,000 numbers by its last bit makes another', () => {
  const values = Float32Array.from({ length: 10_000 }, (_, i) => i / 7);
  const texts = new Set([fingerprint(values)]);
  const bits = new Int32Array(values.buffer);
  for (const at of [0, 1, 4999, 9999]) {
    bits[at] ^= 1;
    texts.add(fingerprint(values));
  }
  expect(texts.size).toBe(5);
});

test('a sample reads as many numbers at even distances', () => {
  const values = Array.from({ length: 100 }, (_, i) => i);
  const read: number[] = [];
  const watched = new Proxy(values, {
    get: (list, name) => {
      if (name !== 'length') read.push(Number(name));
      return Reflect.get(list, name) as unknown;
    },
  });
  fingerprint(watched, 4);
  expect(read).toEqual([0, 25, 50, 75]);
});
