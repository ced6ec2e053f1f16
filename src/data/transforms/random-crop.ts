import {
  ANY,
  argumentError,
  FINITE,
  type OptionsOf,
  option,
  ShapeError,
  settingsOf,
  tuple,
} from '../../arrays/index.js';
import { type PerAxis, perAxis } from '../../layers/index.js';
import { randomTransform, type Transform } from './transform.js';
import { checkReflected, PADDING_MODE, type PaddingMode, windows } from './windows.js';

const RANDOM_CROP = {
  /** Pixels added on each side before the crop: a number, or [vertical, horizontal]. Default 0. */
  padding: option<PerAxis>(0, ANY),
  /** The value of the added pixels where they are constant. Default 0, the mean where that has been subtracted. */
  fill: option(0, FINITE),
  /**
   * What the added pixels are: `'constant'`, all `fill`; `'reflect'`, those of the image in the mirror of its outermost
   * pixels; `'replicate'`, the outermost ones again. Default `'constant'`.
   */
  paddingMode: option<PaddingMode>('constant', PADDING_MODE),
};

/** Options of {@link randomCrop}. */
export interface RandomCropOptions extends OptionsOf<typeof RANDOM_CROP> {}

/**
 * A part of each image, at a place of its own that is drawn uniformly, the padding included.
 *
 * @param size - Height and width of the part: a number for both, or [height, width].
 * @returns A transform of images (N, C, H, W) into new ones of (N, C, height, width).
 * @throws {RangeError} if a size is not a whole number ≥ 1, or a padding not one ≥ 0; {@link ShapeError} if the padded
 *   images are smaller than the part, or a reflected padding is not smaller than the image.
 *
 * @example
 * randomCrop(32, { padding: 4 }); // what CIFAR-10 is trained with
 */
export function randomCrop(size: PerAxis, options: RandomCropOptions = {}): Transform {
  const fn = 'randomCrop';
  const { padding, fill, paddingMode } = settingsOf(fn, RANDOM_CROP, options);
  const [height, width] = perAxis(fn, 'size', size, 1);
  const [padH, padW] = perAxis(fn, 'padding', padding, 0);

  return randomTransform(fn, [size, options], (X, { N, H, W }, random) => {
    const [freeH, freeW] = [H + 2 * padH - height, W + 2 * padW - width];
    if (freeH < 0 || freeW < 0) {
      const expected = `at most ${tuple([H + 2 * padH, W + 2 * padW])}, the padded images`;
      throw argumentError(ShapeError, { fn, arg: 'size', found: `is ${tuple([height, width])}`, expected });
    }
    if (paddingMode === 'reflect') checkReflected(fn, 'padding', [padH, padW], [H, W]);
    const tops = random.randint(0, freeH + 1, N);
    const lefts = random.randint(0, freeW + 1, N);
    return windows(X, [height, width], { fill, paddingMode }, (n) => [tops[n] - padH, lefts[n] - padW]);
  });
}
