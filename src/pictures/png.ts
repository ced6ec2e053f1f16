import {
  argumentError,
  checkPath,
  checkShapes,
  describe,
  type Floats,
  hostValues,
  isNDArray,
  type NDArray,
  remedyFor,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import { writeAtomically } from '../files/index.js';
import { loadPng } from './peers.js';

/** The pixels of an image as PNG has them: rows from the top, the channels of a pixel side by side. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/**
 * An image as a PNG file.
 *
 * @param file - Its path; an existing file is replaced.
 * @param image - Grey levels of shape (H, W) or (H, W, 1), colours of shape (H, W, 3), or colours and opacity of shape
 *   (H, W, 4). Values outside 0 … 255 are clamped, all are rounded.
 * @throws {ShapeError | RangeError | TypeError} if `image` has another shape or holds NaN.
 * @throws {Error} if the file cannot be written, or the package fast-png is not installed.
 */
export async function savePng(file: string, image: NDArray): Promise<void> {
  const fn = 'savePng';
  checkPath(fn, 'file', file);
  // Before the first await: in a workspace, the image's memory is another's as soon as this function has returned.
  const pixels = pixelsOf(fn, 'image', image);
  writeAtomically(fn, file, await encode(fn, pixels));
}

/**
 * An image as the bytes of a PNG file, to send or to embed.
 *
 * @param image - As {@link savePng} takes it.
 * @throws {ShapeError | RangeError | TypeError} if `image` has another shape or holds NaN.
 * @throws {Error} if the package fast-png is not installed.
 */
export async function encodePng(image: NDArray): Promise<Uint8Array> {
  return encode('encodePng', pixelsOf('encodePng', 'image', image));
}

/** The file's bytes. */
export async function encode(fn: string, pixels: Pixels): Promise<Uint8Array> {
  const png = await loadPng(fn);
  return png.encode({ ...pixels, depth: 8 });
}

/** The bytes of a PNG file as an address that holds them. */
export function dataUri(png: Uint8Array): string {
  let binary = '';
  for (const byte of png) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}

/**
 * The pixels of an image, copied.
 *
 * @param scaleOf - From all values, the function to apply to each before it is clamped to 0 … 255 and rounded.
 * @throws {ShapeError | RangeError | TypeError} naming the argument, its shape or the value that is NaN.
 */
export function pixelsOf(
  fn: string,
  arg: string,
  image: NDArray,
  scaleOf: (values: Floats) => (x: number) => number = () => (x) => x,
): Pixels {
  if (!isNDArray(image)) {
    const [expected, wayOut] = ['an array of float32 or float64', remedyFor(arg, image)];
    throw argumentError(TypeError, { fn, arg, found: `is ${describe(image)}`, expected, wayOut });
  }
  const { shape } = image;
  const [height, width, channels = 1] = shape;
  const fits = (shape.length === 2 || shape.length === 3) && [1, 3, 4].includes(channels) && !shape.includes(0);
  if (!fits) throw misshapen(fn, arg, shape);

  checkShapes(fn, { [arg]: [image, ['…']] });
  const values = hostValues(image);
  const scale = scaleOf(values);
  const data = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) {
      const place = [Math.floor(i / (width * channels)), Math.floor(i / channels) % width, i % channels];
      const found = `is NaN at [${place.slice(0, shape.length).join(', ')}]`;
      throw argumentError(RangeError, { fn, arg, found, expected: 'numbers' });
    }
    data[i] = Math.round(Math.min(255, Math.max(0, scale(values[i]))));
  }
  return { width, height, channels, data };
}

function misshapen(fn: string, arg: string, shape: readonly number[]): Error {
  const planes = shape.length === 3 && [1, 3, 4].includes(shape[0]);
  const remedy = planes ? `; the channels come last: ${arg}.transpose(1, 2, 0)` : '';
  const empty = shape.includes(0) ? ' with every size at least 1' : '';
  const expected = `(H, W), (H, W, 1), (H, W, 3) or (H, W, 4)${empty}${remedy}`;
  return argumentError(ShapeError, { fn, arg, found: `has shape ${tuple(shape)}`, expected });
}
