import ops from 'ndarray-ops';
import {
  checkOptions,
  checkShapes,
  denseArg,
  describe,
  dtypeOf,
  type Floats,
  heap,
  markChanged,
  type NDArray,
  withStorage,
  wrap,
  zeros,
} from '../arrays/index.js';
import { isResident, residentZeros } from '../kernels/index.js';

/**
 * One step of optimisation for one parameter.
 *
 * `w` and the state arrays in `config` are updated in place; `w` is returned as well. The returned config holds the
 * hyperparameters, defaults filled in, and the rule's state: pass it to the next call, and give each parameter its own.
 *
 * @param w - The parameter, any shape.
 * @param dw - The gradient of the loss with respect to it, of the same shape and dtype.
 * @param config - Hyperparameters and state; a field that is left out has its default, state starts at zero.
 */
export type UpdateRule<C extends object> = (w: NDArray, dw: NDArray, config?: C) => [nextW: NDArray, nextConfig: C];

/** An update rule with a config of any kind. */
export type AnyUpdateRule = (w: NDArray, dw: NDArray, config: never) => readonly [nextW: NDArray, nextConfig: object];

/** Every hyperparameter and every piece of state that a rule of this library has. */
export interface OptimConfig {
  /** Step size. */
  learningRate?: number;
  /** Share of the velocity that is kept. */
  momentum?: number;
  /** State of `sgdMomentum` and `nesterov`, shaped like the parameter. */
  velocity?: NDArray;
  /** Share of the average of squares that is kept. */
  decayRate?: number;
  /** Added to the denominator. */
  epsilon?: number;
  /** State of `rmsprop` and `adagrad`: squared gradients, averaged or summed, shaped like the parameter. */
  cache?: NDArray;
  /** Decay of Adam's average of gradients. */
  beta1?: number;
  /** Decay of Adam's average of squared gradients. */
  beta2?: number;
  /** State of Adam: the average of gradients, shaped like the parameter. */
  m?: NDArray;
  /** State of Adam: the average of squared gradients, shaped like the parameter. */
  v?: NDArray;
  /** State of Adam: steps taken. */
  t?: number;
  /** Share of each weight that `adamw` takes off in a step, times the learning rate. */
  weightDecay?: number;
}

/** What each number of a config has to be. */
const RANGES: Record<string, readonly [allowed: (n: number) => boolean, expected: string]> = {
  learningRate: [(n) => n >= 0 && Number.isFinite(n), 'a number ≥ 0'],
  momentum: [(n) => n >= 0 && Number.isFinite(n), 'a number ≥ 0'],
  decayRate: [(n) => n >= 0 && n <= 1, 'a number from 0 to 1'],
  epsilon: [(n) => n >= 0 && Number.isFinite(n), 'a number ≥ 0'],
  beta1: [(n) => n >= 0 && n < 1, 'a number in [0, 1)'],
  beta2: [(n) => n >= 0 && n < 1, 'a number in [0, 1)'],
  weightDecay: [(n) => n >= 0 && Number.isFinite(n), 'a number ≥ 0'],
  t: [(n) => Number.isInteger(n) && n >= 0, 'a whole number ≥ 0'],
};

/** The fields of a config that are arrays shaped like the parameter. */
export const STATE = ['velocity', 'cache', 'm', 'v'] as const;

const FIELDS: readonly string[] = [...Object.keys(RANGES), ...STATE];

/**
 * Checks a config's names and numbers. Unless `fields` says otherwise, a field of another rule is fine: one config
 * may be tried with several rules.
 *
 * @throws {TypeError | RangeError} naming the function, the field, what it is and what was expected.
 */
export function checkConfig(fn: string, config: OptimConfig, fields = FIELDS): void {
  checkOptions(fn, config, fields);
  for (const name of Object.keys(config)) {
    const value = config[name as keyof OptimConfig];
    // State has no range: it is checked with the parameter.
    if (value === undefined || RANGES[name] === undefined) continue;
    const [allowed, expected] = RANGES[name];
    if (typeof value !== 'number' || !allowed(value)) {
      throw new RangeError(`${fn}: ${name} is ${describe(value)}, expected ${expected}`);
    }
  }
}

/** Checks all that a rule is given, before anything changes: the config, and each array against `w`. */
export function checkStep(fn: string, w: NDArray, dw: NDArray, config: OptimConfig): void {
  checkConfig(fn, config);
  checkShapes(fn, { w: [w, ['…']], dw: [dw, w.shape] });
  for (const name of STATE) {
    const state = config[name];
    if (state !== undefined) checkShapes(fn, { w: [w, w.shape], [name]: [state, w.shape] });
  }
}

/** A rule's state at the start: zeros like `w`, and in WebAssembly memory where `w` is. */
export function initialState(w: NDArray): NDArray {
  if (isResident(w)) return residentZeros(w.shape, dtypeOf(w));
  return withStorage(heap, () => zeros(w.shape, dtypeOf(w)));
}

/** Runs an update as {@link changeInPlace} does, with `dw` beside what it changes, which is only read. */
export function inPlace(
  fn: string,
  dw: NDArray,
  changed: Readonly<Record<string, NDArray>>,
  update: (dw: Floats, ...changed: Floats[]) => void,
): void {
  changeInPlace(fn, changed, (...flat) => update(denseArg(fn, 'dw', dw), ...flat));
}

/**
 * Changes arrays in place, flat: on their own memory where that is dense, else on copies that are written back; and
 * announces the change of each.
 */
export function changeInPlace(
  fn: string,
  changed: Readonly<Record<string, NDArray>>,
  change: (...changed: Floats[]) => void,
): void {
  const names = Object.keys(changed);
  const flat = names.map((name) => denseArg(fn, name, changed[name]));
  change(...flat);
  for (let i = 0; i < names.length; i++) {
    const a = changed[names[i]];
    if (flat[i].buffer !== a.data.buffer) ops.assign(a, wrap(flat[i], a.shape));
    markChanged(a);
  }
}
