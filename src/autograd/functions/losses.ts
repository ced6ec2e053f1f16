import {
  argumentError,
  describe,
  isNDArray,
  isRecording,
  type Labels,
  type NDArray,
  type Nested,
  remedyFor,
  settingsOf,
  sizeOf,
} from '../../arrays/index.js';
import {
  bceParts,
  bceWithLogitsParts,
  type CrossEntropySettings,
  crossEntropyParts,
  huberParts,
  klDivParts,
  type LossParts,
  l1Parts,
  lossGradients,
  lossOutput,
  mseParts,
  nllParts,
  type Reduction,
  smoothL1Parts,
  softTargetParts,
  svmParts,
} from '../../layers/index.js';
import { arrayOf, type TensorLike } from '../op.js';
import { Tensor } from '../tensor.js';
import { layerOp, type Terms, valueArg } from './layer-op.js';
import {
  BINARY_CROSS_ENTROPY,
  BINARY_CROSS_ENTROPY_WITH_LOGITS,
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyWithLogitsOptions,
  CROSS_ENTROPY,
  type CrossEntropyOptions,
  HUBER,
  type HuberLossOptions,
  KL_DIV,
  type KlDivOptions,
  NLL,
  type NllLossOptions,
  REDUCTION,
  type ReductionOptions,
  SMOOTH_L1,
  type SmoothL1LossOptions,
} from './loss-options.js';

export type {
  BinaryCrossEntropyOptions,
  BinaryCrossEntropyWithLogitsOptions,
  CrossEntropyOptions,
  HuberLossOptions,
  KlDivOptions,
  NllLossOptions,
  ReductionOptions,
  SmoothL1LossOptions,
} from './loss-options.js';

/** The operation of a loss of labels. */
function labelOp<S>(
  name: string,
  partsOf: (fn: string, x: NDArray, y: Labels | Nested, settings: S) => LossParts,
): (x: TensorLike, y: Labels | Nested | Tensor, settings: S) => Tensor {
  const apply = layerOp(
    name,
    // Labels have no gradient, also where they are an array: `op` would take a bare one for an operand.
    (x: NDArray, { y, settings }: { readonly y: Labels | Nested; readonly settings: S }) =>
      lossOutput(partsOf(name, x, y, settings)),
    lossGradients,
  );
  return (x, y, settings) => apply(x, { y: y instanceof Tensor ? y.data : y, settings });
}

/** The operation of a loss of two arrays, of which each gets a gradient that requires one. */
function pairOp<S>(
  name: string,
  partsOf: (fn: string, x: NDArray, y: NDArray, settings: S, needsTarget: boolean) => LossParts,
  terms: Terms,
): (x: TensorLike, y: TensorLike, settings: S) => Tensor {
  const apply = layerOp(
    name,
    (x: NDArray, y: NDArray, { settings, needsTarget }: { readonly settings: S; readonly needsTarget: boolean }) =>
      lossOutput(partsOf(name, x, y, settings, needsTarget)),
    lossGradients,
    terms,
  );
  return (x, y, settings) => {
    if (!isNumbers(x)) throw noNumbers(name, terms.x ?? 'x', x, null);
    if (!isNumbers(y)) throw noNumbers(name, terms.y ?? 'y', y, x.shape);
    return apply(x, y, { settings, needsTarget: isRecording() && y instanceof Tensor && y.requiresGrad });
  };
}

function isNumbers(value: TensorLike): boolean {
  return value instanceof Tensor || isNDArray(value);
}

/**
 * The error of an argument of a loss of numbers that is neither a tensor nor an array.
 *
 * @param shape - What shape the loss takes it in; null: any.
 */
