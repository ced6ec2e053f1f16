import { expect } from 'vitest';
import { hostValues, type NDArray } from '../../src/arrays/index.js';

interface Tolerance {
  /** Relative to the expected value. Default 1e-7. */
  rtol?: number;
  /** Absolute. Default 0. */
  atol?: number;
}

/** Whether two lists of numbers are equal, −0 and 0 told apart, as `toEqual` has it: quicker than value by value. */
function sameNumbers(a: unknown, b: unknown): true | undefined {
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
    return a.constructor === b.constructor && bytesOf(a).equals(bytesOf(b)) ? true : undefined;
  }
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return undefined;
  for (let i = 0; i < a.length; i++) if (typeof a[i] !== 'number' || !Object.is(a[i], b[i])) return undefined;
  return true;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

// What is not equal is left to vitest, for its message.
expect.addEqualityTesters([sameNumbers]);

expect.extend({
  /** Every element within `atol + rtol · |expected|`; the worst one is named. */
  toBeAllClose(actual: NDArray, expected: NDArray, { rtol = 1e-7, atol = 0 }: Tolerance = {}) {
    if (actual.shape.join() !== expected.shape.join()) {
      return { pass: false, message: () => `shapes differ: (${actual.shape}) and (${expected.shape})` };
    }
    const [as, es] = [hostValues(actual), hostValues(expected)];
    // By how much an element is off, beyond what is allowed. NaN is never close, not even to NaN.
    const excess = (i: number): number => {
      if (Number.isNaN(as[i]) || Number.isNaN(es[i])) return Number.POSITIVE_INFINITY;
      if (as[i] === es[i]) return -1;
      return Math.abs(as[i] - es[i]) - (atol + rtol * Math.abs(es[i]));
    };
    let worst = 0;
    for (let i = 1; i < as.length; i++) if (excess(i) > excess(worst)) worst = i;
    return {
      pass: as.length === 0 || excess(worst) <= 0,
      message: () =>
        `worst of ${as.length} elements at flat index ${worst}: ${as[worst]} against ${es[worst]} ` +
        `(rtol ${rtol}, atol ${atol})`,
    };
  },

  /** Every bit equal, NaN and the sign of zero included. */
  toEqualBits(actual: NDArray, expected: NDArray) {
    const bytes = (a: NDArray) => bytesOf(new (a.data.constructor as typeof Float64Array)(hostValues(a)));
    const [as, es] = [bytes(actual), bytes(expected)];
    const same = as.equals(es) && actual.shape.join() === expected.shape.join();
    return { pass: same, message: () => `arrays differ, first at byte ${as.findIndex((byte, i) => byte !== es[i])}` };
  },
});

declare module 'vitest' {
  interface Matchers<T> {
    toBeAllClose(expected: NDArray, tolerance?: Tolerance): T;
    toEqualBits(expected: NDArray): T;
  }
}
