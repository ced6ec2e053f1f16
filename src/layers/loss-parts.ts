import {
  ANY,
  argumentError,
  checkLike,
  checkSameDType,
  checkShapes,
  dtypeOf,
  empty,
  full,
  isNDArray,
  type NDArray,
  ndarray,
  type OptionsOf,
  oneOf,
  operand,
  option,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import type { ElementwiseLossOperands } from '../kernels/index.js';
import { broadcastShape, broadcastView } from './broadcasting.js';
import { mulForward } from './elementwise.js';
import { anyShape, sameShape } from './operands.js';

// What the losses have in common. Each is computed together with its gradient; the pairs for people return the number
// and `dx`, and the functions of F are operations over the same parts.

/** A loss and its gradient. */
export interface LossAndGrad {
  /** The mean, or the sum. */
  readonly loss: number;
  /** Its gradient with respect to the first argument, of its shape. */
  readonly dx: NDArray;
}

export const MEAN_OR_SUM = {
  /** `'mean'`, or `'sum'`. Default `'mean'`. */
  reduction: option<'mean' | 'sum'>('mean', oneOf('mean', 'sum')),
};

/** What a loss of many values returns. */
export interface LossOptions extends OptionsOf<typeof MEAN_OR_SUM> {}

export const WEIGHT = {
  /** What the loss is multiplied by; a constant. Default: 1. */
  weight: option<NDArray | undefined>(undefined, ANY),
};

/** `'none'` leaves the values of a loss as they are; `'batchmean'` is their sum by the length of the first axis. */
export type Reduction = 'mean' | 'sum' | 'none' | 'batchmean';

/** A loss with all that is computed with it. */
export interface LossParts {
  /** The sum of the values, divided as the reduction says. */
  readonly loss: number;
  /** The values; null unless the reduction is `'none'`. */
  readonly values: NDArray | null;
  /** The gradient of `loss`; where the reduction is `'none'`, that of the sum. */
  readonly dx: NDArray;
  /** The same with respect to the target; null where it is not wanted. */
  readonly dy: NDArray | null;
}

/** Number and gradient, for the pairs. */
export function pairOf({ loss, dx }: LossParts): LossAndGrad {
  return { loss, dx };
}

/** What {@link lossGradients} needs from {@link lossOutput}. */
export interface LossCache {
  readonly layer: 'loss';
  readonly dx: NDArray;
  readonly dy: NDArray | null;
}

/** The forward pass of an operation over a loss: `out` is the number, of shape (), or the values. */
export function lossOutput({ loss, values, dx, dy }: LossParts): [out: NDArray, cache: LossCache] {
  return [values ?? full([], loss, dtypeOf(dx)), { layer: 'loss', dx, dy }];
}

/** The backward pass: the gradients, times `dout`. */
export function lossGradients(
  dout: NDArray,
  { dx, dy }: LossCache,
  needs: readonly boolean[],
): readonly (NDArray | null)[] {
  const gradients = [needs[0] ? scaled(dout, dx) : null];
  if (needs.length > 1) gradients.push(needs[1] && dy !== null ? scaled(dout, dy) : null);
  return gradients;
}

/** dout · gradient. Where each value belongs to all scores of an example, their axis is missing in `dout`. */
function scaled(dout: NDArray, gradient: NDArray): NDArray {
  const { shape } = gradient;
  if (dout.shape.length === 0 || sameShape(dout.shape, shape)) return mulForward(dout, gradient)[0];
  const [first, ...others] = dout.stride;
  return mulForward(ndarray(dout.data, shape, [first, 0, ...others], dout.offset), gradient)[0];
}

/** How a loss of two arrays of equal size is computed. */
export interface ElementwiseSettings {
  readonly reduction: Reduction;
  readonly weight?: NDArray | undefined;
}

/** Checks the arguments of a loss of two arrays of one shape. */
export function checkAlike(fn: string, x: NDArray, y: NDArray): void {
  if (isNDArray(x) && isNDArray(y) && x.size === y.size && !sameShape(x.shape, y.shape)) {
    const [found, expected] = [`has shape ${tuple(y.shape)}`, tuple(x.shape)];
    throw argumentError(ShapeError, { fn, arg: 'y', found, expected, wayOut: 'reshape one to the shape of the other' });
  }
  checkLike(fn, 'y', y, 'x', x);
}

/** The parts of a loss of two arrays of one shape, which have been checked. */
export function elementwiseParts(
  fn: string,
  x: NDArray,
  y: NDArray,
  { reduction, weight }: ElementwiseSettings,
  needsTarget: boolean,
  kernel: (operands: ElementwiseLossOperands) => number,
): LossParts {
  const dtype = dtypeOf(x);
  const factors = weight === undefined ? null : stretched(fn, 'weight', weight, x);
  const divisor = reduction === 'mean' ? x.size : reduction === 'batchmean' ? (x.shape[0] ?? 1) : 1;
  const dx = empty(x.shape, dtype);
  const dy = needsTarget ? empty(x.shape, dtype) : null;
  const values = reduction === 'none' ? empty(x.shape, dtype) : null;
  // The mean of nothing is NaN, its sum 0.
  if (x.size === 0) return { loss: 0 / divisor, values, dx, dy };
  const sum = kernel({
    x: operand(x),
    y: operand(y),
    weight: factors === null ? null : operand(factors),
    values: values === null ? null : values.data,
    dx: dx.data,
    dy: dy === null ? null : dy.data,
    scale: 1 / divisor,
  });
  return { loss: sum / divisor, values, dx, dy };
}

/** A view of a weight, stretched to the shape of x. @throws {ShapeError} if it does not broadcast to it. */
export function stretched(fn: string, arg: string, weight: NDArray, x: NDArray): NDArray {
  checkShapes(fn, { [arg]: [weight, anyShape(weight)] });
  checkSameDType(fn, arg, weight, 'x', x);
  // Where the common shape is not that of x, the message says what was expected.
  const fits = weight.shape.length <= x.shape.length && isWithin(weight.shape, x.shape);
  if (!fits) checkShapes(fn, { [arg]: [weight, x.shape] });
  return broadcastView(weight, broadcastShape(fn, x.shape, weight.shape));
}

/** Whether a shape broadcasts to another of no fewer axes. */
function isWithin(shape: readonly number[], to: readonly number[]): boolean {
  const missing = to.length - shape.length;
  return shape.every((size, axis) => size === 1 || size === to[axis + missing]);
}
