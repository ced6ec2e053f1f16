import type { NdArray } from 'ndarray';
import {
  argumentError,
  converted,
  count,
  DTYPE,
  type DType,
  describe,
  FLAG,
  isNDArray,
  type NDArray,
  type Nested,
  type OptionsOf,
  operand,
  option,
  settingsOf,
} from '../../arrays/index.js';
import { kernels, type Relation } from '../../kernels/index.js';
import {
  clampBackward,
  clampForward,
  compare,
  gatherBackward,
  gatherForward,
  oneHotOf,
  placeOfExtreme,
  placesOfTop,
  whereBackward,
  whereForward,
} from '../../layers/index.js';
import { arrayOf, type TensorLike } from '../op.js';
import { Tensor } from '../tensor.js';
import { unrecorded } from '../tracing.js';
import { arrayArg, layerOp, type Value, valueArg } from './layer-op.js';
import { amax, amin } from './reductions.js';
import { squeeze } from './reshaping.js';

/**
 * Whole numbers from 0 on, of any shape: a tensor, an array (of integers too), nested lists or a typed array. Places
 * that a function of `F` returns are a tensor of float64, which holds every one exactly, whatever the dtype of `x`.
 */
export type Places = Tensor | NdArray | Nested | ArrayLike<number>;

/** Values and where they were. */
export interface ValuesAndIndices {
  /** Their gradient goes to these places. */
  readonly values: Tensor;
  /** Places along the axis, in float64. They have no gradient. */
  readonly indices: Tensor;
}

/** Places as an array; a copy of what is none. */
function placesArg(fn: string, arg: string, places: Places): NDArray {
  const given = places instanceof Tensor ? places.data : places;
  if (isNDArray(given)) return given;
  if (typeof given === 'number' || (typeof given === 'object' && given !== null)) {
    return converted(fn, given as Nested, undefined, 'float64');
  }
  const expected = 'a tensor, an array or a list of whole numbers';
  throw argumentError(TypeError, { fn, arg, found: `is ${describe(places)}`, expected });
}

/** The place of the first largest value along `axis`, which stays with size 1 if `keepdims`; of all when left out. */
export function argmax(x: TensorLike, axis?: number, keepdims = false): Tensor {
  return unrecorded(
    'argmax',
    [x, axis, keepdims],
    placeOfExtreme('argmax', 'argmax', arrayArg('argmax', 'x', x), axis, keepdims),
  );
}

/** The place of the first smallest value along `axis`, which stays with size 1 if `keepdims`; of all when left out. */
export function argmin(x: TensorLike, axis?: number, keepdims = false): Tensor {
  return unrecorded(
    'argmin',
    [x, axis, keepdims],
    placeOfExtreme('argmin', 'argmin', arrayArg('argmin', 'x', x), axis, keepdims),
  );
}

/** Picks values by constant places. */
function picking(name: string): (x: TensorLike, axis: number, index: NDArray, keepdims?: boolean) => Tensor {
  const apply = layerOp(
    name,
    // Places have no gradient: `op` would take a bare array for an operand.
    (x: NDArray, axis: number, { index }: { readonly index: NDArray }, keepdims?: boolean) =>
      gatherForward(x, axis, index, keepdims),
    gatherBackward,
  );
  return (x, axis, index, keepdims) => apply(x, axis, { index }, keepdims);
}

const gathered = picking('gather');

/**
 * Values by their places along an axis: for axis 1 of two, `out[i, j] = x[i, index[i, j]]`. The gradients of values
 * that are picked more than once add up.
 *
 * @param index - As many axes as `x`, and but for `axis` none longer than that of `x`.
 * @returns The shape of `index`.
 * @throws {ShapeError} if `index` does not fit `x`.
 * @throws {RangeError} if there is no such axis, or a place is not on it.
 *
 * @example
 * scores.gather(1, labels.unsqueeze(1)); // the score of the right class of each row
 */
export function gather(x: TensorLike, axis: number, index: Places): Tensor {
  return gathered(x, axis, placesArg('gather', 'index', index));
}

const largest = picking('max');
const smallest = picking('min');

/** The largest value; equal ones share the gradient evenly. `amax` takes several axes. */
export function max(x: TensorLike): Tensor;
/** The largest value along `axis`, which stays with size 1 if `keepdims`; the first of equal ones. */
export function max(x: TensorLike, axis: number, keepdims?: boolean): ValuesAndIndices;
export function max(x: TensorLike, axis?: number, keepdims = false): Tensor | ValuesAndIndices {
  return axis === undefined ? amax(x) : alongAxis('max', 'argmax', largest, x, axis, keepdims);
}

/** The smallest value; equal ones share the gradient evenly. `amin` takes several axes. */
export function min(x: TensorLike): Tensor;
/** The smallest value along `axis`, which stays with size 1 if `keepdims`; the first of equal ones. */
export function min(x: TensorLike, axis: number, keepdims?: boolean): ValuesAndIndices;
export function min(x: TensorLike, axis?: number, keepdims = false): Tensor | ValuesAndIndices {
  return axis === undefined ? amin(x) : alongAxis('min', 'argmin', smallest, x, axis, keepdims);
}

