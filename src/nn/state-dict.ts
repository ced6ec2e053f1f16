import {
  anyShape,
  argumentError,
  checkShapes,
  describe,
  FLAG,
  isMap,
  isNDArray,
  type OptionsOf,
  option,
  overwrite,
  printable,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import { arrayOf, Tensor, type TensorLike } from '../autograd/index.js';
import type { Named } from './members.js';

const OPTIONS = {
  /** Whether names that only one side has are an error. Default true. */
  strict: option(true, FLAG),
};

/** Options of `loadStateDict`. */
export interface LoadStateOptions extends OptionsOf<typeof OPTIONS> {}

/** The names that `loadStateDict` left out. */
export interface LoadedState {
  /** Names of the module that the state lacks. */
  readonly missingKeys: readonly string[];
  /** Names of the state that the module does not have. */
  readonly unexpectedKeys: readonly string[];
}

/**
 * Writes a state into tensors, after all of it has been checked.
 *
 * @param title - The module's name in errors.
 * @param optional - The tensors that the state may lack.
 * @throws {TypeError | RangeError | ShapeError} with a list of all that does not fit.
 */
export function loadState(
  title: string,
  targets: readonly Named<Tensor>[],
  optional: ReadonlySet<Tensor>,
  state: Readonly<Record<string, TensorLike>>,
  options: LoadStateOptions,
): LoadedState {
  const fn = 'loadStateDict';
  const { strict } = settingsOf(fn, OPTIONS, options);
  if (typeof state !== 'object' || state === null || Array.isArray(state) || isMap(state)) {
    const expected = 'an object of arrays by name';
    throw argumentError(TypeError, { fn, arg: 'state', found: `is ${describe(state)}`, expected });
  }
  for (const [name, value] of Object.entries(state)) {
    if (value instanceof Tensor || isNDArray(value)) continue;
    const [arg, found] = [describe(name), `is ${describe(value)}`];
    throw argumentError(TypeError, { fn, arg, found, expected: 'an array or a tensor' });
  }

  const names = new Set(targets.map(([name]) => name));
  const required = new Set(targets.filter(([, tensor]) => !optional.has(tensor)).map(([name]) => name));
  const missingKeys = [...required].filter((name) => !Object.hasOwn(state, name));
  const unexpectedKeys = Object.keys(state).filter((name) => !names.has(name));
  const writes = targets
    .filter(([name]) => Object.hasOwn(state, name))
    .map(([name, { data }]) => ({ name, target: data, source: arrayOf(state[name]) }));
  const misshapen = writes.filter(({ target, source }) => tuple(target.shape) !== tuple(source.shape));

  const problems = [
    ...(strict && missingKeys.length > 0 ? [`missing ${missingKeys.join(', ')}`] : []),
    ...(strict && unexpectedKeys.length > 0
      ? [`unexpected ${unexpectedKeys.map((name) => printable(name)).join(', ')}`]
      : []),
    ...misshapen.map(
      ({ name, target, source }) => `${name} has shape ${tuple(source.shape)}, expected ${tuple(target.shape)}`,
    ),
  ];
  if (problems.length > 0) {
    const Kind = misshapen.length > 0 ? ShapeError : RangeError;
    throw argumentError(Kind, { fn, arg: 'the state', found: `does not fit ${title}`, wayOut: problems.join('; ') });
  }
  for (const { name, source } of writes) if (source.size > 0) checkShapes(fn, { [name]: [source, anyShape(source)] });
  for (const { target, source } of writes) overwrite(target, source);
  return { missingKeys, unexpectedKeys };
}
