import { checkPath, type NDArray, settingsOf } from '../arrays/index.js';
import { readBytes } from '../files/index.js';
import { decoded, IMAGE, type ReadImageOptions } from './decode.js';

/** The longest file that is read. */
const MOST_BYTES = 2 ** 30;

/**
 * The image in a PNG or JPEG file, as {@link decodeImage} returns it.
 *
 * @param file - Its path. What it is is told by its bytes, not by its name.
 * @returns Shape (channels, height, width), values 0 to 255.
 * @throws {Error} naming the file, if there is none, it is no PNG or JPEG image, is damaged or cut off, a JPEG is in
 *   CMYK, or the package `@jsquash/jpeg` is not installed.
 * @throws {TypeError | RangeError} naming an option that is out of its range.
 *
 * @example
 * const image = readImage('cat.jpg', { size: 224 }); // (3, 224, 224)
 * const thumbnail = readImage('cat.jpg', { size: [32, 48], channels: 1 }); // (1, 32, 48)
 */
export function readImage(file: string, options: ReadImageOptions = {}): NDArray {
  const fn = 'readImage';
  checkPath(fn, 'file', file);
  const settings = settingsOf(fn, IMAGE, options);
  return decoded(fn, file, imageBytes(fn, file), settings);
}

/** The bytes of a file that should hold a picture. */
export function imageBytes(fn: string, file: string): Uint8Array {
  return readBytes(fn, file, MOST_BYTES, 'name a PNG or JPEG file');
}
