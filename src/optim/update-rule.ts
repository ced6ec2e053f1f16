import {
  checkedIn,
  checkLike,
  checkOptions,
  count,
  type NDArray,
  type OptionsOf,
  type Range,
} from '../arrays/index.js';
import { keepsNothing } from '../kernels/index.js';
import { type AnyMethod, type MethodOf, takeStep } from './method.js';

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

/** The config of a rule that is made of the method `M`: its options and its state. */
export type ConfigFrom<M> =
  M extends MethodOf<infer Options, infer State>
    ? OptionsOf<Options> & { -readonly [Name in keyof State]?: NDArray }
    : never;

/** What each number in a config has to be, whichever rule it belongs to. `t` is the number of steps. */
const RANGES: Record<string, Range> = {};
const STEPS = { t: count(0) };

/** The fields of all rules' configs that are arrays shaped like the parameter. */
export const STATE: string[] = [];

/** All fields of all rules' configs. */
let known: readonly string[] = [];

/** The fields of each rule's config. */
const fields = new WeakMap<AnyUpdateRule, readonly string[]>();

/** The fields of the config of a rule of this library; null for any other function. */
export function fieldsOf(rule: AnyUpdateRule): readonly string[] | null {
  return fields.get(rule) ?? null;
}

/**
 * The function that takes a step by `method`, and keeps nothing of the gradient. Counted methods have their steps in
 * `t`.
 */
export function updateRule<M extends AnyMethod>(method: M): UpdateRule<ConfigFrom<M>> {
  const { name: fn, options, optionNames, stateNames, defaults, counted } = method;
  for (const name of optionNames) RANGES[name] = options[name].range;
  STATE.push(...stateNames.filter((name) => !STATE.includes(name)));
  known = [...Object.keys({ ...RANGES, ...STEPS }), ...STATE];

  const rule = (w: NDArray, dw: NDArray, config: Record<string, unknown> = {}): [NDArray, Record<string, unknown>] => {
    checkConfig(fn, config);
    checkLike(fn, 'dw', dw, 'w', w);
    for (const name of STATE) if (config[name] !== undefined) checkLike(fn, name, config[name] as NDArray, 'w', w);

    const next: Record<string, unknown> = { ...config };
    for (const name of optionNames) next[name] ??= defaults[name];
    const t = ((config.t as number | undefined) ?? 0) + 1;
    if (counted) next.t = t;
    takeStep(method, w, dw, next, next, t);
    return [w, next];
  };
  fields.set(rule, [...optionNames, ...stateNames, ...(counted ? ['t'] : [])]);
  Object.defineProperty(rule, 'name', { value: fn });
  return keepsNothing(rule) as UpdateRule<ConfigFrom<M>>;
}

/**
 * Checks a config's names and numbers. Unless `names` says otherwise, a field of another rule is fine: one config may
 * be tried with several rules.
 *
 * @throws {TypeError | RangeError} naming the function, the field, what it is and what was expected.
 */
export function checkConfig(fn: string, config: object, names = known): void {
  checkOptions(fn, config, names);
  for (const name of Object.keys(config)) {
    const range = name === 't' ? STEPS.t : RANGES[name];
    // State has no range: it is checked with the parameter.
    const value = (config as Record<string, unknown>)[name];
    if (range !== undefined && value !== undefined) checkedIn(fn, name, value, range);
  }
}
