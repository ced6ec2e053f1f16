import {
  argumentError,
  checkShapes,
  count,
  dtypeOf,
  hostRoom,
  hostValues,
  type NDArray,
  type OptionsOf,
  option,
  POSITIVE,
  ShapeError,
  settingsOf,
  tuple,
  zeros,
} from '../arrays/index.js';

const GRID = {
  /** What the largest value of each image becomes. Default 255. */
  ubound: option(255, POSITIVE),
  /** Black pixels between two images. Default 1. */
  padding: option(1, count(0)),
};

/** Options of {@link visualizeGrid}. */
export interface VisualizeGridOptions extends OptionsOf<typeof GRID> {}

/**
 * Images side by side in a square grid, to look at filters and first-layer weights: ceil(√N) columns and as many rows,
 * filled from the top left.
 *
 * Each image is scaled on its own, `ubound · (image − min) / (max − min)`, so that weights of any size can be seen. One
 * whose values are all the same has no scale, and is black.
 *
 * @param images - Shape (N, H, W, C). Arrays of this library are (N, C, H, W): `images.transpose(0, 2, 3, 1)`.
 * @returns Shape (G·H + (G−1)·padding, G·W + (G−1)·padding, C) with G = ceil(√N), for {@link savePng}.
 * @throws {ShapeError} if `images` has not four axes, or more than 4 channels in the last of them.
 * @throws {RangeError} if a value is not finite, or an option is out of its range.
 * @see cs231n, `vis_utils.py`, `visualize_grid`
 *
 * @example
 * const w = array(model.params.W1).transpose(1, 0); // (hidden, 3072)
 * const images = array(w, [100, 3, 32, 32]).transpose(0, 2, 3, 1);
 * await savePng('weights.png', visualizeGrid(images));
 */
export function visualizeGrid(images: NDArray, options: VisualizeGridOptions = {}): NDArray {
  const fn = 'visualizeGrid';
  const { N, H, W, C } = checkShapes(fn, { images: [images, ['N', 'H', 'W', 'C']] });
  checkChannels(fn, 'images', images.shape);
  const { ubound, padding } = settingsOf(fn, GRID, options);

  const values = hostValues(images);
  const size = H * W * C;
  const scales = Array.from({ length: N }, (_, n) =>
    scaleOf(fn, `images[${n}]`, values.subarray(n * size, (n + 1) * size), ubound),
  );

  const G = Math.ceil(Math.sqrt(N));
  const width = G * W + (G - 1) * padding;
  const grid = zeros([G * H + (G - 1) * padding, width, C], dtypeOf(images));
  const room = hostRoom(grid);
  for (let n = 0; n < N; n++) {
    const top = Math.floor(n / G) * (H + padding);
    const left = (n % G) * (W + padding);
    for (let h = 0; h < H; h++) {
      const from = n * size + h * W * C;
      const to = ((top + h) * width + left) * C;
      for (let i = 0; i < W * C; i++) room[to + i] = scales[n](values[from + i]);
    }
  }
  return grid;
}

/**
 * Checks that images of shape (N, H, W, C) are no planes, (N, C, H, W), whose columns would be taken for channels.
 *
 * @throws {ShapeError} if C is more channels than a picture may have.
 */
function checkChannels(fn: string, arg: string, shape: readonly number[]): void {
  if (shape[3] <= MOST_CHANNELS) return;
  const remedy = shape[1] <= MOST_CHANNELS ? `; the channels come last: ${arg}.transpose(0, 2, 3, 1)` : '';
  const expected = `(N, H, W, C) with C ≤ ${MOST_CHANNELS}${remedy}`;
  throw argumentError(ShapeError, { fn, arg, found: `has shape ${tuple(shape)}`, expected });
}

/** Channels that a picture has at most: red, green, blue and opacity. */
const MOST_CHANNELS = 4;

/**
 * What brings the values of one image to [0, ubound].
 *
 * @throws {RangeError} if one is not finite.
 */
export function scaleOf(fn: string, arg: string, image: ArrayLike<number>, ubound: number): (x: number) => number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < image.length; i++) {
    const x = image[i];
    if (!Number.isFinite(x)) {
      throw argumentError(RangeError, { fn, arg, found: `holds ${x}`, expected: 'finite numbers' });
    }
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  if (high === low) return () => 0;
  return (x) => (ubound * (x - low)) / (high - low);
}
