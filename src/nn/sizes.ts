import { describe } from '../arrays/index.js';
import type { PerAxis } from '../layers/index.js';

/** A size of each axis of an image. */
export type Pair = readonly [vertical: number, horizontal: number];

/** Both sizes of a constructor's argument. @throws {RangeError} if they are not whole numbers ≥ `least`. */
export function pairOf(fn: string, name: string, value: PerAxis, least: number): Pair {
  const pair: unknown = typeof value === 'number' ? [value, value] : value;
  if (Array.isArray(pair) && pair.length === 2 && pair.every((n) => Number.isSafeInteger(n) && n >= least)) {
    return [pair[0], pair[1]];
  }
  const expected = `a whole number ≥ ${least}, or [vertical, horizontal] of such`;
  throw new RangeError(`${fn}: ${name} is ${describe(value)}, expected ${expected}`);
}

/** `3`, or `(3, 5)`. */
export function pairText([vertical, horizontal]: Pair): string {
  return vertical === horizontal ? String(vertical) : `(${vertical}, ${horizontal})`;
}
