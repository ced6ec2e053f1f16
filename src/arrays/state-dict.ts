import { argumentError, describe, faultOf } from './errors.js';

/**
 * What can be saved and continued: one protocol for generators, loaders, samplers and schedules.
 *
 * A state is a plain object of numbers, strings, booleans, null and arrays of these, and survives JSON.
 */
export interface Stateful<State = unknown> {
  /** A copy of the state. */
  stateDict(): State;
  /**
   * Takes over a copy of a state, so that the object continues where the state was saved.
   *
   * @throws {TypeError | RangeError} naming the entry that does not fit; nothing has changed then.
   */
  loadStateDict(state: State): void;
}

/** @throws {TypeError} if `value` is not an object that has the entries `names`, and no others. */
export function checkEntries(
  fn: string,
  arg: string,
  value: unknown,
  names: readonly string[],
): asserts value is Readonly<Record<string, unknown>> {
  const expected = names.length === 0 ? 'an object without entries' : `an object with ${names.join(', ')}`;
  const refuse = (found: string): Error => argumentError(TypeError, { fn, arg, found, expected });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(`is ${describe(value)}`);
  for (const name of names) if (!Object.hasOwn(value, name)) throw refuse(`has no entry '${name}'`);
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) throw refuse(`has an unknown entry ${describe(name)}`);
  }
}

/** Loads `part` from the entry `name` of a larger state. An error names `fn` and the place in the larger state. */
export function loadEntry<State>(fn: string, name: string, part: Stateful<State>, state: State): void {
  try {
    part.loadStateDict(state);
  } catch (error) {
    const fault = faultOf(error);
    if (fault === undefined) throw error;
    const arg = fault.arg === 'state' ? name : `${name}.${fault.arg}`;
    throw argumentError(error instanceof TypeError ? TypeError : RangeError, { ...fault, fn, arg }, { cause: error });
  }
}
