import {
  checkShapes,
  checkSynchronous,
  dense,
  describe,
  type Labels,
  type NDArray,
  Random,
  sizeOf,
  zeros,
} from './arrays/index.js';

/** The step of a centred difference. */
export interface StepOptions {
  /** Half the distance between the two points of a difference. Default 1e-5, meant for float64. */
  h?: number;
}

/**
 * The gradient of a function of an array by centred differences: `(f(x + h·e_i) − f(x − h·e_i)) / 2h` for every element.
 *
 * `x` is perturbed in place, one element at a time, and put back exactly, also when `f` throws; so `f` may look at `x` by
 * closure and ignore its argument.
 *
 * @param f - A scalar function of `x`.
 * @param x - The point, any shape; float64 to be worth comparing with.
 * @returns The gradient, shaped like `x`, in float64.
 * @throws {TypeError} if `f` does not return a number.
 * @throws {RangeError} if `h` is not a number > 0.
 */
export function evalNumericalGradient(f: (x: NDArray) => number, x: NDArray, { h = 1e-5 }: StepOptions = {}): NDArray {
  checkStep('evalNumericalGradient', h);
  checkShapes('evalNumericalGradient', { x: [x, ['…']] });
  return differences(x, h, () => checkNumber('evalNumericalGradient', f(x)));
}

/**
 * The gradient of `Σ f(x) · df` by centred differences, for a function whose value is an array: what a backward pass
 * returns for the upstream gradient `df`.
 *
 * `x` is perturbed in place, one element at a time, and put back exactly, also when `f` throws.
 *
 * @param f - A function of `x` whose value has the shape of `df`.
 * @param x - The point, any shape.
 * @param df - Upstream gradient, of the shape of `f(x)`.
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
  const weights = dense(df).slice();
  // The difference of the outputs is taken element by element before it is weighed and summed: their sums may be large.
  const outputs = (): Float64Array => {
    const out = f(x);
    checkSynchronous(fn, out, 'f');
    checkShapes(fn, { df: [df, df.shape], 'f(x)': [out, df.shape] });
    return Float64Array.from(dense(out));
  };
  const gradient = zeros(x.shape, 'float64');
  perturbEach(x, h, outputs, (i, plus, minus, distance) => {
    let sum = 0;
    for (let j = 0; j < weights.length; j++) sum += (plus[j] - minus[j]) * weights[j];
    gradient.data[i] = sum / distance;
  });
  return gradient;
}

/**
 * The largest relative error of two arrays: `max |a − b| / max(1e-8, |a| + |b|)`, cs231n's measure.
 *
 * In float64 a right gradient comes out below about 1e-6, a wrong one above 1e-2.
 *
 * In float32 two right ways of computing the same differ by about 1e-6 of the largest value, which is much of a value near
 * zero: compare `max |a − b| / max |b|` there, or convert to float64 before computing, see `convForwardFast`.
 *
 * @returns NaN where either array holds one.
 * @throws {ShapeError} if their shapes differ.
 */
export function relError(a: NDArray, b: NDArray): number {
  checkShapes('relError', { a: [a, ['…']] });
  checkShapes('relError', { b: [b, a.shape] });
  const [as, bs] = [dense(a), dense(b)];
  let largest = 0;
  for (let i = 0; i < as.length; i++) {
    const error = as[i] === bs[i] ? 0 : Math.abs(as[i] - bs[i]) / Math.max(1e-8, Math.abs(as[i]) + Math.abs(bs[i]));
    if (!(error <= largest)) largest = error;
    if (Number.isNaN(error)) return error;
  }
  return largest;
}

/** One place that {@link gradCheckSparse} looked at. */
export interface SparseCheck {
  /** Indices of the element, one for each axis. */
  readonly index: readonly number[];
  readonly numerical: number;
  readonly analytic: number;
  readonly relError: number;
}

/**
 * Compares an analytic gradient with centred differences at a few random places: for arrays too large to go through.
 *
 * @param f - A scalar function of `x`, which is perturbed in place and put back exactly.
 * @param x - The point, any shape.
 * @param grad - The analytic gradient, shaped like `x`.
 * @param options - `numChecks` places (default 10), the step `h` (default 1e-5), and the `seed` that chooses the places
 *   (default 0).
 * @returns The places with both values and their relative errors.
 * @throws {ShapeError} if `grad` has another shape than `x`.
 */
