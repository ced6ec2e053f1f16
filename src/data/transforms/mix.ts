import {
  checkLabels,
  checkShapes,
  count,
  dtypeOf,
  empty,
  hostRoom,
  hostValues,
  isNDArray,
  type NDArray,
  type OptionsOf,
  option,
  POSITIVE,
  required,
  settingsOf,
  zeros,
} from '../../arrays/index.js';
import { keepsNothing } from '../../kernels/index.js';
import { drawBeta } from './beta.js';
import { type BatchTransform, checkImages, checkRandom, remembered } from './transform.js';

const MIX = {
  /** How many classes there are, C. */
  numClasses: required<number>(count(1)),
  /** Both parameters of the Beta distribution that the share of an example is drawn from. Default 1: uniform. */
  alpha: option(1, POSITIVE),
};

/** Options of {@link mixup} and {@link cutmix}. */
export interface MixOptions extends OptionsOf<typeof MIX> {}

/**
 * Each example mixed with the one before it, the first with the last: `λ · x + (1 − λ) · x'`, and the targets likewise.
 * One λ, from Beta(alpha, alpha), to a batch. Values of any range; shuffle, so that neighbours are of any two classes.
 *
 * @returns A transform of batches: X of shape (N, …) into one of that shape; labels, or probabilities of shape (N, C),
 *   into probabilities of shape (N, C) in the dtype of X, which cross-entropy takes as targets.
 * @throws {RangeError} if an option is out of its range, or a label is not below `numClasses`.
 * @see Zhang et al. 2017, mixup: Beyond Empirical Risk Minimization; torchvision.transforms.v2.MixUp
 *
 * @example
 * const loader = new DataLoader(dataset, {
 *   batchSize: 64,
 *   shuffle: true,
 *   batchTransform: transforms.mixup({ alpha: 0.2, numClasses: 10 }),
 * });
 */
export function mixup(options: MixOptions): BatchTransform {
  const fn = 'mixup';
  const { numClasses, alpha } = settingsOf(fn, MIX, options);

  return batchTransform(fn, options, ([X, y], random) => {
    const { N } = checkShapes(fn, { X: [X, ['N', '…']] });
    const targets = probabilities(fn, y, N, numClasses, X);
    checkRandom(fn, random);
    const lambda = drawBeta(random, alpha);
    return [mixed(X, lambda), mixed(targets, lambda)];
  });
}

/**
 * Each image with a rectangle of the image before it, of the first with one of the last; the targets are mixed by their
 * shares of the area. One rectangle to a batch: about a pixel drawn uniformly, its area 1 − λ of the image less what
 * lies outside, λ from Beta(alpha, alpha). Values of any range; shuffle, so that neighbours are of any two classes.
 *
 * @returns A transform of batches: images (N, C, H, W) into new ones of that shape; labels, or probabilities of shape
 *   (N, C), into probabilities of shape (N, C) in the dtype of X, which cross-entropy takes as targets.
 * @throws {RangeError} if an option is out of its range, or a label is not below `numClasses`.
 * @see Yun et al. 2019, CutMix: Regularization Strategy to Train Strong Classifiers; torchvision.transforms.v2.CutMix
 */
export function cutmix(options: MixOptions): BatchTransform {
  const fn = 'cutmix';
  const { numClasses, alpha } = settingsOf(fn, MIX, options);

  return batchTransform(fn, options, ([X, y], random) => {
    const { N, C, H, W } = checkImages(fn, X);
    const targets = probabilities(fn, y, N, numClasses, X);
    checkRandom(fn, random);
    const half = 0.5 * Math.sqrt(1 - drawBeta(random, alpha));
    const [middleJ] = random.randint(0, W, 1);
    const [middleI] = random.randint(0, H, 1);
    const [halfH, halfW] = [Math.floor(half * H), Math.floor(half * W)];
    const [top, end] = [Math.max(0, middleI - halfH), Math.min(H, middleI + halfH)];
    const [left, right] = [Math.max(0, middleJ - halfW), Math.min(W, middleJ + halfW)];

    const x = hostValues(X);
    const out = empty(X.shape, dtypeOf(X));
    const room = hostRoom(out);
    room.set(x);
    for (let plane = 0; plane < N * C; plane++) {
      const before = plane < C ? plane + (N - 1) * C : plane - C;
      for (let i = top; i < end; i++) {
        const from = (before * H + i) * W;
        room.set(x.subarray(from + left, from + right), (plane * H + i) * W + left);
      }
    }
    return [out, mixed(targets, 1 - ((end - top) * (right - left)) / (H * W))];
  });
}

function batchTransform(fn: string, options: MixOptions, apply: BatchTransform): BatchTransform {
  return remembered({ of: 'batch', draws: true }, fn, [options], keepsNothing(apply));
}

/** out[n] = λ · a[n] + (1 − λ) · a[n − 1], a[−1] being the last. */
function mixed(a: NDArray, lambda: number): NDArray {
  const values = hostValues(a);
  const out = empty(a.shape, dtypeOf(a));
  const room = hostRoom(out);
  const size = a.size / a.shape[0];
  const rest = 1 - lambda;
  for (let p = 0, other = a.size - size; p < a.size; p++, other = p < size ? other + 1 : p - size) {
    room[p] = lambda * values[p] + rest * values[other];
  }
  return out;
}

/** Targets as probabilities (N, C) in the dtype of X. */
function probabilities(fn: string, y: Int32Array | NDArray, N: number, C: number, X: NDArray): NDArray {
  if (isNDArray(y)) {
    checkShapes(fn, { y: [y, [N, C]] });
    return y;
  }
  const labels = checkLabels(fn, 'y', y, N, C);
  const out = zeros([N, C], dtypeOf(X));
  const room = hostRoom(out);
  for (let n = 0; n < N; n++) room[n * C + labels[n]] = 1;
  return out;
}
