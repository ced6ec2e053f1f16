import { printable } from '../arrays/index.js';
import { ByteReader, formatError, type Source } from './bytes.js';
import type { ElementType } from './elements.js';
import { refuseForeign } from './foreign.js';

/** What the header of an `.npy` file says, and where the numbers begin. */
export interface NpyHeader {
  readonly type: ElementType;
  readonly bigEndian: boolean;
  /** Whether the first axis is the one whose numbers stand side by side. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** The first byte of the numbers. */
  readonly start: number;
}

/** The first six bytes of an `.npy` file. */
export const NPY_MAGIC: Uint8Array = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

const TYPES: Readonly<Record<string, ElementType>> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u8: 'U64',
  u4: 'U32',
  u2: 'U16',
  u1: 'U8',
  b1: 'BOOL',
  '?': 'BOOL',
};

const CONVERT = 'convert it with astype(np.float64)';
const NUMBERS_ALONE = 'save the arrays of numbers alone';

/** What the letters of the other dtypes stand for, and the way out. */
const OTHERS: Readonly<Record<string, readonly [kind: string, wayOut: string]>> = {
  c: ['complex numbers', 'save a.real and a.imag'],
  f: ['long doubles', CONVERT],
  g: ['long doubles', CONVERT],
  U: ['strings', NUMBERS_ALONE],
  S: ['strings of bytes', NUMBERS_ALONE],
  a: ['strings of bytes', NUMBERS_ALONE],
  O: ['Python objects, which are a pickle', `${CONVERT} if they are numbers, else ${NUMBERS_ALONE}`],
  V: ['raw bytes', CONVERT],
  M: ['dates', CONVERT],
  m: ['spans of time', CONVERT],
};

const DESCR = "the entry 'descr'";
const NUMERIC = 'an array of floats, integers or booleans';

/**
 * Reads the header of an `.npy` file, of format version 1, 2 or 3.
 *
 * @throws {FormatError} if it is none, or the array is not one of numbers.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNpyHeader(source: Source, bytes: Uint8Array): NpyHeader {
  const reader = new ByteReader(source, bytes);
  if (!NPY_MAGIC.every((byte, i) => bytes[i] === byte)) {
    refuseForeign(source, bytes, 'an .npy file');
    const found = bytes.length === 0 ? 'is empty' : 'does not begin with \\x93NUMPY';
    throw formatError(source, { place: 'array', found, wayOut: 'it is no .npy file' });
  }
  reader.skip(NPY_MAGIC.length, 'magic');
  const version = reader.u8('version');
  const minor = reader.u8('version');
  if (version < 1 || version > 3 || minor !== 0) {
    throw reader.error('version', `is ${version}.${minor}`, '1.0, 2.0 or 3.0', NPY_MAGIC.length);
  }
  const length = version === 1 ? reader.u16('length of the header') : reader.u32('length of the header');
  const at = reader.at;
  const header = version === 3 ? reader.text(length, 'header') : latin1(reader.take(length, 'header'));
  const entries = new Literal(header, (found, expected, where) =>
    reader.error('header', found, expected, at + where),
  ).dictionary();

  const { descr, fortran_order: fortranOrder, shape, ...more } = entries;
  const wrong = (name: string, value: unknown, expected: string): Error => {
    const found = value === undefined ? 'is missing' : 'is something else';
    return formatError(source, { place: `entry '${name}' of the header`, found, expected });
  };
  const unknown = Object.keys(more)[0];
  if (unknown !== undefined) {
    const expected = "'descr', 'fortran_order' and 'shape'";
    throw formatError(source, { place: 'header', found: `has an entry '${printable(unknown)}'`, expected });
  }
  if (descr === STRUCTURED) {
    const wayOut = 'save each field by itself: np.savez(file, **{name: a[name] for name in a.dtype.names})';
    throw formatError(source, { place: DESCR, found: 'is a structured dtype', expected: NUMERIC, wayOut });
  }
  if (typeof fortranOrder !== 'boolean') throw wrong('fortran_order', fortranOrder, 'True or False');
  if (!isTuple(shape)) throw wrong('shape', shape, 'a tuple of whole numbers');
  if (typeof descr !== 'string') throw wrong('descr', descr, "a dtype such as '<f4'");
  return { ...dtypeOf(source, descr), fortranOrder, shape, start: reader.at };
}

function dtypeOf(source: Source, descr: string): Pick<NpyHeader, 'type' | 'bigEndian'> {
  const [, order, name] = /^([<>=|]?)(.*)$/s.exec(descr) as RegExpExecArray;
  if (Object.hasOwn(TYPES, name)) return { type: TYPES[name], bigEndian: order === '>' };
  const [kind, wayOut] = Object.hasOwn(OTHERS, name[0]) ? OTHERS[name[0]] : [null, CONVERT];
  const found = kind === null ? `is '${printable(descr)}'` : `is '${printable(descr)}': ${kind}`;
  throw formatError(source, { place: DESCR, found, expected: NUMERIC, wayOut });
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/** In place of a list, which stands for a structured dtype. */
const STRUCTURED = Symbol('structured');

