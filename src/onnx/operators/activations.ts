import type { NDArray } from '../../arrays/index.js';
import { zeros } from '../../arrays/index.js';
import { F, op, type Tensor } from '../../autograd/index.js';
import { type AttributeTable, float, int, type Operator, operator, type Run, text, type Value } from '../operator.js';
import { numberOf, ofItsKind, tensorOf } from '../values.js';

/** An operator of one tensor, element by element. */
function pointwise(apply: (x: Tensor) => Tensor, since?: number): Operator {
  return operator({ attributes: {}, inputs: [1, 1], since, run: ([x], _, run) => apply(tensorOf(x, run)) });
}

const WITH_ALPHA = (alpha: number) => ({ alpha: float(alpha) }) satisfies AttributeTable;

/**
 * The error function. The kernels have Φ, in GELU: `gelu(u) = u · Φ(u)` and `erf(x) = 2 · Φ(√2 · x) − 1`. Its
 * derivative is `2/√π · e^(−x²)`.
 */
const erf = op(
  (x: NDArray): [out: NDArray, cache: NDArray] => {
    // Beyond ±6 it is ±1 to the last bit of float64, and ∞/∞ would be none.
    const u = F.mul(F.clamp(x, -6, 6), Math.SQRT2);
    const ratio = F.div(F.gelu(u), F.where(F.eq(u, 0), 1, u));
    const phi = F.where(F.eq(u, 0), 0.5, ratio);
    return [F.sub(F.mul(phi, 2), 1).data, x];
  },
  (dout, x) => F.mul(F.mul(F.exp(F.neg(F.mul(x, x))), 2 / Math.sqrt(Math.PI)), dout).data,
  { name: 'erf', keepsNothing: true },
);

/** The bounds of a Clip: attributes before opset 11, then inputs. Null: none. */
function boundOf(value: Value | null | undefined, attribute: number | null): number | null {
  return value === null || value === undefined ? attribute : numberOf(value);
}

function clip(x: Tensor, min: number | null, max: number | null): Tensor {
  return min === null && max === null ? x : F.clamp(x, min, max);
}

function parametric(x: Tensor, slope: Tensor): Tensor {
  const [rank, C] = [x.shape.length, x.shape[1]];
  if (slope.size === 1) return F.prelu(x, F.reshape(slope, [1]));
  // A slope for each channel: (C, 1, …, 1), broadcast from the last axis on.
  const channels = slope.shape.length - rank + 1;
  if (rank > 1 && slope.size === C && slope.shape[channels] === C) return F.prelu(x, F.reshape(slope, [C]));
  return F.sub(F.relu(x), F.mul(F.relu(F.neg(x)), slope));
}

/** A softmax: of one axis since opset 13, before of all axes from `axis` on as if they were one. */
function softmaxOf(apply: (x: Tensor, axis: number) => Tensor): Operator {
  return operator({
    attributes: { axis: { ...int(0), byDefault: null as number | null, allows: () => true } },
    inputs: [1, 1],
    run: ([value], { axis }, run: Run) => {
      const x = tensorOf(value, run);
      if (run.opset >= 13) return apply(x, axis ?? -1);
      const { shape } = x;
      const first = axis ?? 1;
      const from = first < 0 ? first + shape.length : first;
      const inner = shape.slice(from).reduce((size, n) => size * n, 1);
      const outer = shape.slice(0, from).reduce((size, n) => size * n, 1);
      return F.reshape(apply(F.reshape(x, [outer, inner]), 1), shape);
    },
  });
}

export const ACTIVATIONS: Readonly<Record<string, Operator>> = {
  Relu: operator({ attributes: {}, inputs: [1, 1], run: ([x], _, run) => ofItsKind(x, run, F.relu) }),
  Sigmoid: pointwise(F.sigmoid),
  Tanh: pointwise(F.tanh),
  Softplus: pointwise((x) => F.softplus(x)),
  Softsign: pointwise((x) => F.div(x, F.add(F.abs(x), 1))),
  Erf: pointwise((x) => erf(x), 9),
  HardSwish: pointwise(F.hardswish, 14),
  Mish: pointwise((x) => F.mul(x, F.tanh(F.softplus(x))), 18),
  LeakyRelu: operator({
    attributes: WITH_ALPHA(0.01),
    inputs: [1, 1],
    run: ([x], { alpha }, run) => F.leakyRelu(tensorOf(x, run), alpha),
  }),
  Elu: operator({
    attributes: WITH_ALPHA(1),
    inputs: [1, 1],
    run: ([x], { alpha }, run) => F.elu(tensorOf(x, run), alpha),
  }),
  Celu: operator({
    attributes: WITH_ALPHA(1),
    inputs: [1, 1],
    since: 12,
    run: ([x], { alpha }, run) => F.mul(F.elu(F.div(tensorOf(x, run), alpha)), alpha),
  }),
  Selu: operator({
    attributes: { alpha: float(1.6732632423543772), gamma: float(1.0507009873554805) },
    inputs: [1, 1],
    run: ([x], { alpha, gamma }, run) => F.mul(F.elu(tensorOf(x, run), alpha), gamma),
  }),
  HardSigmoid: operator({
    attributes: { alpha: float(0.2), beta: float(0.5) },
    inputs: [1, 1],
    run: ([value], { alpha, beta }, run) => {
      const x = tensorOf(value, run);
      // PyTorch's slope is 1/6, which a file has in float32.
      if (Math.abs(alpha - 1 / 6) < 1e-7 && beta === 0.5) return F.hardsigmoid(x);
      return F.clamp(F.add(F.mul(x, alpha), beta), 0, 1);
    },
  }),
  Gelu: operator({
    attributes: { approximate: text('none', 'tanh') },
    inputs: [1, 1],
    since: 20,
    run: ([x], { approximate }, run) => F.gelu(tensorOf(x, run), { approximate: approximate as 'none' | 'tanh' }),
  }),
  PRelu: operator({
    attributes: {},
    inputs: [2, 2],
    run: ([x, slope], _, run) => parametric(tensorOf(x, run), tensorOf(slope, run)),
  }),
  Clip: operator({
    attributes: {
      min: { ...float(0), byDefault: null as number | null },
      max: { ...float(0), byDefault: null as number | null },
    },
    inputs: [1, 3],
    settings: [1, 2],
    run: ([x, low, high], { min, max }, run) =>
      ofItsKind(x, run, (floats) => clip(floats, boundOf(low, min), boundOf(high, max))),
  }),
  Softmax: softmaxOf(F.softmax),
  LogSoftmax: softmaxOf(F.logSoftmax),
  ThresholdedRelu: operator({
    attributes: WITH_ALPHA(1),
    inputs: [1, 1],
    since: 10,
    run: ([value], { alpha }, run) => {
      const x = tensorOf(value, run);
      return F.where(F.gt(x, alpha), x, zeros([], run.dtype));
    },
  }),
};
