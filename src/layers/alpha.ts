import { argumentError, checkOptions, describe } from '../arrays/index.js';

/**
 * The option `alpha` of an activation, or what stands for it.
 *
 * @throws {TypeError} if there is any other option.
 * @throws {RangeError} if `alpha` is not a finite number.
 */
export function alphaOf(fn: string, options: { readonly alpha?: number }, otherwise: number): number {
  checkOptions(fn, options, ['alpha']);
  const { alpha = otherwise } = options;
  if (!Number.isFinite(alpha))
    throw argumentError(RangeError, { fn, arg: 'alpha', found: `is ${describe(alpha)}`, expected: 'a finite number' });
  return alpha;
}
