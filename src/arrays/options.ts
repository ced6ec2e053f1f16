import { checkOptions } from './arguments.js';
import { argumentError, describe } from './errors.js';

/** What a value has to be: a test, how errors say it, and the kind of error. */
export interface Range {
  readonly allows: (value: unknown) => boolean;
  readonly expected: string;
  readonly Kind: typeof RangeError | typeof TypeError;
}

/** The declaration of an option: its default and its range. */
export interface Option<T> {
  readonly byDefault: T;
  readonly range: Range;
}

/** A table of options. The comment above an entry documents the option wherever the table's types are used. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The options of a table as a caller gives them: each may be left out. */
export type OptionsOf<Table> = { -readonly [Name in keyof Table]?: Table[Name] extends Option<infer T> ? T : never };

/** The options of a table with the defaults filled in. */
export type Settings<Table> = { readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never };

/** An entry of a table: `T` may be wider than the type of the default. */
export function option<T>(byDefault: T, range: Range): Option<T> {
  return { byDefault, range };
}

/**
 * The options of a table, defaults in the place of those that are missing or undefined.
 *
 * @throws {TypeError} if `options` is no object, or has a name that is not in the table.
 * @throws {TypeError | RangeError} if a value is out of its range: as the range says.
 */
export function settingsOf<const Table extends OptionTable>(
  fn: string,
  table: Table,
  options: OptionsOf<Table>,
): Settings<Table> {
  checkOptions(fn, options, Object.keys(table));
  const settings: Record<string, unknown> = {};
  for (const name of Object.keys(table)) {
    const value: unknown = options[name];
    settings[name] = value === undefined ? table[name].byDefault : checkedIn(fn, name, value, table[name].range);
  }
  return settings as Settings<Table>;
}

/** `value`. @throws {RangeError | TypeError} naming the function and the argument, if it is out of range. */
export function checkedIn<T>(fn: string, arg: string, value: T, { allows, expected, Kind }: Range): T {
  if (!allows(value)) throw argumentError(Kind, { fn, arg, found: `is ${describe(value)}`, expected });
  return value;
}

function numbers(expected: string, allows: (value: number) => boolean): Range {
  return { allows: (value) => Number.isFinite(value) && allows(value as number), expected, Kind: RangeError };
}

export const FINITE: Range = numbers('a finite number', () => true);
export const AMOUNT: Range = numbers('a number ≥ 0', (n) => n >= 0);
export const POSITIVE: Range = numbers('a number > 0', (n) => n > 0);
export const FRACTION: Range = numbers('a number from 0 to 1', (n) => n >= 0 && n <= 1);
/** A share below one: decays. */
export const SHARE: Range = numbers('a number in [0, 1)', (n) => n >= 0 && n < 1);
export const FLAG: Range = {
  allows: (value) => typeof value === 'boolean',
  expected: 'true or false',
  Kind: TypeError,
};
export const FUNCTION: Range = {
  allows: (value) => typeof value === 'function',
  expected: 'a function',
  Kind: TypeError,
};

/** Whole numbers of at least `min`. */
export function count(min: number): Range {
  return numbers(`a whole number ≥ ${min}`, (n) => Number.isSafeInteger(n) && n >= min);
}

/** One of some names. */
export function oneOf(...names: readonly string[]): Range {
  const quoted = names.map((name) => `'${name}'`);
  const expected = quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
  return { allows: (value) => names.includes(value as string), expected, Kind: RangeError };
}

/** What `range` allows, and null. */
export function orNull(range: Range): Range {
  return { ...range, allows: (value) => value === null || range.allows(value), expected: `${range.expected}, or null` };
}
