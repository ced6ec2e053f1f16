import {
  argumentError,
  checkCount,
  checkedIn,
  checkShapes,
  checkSynchronous,
  describe,
  dtypeOf,
  hostRoom,
  hostValues,
  type Labels,
  type NDArray,
  POSITIVE,
  Random,
  sizeOf,
  zeros,
} from './arrays/index.js';
import { centred, type Difference, isKink, relativeError, unravel } from './gradient-kinks.js';
import type { DropoutParam } from './layers/index.js';

/** The step of a centred difference. */
export interface StepOptions {
  /**
   * Half the distance between the two points of a difference. Default 1e-5, meant for float64; float32 needs 1e-2 or
   * so.
   */
  h?: number;
}

/**
 * The gradient of a function of an array by centred differences: `(f(x + h·e_i) − f(x − h·e_i)) / 2h` for every
 * element.
 *
 * `x` is perturbed in place, one element at a time, and restored exactly, also when `f` throws; so `f` may read `x`
 * from a closure and ignore its argument.
 *
 * In float32 a step of 1e-5 is a few units in the last place, and the result has two correct digits at best: the first
 * such call prints a warning on the console.
 *
 * @param f - A scalar function of `x`.
 * @param x - The point, any shape; float64 to be worth comparing with.
 * @param options - `h`: half the distance between the two points of a difference. Default 1e-5.
 * @returns The gradient, shaped like `x`, in float64.
 * @throws {TypeError} if `f` does not return a number.
 * @throws {RangeError} if `h` is not a number > 0.
 */
export function evalNumericalGradient(f: (x: NDArray) => number, x: NDArray, { h = 1e-5 }: StepOptions = {}): NDArray {
  checkStep('evalNumericalGradient', h);
  checkShapes('evalNumericalGradient', { x: [x, ['…']] });
  warnOfFloat32('evalNumericalGradient', 'x', x, h);
  return differences(x, h, () => checkNumber('evalNumericalGradient', f(x)));
}

/**
 * The gradient of `Σ f(x) · df` by centred differences, for a function whose value is an array: what a backward pass
 * returns for the upstream gradient `df`.
 *
 * `x` is perturbed in place, one element at a time, and restored exactly, also when `f` throws. What
 * {@link evalNumericalGradient} says of float32 holds here too.
 *
 * @param f - A function of `x` whose value has the shape of `df`.
 * @param x - The point, any shape.
 * @param df - Upstream gradient, of the shape of `f(x)`.
 * @param options - `h`: half the distance between the two points of a difference. Default 1e-5.
 * @returns The gradient, shaped like `x`, in float64.
 * @throws {ShapeError} if `f(x)` has another shape than `df`.
 * @throws {RangeError} if `h` is not a number > 0.
 */
export function evalNumericalGradientArray(
  f: (x: NDArray) => NDArray,
  x: NDArray,
  df: NDArray,
  { h = 1e-5 }: StepOptions = {},
): NDArray {
  const fn = 'evalNumericalGradientArray';
  checkStep(fn, h);
  checkShapes(fn, { x: [x, ['…']] });
  warnOfFloat32(fn, 'x', x, h);
  warnOfFloat32(fn, 'df', df, h);
  const weights = hostValues(df).slice();
  // The difference of the outputs is taken element by element before it is weighed and summed: their sums may be large.
  const outputs = (): Float64Array => {
    const out = f(x);
    checkSynchronous(fn, 'f', out);
    checkShapes(fn, { df: [df, df.shape], 'f(x)': [out, df.shape] });
    return Float64Array.from(hostValues(out));
  };
  const gradient = zeros(x.shape, 'float64');
  const slopes = hostRoom(gradient);
  forEachIndex(x, (index, i) => {
    const { plus, minus, distance } = centred(x, index, h, outputs);
    let sum = 0;
    for (let j = 0; j < weights.length; j++) sum += (plus[j] - minus[j]) * weights[j];
    slopes[i] = sum / distance;
  });
  return gradient;
}

/**
 * The largest relative error of two arrays: `max |a − b| / max(1e-8, |a| + |b|)`, cs231n's measure.
 *
 * In float64 the error of a correct gradient is below about 1e-6, that of a wrong one above 1e-2. But a kink of a ReLU
 * within `h` of the point makes a correct one look wrong, by 1 at worst: {@link checkModelGradients} and {@link
 * gradCheckSparse} recognize kinks; a smaller `h` meets fewer. For gradients of 1e-7 and less the error is 1e-4 or so,
 * because the function's rounding takes their digits.
 *
 * In float32 two correct computations of the same value differ by about 1e-6 of the largest value, which is a large
 * part of a value near zero: compare `max |a − b| / max |b|` there, or convert to float64 before computing, see
 * `convForwardFast`.
 *
 * @returns NaN where either array holds one.
 * @throws {ShapeError} if their shapes differ.
 */
