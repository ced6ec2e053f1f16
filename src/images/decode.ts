import {
  argumentError,
  checkedIn,
  count,
  DTYPE,
  type DType,
  describe,
  empty,
  hostRoom,
  type NDArray,
  type OptionsOf,
  option,
  type Range,
  type Settings,
  settingsOf,
} from '../arrays/index.js';
import { headerOf } from './header.js';
import { decodeJpeg } from './jpeg.js';
import { decodePng } from './png.js';
import { type Pixels, planFor, render } from './resize.js';

/** The longest side that an image is resized to. */
const MOST_SIDE = 16_384;

const isSide = (n: unknown): boolean => count(1, MOST_SIDE).allows(n);

const SIZE: Range = {
  allows: (size) =>
    size === undefined || isSide(size) || (Array.isArray(size) && size.length === 2 && size.every(isSide)),
  expected: `a whole number from 1 to ${MOST_SIDE}, or [height, width]`,
  Kind: RangeError,
};

const CHANNELS: Range = {
  allows: (n) => n === 1 || n === 3 || n === 4,
  expected: '1 (grey), 3 (red, green, blue) or 4 (and opacity)',
  Kind: RangeError,
};

export const IMAGE = {
  /**
   * The size of the image: `[height, width]` exactly; or one number, to which the shorter side is resized before a
   * square is cut from the middle, as torchvision's Resize and CenterCrop do. Default: that of the picture.
   */
  size: option<number | readonly [height: number, width: number] | undefined>(undefined, SIZE),
  /** 1 for grey, 3 for red, green and blue, 4 for these and opacity. Default 3. */
  channels: option<1 | 3 | 4>(3, CHANNELS),
  /** Default `'float32'`. */
  dtype: option<DType>('float32', DTYPE),
  /** Pictures of more pixels are refused before they are decoded. Default 100,000,000, 300 MB in bytes. */
  maxPixels: option(100_000_000, count(1)),
};

/** Options of {@link readImage} and {@link decodeImage}. */
export interface ReadImageOptions extends OptionsOf<typeof IMAGE> {}

/** The options of an image with the defaults filled in. */
export type ImageSettings = Settings<typeof IMAGE>;

/**
 * The image in the bytes of a PNG or JPEG file.
 *
 * Values are 0 to 255, those of 16 bits divided by 257. A picture is turned as its EXIF orientation says. Grey pictures
 * get three equal channels, opacity is dropped, but for `channels: 1` and `channels: 4`. Resizing is antialiased, as
 * PyTorch's `interpolate(mode='bilinear', antialias=True)`, and not rounded.
 *
 * It needs Node, Deno or Bun, and for JPEG the package `@jsquash/jpeg`. Browsers decode themselves:
 * {@link imageFromPixels} takes what a canvas has.
 *
 * @param bytes - The file's bytes.
 * @returns Shape (channels, height, width).
 * @throws {Error} if the bytes are no PNG or JPEG image, are damaged or cut off, a JPEG is in CMYK, or the package
 *   is not installed.
 * @throws {TypeError | RangeError} naming an option that is out of its range.
 *
 * @example
 * const response = await fetch('https://example.com/cat.jpg');
 * const image = decodeImage(new Uint8Array(await response.arrayBuffer()), { size: 32 }); // (3, 32, 32)
 */
export function decodeImage(bytes: Uint8Array, options: ReadImageOptions = {}): NDArray {
  const fn = 'decodeImage';
  checkedIn(fn, 'bytes', bytes, BYTES);
  return decoded(fn, 'bytes', bytes, settingsOf(fn, IMAGE, options));
}

const BYTES: Range = {
  allows: (bytes) => ArrayBuffer.isView(bytes) && 'BYTES_PER_ELEMENT' in bytes && bytes.BYTES_PER_ELEMENT === 1,
  expected: 'a Uint8Array',
  Kind: TypeError,
};

/**
 * The image of pixels that something else has decoded, as a canvas in a browser: resized and ordered as
 * {@link decodeImage} does.
 *
 * @param pixels - `ImageData`, or an object like it: `width`, `height` and `data`, the bytes of rows from the top with
 *   the 1, 2, 3 or 4 channels of a pixel side by side.
 * @returns Shape (channels, height, width).
 * @throws {TypeError | RangeError} if the bytes are not those of so many pixels, or an option is out of its range.
 *
 * @example
 * const bitmap = await createImageBitmap(blob);
 * const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
 * context.drawImage(bitmap, 0, 0);
 * const image = imageFromPixels(context.getImageData(0, 0, bitmap.width, bitmap.height), { size: 32 });
 */
export function imageFromPixels(
  pixels: { readonly width: number; readonly height: number; readonly data: Uint8Array | Uint8ClampedArray },
  options: ReadImageOptions = {},
): NDArray {
  const fn = 'imageFromPixels';
  if (typeof pixels !== 'object' || pixels === null) {
    const [found, expected] = [`is ${describe(pixels)}`, '{ width, height, data }'];
    throw argumentError(TypeError, { fn, arg: 'pixels', found, expected });
  }
  const { width, height, data } = pixels;
  const settings = settingsOf(fn, IMAGE, options);
  checkedIn(fn, 'pixels.width', width, count(1));
  checkedIn(fn, 'pixels.height', height, count(1));
  checkedIn(fn, 'pixels.data', data, { ...BYTES, expected: 'a Uint8Array or a Uint8ClampedArray' });
  const channels = data.length / (width * height);
  if (![1, 2, 3, 4].includes(channels)) {
    const expected = `1 to 4 for each of ${width} × ${height} pixels`;
    throw argumentError(RangeError, { fn, arg: 'pixels.data', found: `has ${data.length} bytes`, expected });
  }
  return imageOf({ width, height, channels, data, orientation: 1 }, settings);
}

/** The image in the bytes of `source`. */
export function decoded(fn: string, source: string, bytes: Uint8Array, settings: ImageSettings): NDArray {
  return imageOf(decodePixels(fn, source, bytes, settings.maxPixels), settings);
}

/**
 * The pixels in the bytes of a PNG or JPEG file.
 *
 * @param source - What the bytes are called in errors.
 * @throws {Error} naming the source and what is wrong with it.
 */
export function decodePixels(fn: string, source: string, bytes: Uint8Array, maxPixels: number): Pixels {
  const { format, width, height, orientation } = headerOf(fn, source, bytes);
  if (width * height > maxPixels) {
    const found = `has ${width} × ${height} pixels`;
    const wayOut = 'raise maxPixels if that is what it has';
    throw argumentError(RangeError, { fn, arg: source, found, expected: `at most ${maxPixels}`, wayOut });
  }
  const decoded =
    format === 'PNG' ? decodePng(fn, source, bytes) : { channels: 4, data: decodeJpeg(fn, source, bytes) };
  return { width, height, orientation, ...decoded };
}

function imageOf(pixels: Pixels, { size, channels, dtype }: ImageSettings): NDArray {
  const plan = planFor(pixels, size);
  const image = empty([channels, plan.height, plan.width], dtype);
  render(pixels, plan, channels, hostRoom(image));
  return image;
}
