import {
  ANY,
  argumentError,
  dtypeOf,
  empty,
  FINITE,
  hostValues,
  type OptionsOf,
  oneOf,
  option,
  ShapeError,
  settingsOf,
  tuple,
} from '../../arrays/index.js';
import { type PerAxis, perAxis } from '../../layers/index.js';
import { randomTransform, type Transform } from './transform.js';

const RANDOM_CROP = {
  /** Pixels added on each side before the crop: a number, or [vertical, horizontal]. Default 0. */
  padding: option<PerAxis>(0, ANY),
  /** The value of the added pixels where they are constant. Default 0, the mean where that has been subtracted. */
  fill: option(0, FINITE),
  /**
   * What the added pixels are: `'constant'`, all `fill`; `'reflect'`, those of the image in the mirror of its outermost
   * pixels; `'replicate'`, the outermost ones again. Default `'constant'`.
   */
  paddingMode: option<'constant' | 'reflect' | 'replicate'>('constant', oneOf('constant', 'reflect', 'replicate')),
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

  return randomTransform(fn, [size, options], (X, { N, C, H, W }, random) => {
    const [freeH, freeW] = [H + 2 * padH - height, W + 2 * padW - width];
    if (freeH < 0 || freeW < 0) {
      const expected = `at most ${tuple([H + 2 * padH, W + 2 * padW])}, the padded images`;
      throw argumentError(ShapeError, { fn, arg: 'size', found: `is ${tuple([height, width])}`, expected });
    }
    const x = hostValues(X);
    const out = empty([N, C, height, width], dtypeOf(X));
    const { data } = out;
    const isConstant = paddingMode === 'constant';
    if (isConstant && (padH > 0 || padW > 0)) data.fill(fill);
    if (paddingMode === 'reflect') checkReflected(fn, [padH, padW], [H, W]);
    const placeOf = paddingMode === 'reflect' ? reflected : replicated;

    const tops = random.randint(0, freeH + 1, N);
    const lefts = random.randint(0, freeW + 1, N);
    for (let n = 0; n < N; n++) {
      const [top, left] = [tops[n] - padH, lefts[n] - padW];
      // The rows and columns of the part that are not padding.
      const [firstRow, endRow] = [Math.max(0, -top), Math.min(height, H - top)];
      const [first, end] = [Math.max(0, -left), Math.min(width, W - left)];
      for (let plane = n * C; plane < (n + 1) * C; plane++) {
        for (let i = isConstant ? firstRow : 0; i < (isConstant ? endRow : height); i++) {
          const to = (plane * height + i) * width;
          const row = (plane * H + (isConstant ? top + i : placeOf(top + i, H))) * W;
          for (let j = first; j < end; j++) data[to + j] = x[row + left + j];
          if (isConstant) continue;
          for (let j = 0; j < first; j++) data[to + j] = x[row + placeOf(left + j, W)];
          for (let j = end; j < width; j++) data[to + j] = x[row + placeOf(left + j, W)];
        }
      }
    }
    return out;
  });
}

/** The place in an axis of `length` pixels that a place up to `length − 1` pixels outside of it mirrors. */
function reflected(at: number, length: number): number {
  const inside = Math.abs(at);
  return inside < length ? inside : 2 * (length - 1) - inside;
}

/** The place in an axis of `length` pixels that is nearest to `at`. */
function replicated(at: number, length: number): number {
  return Math.min(length - 1, Math.max(0, at));
}

function checkReflected(fn: string, padding: readonly number[], sizes: readonly number[]): void {
  if (padding.every((pad, axis) => pad < sizes[axis])) return;
  const [found, expected] = [`is ${tuple(padding)}`, `less than ${tuple(sizes)}, the images, to reflect them`];
  throw argumentError(ShapeError, { fn, arg: 'padding', found, expected });
}
