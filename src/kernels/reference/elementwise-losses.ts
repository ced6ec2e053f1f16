import type { ElementwiseLossKernels, ElementwiseLossOperands, HuberOperands, LogitOperands } from '../types.js';

/** A loss of x and y, and its derivatives; number `i` of the operands is the one at hand. */
interface Formula<O> {
  readonly value: (x: number, y: number, operands: O, i: number) => number;
  readonly dx: (x: number, y: number, operands: O, i: number) => number;
  readonly dy: (x: number, y: number, operands: O, i: number) => number;
}

/** The kernel of a formula. */
function kernel<O extends ElementwiseLossOperands>(formula: Formula<O>): (operands: O) => number {
  return (operands) => {
    const { x, y, weight, values, dx, dy, scale } = operands;
    let sum = 0;
    for (let i = 0; i < x.length; i++) {
      const factor = weight === null ? 1 : weight[i];
      const value = factor * formula.value(x[i], y[i], operands, i);
      if (values !== null) values[i] = value;
      dx[i] = scale * factor * formula.dx(x[i], y[i], operands, i);
      if (dy !== null) dy[i] = scale * factor * formula.dy(x[i], y[i], operands, i);
      sum += value;
    }
    return sum;
  };
}

/** A formula in the difference of x and y alone. */
function ofDifference<O>(
  value: (d: number, operands: O) => number,
  slope: (d: number, operands: O) => number,
): Formula<O> {
  return {
    value: (x, y, operands) => value(x - y, operands),
    dx: (x, y, operands) => slope(x - y, operands),
    dy: (x, y, operands) => -slope(x - y, operands),
  };
}

const LOWEST_LOG = -100;
/** PyTorch's, a float32. */
const SMALLEST_VARIANCE = Math.fround(1e-12);

/** The weight of ln(1 + e^−x) in the loss of a logit. */
function weightOf(y: number, { positive }: LogitOperands, i: number): number {
  return positive === null ? 1 : 1 + (positive[i] - 1) * y;
}

/** ln(1 + e^−x) without overflow, in two parts, of which the second is at most ln 2. */
function softplusOfMinus(x: number): readonly [linear: number, tail: number] {
  return [Math.max(-x, 0), Math.log1p(Math.exp(-Math.abs(x)))];
}

/** Losses of two arrays of equal size. */
export const elementwiseLosses: ElementwiseLossKernels = {
  squaredLoss: kernel(
    ofDifference(
      (d) => d * d,
      (d) => 2 * d,
    ),
  ),

  absoluteLoss: kernel(ofDifference(Math.abs, (d) => Math.sign(d) || 0)),

  huberLoss: kernel<HuberOperands>(
    ofDifference(
      (d, { threshold, curvature, slope }) => {
        const z = Math.abs(d);
        return z < threshold ? (curvature / 2) * z * z : slope * (z - threshold / 2);
      },
      (d, { curvature, slope }) => Math.min(Math.max(curvature * d, -slope), slope),
    ),
  ),

  bceLoss: kernel({
    value: (x, y) => (y - 1) * Math.max(Math.log1p(-x), LOWEST_LOG) - y * Math.max(Math.log(x), LOWEST_LOG),
    dx: (x, y) => (x - y) / Math.max((1 - x) * x, SMALLEST_VARIANCE),
    dy: (x) => Math.log1p(-x) - Math.log(x),
  }),

  bceWithLogitsLoss: kernel<LogitOperands>({
    value: (x, y, operands, i) => {
      const [weight, [linear, tail]] = [weightOf(y, operands, i), softplusOfMinus(x)];
      // The large terms cancel exactly before the small one is added.
      return (1 - y) * x + weight * linear + weight * tail;
    },
    dx: (x, y, operands, i) => {
      const [weight, e] = [weightOf(y, operands, i), Math.exp(-Math.abs(x))];
      // The slope of ln(1 + e^−x) is −e/(1 + e) for x ≥ 0, and e/(1 + e) − 1 below.
      const share = (weight * e) / (1 + e);
      return x >= 0 ? 1 - y - share : 1 - y - weight + share;
    },
    dy: (x, _, { positive }, i) => {
      const [linear, tail] = softplusOfMinus(x);
      return (positive === null ? 0 : positive[i] - 1) * (linear + tail) - x;
    },
  }),

  klLoss: kernel({
    value: (x, y) => (y === 0 ? 0 : y * (Math.log(y) - x)),
    dx: (_, y) => -y,
    dy: (x, y) => Math.log(y) - x + 1,
  }),

  klLogLoss: kernel({
    value: (x, y) => scaledLog(x, y),
    dx: (_, y) => -Math.exp(y),
    dy: (x, y) => scaledLog(x, y) + Math.exp(y),
  }),
};

/** e^y·(y − x). */
function scaledLog(x: number, y: number): number {
  const p = Math.exp(y);
  return p === 0 ? 0 : p * (y - x);
}
