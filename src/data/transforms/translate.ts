import {
  argumentError,
  describe,
  FINITE,
  type NDArray,
  type OptionsOf,
  option,
  settingsOf,
} from '../../arrays/index.js';
import { imageTransform } from './transform.js';
import { checkReflected, PADDING_MODE, type PaddingMode, windows } from './windows.js';

const TRANSLATE = {
  /** The value of pixels that come into view where they are constant. Default 0. */
  fill: option(0, FINITE),
  /**
   * What comes into view: `'constant'`, `fill`; `'reflect'`, the image in the mirror of its outermost pixels;
   * `'replicate'`, the outermost ones again. Default `'constant'`.
   */
  paddingMode: option<PaddingMode>('constant', PADDING_MODE),
};

/** Options of {@link translate}. */
export interface TranslateOptions extends OptionsOf<typeof TRANSLATE> {}

/**
 * All images moved by the same number of pixels. For views of test images; `randomCrop` with a padding is for training.
 *
 * @param by - Pixels down and to the right, whole numbers; negative: up and to the left.
 * @returns A function of images (N, C, H, W), or of one (C, H, W), into new ones of that shape.
 * @throws {RangeError} if `by` is not two whole numbers; {@link ShapeError}, when applied, if a reflected image is not
 *   larger than the way.
 *
 * @example
 * translate([1, 1], { paddingMode: 'reflect' });
 */
export function translate(
  by: readonly [down: number, right: number],
  options: TranslateOptions = {},
): (X: NDArray) => NDArray {
  const fn = 'translate';
  if (!Array.isArray(by) || by.length !== 2 || !by.every(Number.isSafeInteger)) {
    const expected = '[down, right], whole numbers of pixels';
    throw argumentError(RangeError, { fn, arg: 'by', found: `is ${describe(by)}`, expected });
  }
  const [down, right] = by;
  const outside = settingsOf(fn, TRANSLATE, options);
  return imageTransform(fn, [by, options], (X, { H, W }) => {
    if (outside.paddingMode === 'reflect') checkReflected(fn, 'by', [down, right], [H, W]);
    return windows(X, [H, W], outside, () => [-down, -right]);
  });
}
