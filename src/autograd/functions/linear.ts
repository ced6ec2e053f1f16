import {
  adopted,
  argumentError,
  checkSameDType,
  checkShapes,
  dtypeOf,
  type NDArray,
  ShapeError,
  tuple,
  zeros,
} from '../../arrays/index.js';
import {
  type AffineCache,
  type AffineGrads,
  type AffineReluCache,
  affine,
  affineBackward,
  affineRelu,
  affineReluBackward,
  type Needed,
} from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { arrayArg, layerOp } from './layer-op.js';
import { reshape } from './reshaping.js';

const product = layerOp(
  'linear',
  (x: NDArray, weight: NDArray, bias: NDArray): [NDArray, AffineCache] => affine(x, weight.transpose(1, 0), bias),
  (dout, cache, needs) => inWeightsLayout(affineBackward(dout, cache, needs)),
);

const productRelu = layerOp(
  'linearRelu',
  (x: NDArray, weight: NDArray, bias: NDArray): [NDArray, AffineReluCache] =>
    affineRelu(x, weight.transpose(1, 0), bias),
  (dout, cache, needs) => inWeightsLayout(affineReluBackward(dout, cache, needs)),
);

/** Weights are (out, in) here and (in, out) in the layer: the gradient of one is that of the other, transposed. */
function inWeightsLayout({ dx, dw, db }: Needed<AffineGrads>): readonly (NDArray | null)[] {
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
  return onLastAxis('linear', product, x, weight, bias);
}

/** {@link linear}, then a ReLU, in one pass. */
export function linearRelu(x: TensorLike, weight: TensorLike, bias: TensorLike | null = null): Tensor {
  return onLastAxis('linearRelu', productRelu, x, weight, bias);
}

function onLastAxis(
  fn: string,
  apply: (x: TensorLike, weight: TensorLike, bias: TensorLike) => Tensor,
  x: TensorLike,
  weight: TensorLike,
  bias: TensorLike | null,
): Tensor {
  const values = arrayArg(fn, 'x', x);
  const w = arrayArg(fn, 'weight', weight);
  const b = bias ?? zeros([w.shape[0]], dtypeOf(w));
  const { shape } = values;
  checkShapes(fn, { weight: [w, ['out', 'in']], bias: [arrayArg(fn, 'bias', b), ['out']] });
  const [out, features] = w.shape;
  if (shape[shape.length - 1] !== features) {
    const found = `has shape ${tuple(shape)}`;
    throw argumentError(ShapeError, { fn, arg: 'x', found, expected: `(…, in=${features})` });
  }
  checkShapes(fn, { x: [values, ['…?']] });
  checkSameDType(fn, 'weight', w, 'x', values);
  if (shape.length === 2) return apply(x, weight, b);
  return reshape(apply(reshape(x, [-1, features]), weight, b), [...shape.slice(0, -1), out]);
}
