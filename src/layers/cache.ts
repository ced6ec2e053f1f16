import { argumentError, describe } from '../arrays/index.js';

/**
 * Refuses anything but the cache of a layer's forward pass, such as the cache of another layer.
 *
 * @throws {TypeError} naming the function and the two layers.
 */
export function checkCache<L extends string>(fn: string, cache: { readonly layer: L }, layer: L): void {
  const found = (cache as { readonly layer?: unknown } | null | undefined)?.layer;
  if (found === layer) return;
  const what = typeof found === 'string' ? `of layer '${found}'` : describe(cache);
  throw argumentError(TypeError, {
    fn,
    arg: 'cache',
    found: `is ${what}`,
    expected: `that of layer '${layer}', the second value of its forward pass`,
  });
}

/**
 * Refuses a value in a cache that the forward pass cannot have put there.
 *
 * @throws {RangeError} naming the function.
 */
export function checkCached(fn: string, name: string, value: unknown, valid: boolean): void {
  if (valid) return;
  throw argumentError(RangeError, {
    fn,
    arg: `cache.${name}`,
    found: `is ${describe(value)}`,
    expected: 'it as the forward pass left it',
  });
}
