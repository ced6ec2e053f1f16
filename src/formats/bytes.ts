import { argumentError, describe, type Fault, typedArrayName } from '../arrays/index.js';

/** A file, or bytes, do not keep to their format: damaged, cut off, or of a kind that is not read here. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** What bytes come from, for errors. */
export interface Source {
  /** The public function that reads them: `load`, `decodeSafetensors`. */
  readonly fn: string;
  /** The path of the file; where bytes were given, the argument's name, `bytes`. */
  readonly file: string;
}

/** What is wrong in a file, and where: `length of the header at byte 0`, `is 99`, `at most 40`. */
export interface FormatFault extends Omit<Fault, 'fn' | 'arg' | 'like'> {
  readonly place: string;
}

/** `load: model.safetensors: length of the header at byte 0 is 99, expected at most 40`. */
export function formatError({ fn, file }: Source, { place, ...fault }: FormatFault, options?: ErrorOptions): Error {
  return argumentError(FormatError, { fn, arg: `${file}: ${place}`, ...fault }, options);
}

/** @throws {TypeError} if `bytes` is no Uint8Array. */
export function checkBytes({ fn, file }: Source, bytes: unknown): asserts bytes is Uint8Array {
  if (typedArrayName(bytes) === 'Uint8Array') return;
  const [found, expected] = [`is ${describe(bytes)}`, 'a Uint8Array'];
  const isBuffer = /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(bytes));
  const wayOut = isBuffer ? `new Uint8Array(${file})` : undefined;
  throw argumentError(TypeError, { fn, arg: file, found, expected, wayOut });
}

/**
 * Reads little-endian numbers and texts one after the other. Nothing is read beyond the end, and nothing is allocated
 * but texts: what is taken is a part of the bytes themselves.
 *
 * Each method takes the name of what it reads, for errors: they add the number of the byte.
 */
export class ByteReader {
  /** The number of the next byte. */
  at: number;
  /** The number of the byte after the last one. */
  readonly end: number;
  readonly bytes: Uint8Array;
  readonly source: Source;
  readonly #view: DataView;

  /**
   * @param start - The first byte to read. Default 0.
   * @param end - The byte after the last one to read. Default: all.
   */
  constructor(source: Source, bytes: Uint8Array, start = 0, end?: number) {
    checkBytes(source, bytes);
    this.source = source;
    this.bytes = bytes;
    this.at = start;
    this.end = end ?? bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The number of bytes that are left. */
  get left(): number {
    return this.end - this.at;
  }

  u8(what: string): number {
    return this.#view.getUint8(this.#next(1, what));
  }

  u16(what: string): number {
    return this.#view.getUint16(this.#next(2, what), true);
  }

  u32(what: string): number {
    return this.#view.getUint32(this.#next(4, what), true);
  }

  i32(what: string): number {
    return this.#view.getInt32(this.#next(4, what), true);
  }

  /** @throws {FormatError} if it is above 2^53 - 1 too: JavaScript's numbers do not hold it. */
  u64(what: string): number {
    const at = this.#next(8, what);
    const value = this.#view.getBigUint64(at, true);
    if (value > Number.MAX_SAFE_INTEGER) throw this.error(what, `is ${value}`, 'at most 2^53 - 1', at);
    return Number(value);
  }

  f32(what: string): number {
    return this.#view.getFloat32(this.#next(4, what), true);
  }

  f64(what: string): number {
    return this.#view.getFloat64(this.#next(8, what), true);
  }

  /** The next `length` bytes: a part of the memory, not a copy. */
  take(length: number, what: string): Uint8Array {
    const start = this.#next(length, what);
    return this.bytes.subarray(start, start + length);
  }

  skip(length: number, what: string): void {
    this.#next(length, what);
  }

  /** The next `length` bytes as UTF-8. @throws {FormatError} if they are none. */
  text(length: number, what: string): string {
    const start = this.#next(length, what);
    try {
      return decodeUtf8(this.bytes.subarray(start, start + length));
    } catch {
      throw this.error(what, 'is no UTF-8', undefined, start);
    }
  }

  /** @throws {FormatError} if anything is left. */
  finish(what: string): void {
    if (this.left > 0) throw this.error(what, `has ${this.left} bytes more`, 'the end');
  }

  /**
   * The error for something that was read.
   *
   * @param what - What it is: `length of the header`.
   * @param found - Said of it: `is 99`.
   * @param at - The byte where it stands. Default: the next one.
   */
  error(what: string, found: string, expected?: string, at = this.at, wayOut?: string): Error {
    return formatError(this.source, { place: `${what} at byte ${at}`, found, expected, wayOut });
  }

  #next(length: number, what: string): number {
    const { at, end } = this;
    // Neither NaN nor a negative length passes.
    if (!(length >= 0 && length <= end - at)) {
      throw this.error(what, `has ${Math.max(end - at, 0)} bytes left`, `${length}`, at, 'the file is cut off');
    }
    this.at = at + length;
    return at;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Bytes as text. Shared memory is copied first, since browsers' decoders refuse it.
 *
 * @throws {TypeError} if it is no UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return UTF8.decode(bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes));
}
