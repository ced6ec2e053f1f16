import { argumentError, checkPath } from '../arrays/index.js';

/**
 * The ending of a file's name, in lower case.
 *
 * @throws {TypeError} if `file` is no path.
 * @throws {RangeError} if it ends in none of `formats`.
 */
export function checkFormat<Format extends string>(fn: string, file: unknown, formats: readonly Format[]): Format {
  checkPath(fn, 'file', file);
  const ending = formats.find((format) => file.toLowerCase().endsWith(format));
  if (ending !== undefined) return ending;
  const last = formats.at(-1);
  const expected = `a name that ends in ${formats.slice(0, -1).join(', ')} or ${last}`;
  throw argumentError(RangeError, { fn, arg: 'file', found: `is '${file}'`, expected });
}
