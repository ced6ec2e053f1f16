import { adopted, checkShapes, dtypeOf, type NDArray, ShapeError, tuple, zeros } from '../../arrays/index.js';
import {
  type AffineCache,
  type AffineReluCache,
  affineForward,
  affineNeededGradients,
  affineReluForward,
  affineReluNeededGradients,
} from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { arrayArg, layerOp } from './layer-op.js';
import { reshape } from './reshaping.js';

const TERMS = { w: 'weight', b: 'bias' };

const affine = layerOp(
  'linear',
  (x: NDArray, weight: NDArray, bias: NDArray): [NDArray, AffineCache] =>
    affineForward(x, weight.transpose(1, 0), bias),
  (dout, cache, needs) => inWeightsLayout(affineNeededGradients(dout, cache, needs)),
  TERMS,
);

const affineRelu = layerOp(
  'linearRelu',
  (x: NDArray, weight: NDArray, bias: NDArray): [NDArray, AffineReluCache] =>
    affineReluForward(x, weight.transpose(1, 0), bias),
  (dout, cache, needs) => inWeightsLayout(affineReluNeededGradients(dout, cache, needs)),
  TERMS,
);

/** Weights are (out, in) here and (in, out) in the layer: the gradient of one is that of the other, transposed. */
function inWeightsLayout([dx, dw, db]: readonly (NDArray | null)[]): readonly (NDArray | null)[] {
  return [dx, dw && adopted(dw.transpose(1, 0)), db];
}

/**
 * Fully connected layer, PyTorch's: `x · weightᵀ + bias` on the last axis of x.
 *
 * @param x - Shape (…, in).
 * @param weight - Shape (out, in).
 * @param bias - Shape (out,), or null for none.
 * @returns Shape (…, out).
 * @throws {ShapeError} if the shapes do not agree.
 */
export function linear(x: TensorLike, weight: TensorLike, bias: TensorLike | null = null): Tensor {
  return onLastAxis('linear', affine, x, weight, bias);
}

/** {@link linear}, then a ReLU, in one pass. */
export function linearRelu(x: TensorLike, weight: TensorLike, bias: TensorLike | null = null): Tensor {
  return onLastAxis('linearRelu', affineRelu, x, weight, bias);
}

function onLastAxis(
  fn: string,
  apply: (x: TensorLike, weight: TensorLike, bias: TensorLike) => Tensor,
  x: TensorLike,
  weight: TensorLike,
  bias: TensorLike | null,
): Tensor {
  const { shape } = arrayArg(fn, 'x', x);
  const w = arrayArg(fn, 'weight', weight);
  const b = bias ?? zeros([w.shape[0]], dtypeOf(w));
  checkShapes(fn, { weight: [w, ['out', 'in']], bias: [arrayArg(fn, 'bias', b), ['out']] });
  const [out, features] = w.shape;
  if (shape[shape.length - 1] !== features) {
    throw new ShapeError(`${fn}: x has shape ${tuple(shape)}, expected (…, in=${features})`);
  }
  if (shape.length === 2) return apply(x, weight, b);
  return reshape(apply(reshape(x, [-1, features]), weight, b), [...shape.slice(0, -1), out]);
}
