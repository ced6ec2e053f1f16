import { printable } from '../arrays/index.js';
import type { ByteReader } from './bytes.js';
import { REFUSED } from './pickle-refused.js';
import { PICKLED_BYTES, PickledDict, PickledGlobal, PickledTuple } from './pickle-values.js';

/** What a pickle may ask for. */
export interface PickleRules {
  /** Any name is refused but these. */
  readonly globals: ReadonlyMap<string, PickledGlobal>;
  /** What to do about a name that is not among them. */
  readonly wayOut: (name: string) => string;
  /** What an identifier of something outside of the pickle stands for. */
  readonly persistent: (id: unknown) => unknown;
  /** The number of operations that are done at most: each takes some 50 bytes of memory. */
  readonly most: number;
}

/** The newest version of the format. */
const NEWEST = 5;

const NO_ITEMS = new PickledTuple([]);

/**
 * The value of a pickle, of protocol 2 to 5: null, booleans, numbers, bigints, texts, lists, tuples, dictionaries and
 * what `rules` make. Nothing is executed, and no name is looked up but in `rules`.
 *
 * @throws {FormatError} if it is damaged, has an operation that tensors in dictionaries do not need, or asks for a name
 *   that is not in `rules`: the error says which.
 * @see https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
export function unpickle(reader: ByteReader, rules: PickleRules): unknown {
  return new Unpickler(reader, rules).run();
}

class Unpickler {
  readonly #reader: ByteReader;
  readonly #rules: PickleRules;
  readonly #stack: unknown[] = [];
  /** The lengths that the stack had at its marks. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();
  /** The byte of the operation that is being done. */
  #at = 0;

  constructor(reader: ByteReader, rules: PickleRules) {
    this.#reader = reader;
    this.#rules = rules;
  }

  run(): unknown {
    const { most } = this.#rules;
    for (let done = 0; done < most; done++) {
      this.#at = this.#reader.at;
      const code = this.#reader.u8('operation');
      if (code !== 0x2e) {
        this.#do(code);
        continue;
      }
      const value = this.#pop();
      if (this.#stack.length > 0) throw this.#error('stack', `has ${this.#stack.length} values more`, 'none');
      this.#reader.finish('pickle');
      return value;
    }
    throw this.#error('pickle', `has more than ${most} operations`, 'fewer for a file of this size');
  }

  #do(code: number): void {
    const reader = this.#reader;
    const stack = this.#stack;
    switch (code) {
      case 0x80: {
        const version = reader.u8('protocol');
        if (version < 2 || version > NEWEST) throw this.#error('protocol', `is ${version}`, `2 to ${NEWEST}`);
        break;
      }
      case 0x95: // FRAME: the length of what follows, which is read as it comes
        reader.skip(8, 'length of a frame');
        break;
      case 0x28:
        this.#marks.push(stack.length);
        break;
      case 0x4e:
        stack.push(null);
        break;
      case 0x88:
        stack.push(true);
        break;
      case 0x89:
        stack.push(false);
        break;
      case 0x4a:
        stack.push(reader.i32('integer'));
        break;
      case 0x4b:
        stack.push(reader.u8('integer'));
        break;
      case 0x4d:
        stack.push(reader.u16('integer'));
        break;
      case 0x8a:
        stack.push(wholeNumber(reader.take(reader.u8('length of an integer'), 'integer')));
        break;
      case 0x47:
        stack.push(this.#bigEndianDouble());
        break;
      case 0x58:
        stack.push(reader.text(reader.u32('length of a text'), 'text'));
        break;
      case 0x8c:
        stack.push(reader.text(reader.u8('length of a text'), 'text'));
        break;
      case 0x8d:
        stack.push(reader.text(reader.u64('length of a text'), 'text'));
        break;
      case 0x42:
        reader.skip(reader.u32('length of bytes'), 'bytes');
        stack.push(PICKLED_BYTES);
        break;
      case 0x43:
        reader.skip(reader.u8('length of bytes'), 'bytes');
        stack.push(PICKLED_BYTES);
        break;
      case 0x5d:
        stack.push([]);
        break;
      case 0x61:
        this.#append([this.#pop()]);
        break;
      case 0x65:
        this.#append(this.#popMarked());
        break;
      case 0x29:
        stack.push(NO_ITEMS);
        break;
      case 0x74:
        stack.push(new PickledTuple(this.#popMarked()));
        break;
      case 0x85:
        stack.push(new PickledTuple([this.#pop()]));
        break;
      case 0x86:
      case 0x87: {
        const items = Array.from({ length: code - 0x84 }, () => this.#pop());
        stack.push(new PickledTuple(items.reverse()));
        break;
      }
      case 0x7d:
        stack.push(new PickledDict());
        break;
      case 0x73: {
        const value = this.#pop();
        this.#setItems([this.#pop(), value]);
        break;
      }
      case 0x75:
        this.#setItems(this.#popMarked());
        break;
      case 0x63:
        stack.push(this.#global(this.#line(), this.#line()));
        break;
      case 0x93: {
        const name = this.#pop();
        stack.push(this.#global(this.#pop(), name));
        break;
      }
      case 0x52:
        this.#reduce();
        break;
      case 0x62:
        // Attributes of a dictionary: PyTorch keeps the versions of modules there.
        this.#pop();
        if (!(this.#top() instanceof PickledDict))
          throw this.#error('BUILD', 'sets attributes', 'a dictionary to do so');
        break;
      case 0x51:
        stack.push(this.#rules.persistent(this.#pop()));
        break;
      case 0x71:
        this.#memo.set(reader.u8('number in the memo'), this.#top());
        break;
      case 0x72:
        this.#memo.set(reader.u32('number in the memo'), this.#top());
        break;
      case 0x94:
        this.#memo.set(this.#memo.size, this.#top());
        break;
      case 0x68:
        stack.push(this.#remembered(reader.u8('number in the memo')));
        break;
      case 0x6a:
        stack.push(this.#remembered(reader.u32('number in the memo')));
        break;
      default: {
        const known = REFUSED[code] === undefined ? '' : ` (${REFUSED[code]})`;
        const found = `is 0x${code.toString(16).padStart(2, '0')}${known}`;
        throw this.#error('operation', found, 'those of tensors in dictionaries');
      }
    }
  }

  #append(items: readonly unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#error('APPEND', 'has no list', 'one');
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly unknown[]): void {
    const dict = this.#top();
    if (!(dict instanceof PickledDict)) throw this.#error('SETITEM', 'has no dictionary', 'one');
    if (items.length % 2 === 1) throw this.#error('SETITEMS', 'has a key without a value', 'pairs');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  #global(module: unknown, name: unknown): PickledGlobal {
    const full =
      typeof module === 'string' && typeof name === 'string' ? `${module}.${name}` : 'something without a name';
    const found = this.#rules.globals.get(full);
    if (found !== undefined) return found;
    throw this.#error('pickle', `asks for ${printable(full)}`, 'a state dict', this.#rules.wayOut(full));
  }

  #reduce(): void {
    const args = this.#pop();
    const callee = this.#pop();
    if (!(callee instanceof PickledGlobal) || callee.call === undefined || !(args instanceof PickledTuple)) {
      const name = callee instanceof PickledGlobal ? callee.name : 'what is no function';
      throw this.#error('REDUCE', `calls ${name}`, 'a function that makes tensors');
    }
    this.#stack.push(callee.call(args.items));
  }

  #remembered(number: number): unknown {
    if (!this.#memo.has(number)) throw this.#error('memo', `has no number ${number}`);
    return this.#memo.get(number);
  }

  #line(): string {
    const { at, end, bytes } = this.#reader;
    const newline = bytes.subarray(at, end).indexOf(10);
    if (newline === -1) throw this.#error('name', 'has no end');
    const text = this.#reader.text(newline, 'name');
    this.#reader.skip(1, 'name');
    return text;
  }

  #bigEndianDouble(): number {
    const bytes = this.#reader.take(8, 'float');
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0);
  }

  #pop(): unknown {
    this.#top();
    return this.#stack.pop();
  }

  #popMarked(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#error('stack', 'has no mark', 'one');
    return this.#stack.splice(mark);
  }

  /** The last value behind the last mark. */
  #top(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.#error('stack', 'is empty', 'a value');
    return this.#stack[this.#stack.length - 1];
  }

  #error(what: string, found: string, expected?: string, wayOut?: string): Error {
    return this.#reader.error(what, found, expected, this.#at, wayOut);
  }
}

/** An integer of any length, little-endian in two's complement: a number where that is exact. */
function wholeNumber(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  value = BigInt.asIntN(8 * bytes.length, value);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
