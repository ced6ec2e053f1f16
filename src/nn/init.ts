/**
 * Initializations of parameters, in place, under PyTorch's names.
 *
 * @module
 */

import {
  AMOUNT,
  argumentError,
  array,
  checkAmount,
  checkedIn,
  count,
  describe,
  dtypeOf,
  hostValues,
  isNDArray,
  type NDArray,
  type OptionsOf,
  oneOf,
  option,
  overwrite,
  POSITIVE,
  type Random,
  type Range,
  ShapeError,
  settingsOf,
  sizeOf,
  tuple,
} from '../arrays/index.js';
import { arrayOf, defaultGenerator, Tensor, type TensorLike } from '../autograd/index.js';
import { normalCdf } from '../kernels/index.js';
import { NUMBER, RANDOM_OPTION } from './module-options.js';
import { normalQuantile } from './normal-quantile.js';
import { orthonormalize } from './orthonormal.js';

export { type WhiteningOptions, whitening_ } from './whitening.js';

/** The function after the weights that are initialized, by PyTorch's name. */
export type Nonlinearity = 'linear' | 'conv2d' | 'sigmoid' | 'tanh' | 'relu' | 'leaky_relu' | 'selu';

/** The gain of each nonlinearity; that of the leaky ReLU depends on its slope. */
const GAINS: Readonly<Record<Nonlinearity, (slope: number) => number>> = {
  linear: () => 1,
  conv2d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leaky_relu: (slope: number) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
};

const NONLINEARITY: Range = {
  allows: (name) => Object.hasOwn(GAINS, name as string),
  expected: `one of '${Object.keys(GAINS).join("', '")}'`,
  Kind: RangeError,
};

const KAIMING_OPTIONS = {
  /** The slope below 0 of the leaky ReLU that follows. Default 0. */
  a: option(0, NUMBER),
  /** What is kept from layer to layer: with `'fanIn'` (default) the size of values, with `'fanOut'` of gradients. */
  mode: option<'fanIn' | 'fanOut'>('fanIn', oneOf('fanIn', 'fanOut')),
  /** The function that follows. Default `'leaky_relu'`, which with a = 0 is a ReLU. */
  nonlinearity: option<Nonlinearity>('leaky_relu', NONLINEARITY),
  ...RANDOM_OPTION,
};

const XAVIER_OPTIONS = {
  /** A factor; see {@link calculateGain}. Default 1. */
  gain: option(1, AMOUNT),
  ...RANDOM_OPTION,
};

/** The generator that an initialization draws from. */
export interface RandomOption extends OptionsOf<typeof RANDOM_OPTION> {}

/** Options of {@link kaimingUniform_} and {@link kaimingNormal_}. */
export interface KaimingOptions extends OptionsOf<typeof KAIMING_OPTIONS> {}

/** Options of {@link xavierUniform_}, {@link xavierNormal_} and {@link orthogonal_}. */
export interface XavierOptions extends OptionsOf<typeof XAVIER_OPTIONS> {}

/**
 * The factor that compensates for a nonlinearity's effect on the size of its values: PyTorch's `calculate_gain`.
 *
 * @param param - For `'leaky_relu'`, its slope below 0. Default 0.01.
 * @throws {RangeError} if the nonlinearity is unknown.
 */
export function calculateGain(nonlinearity: Nonlinearity, param = 0.01): number {
  const gain = GAINS[checkedIn('calculateGain', 'nonlinearity', nonlinearity, NONLINEARITY)];
  return gain(checkedIn('calculateGain', 'slope', param, NUMBER));
}

/**
 * Uniform weights in ±gain · √(3 / fan), in place.
 *
 * @param tensor - Weights, shape (out, in, …): the fan in is in · …, the fan out is out · ….
 * @returns `tensor`.
 * @throws {ShapeError} if it has less than two axes.
 * @see He et al. 2015, Delving Deep into Rectifiers, https://arxiv.org/abs/1502.01852
 */
export function kaimingUniform_<T extends TensorLike>(tensor: T, options: KaimingOptions = {}): T {
  const [std, random] = kaiming('kaimingUniform_', tensor, options);
  return drawUniform(tensor, -Math.sqrt(3) * std, Math.sqrt(3) * std, random);
}

/** Normal weights with standard deviation gain / √fan, in place; else as {@link kaimingUniform_}. */
export function kaimingNormal_<T extends TensorLike>(tensor: T, options: KaimingOptions = {}): T {
  const [std, random] = kaiming('kaimingNormal_', tensor, options);
  return drawNormal(tensor, 0, std, random);
}

function kaiming(fn: string, tensor: TensorLike, options: KaimingOptions): [std: number, random: Random | undefined] {
  const { a, mode, nonlinearity, random } = settingsOf(fn, KAIMING_OPTIONS, options);
  return [GAINS[nonlinearity](a) / Math.sqrt(fansOf(fn, tensor)[mode]), random];
}

/**
 * Uniform weights in ±gain · √(6 / (fan in + fan out)), in place.
 *
 * @param tensor - Weights, shape (out, in, …).
 * @returns `tensor`.
 * @throws {ShapeError} if it has less than two axes.
 * @see Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks
 */