export function relError(a: NDArray, b: NDArray): number {
  checkShapes('relError', { a: [a, ['…']] });
  checkShapes('relError', { b: [b, a.shape] });
  const [as, bs] = [hostValues(a), hostValues(b)];
  let largest = 0;
  for (let i = 0; i < as.length; i++) {
    const error = relativeError(as[i], bs[i]);
    if (!(error <= largest)) largest = error;
    if (Number.isNaN(error)) return error;
  }
  return largest;
}

/** One element that {@link gradCheckSparse} compared. */
export interface SparseCheck {
  /** Indices of the element, one for each axis. */
  readonly index: readonly number[];
  readonly numerical: number;
  readonly analytic: number;
  readonly relError: number;
  /**
   * Whether the function has a kink within `h`, that of a ReLU for example, and `analytic` is correct there: the slope
   * at the point, or a value between the slopes of both sides. Then `relError` says nothing.
   */
  readonly kink: boolean;
}

/**
 * Compares an analytic gradient with centred differences at a few random places: for arrays too large to check whole.
 *
 * @param f - A scalar function of `x`, which is perturbed in place and restored exactly.
 * @param x - The point, any shape.
 * @param grad - The analytic gradient, shaped like `x`.
 * @param options - `numChecks` places (default 10), the step `h` (default 1e-5), and the `seed` that chooses the places
 *   (default 0).
 * @returns The places with both values, their relative errors, and whether a kink explains these.
 * @throws {ShapeError} if `grad` has another shape than `x`.
 */
export function gradCheckSparse(
  f: (x: NDArray) => number,
  x: NDArray,
  grad: NDArray,
  { numChecks = 10, h = 1e-5, seed = 0 }: StepOptions & { numChecks?: number; seed?: number | string } = {},
): SparseCheck[] {
  checkStep('gradCheckSparse', h);
  checkCount('gradCheckSparse', 'numChecks', numChecks, 1);
  checkShapes('gradCheckSparse', { x: [x, ['…']] });
  checkShapes('gradCheckSparse', { grad: [grad, x.shape] });
  warnOfFloat32('gradCheckSparse', 'x', x, h);
  const value = (): number => checkNumber('gradCheckSparse', f(x));
  return Array.from(new Random(seed).randint(0, x.size, numChecks), (flat) => {
    const index = unravel(flat, x.shape);
    const analytic = grad.get(...index);
    const difference = centred(x, index, h, value);
    const numerical = slopeOf(difference);
    const kink = isKink(value, x, index, analytic, difference, h);
    return { index, numerical, analytic, relError: relativeError(numerical, analytic), kink };
  });
}

/** What {@link checkModelGradients} needs of a model. */
export interface DifferentiableModel {
  /** Parameters by name. They are perturbed in place. */
  readonly params: Record<string, NDArray>;
  /** Dropouts, if there are any: their masks stay the same during a check. */
  readonly dropoutParams?: readonly DropoutParam[];
  /** The loss of a batch, with the gradient of each parameter under its name. */
  loss(X: NDArray, y: Labels): NDArray | { loss: number; grads: Record<string, NDArray> };
}

/** An element at which {@link checkModelGradients} found a kink, so that its centred difference says nothing. */
export interface GradientKink {
  /** The parameter. */
  readonly name: string;
  /** Indices of the element, one for each axis. */
  readonly index: readonly number[];
  readonly numerical: number;
  readonly analytic: number;
}

/** Options of {@link checkModelGradients}. */
export interface ModelCheckOptions extends StepOptions {
  /** Called with every kink. Default: kinks are not reported. */
  onKink?: (kink: GradientKink) => void;
}

/**
 * Compares a model's gradients with centred differences, parameter by parameter. Use a float64 model and a small batch.
 *
 * A difference across a kink, of a ReLU or a max pooling, cannot be compared with a gradient. Where the two disagree by
 * more than 1e-4, differences with steps of h/10 and h/100 distinguish a kink from a fault: at a kink they change, and
 * the gradient is the slope that they converge to, or, at the kink itself, is between the slopes of both sides. Kinks
 * are passed to `onKink` and left out of the errors; a gradient that is wrong at a kink is an error as any other.
 *
 * Dropouts in the model's `dropoutParams` draw the same masks at every evaluation of a check; afterwards they continue
 * as if there had been no check.
 *
 * @param model - Anything with `params` and `loss(X, y)`; its parameters are perturbed in place and restored exactly.
 * @param X - Inputs.
 * @param y - Labels, or numbers in an array of any shape, as the model's loss takes them.
 * @param options - `h`: half the distance between the two points of a difference. Default 1e-5.
 * @returns The largest relative error of each parameter, see {@link relError}, over the elements without a kink; 0 if
 *   there are none.
 * @throws {TypeError} if `loss` returns no gradient for a parameter.
 *
 * @example
 * const kinks: GradientKink[] = [];
 * const errors = checkModelGradients(net, X, y, { onKink: (kink) => kinks.push(kink) });
 */