function alongAxis(
  fn: 'max' | 'min',
  kernel: 'argmax' | 'argmin',
  pick: ReturnType<typeof picking>,
  x: TensorLike,
  axis: number,
  keepdims: boolean,
): ValuesAndIndices {
  if (typeof axis !== 'number') {
    const [found, expected] = [`is ${describe(axis)}`, 'the number of one axis'];
    const wayOut = `a${fn} takes several, ${fn}imum two tensors`;
    throw argumentError(TypeError, { fn, arg: 'axis', found, expected, wayOut });
  }
  const places = placeOfExtreme(fn, kernel, arrayArg(fn, 'x', x), axis, true);
  const found = unrecorded(kernel, [x, axis, true], places);
  return { values: pick(x, axis, places, keepdims), indices: keepdims ? found : squeeze(found, axis) };
}

const TOPK_OPTIONS = {
  /** Which axis to go along; negative ones count from the end. Default −1. */
  axis: option(-1, count(Number.NEGATIVE_INFINITY)),
  /** Whether to take the largest, or else the smallest. Default true. */
  largest: option<boolean>(true, FLAG),
};

/** Options of `F.topk`. */
export interface TopkOptions extends OptionsOf<typeof TOPK_OPTIONS> {}

const picked = picking('topk');

/**
 * The `k` largest values along an axis, the largest first, and their places; of equal ones the first comes first, and
 * NaN is the largest.
 *
 * @param k - From 1 to the size of the axis.
 * @returns Values and indices of the shape of `x`, with k for the size of the axis.
 * @throws {RangeError} if there is no such axis, or `k` is out of range.
 */
export function topk(x: TensorLike, k: number, options: TopkOptions = {}): ValuesAndIndices {
  const { axis, largest } = settingsOf('topk', TOPK_OPTIONS, options);
  const places = placesOfTop('topk', arrayArg('topk', 'x', x), k, axis, largest);
  const indices = unrecorded('topkIndices', [x, k, axis, largest], places);
  return { values: picked(x, axis, places), indices };
}

const ONE_HOT_OPTIONS = {
  /** That of the result. Default `'float32'`. */
  dtype: option<DType>('float32', DTYPE),
};

/** Options of `F.oneHot`. */
export interface OneHotOptions extends OptionsOf<typeof ONE_HOT_OPTIONS> {}

/**
 * A vector for each label, 1 at its place and 0 elsewhere. It has no gradient.
 *
 * @param labels - Whole numbers in [0, numClasses), of any shape.
 * @param numClasses - Default: one more than the largest label.
 * @returns The shape of `labels`, and an axis of `numClasses` behind it.
 * @throws {RangeError} if a label or `numClasses` is out of range.
 */
export function oneHot(labels: Places, numClasses?: number, options: OneHotOptions = {}): Tensor {
  const { dtype } = settingsOf('oneHot', ONE_HOT_OPTIONS, options);
  const places = placesArg('oneHot', 'labels', labels);
  const C = numClasses ?? (Math.floor(kernels().maxAbs(operand(places))) || 0) + 1;
  return unrecorded('oneHot', [places, numClasses], oneHotOf('oneHot', places, C, dtype));
}

const chosen = layerOp(
  'where',
  // The condition has no gradient: `op` would take a bare array for an operand.
  ({ condition }: { readonly condition: NDArray }, a: NDArray, b: NDArray) => whereForward(condition, a, b),
  whereBackward,
);

/**
 * `a` where the condition is not 0, else `b`; all three broadcast. Comparisons make conditions, which have no gradient.
 *
 * @throws {ShapeError} if the shapes do not broadcast.
 *
 * @example
 * F.where(x.gt(0), x, x.mul(0.1)); // or as a method of the first value: x.where(x.gt(0), x.mul(0.1))
 */
export function where(condition: Value, a: Value, b: Value): Tensor {
  const mask = valueArg('where', 'condition', condition, condition);
  return chosen({ condition: arrayOf(mask) }, valueArg('where', 'a', a, b), valueArg('where', 'b', b, a));
}

/**
 * `x` where it is within the bounds, else the nearer bound; either may be null, for none. The gradient goes through
 * where min ≤ x ≤ max.
 */
export const clamp = layerOp('clamp', clampForward, clampBackward);

/** 1 where two values are so related, else 0, in the dtype of the first. It has no gradient. */
function comparison(relation: Relation): (a: Value, b: Value) => Tensor {
  return (a, b) => {
    const [x, y] = [valueArg(relation, 'a', a, b), valueArg(relation, 'b', b, a)];
    return unrecorded(relation, [x, y], compare(relation, relation, arrayOf(x), arrayOf(y)));
  };
}

/** 1 where `a = b`, else 0, broadcast, in the dtype of `a`; the two may differ in theirs. It has no gradient. */
export const eq = comparison('eq');
/** 1 where `a ≠ b`, else 0; as {@link eq}. */
export const ne = comparison('ne');
/** 1 where `a < b`, else 0; as {@link eq}. */
export const lt = comparison('lt');
/** 1 where `a ≤ b`, else 0; as {@link eq}. */
export const le = comparison('le');
/** 1 where `a > b`, else 0; as {@link eq}. */
export const gt = comparison('gt');
/** 1 where `a ≥ b`, else 0; as {@link eq}. */
export const ge = comparison('ge');
