import {
  AMOUNT,
  argumentError,
  array,
  checkShapes,
  describe,
  hostValues,
  isNDArray,
  type NDArray,
  type OptionsOf,
  option,
  overwrite,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import { arrayOf, Tensor, type TensorLike } from '../autograd/index.js';
import { matmulForward } from '../layers/index.js';
import { symmetricEigen } from './symmetric-eigen.js';

const WHITENING = {
  /** Added to a variance before its root divides, so that directions of less are not blown up. Default 5e-4. */
  eps: option(5e-4, AMOUNT),
};

/** Options of {@link whitening_}. */
export interface WhiteningOptions extends OptionsOf<typeof WHITENING> {}

/** About how many values of patches are multiplied at a time: 16 MB. */
const AT_ONCE = 4e6;

/**
 * Filters that whiten patches of images, in place: their outputs are uncorrelated and have about the same size. The
 * first half are the eigenvectors of the second moments of all patches, largest eigenvalue first, divided by
 * √(eigenvalue + eps); the second half is the negative of the first, so that a ReLU or GELU behind it loses nothing.
 *
 * @param tensor - Filters of a convolution of stride 1 without padding, shape (out, C, HH, WW), out ≤ 2 · C · HH · WW.
 * @param images - Images as the network sees them, normalized, shape (N, C, H, W). Some thousands are enough.
 * @returns `tensor`.
 * @throws {TypeError | ShapeError} if a shape does not fit.
 * @throws {RangeError} if `images` are not finite, or have no variance in a direction and `eps` is 0.
 * @see Page 2018, How to Train Your ResNet 8: Bag of Tricks; Jordan 2024, arXiv 2404.00498, section 3.3
 *
 * @example
 * const conv = new nn.Conv2d(3, 24, 2);
 * nn.init.whitening_(conv.weight, images);
 * conv.weight.requiresGrad = false;
 */
export function whitening_<T extends TensorLike>(tensor: T, images: TensorLike, options: WhiteningOptions = {}): T {
  const fn = 'whitening_';
  const { eps } = settingsOf(fn, WHITENING, options);
  const [weight, X] = [valuesOf(fn, 'tensor', tensor), valuesOf(fn, 'images', images)];
  checkShapes(fn, { tensor: [weight, ['out', 'C', 'HH', 'WW']], images: [X, ['N', 'C', 'H', 'W']] });
  const [out, C, HH, WW] = weight.shape;
  const D = C * HH * WW;
  if (out > 2 * D) {
    const [found, expected] = [`has ${out} filters`, `at most ${2 * D}: two for each of the ${D} values of a patch`];
    throw argumentError(ShapeError, { fn, arg: 'tensor', found, expected });
  }
  if (X.shape[2] < HH || X.shape[3] < WW) {
    const expected = `at least ${tuple([HH, WW])}, a filter`;
    throw argumentError(ShapeError, { fn, arg: 'images', found: `are ${tuple(X.shape.slice(2))}`, expected });
  }
  const moments = secondMoments(X, HH, WW);
  if (!moments.every(Number.isFinite)) {
    const expected = 'finite numbers that are not too large to be squared';
    throw argumentError(RangeError, { fn, arg: 'images', found: 'have values that are not finite', expected });
  }
  const { values, vectors } = symmetricEigen(moments, D);
  const half = Math.ceil(out / 2);
  if (Math.max(values[half - 1], 0) + eps === 0) {
    const flat = values.filter((value) => value <= 0).length;
    const found = `have no variance in ${flat} of the ${D} directions of a patch`;
    throw argumentError(RangeError, { fn, arg: 'images', found, expected: 'some in each, or eps > 0' });
  }
  const filters = Float64Array.from({ length: out * D }, (_, at) => {
    const [filter, d] = [Math.floor(at / D), at % D];
    const i = filter % half;
    // Rounding may leave a tiny eigenvalue below zero.
    return ((filter < half ? 1 : -1) * vectors[i][d]) / Math.sqrt(Math.max(values[i], 0) + eps);
  });
  overwrite(weight, array(filters, weight.shape));
  return tensor;
}

function valuesOf(fn: string, arg: string, value: TensorLike): NDArray {
  if (value instanceof Tensor || isNDArray(value)) return arrayOf(value);
  throw argumentError(TypeError, { fn, arg, found: `is ${describe(value)}`, expected: 'a tensor or an array' });
}

/** The mean of the products of any two values of a patch of HH × WW, over all patches of all images. */
function secondMoments(X: NDArray, HH: number, WW: number): Float64Array {
  const [N, C, H, W] = X.shape;
  const [down, across] = [H - HH + 1, W - WW + 1];
  const [D, patches] = [C * HH * WW, down * across];
  const sums = new Float64Array(D * D);
  const step = Math.max(1, Math.floor(AT_ONCE / (D * patches)));
  for (let first = 0; first < N; first += step) {
    const count = Math.min(step, N - first);
    const x = hostValues(X.lo(first, 0, 0, 0).hi(count, C, H, W));
    const columns = new Float32Array(D * count * patches);
    let at = 0;
    for (let d = 0; d < D; d++) {
      const [c, i, j] = [Math.floor(d / (HH * WW)), Math.floor(d / WW) % HH, d % WW];
      for (let n = 0; n < count; n++) {
        for (let row = i; row < i + down; row++, at += across) {
          const from = ((n * C + c) * H + row) * W + j;
          for (let k = 0; k < across; k++) columns[at + k] = x[from + k];
        }
      }
    }
    const matrix = array(columns, [D, count * patches]);
    const [product] = matmulForward(matrix, matrix.transpose(1, 0));
    hostValues(product).forEach((sum, k) => {
      sums[k] += sum;
    });
  }
  return sums.map((sum) => sum / (N * patches));
}
