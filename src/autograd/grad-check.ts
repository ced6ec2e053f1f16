import {
  AMOUNT,
  argumentError,
  checkSynchronous,
  describe,
  FLAG,
  hostValues,
  type NDArray,
  ndarray,
  type OptionsOf,
  option,
  Random,
  settingsOf,
} from '../arrays/index.js';
import { evalNumericalGradientArray } from '../gradient-check.js';
import { centred, isKink, unravel } from '../gradient-kinks.js';
import { noGrad } from './tape.js';
import { Tensor } from './tensor.js';

const OPTIONS = {
  /** Half the distance between the two points of a difference. Default 1e-6. */
  eps: option(1e-6, AMOUNT),
  /** Absolute tolerance. Default 1e-5. */
  atol: option(1e-5, AMOUNT),
  /** Relative tolerance. Default 1e-3. */
  rtol: option(1e-3, AMOUNT),
  /** Whether a wrong gradient is an error; else the result is false. Default true. */
  raiseException: option(true, FLAG),
};

/** How {@link gradCheck} compares: PyTorch's names and defaults. */
export interface GradCheckOptions extends OptionsOf<typeof OPTIONS> {}

/**
 * Compares the gradients of a function of tensors with centred differences, for a random upstream gradient.
 *
 * At a kink, of a ReLU for example, within `eps` of a value a gradient is right if it is the slope of one side or lies
 * between both. The values of the inputs are perturbed in place, one at a time, and put back exactly; their `grad` is
 * left as it was.
 *
 * @param fn - Returns one tensor, of any shape; the same for the same values.
 * @param inputs - float64 tensors; those that require a gradient are checked.
 * @returns true; false if a gradient is wrong and `raiseException` is false.
 * @throws {Error} naming the input, the place, and both values, if a gradient is wrong.
 * @throws {TypeError} if an input is not a float64 tensor, or none requires a gradient.
 *
 * @example
 * gradCheck((x, w) => F.relu(F.matmul(x, w)), [x, w]);
 */
export function gradCheck(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradCheckOptions = {},
): boolean {
  const { eps, atol, rtol, raiseException } = settingsOf('gradCheck', OPTIONS, options);
  checkInputs(inputs);

  const before = inputs.map((input) => input.grad);
  try {
    for (const input of inputs) input.grad = null;
    const out = fn(...inputs);
    checkSynchronous('gradCheck', 'fn', out);
    if (!(out instanceof Tensor)) throw fault('fn', `returned ${describe(out)}`, 'a tensor');
    const upstream = new Random(0).randn(out.shape, out.dtype);
    if (out.requiresGrad) out.backward(upstream);
    for (const [i, input] of inputs.entries()) {
      if (!input.requiresGrad) continue;
      const value = (): NDArray => noGrad(() => fn(...inputs)).data;
      const points = withAxes(input.data);
      const numerical = Float64Array.from(hostValues(evalNumericalGradientArray(value, points, upstream, { h: eps })));
      const analytic = input.grad === null ? numerical.map(() => 0) : hostValues((input.grad as Tensor).data);
      const isClose = (n: number, at: number): boolean => Math.abs(n - analytic[at]) <= atol + rtol * Math.abs(n);
      const total = (): number => weightedSum(value(), upstream);
      const atKink = (at: number): boolean => {
        const index = unravel(at, points.shape);
        return isKink(total, points, index, analytic[at], centred(points, index, eps, total), eps);
      };
      const wrong = numerical.findIndex((n, at) => !isClose(n, at) && !atKink(at));
      if (wrong < 0) continue;
      if (!raiseException) return false;
      throw argumentError(Error, {
        fn: 'gradCheck',
        arg: `the gradient of input ${i} at flat index ${wrong}`,
        found: `is ${analytic[wrong]}`,
        expected: `${numerical[wrong]}, the centred difference`,
      });
    }
    return true;
  } finally {
    inputs.forEach((input, i) => {
      input.grad = before[i];
    });
  }
}

function fault(arg: string, found: string, expected: string, wayOut?: string): Error {
  return argumentError(TypeError, { fn: 'gradCheck', arg, found, expected, wayOut });
}

function checkInputs(inputs: readonly Tensor[]): void {
  if (!Array.isArray(inputs)) throw fault('inputs', `is ${describe(inputs)}`, 'a list of tensors');
  inputs.forEach((input, i) => {
    if (!(input instanceof Tensor)) throw fault(`input ${i}`, `is ${describe(input)}`, 'a tensor');
    if (input.dtype === 'float64') return;
    const wayOut = 'differences in float32 are too coarse to compare with';
    throw fault(`input ${i}`, 'has dtype float32', 'float64', wayOut);
  });
  if (!inputs.some((input) => input.requiresGrad)) {
    throw new TypeError('gradCheck: no input requires a gradient: make one with tensor(data, { requiresGrad: true })');
  }
}

/** A view of the same memory: an array without axes is one of a single value. */
function withAxes(x: NDArray): NDArray {
  return x.shape.length > 0 ? x : ndarray(x.data, [1], [1], x.offset);
}

/** Σ a · weights. */
function weightedSum(a: NDArray, weights: NDArray): number {
  const [values, factors] = [hostValues(a), hostValues(weights)];
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * factors[i];
  return sum;
}
