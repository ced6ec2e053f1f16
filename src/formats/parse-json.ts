import { argumentError, printable } from '../arrays/index.js';
import { formatError, type Source } from './bytes.js';

/** What JSON text says. Objects have no prototype, so that any name is an entry. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

/** An object of JSON. */
export interface JsonObject {
  [name: string]: Json;
}

/** Characters of numbers; what is longer than any number that is written for a reason is none. */
const NUMERIC = '+-.0123456789Ee';
const LONGEST_NUMBER = 400;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const SPACES = ' \t\n\r';
/**
 * A text of a few bytes can become an object of a few hundred. The number of lists, texts and names is limited, an
 * object counting as four, so that a text takes 64 MB at most beside its numbers.
 */
const MOST_PARTS = 1e6;
const PARTS_OF_OBJECT = 4;
/** Of an array: its name, the object, the names of its three entries, its dtype and two lists. */
const PARTS_OF_ARRAY = 1 + PARTS_OF_OBJECT + 3 + 1 + 2;
/** Of what stands around the arrays, at most. */
const PARTS_OF_FILE = 32;
const HALF_PAIR = /\p{Surrogate}/u;

/** Whether a text has a character that UTF-8 cannot say: half of a surrogate pair. */
export function hasHalfPair(text: string): boolean {
  return HALF_PAIR.test(text);
}

/**
 * Refuses to write more than is read again: the arrays of a safetensors or JSON file, and texts beside those that
 * describe them.
 */
export function checkParts(fn: string, arrays: number, texts: number): void {
  if (PARTS_OF_FILE + PARTS_OF_ARRAY * arrays + texts <= MOST_PARTS) return;
  const found = `has ${arrays} arrays and ${texts} texts`;
  const expected = `at most ${MOST_PARTS} parts, of which an array has ${PARTS_OF_ARRAY}: more are not read again`;
  throw argumentError(RangeError, { fn, arg: 'state', found, expected, wayOut: 'write several files' });
}

/**
 * Parses JSON as `JSON.parse` does, but for a name that an object has twice, half of a surrogate pair, nesting beyond
 * `depth`, and more than a million parts: these are refused.
 *
 * @param place - What the text is, for errors: `header`.
 * @throws {FormatError} naming the character where the text is no JSON.
 */
export function parseJson(source: Source, place: string, text: string, depth: number): Json {
  return new Parser(source, place, text).parse(depth);
}

class Parser {
  readonly #source: Source;
  readonly #place: string;
  readonly #text: string;
  #at = 0;
  #parts = 0;

  constructor(source: Source, place: string, text: string) {
    this.#source = source;
    this.#place = place;
    this.#text = text;
  }

  parse(depth: number): Json {
    const value = this.#value(depth);
    this.#next();
    if (this.#at < this.#text.length) throw this.#unexpected('the end');
    return value;
  }

  #value(depth: number): Json {
    switch (this.#next()) {
      case '{':
        return this.#object(this.#deeper(depth));
      case '[':
        return this.#list(this.#deeper(depth));
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonObject {
    this.#count(PARTS_OF_OBJECT);
    const object: JsonObject = Object.create(null);
    this.#at++;
    if (this.#next() === '}') {
      this.#at++;
      return object;
    }
    do {
      if (this.#next() !== '"') throw this.#unexpected('a name in quotes');
      const start = this.#at;
      const name = this.#string();
      if (name in object) throw this.#error(`has the name '${printable(name, 60)}' twice, at character ${start}`);
      if (this.#next() !== ':') throw this.#unexpected('a colon');
      this.#at++;
      object[name] = this.#value(depth);
    } while (this.#goesOn('}'));
    return object;
  }

  #list(depth: number): Json[] {
    this.#count(1);
    const list: Json[] = [];
    this.#at++;
    if (this.#next() === ']') {
      this.#at++;
      return list;
    }
    do list.push(this.#value(depth));
    while (this.#goesOn(']'));
    return list;
  }

  /** Whether a comma is next; else `end` has to be. */
  #goesOn(end: '}' | ']'): boolean {
    const found = this.#next();
    if (found !== ',' && found !== end) throw this.#unexpected(`a comma or ${end}`);
    this.#at++;
    return found === ',';
  }

  // Loops of characters, not patterns: of a pattern that repeats, a long text can use up the stack.

  #string(): string {
    this.#count(1);
    const start = this.#at;
    let end = start + 1;
    for (let code = this.#text.charCodeAt(end); code !== 0x22; code = this.#text.charCodeAt(end)) {
      // Control characters have to be escaped; after the end the code is NaN.
      if (!(code >= 0x20)) throw this.#error(`is no JSON: the text at character ${start} has no end`);
      end += code === 0x5c ? 2 : 1;
    }
    this.#at = end + 1;
    const text = this.#unescaped(start);
    if (hasHalfPair(text)) throw this.#error(`has half of a surrogate pair in the text at character ${start}`);
    return text;
  }

  #unescaped(start: number): string {
    const quoted = this.#text.slice(start, this.#at);
    if (!quoted.includes('\\')) return quoted.slice(1, -1);
    try {
      return JSON.parse(quoted);
    } catch {
      throw this.#error(`is no JSON: the text at character ${start} has an escape that does not exist`);
    }
  }

  #number(): number {
    const start = this.#at;
    let end = start;
    while (end - start <= LONGEST_NUMBER && end < this.#text.length && NUMERIC.includes(this.#text[end])) end++;
    const digits = this.#text.slice(start, end);
    if (end - start > LONGEST_NUMBER || !NUMBER.test(digits)) throw this.#unexpected('a value');
    this.#at = end;
    return Number(digits);
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected('a value');
    this.#at += word.length;
    return value;
  }

  /** The next character that is no space, '' at the end. */
  #next(): string {
    let char = this.#text.charAt(this.#at);
    while (char !== '' && SPACES.includes(char)) char = this.#text.charAt(++this.#at);
    return char;
  }

  #count(parts: number): void {
    this.#parts += parts;
    if (this.#parts > MOST_PARTS) throw this.#error(`has more than ${MOST_PARTS} parts up to character ${this.#at}`);
  }

  #deeper(depth: number): number {
    if (depth === 0) throw this.#error(`is nested too deep at character ${this.#at}`);
    return depth - 1;
  }

  #unexpected(expected: string): Error {
    const [at, rest] = [this.#at, this.#text.slice(this.#at, this.#at + 1)];
    const found = rest === '' ? 'ends' : `has ${JSON.stringify(rest)}`;
    return formatError(this.#source, {
      place: this.#place,
      found: `is no JSON: it ${found} at character ${at}`,
      expected,
    });
  }

  #error(found: string): Error {
    return formatError(this.#source, { place: this.#place, found });
  }
}
