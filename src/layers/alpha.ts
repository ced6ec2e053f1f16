import { checkedIn, checkOptions, FINITE } from '../arrays/index.js';

/**
 * The option `alpha` of an activation, or its default.
 *
 * @throws {TypeError} if there is any other option.
 * @throws {RangeError} if `alpha` is not a finite number.
 */
export function alphaOf(fn: string, options: { readonly alpha?: number }, otherwise: number): number {
  checkOptions(fn, options, ['alpha']);
  const { alpha = otherwise } = options;
  return checkedIn(fn, 'alpha', alpha, FINITE);
}
