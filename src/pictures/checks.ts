import {
  argumentError,
  checkedIn,
  describe,
  oneOf,
  option,
  type Range,
  required,
  ShapeError,
  TEXT,
} from '../arrays/index.js';

/** The options that line and bar charts share. */
export const AXES = {
  /** Default none. */
  title: option<string | undefined>(undefined, TEXT),
  /** What the x axis shows, with its unit. */
  xTitle: required<string>(TEXT),
  /** What the y axis shows, with its unit. */
  yTitle: required<string>(TEXT),
};

/** How values are written: as they are, or shares as percentages. */
export const NUMBER_FORMAT: Range = oneOf('number', 'percent');
export const SCALE: Range = oneOf('linear', 'log');
export const LIST: Range = { allows: Array.isArray, expected: 'a list', Kind: TypeError };
/** An object of which nothing else is known. */
export const OBJECT: Range = {
  allows: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  expected: 'an object',
  Kind: TypeError,
};

/** A list of at least one entry, which looks as `entries` says. */
export function listOf(entries: string): Range {
  return { ...LIST, allows: (v) => Array.isArray(v) && v.length > 0, expected: `a list of ${entries}` };
}

/** @throws {TypeError} if `value` is given and no string, or an empty one. */
export function checkOptionalText(fn: string, name: string, value: unknown): void {
  if (value !== undefined) checkedIn(fn, name, value, TEXT);
}

/**
 * A list of texts, `length` of them where that is given.
 *
 * @throws {TypeError | ShapeError} naming the first that is none, or how many there are.
 */
export function checkTexts(
  fn: string,
  name: string,
  value: unknown,
  length?: number,
): asserts value is readonly string[] {
  const texts: unknown[] = checkedIn(fn, name, value as unknown[], { ...LIST, expected: 'a list of texts' });
  if (length !== undefined) checkLength(fn, name, texts.length, 'texts', length);
  for (const [i, text] of texts.entries()) {
    checkedIn(fn, `${name}[${i}]`, text, { ...TEXT, allows: (value) => typeof value === 'string' });
  }
}

function checkLength(fn: string, arg: string, length: number, what: string, expected: number): void {
  if (length === expected) return;
  throw argumentError(ShapeError, { fn, arg, found: `has ${length} ${what}`, expected: String(expected) });
}

/** @throws {TypeError | RangeError} if `names` is no list of different texts, at least one. */
export function checkNames(fn: string, arg: string, names: unknown): asserts names is readonly string[] {
  checkTexts(fn, arg, names);
  if (names.length === 0) throw argumentError(RangeError, { fn, arg, found: 'is empty', expected: 'at least one' });
  checkDistinct(fn, arg, names);
}

/** @throws {RangeError} if two of the names are the same. */
export function checkDistinct(fn: string, name: string, names: readonly string[]): void {
  const twice = names.find((text, i) => names.indexOf(text) !== i);
  if (twice === undefined) return;
  throw argumentError(RangeError, { fn, arg: name, found: `has '${twice}' twice`, expected: 'different names' });
}

/**
 * A list of numbers, `length` of them where that is given, copied.
 *
 * @throws {TypeError | ShapeError} naming the first that is none, or how many there are.
 */
export function checkNumbers(fn: string, name: string, value: unknown, length?: number): number[] {
  const list = value as ArrayLike<unknown> | null;
  if (typeof list !== 'object' || list === null || typeof list.length !== 'number') {
    const found = `is ${describe(value)}`;
    throw argumentError(TypeError, { fn, arg: name, found, expected: 'a list of numbers' });
  }
  if (length !== undefined) checkLength(fn, name, list.length, 'numbers', length);
  return Array.from(list, (x, i) => {
    if (typeof x === 'number') return x;
    const found = `is ${describe(x)}`;
    throw argumentError(TypeError, { fn, arg: `${name}[${i}]`, found, expected: 'a number' });
  });
}

/** The least and the greatest of some numbers, of which there is at least one. */
export function extentOf(values: readonly number[]): [low: number, high: number] {
  let [low, high] = [values[0], values[0]];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}