function noNumbers(fn: string, arg: string, value: unknown, shape: readonly number[] | null): Error {
  const [found, expected] = [`is ${describe(value)}`, 'a tensor or an array'];
  const remedy = remedyFor(arg, value);
  const { length } = (value ?? {}) as { length?: unknown };
  const isLoneAxis = shape === null || shape.length < 2 || sizeOf(shape) !== length;
  const made = isLoneAxis ? remedy : `make it with array(${arg}, [${shape.join(', ')}])`;
  const wayOut = remedy && `${made}; for labels of classes take F.crossEntropy`;
  return argumentError(TypeError, { fn, arg, found, expected, wayOut });
}

const MEAN = { reduction: 'mean' } as const;

/** The reduction that the options ask for. A table takes a microsecond to go through. */
function reductionOf(fn: string, options: ReductionOptions | undefined): { readonly reduction: Reduction } {
  return options === undefined ? MEAN : settingsOf(fn, REDUCTION, options);
}

/**
 * The values of a weight; a number in the dtype of `x`.
 *
 * @throws {TypeError} if it requires a gradient.
 */
function constant(
  fn: string,
  arg: string,
  weight: TensorLike | number | undefined,
  x: TensorLike,
): NDArray | undefined {
  if (weight === undefined) return undefined;
  if (typeof weight === 'number') return arrayOf(valueArg(fn, arg, weight, x));
  if (weight instanceof Tensor && weight.requiresGrad) {
    const [found, expected] = ['requires a gradient', 'a constant, since the loss has none for it'];
    throw argumentError(TypeError, { fn, arg, found, expected, wayOut: `give ${arg}.detach()` });
  }
  return arrayOf(weight);
}

const PLAIN: CrossEntropySettings = { reduction: 'mean', weight: undefined, ignoreIndex: -100, labelSmoothing: 0 };

const ofLabels = labelOp<CrossEntropySettings>('crossEntropy', crossEntropyParts);
const ofProbabilities = pairOp<CrossEntropySettings>('crossEntropy', softTargetParts, {});

/**
 * Softmax cross-entropy, the mean over all examples of `−Σ_c q[c] · log softmax(x)[c]`.
 *
 * With labels and smoothing ε, `q[c] = weight[c]·((1 − ε)·[c = y] + ε/C)`; the mean is the sum divided by that of
 * `weight[y]`, and an example whose label is `ignoreIndex` counts in neither: where all are, it is NaN. With class
 * probabilities t, `q[c] = weight[c]·((1 − ε)·t[c] + ε/C)`, and the mean divides by the number of examples.
 *
 * @param x - Scores, shape (N, C), (C,) for one example, or (N, C, d_1, …, d_k) for images of examples.
 * @param y - Labels in [0, C) or `ignoreIndex`: N in a list, a typed array, an array or a tensor; a number for scores
 *   (C,); nested lists, an array or a tensor (N, d_1, …, d_k) for images. They get no gradient. Or class probabilities:
 *   an array or a tensor of the shape of `x`, which gets a gradient if it requires one.
 * @param options - `weight`: one for each class, shape (C,).
 * @returns Shape (); with `reduction: 'none'` that of the labels.
 * @throws {ShapeError} if the shapes do not go together.
 * @throws {RangeError} if a label is neither an integer in [0, C) nor `ignoreIndex`, or an option out of range.
 * @throws {TypeError} if an option is unknown, or `weight` requires a gradient.
 * @see Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision, section 7
 */
export function crossEntropy(x: TensorLike, y: Labels | Nested | Tensor, options?: CrossEntropyOptions): Tensor {
  let settings = PLAIN;
  if (options !== undefined) {
    const given = settingsOf('crossEntropy', CROSS_ENTROPY, options);
    settings = { ...given, weight: constant('crossEntropy', 'weight', given.weight, x) };
  }
  return isLike(y, x) ? ofProbabilities(x, y, settings) : ofLabels(x, y, settings);
}

/** Whether targets have the shape of the scores. */
function isLike(y: Labels | Nested | Tensor, x: TensorLike): y is TensorLike {
  if (!(y instanceof Tensor || isNDArray(y)) || !(x instanceof Tensor || isNDArray(x))) return false;
  return y.shape.length === x.shape.length && y.shape.every((size, axis) => size === x.shape[axis]);
}