type Value = string | boolean | readonly number[] | typeof STRUCTURED;

function isTuple(value: Value | undefined): value is readonly number[] {
  return Array.isArray(value);
}

/** Reads the literal of a Python dictionary from strings to strings, booleans and tuples of whole numbers. */
class Literal {
  readonly #text: string;
  readonly #refuse: (found: string, expected: string, at: number) => Error;
  #at = 0;

  constructor(text: string, refuse: (found: string, expected: string, at: number) => Error) {
    this.#text = text;
    this.#refuse = refuse;
  }

  dictionary(): Record<string, Value> {
    const entries: Record<string, Value> = Object.create(null);
    this.#need('{');
    while (!this.#take('}')) {
      const name = this.#string();
      this.#need(':');
      if (Object.hasOwn(entries, name)) throw this.#error(`an entry '${printable(name)}' once`);
      entries[name] = this.#value();
      if (entries[name] === STRUCTURED) return entries;
      if (!this.#take(',') && !this.#next(/\}/y)) throw this.#error("',' or '}'");
    }
    if (this.#next(/[ \n\0]*$/y) === undefined) throw this.#error('nothing more');
    return entries;
  }

  #value(): Value {
    if (this.#take('[')) return STRUCTURED;
    if (this.#take('(')) return this.#tuple();
    if (this.#take('True')) return true;
    if (this.#take('False')) return false;
    return this.#string();
  }

  #tuple(): readonly number[] {
    const numbers: number[] = [];
    for (let more = true; !this.#take(')'); ) {
      if (!more) throw this.#error("')'");
      const digits = this.#take(/\d{1,16}/y);
      const number = Number(digits);
      if (digits === undefined || !Number.isSafeInteger(number)) throw this.#error('a whole number up to 2^53 - 1');
      numbers.push(number);
      this.#take('L'); // a long integer of Python 2
      more = this.#take(',') !== undefined;
      // In Python (3) is a number.
      if (!more && numbers.length === 1) throw this.#error("','");
    }
    return numbers;
  }

  #string(): string {
    const quoted = this.#take(/'[^'\\\n]*'|"[^"\\\n]*"/y);
    if (quoted === undefined) throw this.#error('a string');
    return quoted.slice(1, -1);
  }

  #need(token: string): void {
    if (this.#take(token) === undefined) throw this.#error(`'${token}'`);
  }

  /** The next token, which is passed if it is this one. */
  #take(token: string | RegExp): string | undefined {
    const found = this.#next(token);
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #next(token: string | RegExp): string | undefined {
    while (this.#text[this.#at] === ' ') this.#at++;
    if (typeof token === 'string') return this.#text.startsWith(token, this.#at) ? token : undefined;
    token.lastIndex = this.#at;
    return token.exec(this.#text)?.[0];
  }

  #error(expected: string): Error {
    const rest = this.#text.slice(this.#at, this.#at + 12);
    return this.#refuse(rest === '' ? 'ends' : `goes on with '${printable(rest)}'`, expected, this.#at);
  }
}
