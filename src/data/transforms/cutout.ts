import { array, checkCount, count, FINITE, hostRoom, type OptionsOf, option, settingsOf } from '../../arrays/index.js';
import { PROBABILITY, randomTransform, type Transform } from './transform.js';

const CUTOUT = {
  /** Squares to an image. Default 1. */
  count: option(1, count(1)),
  /** The value of the pixels in a square. Default 0, the mean where that has been subtracted. */
  fill: option(0, FINITE),
  /** Probability that an image has its squares. Default 1. */
  p: option(1, PROBABILITY),
};

/** Options of {@link cutout}. */
export interface CutoutOptions extends OptionsOf<typeof CUTOUT> {}

/**
 * Each image with squares of it blanked in all channels. A square's centre is any pixel, drawn uniformly, so that near
 * the border a part of it lies outside.
 *
 * @param size - Side of a square, in pixels. It begins floor(size / 2) pixels before its centre.
 * @returns A transform of images (N, C, H, W) into new ones of that shape.
 * @throws {RangeError} if `size` or `count` is not a whole number ≥ 1, or `p` outside [0, 1].
 * @see DeVries and Taylor 2017, Improved Regularization of Convolutional Neural Networks with Cutout
 */
export function cutout(size: number, options: CutoutOptions = {}): Transform {
  const fn = 'cutout';
  const { count, fill, p } = settingsOf(fn, CUTOUT, options);
  checkCount(fn, 'size', size, 1);

  return randomTransform(fn, [size, options], (X, { N, C, H, W }, random) => {
    const out = array(X);
    const room = hostRoom(out);
    const chances = random.rand([N], 'float64').data;
    const rows = random.randint(0, H, N * count);
    const columns = random.randint(0, W, N * count);
    for (let square = 0; square < N * count; square++) {
      const n = Math.floor(square / count);
      if (chances[n] >= p) continue;
      const [top, left] = [rows[square] - Math.floor(size / 2), columns[square] - Math.floor(size / 2)];
      const [first, end] = [Math.max(0, left), Math.min(W, left + size)];
      for (let plane = n * C; plane < (n + 1) * C; plane++) {
        for (let i = Math.max(0, top); i < Math.min(H, top + size); i++) {
          const row = (plane * H + i) * W;
          room.fill(fill, row + first, row + end);
        }
      }
    }
    return out;
  });
}