const nll = labelOp('nllLoss', nllParts);

/**
 * Negative log-likelihood, the mean over all examples of `−weight[y]·x[y]`: the sum divided by that of `weight[y]`. An
 * example whose label is `ignoreIndex` counts in neither: where all are, it is NaN.
 *
 * @param x - Log-probabilities (of `F.logSoftmax`), shape (N, C), (C,) or (N, C, d_1, …, d_k).
 * @param y - Labels in [0, C) or `ignoreIndex`, as those of {@link crossEntropy}. They get no gradient.
 * @param options - `weight`: one for each class, shape (C,).
 * @returns Shape (); with `reduction: 'none'` that of the labels.
 * @throws {ShapeError} if the shapes do not go together.
 * @throws {RangeError} if a label is neither an integer in [0, C) nor `ignoreIndex`, or an option out of range.
 * @throws {TypeError} if an option is unknown, or `weight` requires a gradient.
 */
export function nllLoss(x: TensorLike, y: Labels | Nested | Tensor, options: NllLossOptions = {}): Tensor {
  const given = settingsOf('nllLoss', NLL, options);
  return nll(x, y, { ...given, weight: constant('nllLoss', 'weight', given.weight, x) });
}

const hinge = labelOp('svmLoss', (fn, x, y, reduction: Reduction) => svmParts(fn, x, y as Labels, reduction));

/**
 * Multiclass SVM (hinge) loss, the mean over the batch: the sum over the wrong classes of what a score lacks to a
 * margin of 1. PyTorch's `multi_margin_loss` is this by the number of classes.
 *
 * @param x - Scores, shape (N, C).
 * @param y - Labels in [0, C), N of them: a list, a typed array, an array or a tensor. They get no gradient.
 * @returns Shape (); with `reduction: 'none'` (N,).
 * @throws {ShapeError} if `x` is not (N, C) or `y` not of length N.
 * @throws {RangeError} if a label is not an integer in [0, C).
 */
export function svmLoss(x: TensorLike, y: Labels | Tensor, options?: ReductionOptions): Tensor {
  return hinge(x, y, reductionOf('svmLoss', options).reduction);
}

const TARGET = { y: 'target' };

const squared = pairOp('mseLoss', mseParts, TARGET);

/**
 * The mean of the squared differences of `x` and `target`.
 *
 * @param x - Any shape.
 * @param target - Of the same shape.
 * @returns Shape (); with `reduction: 'none'` that of `x`.
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 */
export function mseLoss(x: TensorLike, target: TensorLike, options?: ReductionOptions): Tensor {
  return squared(x, target, reductionOf('mseLoss', options));
}

const absolute = pairOp('l1Loss', l1Parts, TARGET);

/**
 * The mean of the absolute differences of `x` and `target`. The gradient is 0 where both are equal.
 *
 * @param x - Any shape.
 * @param target - Of the same shape.
 * @returns Shape (); with `reduction: 'none'` that of `x`.
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 */
export function l1Loss(x: TensorLike, target: TensorLike, options?: ReductionOptions): Tensor {
  return absolute(x, target, reductionOf('l1Loss', options));
}

const smoothL1 = pairOp('smoothL1Loss', smoothL1Parts, TARGET);

/**
 * The mean of `½·d²/beta` where |d| < beta, else of `|d| − ½·beta`, for the differences d of `x` and `target`.
 *
 * @param x - Any shape.
 * @param target - Of the same shape.
 * @returns Shape (); with `reduction: 'none'` that of `x`.
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 * @see Girshick 2015, Fast R-CNN, equation 3
 */
export function smoothL1Loss(x: TensorLike, target: TensorLike, options: SmoothL1LossOptions = {}): Tensor {
  return smoothL1(x, target, settingsOf('smoothL1Loss', SMOOTH_L1, options));
}

