import {
  argumentError,
  checkPath,
  count,
  describe,
  hostValues,
  isNDArray,
  type NDArray,
  type OptionsOf,
  option,
  remedyFor,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import { writeAtomically } from '../files/index.js';
import { newJpegEncoder, pngEncoder } from './peers.js';
import type { Pixels } from './resize.js';

const WRITTEN = {
  /** Quality of a JPEG, 1 to 100. Default 90. */
  quality: option(90, count(1, 100)),
};

/** Options of {@link writeImage}. */
export interface WriteImageOptions extends OptionsOf<typeof WRITTEN> {}

/**
 * Writes an image as a PNG or JPEG file: the opposite of {@link readImage}.
 *
 * The file is written in one piece: under another name first, which is then renamed. PNG needs the package `fast-png`,
 * JPEG `@jsquash/jpeg`.
 *
 * @param file - Its path, which ends in .png, .jpg or .jpeg; an existing file is replaced.
 * @param image - Shape (C, H, W) with C of 1 (grey), 3 (colours) or, in PNG, 4 (colours and opacity); or (H, W), grey.
 *   Values outside 0 to 255 are clamped, all are rounded.
 * @throws {ShapeError | TypeError | RangeError} if `image` has another shape, or NaN in it, or the path another ending.
 * @throws {Error} if the file cannot be written, or the package is not installed.
 *
 * @example
 * writeImage('flipped.png', readImage('cat.jpg').step(1, 1, -1));
 */
export function writeImage(file: string, image: NDArray, options: WriteImageOptions = {}): void {
  const fn = 'writeImage';
  checkPath(fn, 'file', file);
  const format = /\.(png|jpe?g)$/i.exec(file)?.[1].toLowerCase();
  if (format === undefined) {
    const expected = 'a name that ends in .png, .jpg or .jpeg';
    throw argumentError(RangeError, { fn, arg: 'file', found: `is ${describe(file)}`, expected });
  }
  const { quality } = settingsOf(fn, WRITTEN, options);
  const pixels = bytesOf(fn, image, format === 'png');
  const { channels } = pixels;
  if (format === 'png') {
    writeAtomically(fn, file, pngEncoder(fn).encode({ ...pixels, channels, depth: 8 }));
    return;
  }
  if (Math.max(pixels.width, pixels.height) > MOST_SIDE) {
    const [found, wayOut] = [`has shape ${tuple(image.shape)}`, 'write a PNG'];
    throw argumentError(ShapeError, {
      fn,
      arg: 'image',
      found,
      expected: `at most ${MOST_SIDE} pixels a side`,
      wayOut,
    });
  }
  const colours = { color_space: channels === 1 ? GREY : COLOURS };
  const encoder = newJpegEncoder(fn);
  const { width, height } = pixels;
  writeAtomically(fn, file, encoder.encode(withOpacity(pixels), width, height, { ...JPEG, ...colours, quality }));
}

/** The most rows and columns that MozJPEG writes. */
const MOST_SIDE = 65_500;

/** MozJPEG's numbers of colour spaces. */
const [GREY, COLOURS] = [1, 3];

/** Options of MozJPEG: its own defaults but for the order of what is written, which decoders read at once. */
const JPEG = {
  baseline: false,
  arithmetic: false,
  progressive: false,
  optimize_coding: true,
  smoothing: 0,
  quant_table: 3,
  trellis_multipass: false,
  trellis_opt_zero: false,
  trellis_opt_table: false,
  trellis_loops: 1,
  auto_subsample: true,
  chroma_subsample: 2,
  separate_chroma_quality: false,
  chroma_quality: 75,
};

/** Bytes of rows from the top, the channels of a pixel side by side. */
type Bytes = Pick<Pixels, 'width' | 'height' | 'channels'> & { readonly data: Uint8Array };

function bytesOf(fn: string, image: NDArray, opacity: boolean): Bytes {
  const arg = 'image';
  if (!isNDArray(image)) {
    const [expected, wayOut] = ['an array of float32 or float64', remedyFor(arg, image)];
    throw argumentError(TypeError, { fn, arg, found: `is ${describe(image)}`, expected, wayOut });
  }
  const { shape } = image;
  const allowed = opacity ? [1, 3, 4] : [1, 3];
  const [channels, height, width] = shape.length === 2 ? [1, ...shape] : shape;
  if (![2, 3].includes(shape.length) || !allowed.includes(channels) || shape.includes(0)) {
    const last = shape.length === 3 && allowed.includes(shape[2]);
    const list = opacity ? '1, 3 or 4' : '1 or 3 (a JPEG has no opacity)';
    const expected = `(C, H, W) with C of ${list}, or (H, W), and no size of 0`;
    const wayOut = last ? 'the channels come first: image.transpose(2, 0, 1)' : undefined;
    throw argumentError(ShapeError, { fn, arg, found: `has shape ${tuple(shape)}`, expected, wayOut });
  }
  const values = hostValues(image);
  const area = height * width;
  const data = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) {
      const place = [Math.floor(i / area), Math.floor(i / width) % height, i % width].slice(-shape.length);
      const found = `is NaN at [${place.join(', ')}]`;
      throw argumentError(RangeError, { fn, arg, found, expected: 'numbers' });
    }
    data[(i % area) * channels + Math.floor(i / area)] = Math.round(Math.min(255, Math.max(0, values[i])));
  }
  return { width, height, channels, data };
}

function withOpacity({ width, height, channels, data }: Bytes): Uint8Array {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = data[channels * i + (channels === 1 ? 0 : c)];
  }
  return rgba;
}
