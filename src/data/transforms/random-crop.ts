import {
  ANY,
  argumentError,
  dtypeOf,
  empty,
  FINITE,
  hostValues,
  type NDArray,
  type OptionsOf,
  option,
  type Random,
  ShapeError,
  settingsOf,
  tuple,
} from '../../arrays/index.js';
import { keepsNothing } from '../../kernels/index.js';
import { type PerAxis, perAxis } from '../../layers/index.js';
import { checkImages, checkRandom, type Transform } from './transform.js';

const RANDOM_CROP = {
  /** Pixels added on each side before the crop: a number, or [vertical, horizontal]. Default 0. */
  padding: option<PerAxis>(0, ANY),
  /** The value of the added pixels. Default 0, the mean where that has been subtracted. */
  fill: option(0, FINITE),
};

/** Options of {@link randomCrop}. */
export interface RandomCropOptions extends OptionsOf<typeof RANDOM_CROP> {}

/**
 * A part of each image, at a place of its own that is drawn uniformly, the padding included.
 *
 * @param size - Height and width of the part: a number for both, or [height, width].
 * @returns A transform of images (N, C, H, W) into new ones of (N, C, height, width).
 * @throws {RangeError} if a size is not a whole number ≥ 1, or a padding not one ≥ 0; {@link ShapeError} if the padded
 *   images are smaller than the part.
 *
 * @example
 * randomCrop(32, { padding: 4 }); // what CIFAR-10 is trained with
 */
export function randomCrop(size: PerAxis, options: RandomCropOptions = {}): Transform {
  const fn = 'randomCrop';
  const { padding, fill } = settingsOf(fn, RANDOM_CROP, options);
  const [height, width] = perAxis(fn, 'size', size, 1);
  const [padH, padW] = perAxis(fn, 'padding', padding, 0);

  return keepsNothing((X: NDArray, random: Random) => {
    const { N, C, H, W } = checkImages(fn, X);
    checkRandom(fn, random);
    const [freeH, freeW] = [H + 2 * padH - height, W + 2 * padW - width];
    if (freeH < 0 || freeW < 0) {
      const expected = `at most ${tuple([H + 2 * padH, W + 2 * padW])}, the padded images`;
      throw argumentError(ShapeError, { fn, arg: 'size', found: `is ${tuple([height, width])}`, expected });
    }
    const x = hostValues(X);
    const out = empty([N, C, height, width], dtypeOf(X));
    const { data } = out;
    if (padH > 0 || padW > 0) data.fill(fill);

    const tops = random.randint(0, freeH + 1, N);
    const lefts = random.randint(0, freeW + 1, N);
    for (let n = 0; n < N; n++) {
      const [top, left] = [tops[n] - padH, lefts[n] - padW];
      // The rows and columns of the part that are not padding.
      const [firstRow, endRow] = [Math.max(0, -top), Math.min(height, H - top)];
      const [first, end] = [Math.max(0, -left), Math.min(width, W - left)];
      for (let plane = n * C; plane < (n + 1) * C; plane++) {
        for (let i = firstRow; i < endRow; i++) {
          const to = (plane * height + i) * width;
          const from = (plane * H + top + i) * W + left;
          for (let j = first; j < end; j++) data[to + j] = x[from + j];
        }
      }
    }
    return out;
  });
}
