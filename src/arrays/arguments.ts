import { argumentError, describe } from './errors.js';

/**
 * Refuses an options argument that is no object, or has a name in it that does not exist.
 *
 * @throws {TypeError} naming what was found and the options that exist.
 */
export function checkOptions(fn: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const expected = known.length === 0 ? 'an object' : `an object with any of ${known.join(', ')}`;
    throw argumentError(TypeError, { fn, arg: 'options', found: `is ${describe(options)}`, expected });
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw argumentError(TypeError, {
      fn,
      arg: 'unknown option',
      found: describe(name),
      expected: known.join(', ') || 'none',
    });
  }
}

/**
 * Refuses anything but a whole number from `min` to `max`.
 *
 * @throws {RangeError} naming the option.
 */
export function checkCount(
  fn: string,
  name: string,
  value: unknown,
  min: number,
  max = Number.POSITIVE_INFINITY,
): asserts value is number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return;
  const range = max === Number.POSITIVE_INFINITY ? `≥ ${min}` : `from ${min} to ${max}`;
  throw argumentError(RangeError, {
    fn,
    arg: name,
    found: `is ${describe(value)}`,
    expected: `a whole number ${range}`,
  });
}

/**
 * Refuses anything but a finite number ≥ 0.
 *
 * @throws {RangeError} naming the option.
 */
export function checkAmount(fn: string, name: string, value: unknown): asserts value is number {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return;
  throw argumentError(RangeError, { fn, arg: name, found: `is ${describe(value)}`, expected: 'a number ≥ 0' });
}

/**
 * Refuses anything but true and false.
 *
 * @throws {TypeError} naming the option.
 */
export function checkFlag(fn: string, name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean')
    throw argumentError(TypeError, { fn, arg: name, found: `is ${describe(value)}`, expected: 'true or false' });
}

/**
 * @throws {TypeError} if `path` is no string, or an empty one.
 * @throws {RangeError} if it holds a NUL, which no path may.
 */
export function checkPath(fn: string, name: string, path: unknown): asserts path is string {
  if (typeof path !== 'string' || path === '') {
    throw argumentError(TypeError, { fn, arg: name, found: `is ${describe(path)}`, expected: 'a path' });
  }
  const at = path.indexOf('\0');
  if (at >= 0)
    throw argumentError(RangeError, {
      fn,
      arg: name,
      found: `has a NUL character at ${at}`,
      expected: 'a path, which has none',
    });
}
