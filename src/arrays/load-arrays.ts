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
 * @param whole - The way out where the state has objects that have arrays: it is of more than a model.
 * @throws {TypeError} naming what is no array.
 */
export function arraysByName(fn: string, state: StateLike, whole?: string): [name: string, a: NDArray][] {
  if (!isState(state)) {
    const [found, expected] = [`is ${describe(state)}`, 'an object of arrays by name'];
    throw argumentError(TypeError, { fn, arg: 'state', found, expected, wayOut: meantBy(state) });
  }
  return Object.entries(state).map(([name, value]) => {
    const a = arrayOf(value);
    if (a !== undefined) return [name, a];
    const [arg, found] = [describe(name), `is ${describe(value)}`];
    const wayOut = wayOutOf(value) ?? (isWhole(state) ? whole : undefined);
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

/** An array, or that of a tensor; undefined for anything else. */
function arrayOf(value: unknown): NDArray | undefined {
  const a = isNDArray(value) ? value : (value as { readonly data?: unknown } | null | undefined)?.data;
  return isNDArray(a) ? a : undefined;
}

/** Where what was given in the place of a state has one, if it is known. */
function meantBy(state: unknown): string | undefined {
  if (typeof state === 'string') return 'load(file) reads them from a file';
  if (typeof state !== 'object' || state === null) return undefined;
  if (typedArrayName(state) === 'Uint8Array') return 'decodeSafetensors(bytes).tensors has those of a file';
  if (hasStateDict(state)) return 'pass its stateDict()';
  if (typeof (state as { readonly then?: unknown }).then === 'function') return 'await it';
  return arrayOf(state) === undefined ? undefined : 'give it a name, as in { x }';
}

/** What to do with something that is in the place of an array. */
function wayOutOf(value: unknown): string | undefined {
  if (Array.isArray(value) || typedArrayName(value) !== undefined) return 'make it with array(x)';
  const hasArrays = typeof value === 'object' && value !== null && Object.values(value).some(isNDArray);
  return hasArrays ? 'it has arrays by name: pass it alone' : undefined;
}

/** Whether a state is that of a run, an optimizer or a checkpoint: objects in it have names of their own. */
function isWhole(state: object): boolean {
  return Object.values(state).some((value) => isPlainObject(value) && arrayOf(value) === undefined);
}

/**
 * How names of a state become those of the model, if one thing in front of them is all that differs.
 *
 * @param names - All of the model's.
 */
function renamed(names: readonly string[], missing: readonly string[], unexpected: readonly string[]): string[] {
  const above = (longer: readonly string[], shorter: readonly string[]): string | undefined => {
    if (shorter.length === 0) return undefined;
    const there = new Set(longer);
    const ends = longer.filter((name) => name.endsWith(`.${shorter[0]}`));
    const starts = ends.map((name) => name.slice(0, -shorter[0].length - 1));
    return starts.find((start) => shorter.every((name) => there.has(`${start}.${name}`)));
  };
  const start = above(unexpected, missing);
  if (start !== undefined && /^state\.(model|(current|best|last)\.params)$/.test(start)) {
    return ['it is of a checkpoint: loadCheckpoint(file).model has the weights'];
  }
  if (start !== undefined) return [`load(file, { key: ${describe(start)} }) reads the names below that`];
  const part = missing.length === 0 ? undefined : above(names, unexpected);
  return part === undefined ? [] : [`it fits the part of the model that is called ${describe(part)}`];
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
  const sources = new Map(arraysByName(fn, state, 'of a checkpoint, loadCheckpoint(file).model has the weights'));
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
    ...(strict ? renamed([...names], missingKeys, unexpectedKeys) : []),
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
