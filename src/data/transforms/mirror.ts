import { dtypeOf, empty, hostValues, type NDArray } from '../../arrays/index.js';
import { imageTransform } from './transform.js';

/**
 * Images with their columns in reverse order, those that `isFlipped` says; copies of the others.
 *
 * @param X - Shape (N, C, H, W).
 */
export function mirrored(X: NDArray, isFlipped: (n: number) => boolean): NDArray {
  const [N, C, H, W] = X.shape;
  const x = hostValues(X);
  const out = empty(X.shape, dtypeOf(X));
  const { data } = out;
  for (let n = 0; n < N; n++) {
    const [start, end] = [n * C * H * W, (n + 1) * C * H * W];
    if (!isFlipped(n)) {
      data.set(x.subarray(start, end), start);
      continue;
    }
    for (let row = start; row < end; row += W) {
      for (let j = 0, last = row + W - 1; j < W; j++) data[row + j] = x[last - j];
    }
  }
  return out;
}

/**
 * All images as in a mirror: their columns in reverse order. For views of test images; {@link randomHorizontalFlip} and
 * {@link alternatingFlip} are for training.
 *
 * @returns A function of images (N, C, H, W), or of one (C, H, W), into new ones of that shape.
 */
export function horizontalFlip(): (X: NDArray) => NDArray {
  return imageTransform('horizontalFlip', [], (X) => mirrored(X, () => true));
}