export function gradCheckSparse(
  f: (x: NDArray) => number,
  x: NDArray,
  grad: NDArray,
  { numChecks = 10, h = 1e-5, seed = 0 }: StepOptions & { numChecks?: number; seed?: number | string } = {},
): SparseCheck[] {
  checkStep('gradCheckSparse', h);
  if (!Number.isInteger(numChecks) || numChecks < 1) {
    throw new RangeError(`gradCheckSparse: numChecks is ${describe(numChecks)}, expected a whole number ≥ 1`);
  }
  checkShapes('gradCheckSparse', { x: [x, ['…']] });
  checkShapes('gradCheckSparse', { grad: [grad, x.shape] });
  const value = (): number => checkNumber('gradCheckSparse', f(x));
  return Array.from(new Random(seed).randint(0, x.size, numChecks), (flat) => {
    const index = unravel(flat, x.shape);
    const analytic = grad.get(...index);
    let numerical = Number.NaN;
    perturb(x, index, h, value, (plus, minus, distance) => {
      numerical = (plus - minus) / distance;
    });
    const scale = Math.max(1e-8, Math.abs(numerical) + Math.abs(analytic));
    return { index, numerical, analytic, relError: Math.abs(numerical - analytic) / scale };
  });
}

/** What {@link checkModelGradients} asks of a model. */
export interface DifferentiableModel {
  readonly params: Record<string, NDArray>;
  loss(X: NDArray, y: Labels): NDArray | { loss: number; grads: Record<string, NDArray> };
}

/**
 * Compares a model's gradients with centred differences, parameter by parameter. Use a float64 model and a small batch.
 *
 * @param model - Anything with `params` and `loss(X, y)`; its parameters are perturbed in place and put back exactly.
 * @param X - Inputs.
 * @param y - Labels.
 * @returns The largest relative error for each parameter, see {@link relError}.
 * @throws {TypeError} if `loss` returns no gradient for a parameter.
 */
export function checkModelGradients(
  model: DifferentiableModel,
  X: NDArray,
  y: Labels,
  { h = 1e-5 }: StepOptions = {},
): Record<string, number> {
  const evaluate = (): { loss: number; grads: Record<string, NDArray> } => {
    const result = model.loss(X, y);
    checkSynchronous('checkModelGradients', result, 'model.loss');
    if (result === null || typeof result !== 'object' || !('grads' in result)) {
      throw new TypeError(`checkModelGradients: model.loss returned ${describe(result)}, expected { loss, grads }`);
    }
    return result;
  };
  const { grads } = evaluate();
  const errors: Record<string, number> = {};
  for (const [name, param] of Object.entries(model.params)) {
    if (grads[name] === undefined) {
      throw new TypeError(`checkModelGradients: model.loss returned no gradient for ${name}`);
    }
    checkShapes('checkModelGradients', { [`grads.${name}`]: [grads[name], param.shape] });
    errors[name] = relError(
      evalNumericalGradient(() => evaluate().loss, param, { h }),
      grads[name],
    );
  }
  return errors;
}

/** (value(x + h) − value(x − h)) / distance at every element of `x`. */
function differences(x: NDArray, h: number, value: () => number): NDArray {
  const gradient = zeros(x.shape, 'float64');
  perturbEach(x, h, value, (i, plus, minus, distance) => {
    gradient.data[i] = (plus - minus) / distance;
  });
  return gradient;
}

type Visit<V> = (plus: V, minus: V, distance: number) => void;

function perturbEach<V>(
  x: NDArray,
  h: number,
  value: () => V,
  visit: (i: number, ...args: Parameters<Visit<V>>) => void,
): void {
  const size = sizeOf(x.shape);
  for (let i = 0; i < size; i++) perturb(x, unravel(i, x.shape), h, value, (...args) => visit(i, ...args));
}

/** Moves one element up and down by `h`, takes the value at both, and puts the element back. */
function perturb<V>(x: NDArray, index: readonly number[], h: number, value: () => V, visit: Visit<V>): void {
  const old = x.get(...index);
  try {
    x.set(...index, old + h);
    const above = x.get(...index);
    const plus = value();
    x.set(...index, old - h);
    const below = x.get(...index);
    const minus = value();
    // What the array can hold is not quite old ± h; in float32 the difference shows.
    visit(plus, minus, above - below);
  } finally {
    x.set(...index, old);
  }
}

/** Indices of the element at `flat` in row-major order. */
function unravel(flat: number, shape: readonly number[]): number[] {
  const index = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = flat % shape[axis];
    flat = Math.floor(flat / shape[axis]);
  }
  return index;
}

function checkStep(fn: string, h: number): void {
  if (!(typeof h === 'number' && h > 0 && Number.isFinite(h))) {
    throw new RangeError(`${fn}: h is ${describe(h)}, expected a number > 0`);
  }
}

function checkNumber(fn: string, value: unknown): number {
  checkSynchronous(fn, value, 'f');
  if (typeof value !== 'number') throw new TypeError(`${fn}: f returned ${describe(value)}, expected a number`);
  return value;
}