const huber = pairOp('huberLoss', huberParts, TARGET);

/**
 * The mean of `½·d²` where |d| < delta, else of `delta·(|d| − ½·delta)`, for the differences d of `x` and `target`.
 *
 * @param x - Any shape.
 * @param target - Of the same shape.
 * @returns Shape (); with `reduction: 'none'` that of `x`.
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 * @see Huber 1964, Robust Estimation of a Location Parameter
 */
export function huberLoss(x: TensorLike, target: TensorLike, options: HuberLossOptions = {}): Tensor {
  return huber(x, target, settingsOf('huberLoss', HUBER, options));
}

const bce = pairOp('binaryCrossEntropy', bceParts, { x: 'p' });

/**
 * Binary cross-entropy of probabilities: the mean of `−(y·ln p + (1 − y)·ln(1 − p))`, times `weight`. Logarithms below
 * −100 count as −100.
 *
 * @param p - Probabilities, any shape.
 * @param y - Targets in [0, 1], of the same shape.
 * @param options - `weight`: a number, or a shape that broadcasts to that of `p`.
 * @returns Shape (); with `reduction: 'none'` that of `p`.
 * @throws {ShapeError} if the shapes differ: only `weight` is broadcast.
 * @throws {RangeError} if a value of `p` is not in [0, 1].
 * @throws {TypeError} if an option is unknown, or `weight` requires a gradient.
 */
export function binaryCrossEntropy(p: TensorLike, y: TensorLike, options: BinaryCrossEntropyOptions = {}): Tensor {
  const fn = 'binaryCrossEntropy';
  const { reduction, weight } = settingsOf(fn, BINARY_CROSS_ENTROPY, options);
  return bce(p, y, { reduction, weight: constant(fn, 'weight', weight, p) });
}

const bceWithLogits = pairOp('binaryCrossEntropyWithLogits', bceWithLogitsParts, {});

/**
 * Binary cross-entropy of logits: the mean of `−(posWeight·y·ln σ(x) + (1 − y)·ln(1 − σ(x)))`, times `weight`, where
 * `σ(x) = 1 / (1 + e^−x)`. No logit overflows.
 *
 * @param x - Logits, any shape.
 * @param y - Targets in [0, 1], of the same shape.
 * @param options - `weight` and `posWeight`: numbers, or shapes that broadcast to that of `x`.
 * @returns Shape (); with `reduction: 'none'` that of `x`.
 * @throws {ShapeError} if the shapes differ: only the weights are broadcast.
 * @throws {TypeError} if an option is unknown, or a weight requires a gradient.
 */
export function binaryCrossEntropyWithLogits(
  x: TensorLike,
  y: TensorLike,
  options: BinaryCrossEntropyWithLogitsOptions = {},
): Tensor {
  const fn = 'binaryCrossEntropyWithLogits';
  const { reduction, weight, posWeight } = settingsOf(fn, BINARY_CROSS_ENTROPY_WITH_LOGITS, options);
  const [all, positive] = [constant(fn, 'weight', weight, x), constant(fn, 'posWeight', posWeight, x)];
  return bceWithLogits(x, y, { reduction, weight: all, posWeight: positive });
}

const divergence = pairOp('klDiv', klDivParts, TARGET);

/**
 * Divergence of Kullback and Leibler: the mean of `target·(ln target − x)`, or with `logTarget` of `e^target·(target −
 * x)`, over all values. The divergence of the distributions is `'batchmean'`.
 *
 * @param x - Logarithms of probabilities, any shape.
 * @param target - Probabilities, or their logarithms, of the same shape.
 * @returns Shape (); with `reduction: 'none'` that of `x`.
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 */
export function klDiv(x: TensorLike, target: TensorLike, options: KlDivOptions = {}): Tensor {
  return divergence(x, target, settingsOf('klDiv', KL_DIV, options));
}
