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

/** An option that has to be given. */
export interface RequiredOption<T> extends Option<T> {
  readonly required: true;
}

/** A table of options. The comment above an entry documents the option wherever the table's types are used. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

type ValueOf<Entry> = Entry extends Option<infer T> ? T : never;

/** The options of a table as a caller gives them: each may be left out, but for those that are {@link required}. */
export type OptionsOf<Table> = {
  -readonly [Name in keyof Table as Table[Name] extends RequiredOption<unknown> ? never : Name]?: ValueOf<Table[Name]>;
} & {
  -readonly [Name in keyof Table as Table[Name] extends RequiredOption<unknown> ? Name : never]: ValueOf<Table[Name]>;
};

/** The options of a table with the defaults filled in. */
export type Settings<Table> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

/** An entry of a table: `T` may be wider than the type of the default. */
export function option<T>(byDefault: T, range: Range): Option<T> {
  return { byDefault, range };
}

/** An entry without a default, which every caller has to give. */
export function required<T>(range: Range): RequiredOption<T> {
  return { byDefault: undefined as T, range, required: true };
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
  for (const [name, entry] of Object.entries(table)) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    const missing = value === undefined && !('required' in entry);
    settings[name] = missing ? entry.byDefault : checkedIn(fn, name, value, entry.range);
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
/** What is checked elsewhere. */
export const ANY: Range = { allows: () => true, expected: 'anything', Kind: TypeError };
export const FLAG: Range = {
  allows: (value) => typeof value === 'boolean',
  expected: 'true or false',
  Kind: TypeError,
};
export const TEXT: Range = {
  allows: (value) => typeof value === 'string' && value !== '',
  expected: 'a text',
  Kind: TypeError,
};
/** Of a generator. */
export const SEED: Range = {
  allows: (value) => typeof value === 'string' || typeof value === 'number',
  expected: 'a number or a string',
  Kind: TypeError,
};
export const DTYPE: Range = oneOf('float32', 'float64');
export const FUNCTION: Range = {
  allows: (value) => typeof value === 'function',
  expected: 'a function',
  Kind: TypeError,
};

/** Whole numbers of at least `min`, and at most `max`. */
export function count(min: number, max = Number.POSITIVE_INFINITY): Range {
  const range = max === Number.POSITIVE_INFINITY ? `≥ ${min}` : `from ${min} to ${max}`;
  return numbers(`a whole number ${range}`, (n) => Number.isSafeInteger(n) && n >= min && n <= max);
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