export function checkModelGradients(
  model: DifferentiableModel,
  X: NDArray,
  y: Labels,
  { h = 1e-5, onKink }: ModelCheckOptions = {},
): Record<string, number> {
  checkStep('checkModelGradients', h);
  const dropouts = holdMasks(model);
  const evaluate = (): { loss: number; grads: Record<string, NDArray> } => {
    dropouts.rewind();
    const result = model.loss(X, y);
    checkSynchronous('checkModelGradients', 'model.loss', result);
    if (result === null || typeof result !== 'object' || !('grads' in result)) {
      throw wrongLoss(`returned ${describe(result)}`, '{ loss, grads }');
    }
    return result;
  };
  const value = (): number => {
    const { loss } = evaluate();
    if (typeof loss === 'number') return loss;
    throw wrongLoss(`returned a loss of ${describe(loss)}`, 'a number');
  };
  /** The largest error of a parameter over its elements without a kink. */
  const errorOf = (name: string, param: NDArray, grad: NDArray): number => {
    let largest = 0;
    forEachIndex(param, (index) => {
      const analytic = grad.get(...index);
      const difference = centred(param, index, h, value);
      const numerical = slopeOf(difference);
      if (isKink(value, param, index, analytic, difference, h)) onKink?.({ name, index, numerical, analytic });
      else largest = Math.max(largest, relativeError(numerical, analytic)); // NaN where one is
    });
    return largest;
  };
  try {
    const { grads } = evaluate();
    const errors: Record<string, number> = {};
    for (const [name, param] of Object.entries(model.params)) {
      if (grads[name] === undefined) throw wrongLoss(`returned no gradient for ${name}`);
      checkShapes('checkModelGradients', { [`grads.${name}`]: [grads[name], param.shape] });
      warnOfFloat32('checkModelGradients', `params.${name}`, param, h);
      errors[name] = errorOf(name, param, grads[name]);
    }
    return errors;
  } finally {
    dropouts.release();
  }
}

/**
 * Makes the dropouts of a model draw the same masks after each `rewind`, until `release` restores their generators.
 */
function holdMasks({ dropoutParams = [] }: DifferentiableModel): { rewind(): void; release(): void } {
  const drawing = dropoutParams.filter(({ seed, mask }) => seed === undefined && mask === undefined);
  const held = drawing.map((param) => {
    const { random } = param;
    return { param, random, state: (random ?? new Random()).stateDict() };
  });
  return {
    rewind: () => {
      for (const { param, state } of held) param.random = Random.fromState(state);
    },
    release: () => {
      for (const { param, random } of held) {
        if (random === undefined) delete param.random;
        else param.random = random;
      }
    },
  };
}

/** (value(x + h) − value(x − h)) / distance at every element of `x`. */
function differences(x: NDArray, h: number, value: () => number): NDArray {
  const gradient = zeros(x.shape, 'float64');
  const slopes = hostRoom(gradient);
  forEachIndex(x, (index, i) => {
    slopes[i] = slopeOf(centred(x, index, h, value));
  });
  return gradient;
}

function slopeOf({ plus, minus, distance }: Difference): number {
  return (plus - minus) / distance;
}

/** Visits every element in row-major order. */
function forEachIndex(x: NDArray, visit: (index: readonly number[], i: number) => void): void {
  const size = sizeOf(x.shape);
  for (let i = 0; i < size; i++) visit(unravel(i, x.shape), i);
}

function checkStep(fn: string, h: number): void {
  checkedIn(fn, 'h', h, POSITIVE);
}

function wrongLoss(found: string, expected?: string): Error {
  return argumentError(TypeError, { fn: 'checkModelGradients', arg: 'model.loss', found, expected });
}

function checkNumber(fn: string, value: unknown): number {
  checkSynchronous(fn, 'f', value);
  if (typeof value === 'number') return value;
  throw argumentError(TypeError, { fn, arg: 'f', found: `returned ${describe(value)}`, expected: 'a number' });
}

/** The smallest step for which float32 has enough digits. */
const FLOAT32_STEP = 1e-3;

/** The functions that have printed the warning. */
const warned = new Set<string>();

/** Warns, once for each function, that a numerical gradient in float32 is inaccurate, and says what to do. */
function warnOfFloat32(fn: string, name: string, a: NDArray, h: number): void {
  if (h >= FLOAT32_STEP || warned.has(fn) || dtypeOf(a) !== 'float32') return;
  warned.add(fn);
  // biome-ignore lint/suspicious/noConsole: a warning that does not change the result
  console.warn(
    `${fn}: ${name} is float32, whose seven digits leave two or none to a difference with h = ${h}: ` +
      'an error of 0.05 may be rounding. ' +
      "Make it, and all that f or the model reads, float64 (randn(shape, 'float64'), array(a, undefined, 'float64'), " +
      "dtype: 'float64'), or take h = 1e-2.",
  );
}