export function xavierUniform_<T extends TensorLike>(tensor: T, options: XavierOptions = {}): T {
  const [std, random] = xavier('xavierUniform_', tensor, options);
  return drawUniform(tensor, -Math.sqrt(3) * std, Math.sqrt(3) * std, random);
}

/**
 * Normal weights with standard deviation gain · √(2 / (fan in + fan out)), in place; else as {@link xavierUniform_}.
 */
export function xavierNormal_<T extends TensorLike>(tensor: T, options: XavierOptions = {}): T {
  const [std, random] = xavier('xavierNormal_', tensor, options);
  return drawNormal(tensor, 0, std, random);
}

function xavier(fn: string, tensor: TensorLike, options: XavierOptions): [std: number, random: Random | undefined] {
  const { gain, random } = settingsOf(fn, XAVIER_OPTIONS, options);
  const { fanIn, fanOut } = fansOf(fn, tensor);
  return [gain * Math.sqrt(2 / (fanIn + fanOut)), random];
}

/** Uniform numbers in [low, high), in place. @returns `tensor`. */
export function uniform_<T extends TensorLike>(tensor: T, low = 0, high = 1, options: RandomOption = {}): T {
  const fn = 'uniform_';
  checkTensor(fn, tensor);
  const { random } = settingsOf(fn, RANDOM_OPTION, options);
  checkedIn(fn, 'low', low, NUMBER);
  checkedIn(fn, 'high', high, NUMBER);
  if (low > high) {
    throw argumentError(RangeError, { fn, arg: 'low', found: `is ${low}`, expected: `at most high=${high}` });
  }
  return drawUniform(tensor, low, high, random);
}

/** Normal numbers, in place. @returns `tensor`. */
export function normal_<T extends TensorLike>(tensor: T, mean = 0, std = 1, options: RandomOption = {}): T {
  const fn = 'normal_';
  checkTensor(fn, tensor);
  const { random } = settingsOf(fn, RANDOM_OPTION, options);
  checkedIn(fn, 'mean', mean, NUMBER);
  checkAmount(fn, 'std', std);
  return drawNormal(tensor, mean, std, random);
}

/**
 * Normal numbers, of which those outside of [a, b] are drawn again: by the inverse of the distribution, in place. With
 * a standard deviation of 0.02, as vision transformers have, the default bounds cut nothing.
 *
 * @param a - The least value. Default −2.
 * @param b - The largest value. Default 2.
 * @returns `tensor`.
 * @throws {RangeError} if `std` is not above 0, or `a` not below `b`.
 */
export function truncNormal_<T extends TensorLike>(
  tensor: T,
  mean = 0,
  std = 1,
  a = -2,
  b = 2,
  options: RandomOption = {},
): T {
  const fn = 'truncNormal_';
  checkTensor(fn, tensor);
  const { random = defaultGenerator() } = settingsOf(fn, RANDOM_OPTION, options);
  checkedIn(fn, 'mean', mean, NUMBER);
  checkedIn(fn, 'std', std, POSITIVE);
  checkedIn(fn, 'a', a, NUMBER);
  checkedIn(fn, 'b', b, NUMBER);
  if (a >= b) throw argumentError(RangeError, { fn, arg: 'a', found: `is ${a}`, expected: `a number below b=${b}` });

  // Φ has digits in its lower tail only, so an interval above the mean is drawn on the other side of it.
  const sign = a > mean ? -1 : 1;
  const [low, high] = sign > 0 ? [(a - mean) / std, (b - mean) / std] : [(mean - b) / std, (mean - a) / std];
  const [from, to] = [normalCdf(low), normalCdf(high)];
  const unit = hostValues(random.rand(tensor.shape, 'float64'));
  return written(tensor, (i) => {
    const p = from + (to - from) * unit[i];
    const x = p <= 0.5 ? normalQuantile(p) : -normalQuantile(1 - p);
    return Math.max(a, Math.min(mean + sign * std * x, b));
  });
}

/**
 * Orthogonal weights, in place: as a matrix of (out, in · …) the rows, or else the columns, are orthogonal vectors of
 * length `gain`. Q of the QR decomposition of normal numbers, with the signs that make all orthogonal matrices equally
 * likely. Takes about out² · in · … multiplications.
 *
 * @param tensor - Weights, shape (out, in, …).
 * @returns `tensor`.
 * @throws {ShapeError} if it has less than two axes.
 * @see Saxe, McClelland and Ganguli 2014, https://arxiv.org/abs/1312.6120
 */
export function orthogonal_<T extends TensorLike>(tensor: T, options: XavierOptions = {}): T {
  const { gain, random = defaultGenerator() } = settingsOf('orthogonal_', XAVIER_OPTIONS, options);
  fansOf('orthogonal_', tensor);
  const rows = tensor.shape[0];
  const columns = sizeOf(tensor.shape) / rows;
  const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
  const vectors = Float64Array.from(hostValues(random.randn([count, length], 'float64')));
  orthonormalize(vectors, length);
  if (rows <= columns) return written(tensor, (i) => gain * vectors[i]);
  return written(tensor, (i) => gain * vectors[(i % columns) * length + Math.floor(i / columns)]);
}

