import { argumentError, describe, printable, ShapeError, tuple } from './errors.js';
import { dtypeOf, isNDArray, operand } from './ndarray.js';
import { FLAG, type OptionsOf, option, settingsOf } from './options.js';
import { isPlainObject, typedArrayName } from './realms.js';
import { heapCopy } from './saved.js';
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
  /** The array that is there now, if any. */
  readonly array: NDArray | null;
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
  if (!isState(state)) {
    const [found, expected] = [`is ${describe(state)}`, 'an object of arrays by name'];
    const wayOut = hasStateDict(state) ? 'pass its stateDict()' : undefined;
    throw argumentError(TypeError, { fn, arg: 'state', found, expected, wayOut });
  }
  return Object.entries(state).map(([name, value]) => {
    const a = isNDArray(value) ? value : (value as { readonly data?: unknown } | null | undefined)?.data;
    if (isNDArray(a)) return [name, a];
    const [arg, found, wayOut] = [describe(name), `is ${describe(value)}`, wayOutOf(value)];
    throw argumentError(TypeError, { fn, arg, found, expected: 'an array or a tensor', wayOut });
  });
}

function isState(state: unknown): boolean {
  if (typeof state !== 'object' || state === null || Array.isArray(state) || typedArrayName(state) !== undefined) {
    return false;
  }
  // An array or a tensor has a shape.
  if (Array.isArray((state as { readonly shape?: unknown }).shape) || hasStateDict(state)) return false;
  // Of a Promise, a Map or a Set there are no entries that could be refused.
  return isPlainObject(state) || Object.keys(state).length > 0;
}

function hasStateDict(value: unknown): boolean {
  return typeof (value as { readonly stateDict?: unknown } | null | undefined)?.stateDict === 'function';
}

/** What to do with something that is in the place of an array. */
function wayOutOf(value: unknown): string | undefined {
  if (Array.isArray(value) || typedArrayName(value) !== undefined) return 'make it with array(x)';
  const hasArrays = typeof value === 'object' && value !== null && Object.values(value).some(isNDArray);
  return hasArrays ? 'it has arrays by name: pass it alone' : undefined;
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
    ...(strict ? prefixProblem(missingKeys, sources) : []),
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
  // A view of the model's own memory is copied first: it could be overwritten before it is read.
  const memory = new Set(targets.map(({ array }) => array?.data.buffer));
  const copied = writes.map(({ source }) => (memory.has(source.data.buffer) ? heapCopy(source) : source));
  writes.forEach(({ take }, i) => {
    take(copied[i]);
  });
  return { missingKeys, unexpectedKeys };
}

/** Says so where all that is missing is there behind a prefix: `module.` of DataParallel, `model.` of a checkpoint. */
function prefixProblem(missing: readonly string[], sources: ReadonlyMap<string, NDArray>): string[] {
  if (missing.length === 0) return [];
  const found = [...sources.keys()].find((name) => name.endsWith(`.${missing[0]}`));
  const prefix = found?.slice(0, -missing[0].length);
  if (prefix === undefined || !missing.every((name) => sources.has(`${prefix}${name}`))) return [];
  return [`all of these are there with '${printable(prefix, 60)}' before their names`];
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
