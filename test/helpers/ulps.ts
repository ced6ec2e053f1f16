import { expect } from 'vitest';
import type { DType } from '../../src/arrays/index.js';

const FORMATS = {
  float32: { digits: 24, lowest: -126, smallest: 2 ** -149 },
  float64: { digits: 53, lowest: -1022, smallest: 2 ** -1074 },
} as const;

const word = new DataView(new ArrayBuffer(8));

/** The distance between neighbouring numbers of the format where `value` is. */
export function ulp(value: number, dtype: DType): number {
  const { digits, lowest } = FORMATS[dtype];
  word.setFloat64(0, value);
  const exponent = ((word.getUint16(0) >> 4) & 0x7ff) - 1023;
  return 2 ** (Math.max(exponent, lowest) - digits + 1);
}

/**
 * Every value within `bound` units in the last place of what is expected, whose own format may be a longer one; NaN and
 * infinity exactly.
 *
 * @param scale - Sizes whose last place counts where they are larger: those of terms that cancel.
 */
export function expectUlps(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  dtype: DType,
  bound: number,
  what: string,
  scale?: ArrayLike<number>,
): void {
  expect(actual.length, what).toBe(expected.length);
  // Below the normal numbers results may be off by some of the smallest: of a product either factor may have lost
  // digits.
  const slack = 32 * FORMATS[dtype].smallest;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const unit = ulp(Math.max(Math.abs(e), scale?.[i] ?? 0), dtype);
    if (!(Math.abs(a - e) <= bound * unit + slack)) {
      expect.fail(
        `${what}: value ${i} is ${a}, expected ${e}: off by ${Math.abs(a - e) / unit} units, allowed ${bound}`,
      );
    }
  }
}
