import {
  argumentError,
  checkCount,
  checkFlag,
  checkOptions,
  checkShapes,
  describe,
  isNDArray,
  type NDArray,
  remedyFor,
} from '../arrays/index.js';
import { checkTexts } from './checks.js';
import { scaleOf } from './grid.js';
import { escapeXml } from './markup.js';
import { dataUri, encode, pixelsOf } from './png.js';
import { FONT, INK, LETTER, longestOf, PIXELATED } from './theme.js';

/** Options of {@link imageGrid}. */
export interface ImageGridOptions {
  /** A title over each image. Default none. */
  titles?: readonly string[];
  /** Images beside each other. Default ceil(√N). */
  columns?: number;
  /** Pixels of the picture to a pixel of an image. Default: as makes the largest image about 96 pixels wide or high. */
  scale?: number;
  /** Whether to scale each image to 0 … 255 by its own least and greatest value, as {@link visualizeGrid}. Default false. */
  normalize?: boolean;
}

const GAP = 10;
const TITLE_HEIGHT = 18;

/**
 * Images with their titles, side by side: examples with their classes, a filter's input and outputs.
 *
 * @param images - Shape (N, H, W) or (N, H, W, C); or a list of images as {@link savePng} takes them, of any sizes. Values
 *   outside 0 … 255 are clamped, all are rounded.
 * @returns SVG with the images in it, for a file, a page or {@link saveChart}.
 * @throws {RangeError | TypeError | ShapeError} naming what does not fit.
 * @throws {Error} if fast-png is not installed.
 */
export async function imageGrid(images: NDArray | readonly NDArray[], options: ImageGridOptions = {}): Promise<string> {
  const fn = 'imageGrid';
  checkOptions(fn, options, ['titles', 'columns', 'scale', 'normalize'] satisfies (keyof ImageGridOptions)[]);
  const list = listOf(fn, images);
  const { titles, columns = Math.ceil(Math.sqrt(list.length)), normalize = false } = options;
  if (titles !== undefined) checkTexts(fn, 'titles', titles, list.length);
  checkCount(fn, 'columns', columns, 1);
  checkFlag(fn, 'normalize', normalize);
  // Before the first await: in a workspace, the memory is another's as soon as this function has returned.
  const pixels = list.map((image, n) => {
    const arg = `images[${n}]`;
    return pixelsOf(fn, arg, image, normalize ? (values) => scaleOf(fn, arg, values, 255) : undefined);
  });
  const side = largest(pixels.map(({ width, height }) => Math.max(width, height)));
  const { scale = Math.max(1, Math.round(96 / side)) } = options;
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new RangeError(`${fn}: scale is ${describe(scale)}, expected a number > 0`);
  }

  const longest = longestOf(titles ?? []);
  const cellWidth = Math.ceil(Math.max(longest * LETTER, scale * largest(pixels.map(({ width }) => width))));
  const titleHeight = titles === undefined ? 0 : TITLE_HEIGHT;
  const cellHeight = titleHeight + Math.ceil(scale * largest(pixels.map(({ height }) => height)));
  const across = Math.min(columns, list.length);
  const down = Math.ceil(list.length / columns);
  const width = across * (cellWidth + GAP) + GAP;
  const height = down * (cellHeight + GAP) + GAP;

  const cells = await Promise.all(
    pixels.map(async (image, n) => {
      const center = GAP + (n % columns) * (cellWidth + GAP) + cellWidth / 2;
      const top = GAP + Math.floor(n / columns) * (cellHeight + GAP);
      const [w, h] = [image.width * scale, image.height * scale];
      const title = escapeXml(titles?.[n] ?? '');
      const text = title === '' ? '' : `<text x="${center}" y="${top + 12}">${title}</text>`;
      const place = `image-rendering="optimizeSpeed"${PIXELATED} x="${center - w / 2}" y="${top + titleHeight}" width="${w}" height="${h}"`;
      return `${text}<image ${place} href="${dataUri(await encode(fn, image))}"/>`;
    }),
  );
  const label = `${list.length} images${titles === undefined ? '' : `: ${titles.map(escapeXml).join(', ')}`}`;
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const style = `font-family="${FONT}" font-size="12" fill="${INK}" text-anchor="middle"`;
  return (
    `<svg role="img" aria-label="${label}" xmlns="http://www.w3.org/2000/svg" class="images" ${size}>` +
    `<rect width="${width}" height="${height}" fill="white"/><g ${style}>${cells.join('')}</g></svg>`
  );
}

/** The images one by one. */
function listOf(fn: string, images: NDArray | readonly NDArray[]): readonly NDArray[] {
  if (!isNDArray(images)) {
    if (Array.isArray(images) && images.length > 0) return images;
    const expected = 'an array, or a list of at least one';
    const wayOut = remedyFor('images', images);
    throw argumentError(TypeError, { fn, arg: 'images', found: `is ${describe(images)}`, expected, wayOut });
  }
  const { N } = checkShapes(fn, { images: [images, ['N', 'H', 'W', ...(images.shape.length === 4 ? ['C'] : [])]] });
  return Array.from({ length: N }, (_, n) => images.pick(n));
}

function largest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b));
}
