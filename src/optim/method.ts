import {
  describe,
  dtypeOf,
  type Floats,
  heap,
  hostRoom,
  markChanged,
  type NDArray,
  type OptionTable,
  operand,
  ops,
  type Settings,
  withStorage,
  wrap,
  zeros,
} from '../arrays/index.js';
import { isResident, residentZeros } from '../kernels/index.js';

/** When a method remembers an array: always, or with some settings only. */
type Remembered<Set> = true | ((settings: Set) => boolean);

/** The arrays of the parameter's shape that a method remembers of it, by name. */
type StateTable<Set> = Readonly<Record<string, Remembered<Set>>>;

/** The arrays of an update, flat. An array of the state that the settings do not need is null. */
type Arrays<State> = { readonly w: Floats; readonly dw: Floats } & {
  readonly [Name in keyof State]: State[Name] extends true ? Floats : Floats | null;
};

/** How a parameter changes by its gradient: what an update rule and an optimizer are made of. */
export interface Method<Options extends OptionTable, State extends StateTable<Settings<Options>>> {
  /** The function or class, as errors name it. */
  readonly name: string;
  readonly options: Options;
  /** Why the settings do not go together, or null. */
  readonly conflict?: (settings: Settings<Options>) => string | null;
  /** The arrays that it remembers. */
  readonly state: State;
  /** What new arrays of the state are filled with. Default 0. */
  readonly initialValue?: (settings: Settings<Options>) => number;
  /** Whether the number of steps is part of the state. */
  readonly counted: boolean;
  /**
   * Updates `w` and the state in place.
   *
   * @param t - The number of this step of the parameter, from 1.
   * @param isNew - Whether an array of the state was made for this step.
   */
  readonly update: (arrays: Arrays<State>, settings: Settings<Options>, t: number, isNew: boolean) => void;
}

/** A method whatever its options and its state, and the lists that its steps go through. */
export interface AnyMethod {
  readonly name: string;
  readonly options: OptionTable;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly conflict?: (settings: never) => string | null;
  readonly state: Readonly<Record<string, Remembered<never>>>;
  readonly initialValue?: (settings: never) => number;
  readonly counted: boolean;
  readonly optionNames: readonly string[];
  readonly stateNames: readonly string[];
  readonly update: (arrays: never, settings: never, t: number, isNew: boolean) => void;
}

/** A method of which the options and the state are known. */
export interface MethodOf<Options extends OptionTable, State extends AnyMethod['state']> extends AnyMethod {
  readonly options: Options;
  readonly state: State;
}

/** Prepares a method for use. */
export function method<const Options extends OptionTable, const State extends StateTable<Settings<Options>>>(
  declared: Method<Options, State>,
): MethodOf<Options, State> {
  const optionNames = Object.keys(declared.options);
  const defaults = Object.fromEntries(optionNames.map((name) => [name, declared.options[name].byDefault]));
  return { ...declared, defaults, optionNames, stateNames: Object.keys(declared.state) };
}

/** The state of a parameter at the start: zeros like `w`, and in WebAssembly memory where `w` is. */
export function initialState(w: NDArray): NDArray {
  if (isResident(w)) return residentZeros(w.shape, dtypeOf(w));
  return withStorage(heap, () => zeros(w.shape, dtypeOf(w)));
}

/**
 * Takes one step on checked arguments, in place.
 *
 * @param arrays - The state, to which missing arrays are added.
 * @param t - The number of this step, from 1.
 */
export function takeStep(
  { stateNames, state, initialValue, update }: AnyMethod,
  w: NDArray,
  dw: NDArray,
  arrays: Record<string, unknown>,
  settings: Readonly<Record<string, unknown>>,
  t: number,
): void {
  const flat: Record<string, Floats | null> = { w: operand(w), dw: operand(dw) };
  let isNew = false;
  for (const name of stateNames) {
    const remembered = state[name];
    if (remembered === true || remembered(settings as never)) {
      if (arrays[name] === undefined) {
        const made = initialState(w);
        if (initialValue !== undefined) hostRoom(made).fill(initialValue(settings as never));
        arrays[name] = made;
        isNew = true;
      }
      flat[name] = operand(arrays[name] as NDArray);
    } else {
      flat[name] = null;
    }
  }
  update(flat as never, settings as never, t, isNew);
  finishChange(w, flat.w as Floats);
  for (const name of stateNames) {
    const values = flat[name];
    if (values !== null) finishChange(arrays[name] as NDArray, values);
  }
}

/** Changes an array in place, flat: on its own memory where that is dense, else on a copy that is written back. */
export function changeInPlace(a: NDArray, change: (flat: Floats) => void): void {
  const flat = operand(a);
  change(flat);
  finishChange(a, flat);
}

/** Writes `flat`, the changed values of `a`, back where they are a copy, and announces the change. */
function finishChange(a: NDArray, flat: Floats): void {
  if (flat.buffer !== a.data.buffer) ops().assign(a, wrap(flat, a.shape));
  markChanged(a);
}

/** What is wrong with a complete set of options, a sentence each, in the order of the table. */
export function problemsOf(
  { optionNames, options, conflict }: AnyMethod,
  settings: Readonly<Record<string, unknown>>,
): string[] {
  const problems: string[] = [];
  for (const name of optionNames) {
    const { allows, expected } = options[name].range;
    if (!allows(settings[name])) problems.push(`${name} is ${describe(settings[name])}, expected ${expected}`);
  }
  if (problems.length > 0) return problems;
  const reason = conflict?.(settings as never) ?? null;
  return reason === null ? [] : [reason];
}
