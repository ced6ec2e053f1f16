import {
  argumentError,
  checkLabelGrid,
  checkLabels,
  checkLike,
  checkShapes,
  describe,
  dtypeOf,
  empty,
  type Floats,
  FRACTION,
  hostValues,
  isNDArray,
  type Labels,
  type NDArray,
  type Nested,
  type OptionsOf,
  operand,
  option,
  type Range,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import {
  type LossAndGrad,
  type LossOptions,
  type LossParts,
  MEAN_OR_SUM,
  pairOf,
  type Reduction,
  WEIGHT,
} from './loss-parts.js';
import { sameShape } from './operands.js';
import { axesLast, fillRows } from './rows.js';

// Losses of class scores.

/**
 * Softmax (cross-entropy) loss: the mean over the batch of `−log p[n, y[n]]`, where `p[n] = e^{x[n]} / Σ_c e^{x[n,
 * c]}`.
 *
 * Its gradient is `(p − onehot(y)) / N`. Each row is shifted by its maximum before the powers, so that scores of any
 * size neither overflow nor lose the loss. {@link crossEntropyLoss} has weights, smoothing, and labels that do not
 * count.
 *
 * @param x - Scores, shape (N, C).
 * @param y - Labels in [0, C), N of them.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if `x` is not (N, C) or `y` not of length N.
 * @throws {RangeError} if a label is not an integer in [0, C).
 * @see https://cs231n.github.io/linear-classify/#softmax
 */
export function softmaxLoss(x: NDArray, y: Labels): LossAndGrad {
  const { N, C } = checkShapes('softmaxLoss', { x: [x, ['N?', 'C']] });
  const labels = checkLabels('softmaxLoss', 'y', y, N, C);
  const dx = empty([N, C], dtypeOf(x));
  const loss = N === 0 ? Number.NaN : kernels().softmaxLoss(operand(x), labels, dx.data, N, C);
  return { loss, dx };
}

/**
 * Multiclass SVM (hinge) loss: the mean over the batch of `Σ_{c ≠ y[n]} max(0, x[n, c] − x[n, y[n]] + 1)`.
 *
 * Its gradient has 1/N for every margin above zero and, in the right class, minus their sum; a margin of just zero has
 * none.
 *
 * @param x - Scores, shape (N, C).
 * @param y - Labels in [0, C), N of them.
 * @param options - `reduction`: `'sum'` is not divided by N.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if `x` is not (N, C) or `y` not of length N.
 * @throws {RangeError} if a label is not an integer in [0, C).
 * @see https://cs231n.github.io/linear-classify/#svm
 */
export function svmLoss(x: NDArray, y: Labels, options?: LossOptions): LossAndGrad {
  const reduction = options === undefined ? 'mean' : settingsOf('svmLoss', MEAN_OR_SUM, options).reduction;
  return pairOf(svmParts('svmLoss', x, y, reduction));
}

/** The parts of {@link svmLoss}. */
export function svmParts(fn: string, x: NDArray, y: Labels, reduction: Reduction): LossParts {
  const { N, C } = checkShapes(fn, { x: [x, ['N?', 'C']] });
  const labels = checkLabels(fn, 'y', y, N, C);
  const dx = empty([N, C], dtypeOf(x));
  const values = reduction === 'none' ? empty([N], dtypeOf(x)) : null;
  const divisor = reduction === 'mean' ? N : 1;
  if (N === 0) return { loss: 0 / divisor, values, dx, dy: null };
  const given = { x: operand(x), y: labels, dx: dx.data, values: values === null ? null : values.data };
  const loss = kernels().hingeLoss({ ...given, N, C, divisor }) / divisor;
  return { loss, values, dx, dy: null };
}

/** Whole numbers. */
const INDEX: Range = { allows: Number.isSafeInteger, expected: 'a whole number', Kind: RangeError };

export const IGNORE_INDEX = {
  /** The label of examples that do not count. Default −100. */
  ignoreIndex: option(-100, INDEX),
};

export const LABEL_SMOOTHING = {
  /** Share of the target that is spread evenly over all classes, in [0, 1]. Default 0. */
  labelSmoothing: option(0, FRACTION),
};

const NLL = { ...MEAN_OR_SUM, ...WEIGHT, ...IGNORE_INDEX };

const CROSS_ENTROPY = { ...NLL, ...LABEL_SMOOTHING };

/** Options of {@link crossEntropyLoss}. */
export interface CrossEntropyLossOptions extends OptionsOf<typeof CROSS_ENTROPY> {}

/** The settings of a cross-entropy. */
export interface CrossEntropySettings extends NllSettings {
  readonly labelSmoothing: number;
}

/** The settings of a likelihood. */
export interface NllSettings {
  readonly reduction: Reduction;
  readonly weight: NDArray | undefined;
  readonly ignoreIndex: number;
}

/**
 * Cross-entropy of scores and targets of any kind: the mean over all examples of `−Σ_c q[c] · log p[c]`, where p is the
 * softmax of the scores over the axis of the classes.
 *
 * With labels and smoothing ε, `q[c] = weight[c]·((1 − ε)·[c = y] + ε/C)`; the mean is the sum divided by that of
 * `weight[y]`, and an example whose label is `ignoreIndex` counts in neither: where all are, it is NaN. With class
 * probabilities t, `q[c] = weight[c]·((1 − ε)·t[c] + ε/C)`, and the mean divides by the number of examples.
 *
 * Its gradient is `p · Σ_c q[c] − q`, divided likewise.
 *
 * @param x - Scores, shape (N, C), (C,), or (N, C, d_1, …, d_k) for an image of examples.
 * @param y - Labels in [0, C) or `ignoreIndex`, of shape (N,), () or (N, d_1, …, d_k); or class probabilities, an array
 *   of the shape and dtype of `x`.
 * @param options - `weight`: one for each class, shape (C,).
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if the shapes do not go together.
 * @throws {RangeError} if a label is neither an integer in [0, C) nor `ignoreIndex`.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 * @see Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision, section 7
 */
export function crossEntropyLoss(x: NDArray, y: Labels | Nested, options: CrossEntropyLossOptions = {}): LossAndGrad {
  const fn = 'crossEntropyLoss';
  const settings = settingsOf(fn, CROSS_ENTROPY, options);
  if (isNDArray(y) && isNDArray(x) && sameShape(y.shape, x.shape)) {
    return pairOf(softTargetParts(fn, x, y, settings, false));
  }
  return pairOf(crossEntropyParts(fn, x, y, settings));
}

/** The parts of {@link crossEntropyLoss} with labels. */
export function crossEntropyParts(
  fn: string,
  x: NDArray,
  y: Labels | Nested,
  { reduction, weight, ignoreIndex, labelSmoothing }: CrossEntropySettings,
): LossParts {
  const scores = scoresOf(fn, x, weight);
  const labels = labelsOf(fn, y, scores, ignoreIndex, true);
  const { C, shape } = scores;
  const isPlain = weight === undefined && labelSmoothing === 0 && reduction === 'mean' && x.shape.length === 2;
  if (isPlain && labels.length > 0 && !labels.includes(-1)) {
    const dx = empty(x.shape, dtypeOf(x));
    const loss = kernels().softmaxLoss(operand(x), labels, dx.data, labels.length, C);
    return { loss, values: null, dx, dy: null };
  }
  const divisor = reduction === 'mean' ? total(labels, weight) : 1;
  const scale = scaleBy(divisor, labels);
  const values = reduction === 'none' ? empty(shape, dtypeOf(x)) : null;
  const targets = { labels, target: null, weight, smoothing: labelSmoothing };
  return compute(x, scores, { ...targets, values, scale, divisor }, false);
}

/** The parts of {@link crossEntropyLoss} with class probabilities. */
export function softTargetParts(
  fn: string,
  x: NDArray,
  y: NDArray,
  { reduction, weight, ignoreIndex, labelSmoothing }: CrossEntropySettings,
  needsTarget: boolean,
): LossParts {
  const scores = scoresOf(fn, x, weight);
  checkLike(fn, 'y', y, 'x', x);
  if (ignoreIndex >= 0) {
    const found = `is ${ignoreIndex}, and the targets are class probabilities`;
    throw argumentError(RangeError, { fn, arg: 'ignoreIndex', found, expected: 'labels' });
  }
  const divisor = reduction === 'mean' ? scores.N * scores.S : 1;
  const values = reduction === 'none' ? empty(scores.shape, dtypeOf(x)) : null;
  const given = { labels: null, target: y, weight, smoothing: labelSmoothing, values, scale: 1 / divisor, divisor };
  return compute(x, scores, given, needsTarget);
}

/** What {@link compute} needs to know beside the scores. */
interface Targets {
  readonly labels: Int32Array | null;
  readonly target: NDArray | null;
  readonly weight: NDArray | undefined;
  readonly smoothing: number;
  readonly values: NDArray | null;
  readonly scale: number;
  readonly divisor: number;
}

/**
 * Runs the kernel, whose lanes are neighbouring examples: where these are few, all of the batch are made neighbours.
 */
function compute(x: NDArray, scores: Scores, targets: Targets, needsTarget: boolean): LossParts {
  const { N, C, S } = scores;
  const { values, target, labels, weight, smoothing, scale, divisor } = targets;
  const dx = empty(x.shape, dtypeOf(x));
  const dy = needsTarget ? empty(x.shape, dtypeOf(x)) : null;
  if (N * S === 0) return { loss: 0 / divisor, values, dx, dy };
  const isTurned = S < FEWEST_NEIGHBOURS && N > 1;
  const shape = isTurned ? { N: 1, C, S: N * S } : { N, C, S };
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const flat = (a: NDArray): Floats => operand(isTurned ? axesLast(a, axes) : a);
  const room = (a: NDArray, fill: (memory: Floats) => void): void =>
    isTurned ? fillRows(a, axes, fill) : fill(a.data);
  let sum = 0;
  const run = (dxRoom: Floats, dtarget: Floats | null): void => {
    sum = kernels().crossEntropy({
      x: flat(x),
      labels,
      target: target === null ? null : flat(target),
      weight: weight === undefined ? null : operand(weight),
      smoothing,
      values: values === null ? null : values.data,
      dx: dxRoom,
      dtarget,
      scale,
      shape,
    });
  };
  if (dy === null) room(dx, (dxRoom) => run(dxRoom, null));
  else room(dx, (dxRoom) => room(dy, (dyRoom) => run(dxRoom, dyRoom)));
  return { loss: sum / divisor, values, dx, dy };
}

/**
 * Examples beside one another from which on the kernel works on the scores as they are: two cache lines of float32.
 */
const FEWEST_NEIGHBOURS = 32;

/** Options of {@link nllLoss}. */
export interface NllLossOptions extends OptionsOf<typeof NLL> {}

/**
 * Negative log-likelihood: the mean over all examples of `−weight[y]·x[y]`, which is the sum divided by that of
 * `weight[y]`. An example whose label is `ignoreIndex` counts in neither: where all are, the mean is NaN.
 *
 * Its gradient is `−weight[y]` at the labels, divided likewise, and 0 elsewhere.
 *
 * @param x - Log-probabilities (of `F.logSoftmax`), shape (N, C), (C,), or (N, C, d_1, …, d_k) for an image of
 *   examples.
 * @param y - Labels in [0, C) or `ignoreIndex`, of shape (N,), () or (N, d_1, …, d_k).
 * @param options - `weight`: one for each class, shape (C,).
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if the shapes do not go together.
 * @throws {RangeError} if a label is neither an integer in [0, C) nor `ignoreIndex`.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function nllLoss(x: NDArray, y: Labels | Nested, options: NllLossOptions = {}): LossAndGrad {
  return pairOf(nllParts('nllLoss', x, y, settingsOf('nllLoss', NLL, options)));
}

/** The parts of {@link nllLoss}. */
export function nllParts(
  fn: string,
  x: NDArray,
  y: Labels | Nested,
  { reduction, weight, ignoreIndex }: NllSettings,
): LossParts {
  const scores = scoresOf(fn, x, weight);
  const labels = labelsOf(fn, y, scores, ignoreIndex, false);
  const { N, C, S, shape } = scores;
  const divisor = reduction === 'mean' ? total(labels, weight) : 1;
  const dx = empty(x.shape, dtypeOf(x));
  const values = reduction === 'none' ? empty(shape, dtypeOf(x)) : null;
  const loss = kernels().nllLoss({
    x: operand(x),
    labels,
    weight: weight === undefined ? null : operand(weight),
    values: values === null ? null : values.data,
    dx: dx.data,
    scale: scaleBy(divisor, labels),
    shape: { N, C, S },
  });
  return { loss: loss / divisor, values, dx, dy: null };
}

/** The sizes of scores (N, C, …), with S the product of the axes after the second. */
interface Scores {
  readonly N: number;
  readonly C: number;
  readonly S: number;
  /** The shape of the labels, and how errors write it. */
  readonly shape: readonly number[];
  readonly symbols: readonly (number | string)[];
}

/** Checks scores and the weights of their classes. */
function scoresOf(fn: string, x: NDArray, weight: NDArray | undefined): Scores {
  const rank = isNDArray(x) ? x.shape.length : 2;
  const dims = rank === 1 ? ['C'] : rank > 2 ? ['N?', 'C', '…?'] : ['N?', 'C'];
  checkShapes(fn, weight === undefined ? { x: [x, dims] } : { x: [x, dims], weight: [weight, ['C']] });
  if (rank === 1) return { N: 1, C: x.shape[0], S: 1, shape: [], symbols: [] };
  const [N, C, ...more] = x.shape;
  let S = 1;
  for (const size of more) S *= size;
  return { N, C, S, shape: [N, ...more], symbols: [`N=${N}`, ...more] };
}

/** The labels of scores. @throws {ShapeError | RangeError | TypeError} that say what the loss expects. */
function labelsOf(
  fn: string,
  y: Labels | Nested,
  { C, shape, symbols }: Scores,
  ignoreIndex: number,
  takesProbabilities: boolean,
): Int32Array {
  if (isNDArray(y) && y.shape.length !== shape.length) {
    const labels = `labels of shape ${tuple(symbols)}`;
    throw argumentError(ShapeError, {
      fn,
      arg: 'y',
      found: `has shape ${tuple(y.shape)}`,
      expected: takesProbabilities ? `${labels}, or class probabilities of the shape of x` : labels,
      wayOut: 'for targets that are numbers take F.mseLoss',
    });
  }
  if (typeof y === 'number' && shape.length > 0) {
    throw argumentError(TypeError, { fn, arg: 'y', found: `is ${describe(y)}`, expected: 'a list of labels' });
  }
  return checkLabelGrid(fn, 'y', y, { shape, symbols, C, ignoreIndex });
}

/** The weights of the labels that count, together. */
function total(labels: Int32Array, weight: NDArray | undefined): number {
  const weights = weight === undefined ? null : hostValues(weight);
  let sum = 0;
  for (const label of labels) if (label >= 0) sum += weights === null ? 1 : weights[label];
  return sum;
}

/** What a gradient is multiplied by; 0 where no label counts: the loss is NaN then, and no score has a part in it. */
function scaleBy(divisor: number, labels: Int32Array): number {
  return divisor === 0 && labels.every((label) => label < 0) ? 0 : 1 / divisor;
}
