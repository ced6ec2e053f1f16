import {
  ANY,
  argumentError,
  checkShapes,
  count,
  describe,
  FLAG,
  isNDArray,
  type NDArray,
  type OptionsOf,
  option,
  POSITIVE,
  remedyFor,
  settingsOf,
} from '../arrays/index.js';
import { checkTexts } from './checks.js';
import { scaleOf } from './grid.js';
import { escapeXml } from './markup.js';
import { dataUri, encode, pixelsOf } from './png.js';
import { FONT, INK, LETTER, longestOf, PIXELATED } from './theme.js';

const IMAGE_GRID = {
  /** A title over each image. Default none. */
  titles: option<readonly string[] | undefined>(undefined, ANY),
  /** Images beside each other. Default ceil(√N). */
  columns: option<number | undefined>(undefined, count(1)),
  /** Pixels of the picture to a pixel of an image. Default: the largest image is about 96 pixels wide or high. */
  scale: option<number | undefined>(undefined, POSITIVE),
  /** Whether to scale each image by its own least and greatest value, as {@link visualizeGrid} does. Default false. */
  normalize: option(false, FLAG),
};

/** Options of {@link imageGrid}. */
export interface ImageGridOptions extends OptionsOf<typeof IMAGE_GRID> {}

const GAP = 10;
const TITLE_HEIGHT = 18;

/**
 * Images with their titles, side by side: examples with their classes, a filter's input and outputs.
 *
 * @param images - Shape (N, H, W) or (N, H, W, C); or a list of images as {@link savePng} takes them, of any sizes.
 *   Values outside 0 … 255 are clamped, all are rounded.
 * @returns SVG with the images in it, for a file, a page or {@link saveChart}.
 * @throws {RangeError | TypeError | ShapeError} naming what does not fit.
 * @throws {Error} if fast-png is not installed.
 */
export async function imageGrid(images: NDArray | readonly NDArray[], options: ImageGridOptions = {}): Promise<string> {
  const fn = 'imageGrid';
  const settings = settingsOf(fn, IMAGE_GRID, options);
  const list = listOf(fn, images);
  const { titles, columns = Math.ceil(Math.sqrt(list.length)), normalize } = settings;
  if (titles !== undefined) checkTexts(fn, 'titles', titles, list.length);
  // Before the first await: in a workspace, the memory is another's as soon as this function has returned.
  const pixels = list.map((image, n) => {
    const arg = `images[${n}]`;
    return pixelsOf(fn, arg, image, normalize ? (values) => scaleOf(fn, arg, values, 255) : undefined);
  });
  const side = largest(pixels.map(({ width, height }) => Math.max(width, height)));
  const { scale = Math.max(1, Math.round(96 / side)) } = settings;

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
      const place = `x="${center - w / 2}" y="${top + titleHeight}" width="${w}" height="${h}"`;
      const look = `image-rendering="optimizeSpeed"${PIXELATED}`;
      return `${text}<image ${look} ${place} href="${dataUri(await encode(fn, image))}"/>`;
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
