import { describe, ShapeError } from '../arrays/index.js';

/** @throws {TypeError} if `value` is no string, or an empty one. */
export function checkText(fn: string, name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || value === '') {
    throw new TypeError(`${fn}: ${name} is ${describe(value)}, expected a text`);
  }
}

/** @throws {TypeError} if `value` is given and no string, or an empty one. */
export function checkOptionalText(fn: string, name: string, value: unknown): asserts value is string | undefined {
  if (value !== undefined) checkText(fn, name, value);
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
  if (!Array.isArray(value)) throw new TypeError(`${fn}: ${name} is ${describe(value)}, expected a list of texts`);
  if (length !== undefined && value.length !== length) {
    throw new ShapeError(`${fn}: ${name} has ${value.length} texts, expected ${length}`);
  }
  for (const [i, text] of value.entries()) {
    if (typeof text !== 'string') throw new TypeError(`${fn}: ${name}[${i}] is ${describe(text)}, expected a text`);
  }
}

/** @throws {RangeError} if two of the names are the same. */
export function checkDistinct(fn: string, name: string, names: readonly string[]): void {
  const twice = names.find((text, i) => names.indexOf(text) !== i);
  if (twice !== undefined) throw new RangeError(`${fn}: ${name} has '${twice}' twice, expected different names`);
}

/** @throws {RangeError} if `value` is not one of the texts. */
export function checkChoice<T extends string>(
  fn: string,
  name: string,
  value: unknown,
  choices: readonly T[],
): asserts value is T {
  if (choices.includes(value as T)) return;
  const listed = choices.map((choice) => `'${choice}'`).join(' or ');
  throw new RangeError(`${fn}: ${name} is ${describe(value)}, expected ${listed}`);
}

/**
 * A list of numbers, `length` of them where that is given, copied.
 *
 * @throws {TypeError | ShapeError} naming the first that is none, or how many there are.
 */
export function checkNumbers(fn: string, name: string, value: unknown, length?: number): number[] {
  const list = value as ArrayLike<unknown> | null;
  if (typeof list !== 'object' || list === null || typeof list.length !== 'number') {
    throw new TypeError(`${fn}: ${name} is ${describe(value)}, expected a list of numbers`);
  }
  if (length !== undefined && list.length !== length) {
    throw new ShapeError(`${fn}: ${name} has ${list.length} numbers, expected ${length}`);
  }
  return Array.from(list, (x, i) => {
    if (typeof x !== 'number') throw new TypeError(`${fn}: ${name}[${i}] is ${describe(x)}, expected a number`);
    return x;
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
