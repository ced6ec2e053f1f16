import {
  array,
  describe,
  dtypeOf,
  heap,
  hostRoom,
  hostValues,
  isNDArray,
  type NDArray,
  tuple,
  withStorage,
} from '../../arrays/index.js';
import { type AnyMethod, initialState, problemsOf } from '../method.js';

/** What an optimizer remembers of one parameter. */
export interface ParameterState {
  /** How often it was updated. */
  step: number;
  /** Arrays of its shape, by name. */
  readonly arrays: Record<string, NDArray>;
}

/** The options and the state of an optimizer, in the structure that PyTorch's have. */
export interface OptimizerStateDict {
  /**
   * For each parameter that has been updated, by its number: copies of its arrays, and `step` where steps are counted.
   */
  state: Record<number, Record<string, NDArray | number>>;
  /** For each group its options, and the numbers of its parameters. */
  paramGroups: ({ params: number[] } & Record<string, unknown>)[];
}

/** A copy of a parameter's state that no workspace ends. */
export function savedState({ counted }: AnyMethod, { step, arrays }: ParameterState): Record<string, NDArray | number> {
  const copies = Object.entries(arrays).map(([name, a]) => [name, withStorage(heap, () => array(a))]);
  return { ...(counted ? { step } : {}), ...Object.fromEntries(copies) };
}

/** The state of a parameter from what was saved of it, copied to where the parameter lives. */
export function restoredState(saved: Readonly<Record<string, NDArray | number>>, w: NDArray): ParameterState {
  const state: ParameterState = { step: 0, arrays: {} };
  for (const [name, value] of Object.entries(saved)) {
    if (typeof value === 'number') {
      state.step = value;
    } else {
      const own = initialState(w);
      hostRoom(own).set(hostValues(value));
      state.arrays[name] = own;
    }
  }
  return state;
}

/**
 * Why `stateDict` does not fit an optimizer with groups of these sizes and these parameters, a sentence for each
 * reason; empty where it does.
 */
export function problemsOfStateDict(
  method: AnyMethod,
  stateDict: unknown,
  sizes: readonly number[],
  params: readonly NDArray[],
): string[] {
  const { state, paramGroups } = (stateDict ?? {}) as Partial<OptimizerStateDict>;
  if (!isRecord(state) || !Array.isArray(paramGroups)) {
    return [`the state dict is ${describe(stateDict)}, expected { state, paramGroups }`];
  }
  if (paramGroups.length !== sizes.length) {
    return [`paramGroups has ${paramGroups.length} entries, expected ${sizes.length}, one for each group`];
  }
  const problems = paramGroups.flatMap((group, g) =>
    problemsOfGroup(method, group, sizes[g]).map((problem) => `paramGroups[${g}]: ${problem}`),
  );
  // Which parameter a number stands for is not known before the groups fit.
  if (problems.length > 0) return problems;

  const numbers = paramGroups.flatMap((group) => group.params);
  if (new Set(numbers).size !== numbers.length) problems.push('paramGroups name a parameter twice, expected it once');
  const places = new Map(numbers.map((number, i) => [number, i]));
  for (const [key, saved] of Object.entries(state)) {
    const at = places.get(Number(key));
    if (at === undefined) problems.push(`state[${key}] belongs to none of the parameters ${numbers.join(', ')}`);
    else problems.push(...problemsOfState(method, saved, params[at]).map((problem) => `state[${key}]${problem}`));
  }
  return problems;
}

function problemsOfGroup(method: AnyMethod, group: unknown, size: number): string[] {
  if (!isRecord(group)) return [`it is ${describe(group)}, expected an object`];
  const { params, initialLr, ...options } = group;
  const { optionNames: known } = method;
  const problems = Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((name) => `unknown option ${describe(name)}, expected ${known.join(', ')}`);
  // Beyond its end a schedule may leave a rate below zero, which no step takes: that of a run that has ended.
  const isLeft = initialLr !== undefined && Number.isFinite(options.lr);
  problems.push(...problemsOf(method, isLeft ? { ...options, lr: Math.max(0, options.lr as number) } : options));
  if (initialLr !== undefined && typeof initialLr !== 'number')
    problems.push(`initialLr is ${describe(initialLr)}, expected a number`);
  if (!Array.isArray(params) || params.length !== size) {
    problems.push(`params is ${describe(params)}, expected a list of ${size}`);
  }
  return problems;
}

function problemsOfState({ state, counted, stateNames }: AnyMethod, saved: unknown, w: NDArray): string[] {
  if (!isRecord(saved)) return [` is ${describe(saved)}, expected an object`];
  const known = [...(counted ? ['step'] : []), ...stateNames];
  const problems: string[] = [];
  for (const name of [...known, ...Object.keys(saved).filter((key) => !known.includes(key))]) {
    const value = saved[name];
    if (!known.includes(name)) {
      problems.push(` has an unknown entry ${describe(name)}, expected ${known.join(', ') || 'none'}`);
    } else if (name === 'step') {
      const whole = Number.isSafeInteger(value) && (value as number) >= 0;
      if (!whole) problems.push(`.step is ${describe(value)}, expected a whole number ≥ 0`);
    } else if (isNDArray(value)) {
      const [found, expected] = [value, w].map((a) => `shape ${tuple(a.shape)} and dtype ${dtypeOf(a)}`);
      if (found !== expected) problems.push(`.${name} has ${found}, expected ${expected}`);
    } else if (value !== undefined || state[name] === true) {
      problems.push(`.${name} is ${describe(value)}, expected an array of shape ${tuple(w.shape)}`);
    }
  }
  return problems;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