const DIRAC_OPTIONS = {
  /** The number of groups of channels, each of which is passed on to itself. Default 1. */
  groups: option(1, count(1)),
};

/** Options of {@link dirac_}. */
export interface DiracOptions extends OptionsOf<typeof DIRAC_OPTIONS> {}

/**
 * Filters that pass channels on unchanged, in place: 1 in the middle of filter i for channel i, as far as there are
 * both, else 0.
 *
 * @param tensor - Filters, shape (out, in, HH, WW), or of three or five axes.
 * @returns `tensor`.
 * @throws {ShapeError} if it has another number of axes, or `out` is not divisible by `groups`.
 */
export function dirac_<T extends TensorLike>(tensor: T, options: DiracOptions = {}): T {
  const fn = 'dirac_';
  const { groups } = settingsOf(fn, DIRAC_OPTIONS, options);
  checkTensor(fn, tensor);
  const [out, into, ...window] = tensor.shape;
  const found = `has shape ${tuple(tensor.shape)}`;
  if (window.length < 1 || window.length > 3) {
    throw argumentError(ShapeError, { fn, arg: 'tensor', found, expected: '(out, in, …) with 3, 4 or 5 axes' });
  }
  if (out % groups !== 0) {
    const expected = `(out, in, …) with out divisible by groups=${groups}`;
    throw argumentError(ShapeError, { fn, arg: 'tensor', found, expected });
  }
  const share = out / groups;
  const size = sizeOf(window);
  const middle = window.reduce((at, length) => at * length + Math.floor(length / 2), 0);
  return written(tensor, (i) => {
    const [filter, rest] = [Math.floor(i / (into * size)), i % (into * size)];
    return rest === (filter % share) * size + middle ? 1 : 0;
  });
}

/**
 * The identity matrix, in place: 1 on the diagonal, else 0.
 *
 * @returns `tensor`.
 * @throws {ShapeError} if it is no matrix.
 */
export function eye_<T extends TensorLike>(tensor: T): T {
  const fn = 'eye_';
  checkTensor(fn, tensor);
  if (tensor.shape.length !== 2) {
    const found = `has shape ${tuple(tensor.shape)}`;
    throw argumentError(ShapeError, { fn, arg: 'tensor', found, expected: '(N, M)' });
  }
  const columns = tensor.shape[1];
  return written(tensor, (i) => (Math.floor(i / columns) === i % columns ? 1 : 0));
}

/** `value` everywhere, in place. @returns `tensor`. */
export function constant_<T extends TensorLike>(tensor: T, value: number): T {
  return filled('constant_', tensor, value);
}

/** Zeros, in place. @returns `tensor`. */
export function zeros_<T extends TensorLike>(tensor: T): T {
  return filled('zeros_', tensor, 0);
}

/** Ones, in place. @returns `tensor`. */
export function ones_<T extends TensorLike>(tensor: T): T {
  return filled('ones_', tensor, 1);
}

function filled<T extends TensorLike>(fn: string, tensor: T, value: number): T {
  checkTensor(fn, tensor);
  checkedIn(fn, 'value', value, NUMBER);
  return written(tensor, () => value);
}

function drawUniform<T extends TensorLike>(tensor: T, low: number, high: number, random = defaultGenerator()): T {
  const unit = hostValues(random.rand(tensor.shape, dtypeOf(arrayOf(tensor))));
  return written(tensor, (i) => low + (high - low) * unit[i]);
}

function drawNormal<T extends TensorLike>(tensor: T, mean: number, std: number, random = defaultGenerator()): T {
  const unit = hostValues(random.randn(tensor.shape, dtypeOf(arrayOf(tensor))));
  return written(tensor, (i) => mean + std * unit[i]);
}

/** Writes `value(i)` to each flat index i, in row-major order. */
function written<T extends TensorLike>(tensor: T, value: (i: number) => number): T {
  const target: NDArray = arrayOf(tensor);
  const values = Float64Array.from({ length: sizeOf(target.shape) }, (_, i) => value(i));
  overwrite(target, array(values, target.shape));
  return tensor;
}

/** The number of inputs of one output, and of outputs of one input. */
function fansOf(fn: string, tensor: TensorLike): { fanIn: number; fanOut: number } {
  checkTensor(fn, tensor);
  const [out, into, ...window] = tensor.shape;
  if (into === undefined || tensor.shape.includes(0)) {
    const found = `has shape ${tuple(tensor.shape)}`;
    throw argumentError(ShapeError, { fn, arg: 'tensor', found, expected: '(out, in, …)' });
  }
  return { fanIn: into * sizeOf(window), fanOut: out * sizeOf(window) };
}

function checkTensor(fn: string, tensor: unknown): void {
  if (tensor instanceof Tensor || isNDArray(tensor)) return;
  const found = `is ${describe(tensor)}`;
  throw argumentError(TypeError, { fn, arg: 'tensor', found, expected: 'a tensor or an array' });
}
