import { expect, test } from 'vitest';
import { array } from '../../src/arrays/index.js';

test.each<[a: unknown, b: unknown]>([
  [Float32Array.of(1, 0), Float32Array.of(1, -0)],
  [Float32Array.of(1, 2), Float32Array.of(1, 3)],
  [Float32Array.of(1, 2), Float64Array.of(1, 2)],
  [Float32Array.of(1, 2), [1, 2]],
  [
    [1, 0],
    [1, -0],
  ],
  [[1], [1, 2]],
  [{ loss: [1, 2] }, { loss: [1, 3] }],
])('toEqual tells %o from %o', (a, b) => {
  expect(a).not.toEqual(b);
  expect(b).not.toEqual(a);
});

test('toEqual finds equal numbers equal, NaN and parts of a memory included', () => {
  expect({ of: [Number.NaN, -0, 1] }).toEqual({ of: [Number.NaN, -0, 1] });
  expect(Float32Array.of(9, 1, Number.NaN).subarray(1)).toEqual(Float32Array.of(1, Number.NaN));
  // Zeros of both signs, and NaN of other bits, are left to vitest.
  expect(new Float32Array(Uint32Array.of(0x7fc00001).buffer)).toEqual(Float32Array.of(Number.NaN));
});

test('toEqualBits names the first byte that differs', () => {
  expect(array([1, Number.NaN])).toEqualBits(array([1, Number.NaN]));
  expect(() => expect(array([1, 0])).toEqualBits(array([1, -0]))).toThrow('arrays differ, first at byte 7');
  expect(() => expect(array([1, 2])).toEqualBits(array([1, 2], [2, 1]))).toThrow('arrays differ');
});
