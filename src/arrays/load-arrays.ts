import { argumentError, describe, printable, ShapeError, tuple } from './errors.js';
import { dtypeOf, isNDArray, operand } from './ndarray.js';
import { FLAG, type OptionsOf, option, settingsOf } from './options.js';
import { isMap } from './realms.js';
import { anyShape, checkShapes } from './shapes.js';
import type { DType, NDArray } from './types.js';

const OPTIONS = {
  /** Whether names that only one side has are an error. Default true. */
  strict: option(true, FLAG),
  /**
   * Whether numbers of another dtype are converted to that of the model. Default false: they are an error. A whole
   * number without axes, a counter, needs no conversion.
   */
  convert: option(false, FLAG),
};

/** Options of `loadStateDict`. */
export interface LoadStateOptions extends OptionsOf<typeof OPTIONS> {}

/** The names that `loadStateDict` left out. */
export interface LoadedState {
  /** Names of the model that the state lacks. */
  readonly missingKeys: readonly string[];
  /** Names of the state that the model does not have. */
  readonly unexpectedKeys: readonly string[];
}

/** Arrays or tensors by name. */
export type StateLike = Readonly<Record<string, NDArray | { readonly data: NDArray }>>;

/** A place in a model that a state has an array for. */
export interface StateTarget {
  readonly name: string;
  /** The shape that is expected; null: any number of values along one axis. */
  readonly shape: readonly number[] | null;
  readonly dtype: DType;
  /** Whether a state may lack it; it then stays unchanged. */
  readonly isOptional?: boolean;
  /** Puts an array of that shape there, converted to that dtype. */
  readonly take: (source: NDArray) => void;
}

/** How many names a list has that would be all of them for a state of another dtype. */
const NAMES_SHOWN = 4;

/**
 * The arrays of a state with their names, tensors by their arrays.
 *
 * @throws {TypeError} naming what is no array.
 */
export function arraysByName(fn: string, state: StateLike): [name: string, a: NDArray][] {
  if (typeof state !== 'object' || state === null || Array.isArray(state) || isMap(state) || isNDArray(state)) {
    const expected = 'an object of arrays by name';
    throw argumentError(TypeError, { fn, arg: 'state', found: `is ${describe(state)}`, expected });
  }
  return Object.entries(state).map(([name, value]) => {
    const a = isNDArray(value) ? value : (value as { readonly data?: unknown } | null | undefined)?.data;
    if (isNDArray(a)) return [name, a];
    const [arg, found] = [describe(name), `is ${describe(value)}`];
    throw argumentError(TypeError, { fn, arg, found, expected: 'an array or a tensor' });
  });
}

/**
 * Puts the arrays of a state into a model, after all of it has been checked.
 *
 * @param title - The model's name in errors.
 * @throws {TypeError | RangeError | ShapeError} with a list of all that does not fit; nothing has changed then.
 */
export function loadArrays(
  title: string,
  targets: readonly StateTarget[],
  state: StateLike,
  options: LoadStateOptions,
): LoadedState {
  const fn = 'loadStateDict';
  const { strict, convert } = settingsOf(fn, OPTIONS, options);
  const sources = new Map(arraysByName(fn, state));
  const names = new Set(targets.map(({ name }) => name));
  const required = new Set(targets.filter(({ isOptional }) => isOptional !== true).map(({ name }) => name));
  const missingKeys = [...required].filter((name) => !sources.has(name));
  const unexpectedKeys = [...sources.keys()].filter((name) => !names.has(name));
  const writes = targets.flatMap((target) => {
    const source = sources.get(target.name);
    return source === undefined ? [] : [{ ...target, source }];
  });
  const misshapen = writes.filter(({ shape, source }) => !fits(shape, source.shape));
  for (const { name, source } of writes) if (source.size > 0) checkReach(fn, name, source);
  const foreign = convert ? [] : writes.filter(({ dtype, source }) => !keepsValues(source, dtype));

  const problems = [
    ...(strict && missingKeys.length > 0 ? [`missing ${missingKeys.join(', ')}`] : []),
    ...(strict && unexpectedKeys.length > 0
      ? [`unexpected ${unexpectedKeys.map((name) => printable(name)).join(', ')}`]
      : []),
    ...misshapen.map(
      ({ name, shape, source }) => `${name} has shape ${tuple(source.shape)}, expected ${tuple(shape ?? ['C'])}`,
    ),
    ...(['float32', 'float64'] as const).flatMap((dtype) => {
      const wrong = foreign.filter(({ source }) => dtypeOf(source) === dtype).map(({ name }) => name);
      return wrong.length === 0 ? [] : [dtypeProblem(wrong, dtype)];
    }),
  ];
  if (problems.length > 0) {
    const Kind = misshapen.length > 0 ? ShapeError : RangeError;
    throw argumentError(Kind, { fn, arg: 'the state', found: `does not fit ${title}`, wayOut: problems.join('; ') });
  }
  for (const { source, take } of writes) take(source);
  return { missingKeys, unexpectedKeys };
}

function fits(expected: readonly number[] | null, shape: readonly number[]): boolean {
  return expected === null ? shape.length === 1 : tuple(expected) === tuple(shape);
}

function checkReach(fn: string, name: string, a: NDArray): void {
  checkShapes(fn, { [name]: [a, anyShape(a)] });
}

/** Whether an array has this dtype, or is a counter that the dtype holds. */
function keepsValues(a: NDArray, dtype: DType): boolean {
  if (dtypeOf(a) === dtype) return true;
  if (a.shape.length > 0) return false;
  const [value] = operand(a);
  return Number.isInteger(value) && (dtype === 'float64' || Math.fround(value) === value);
}

function dtypeProblem(names: readonly string[], dtype: DType): string {
  const more = names.length - NAMES_SHOWN;
  const list = more > 0 ? `${names.slice(0, NAMES_SHOWN).join(', ')} and ${more} more` : names.join(', ');
  const verb = names.length === 1 ? 'is' : 'are';
  const expected = dtype === 'float64' ? 'float32' : 'float64';
  return `${list} ${verb} ${dtype}, expected ${expected}: the option { convert: true } converts`;
}
