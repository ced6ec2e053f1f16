import { decodeUtf8, formatError, type Source } from '../formats/index.js';

/** How a field's value is stored, the last three bits of its tag. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;
const WIRES: Readonly<Record<number, string>> = {
  [VARINT]: 'a whole number',
  [FIXED64]: '8 bytes',
  [LENGTH]: 'a length and bytes',
  [FIXED32]: '4 bytes',
};

/** Messages within messages. Those of ONNX without subgraphs are 6 deep: model, graph, input, type, shape, size. */
const MOST_DEPTH = 16;

/**
 * Reads the fields of a Protocol Buffers message one after the other.
 *
 * Nothing is read beyond the message's end, and no number in it makes anything be allocated: texts and bytes are as
 * long as what is there, and what is taken is a part of the file's own memory. `skip` passes over unknown fields.
 *
 * @example
 * while (reader.next()) {
 *   if (reader.field === NODE.opType) opType = reader.text();
 *   else reader.skip();
 * }
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class ProtoReader {
  /** The number of the field whose value comes next. */
  field = 0;
  readonly #source: Source;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** What the message is, for errors: `graph`. */
  readonly #what: string;
  readonly #end: number;
  readonly #depth: number;
  #at: number;
  #wire = VARINT;
  /** Where the field's tag stands. */
  #tagAt = 0;

  constructor(source: Source, bytes: Uint8Array, what: string);
  constructor(
    source: Source,
    bytes: Uint8Array,
    what: string,
    start: number,
    end: number,
    depth: number,
    view: DataView,
  );
  constructor(
    source: Source,
    bytes: Uint8Array,
    what: string,
    start = 0,
    end = bytes.length,
    depth = 0,
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  ) {
    this.#source = source;
    this.#bytes = bytes;
    this.#view = view;
    this.#what = what;
    this.#at = start;
    this.#end = end;
    this.#depth = depth;
  }

  /** Reads the tag of the next field. @returns False at the end of the message. */
  next(): boolean {
    if (this.#at === this.#end) return false;
    this.#tagAt = this.#at;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.#wire = tag % 8;
    if (!(this.field >= 1 && this.field < 2 ** 29)) throw this.error(`has the number ${this.field}`, '1 to 2^29 - 1');
    if (this.#wire === 3 || this.#wire === 4) throw this.error('is a group', Object.values(WIRES).join(', '));
    if (!(this.#wire in WIRES)) throw this.error(`has wire type ${this.#wire}`, '0, 1, 2 or 5');
    return true;
  }

  /** Passes over the field's value. */
  skip(): void {
    if (this.#wire === VARINT) this.#varint();
    else if (this.#wire === LENGTH) this.#part();
    else this.#take(this.#wire === FIXED64 ? 8 : 4);
  }

  /** A signed whole number; ±Infinity in the place of one that JavaScript's numbers do not hold. */
  int(): number {
    this.#expect(VARINT);
    return this.#varint();
  }

  float(): number {
    this.#expect(FIXED32);
    return this.#view.getFloat32(this.#take(4), true);
  }

  double(): number {
    this.#expect(FIXED64);
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** The value of a field of bytes: a part of the file's memory. */
  bytes(): Uint8Array {
    this.#expect(LENGTH);
    const [start, end] = this.#part();
    return this.#bytes.subarray(start, end);
  }

  text(): string {
    const bytes = this.bytes();
    try {
      return decodeUtf8(bytes);
    } catch {
      throw this.error('is no UTF-8', undefined);
    }
  }

  /** The message in the field. @param what - What it is, for its errors. */
  message(what: string): ProtoReader {
    this.#expect(LENGTH);
    const [start, end] = this.#part();
    if (this.#depth >= MOST_DEPTH) throw this.error(`is a message ${this.#depth + 1} deep`, `at most ${MOST_DEPTH}`);
    return new ProtoReader(this.#source, this.#bytes, what, start, end, this.#depth + 1, this.#view);
  }

  /** The same message from its start, if this reader is at its start; to go through it once more. */
  again(): ProtoReader {
    return new ProtoReader(this.#source, this.#bytes, this.#what, this.#at, this.#end, this.#depth, this.#view);
  }

  /** Calls `each` with the whole numbers of a repeated field: those of one list (packed), or one. */
  ints(each: (value: number) => void): void {
    this.#repeated(VARINT, 1, () => each(this.#varint()));
  }

  /** As {@link ints}, of 4-byte floats. */
  floats(each: (value: number) => void): void {
    this.#repeated(FIXED32, 4, () => each(this.#view.getFloat32(this.#take(4), true)));
  }

  /** As {@link ints}, of 8-byte floats. */
  doubles(each: (value: number) => void): void {
    this.#repeated(FIXED64, 8, () => each(this.#view.getFloat64(this.#take(8), true)));
  }

  /** An error about the field's value. */
  error(found: string, expected: string | undefined, wayOut?: string): Error {
    const place = `${this.#what}, field ${this.field} at byte ${this.#tagAt}`;
    return formatError(this.#source, { place, found, expected, wayOut });
  }

  #repeated(wire: number, size: number, one: () => void): void {
    if (this.#wire === wire) {
      one();
      return;
    }
    this.#expect(LENGTH);
    const [start, end] = this.#part();
    if ((end - start) % size !== 0) throw this.error(`has ${end - start} bytes`, `a multiple of ${size}`);
    this.#at = start;
    while (this.#at < end) one();
    if (this.#at > end) throw this.error('ends within a number', undefined);
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) throw this.error(`is ${WIRES[this.#wire]}`, WIRES[wire]);
  }

  /** The bounds of bytes that have their length before them. */
  #part(): [start: number, end: number] {
    const length = this.#varint();
    const start = this.#take(length);
    return [start, start + length];
  }

  #take(length: number): number {
    const left = this.#end - this.#at;
    if (!(length >= 0 && length <= left)) throw this.error(`has ${left} bytes left`, `${length}`, 'it is cut off');
    const start = this.#at;
    this.#at += length;
    return start;
  }

  /** A number of 1 to 10 bytes, seven bits in each, the lowest first; as a signed number of 64 bits. */
  #varint(): number {
    const bytes = this.#bytes;
    const first = this.#at < this.#end ? bytes[this.#at] : 128;
    if (first < 128) {
      this.#at++;
      return first;
    }
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= this.#end) throw this.error('ends within a number', undefined, 'it is cut off');
      const byte = bytes[this.#at++];
      if (i < 4) low += (byte & 127) * 2 ** (7 * i);
      else if (i === 4) {
        low += (byte & 15) * 2 ** 28;
        high += (byte & 127) >> 4;
      } else high += (byte & 127) * 2 ** (7 * i - 32);
      if (byte < 128) {
        if (high >= 2 ** 32) break;
        const value = (high >= 2 ** 31 ? high - 2 ** 32 : high) * 2 ** 32 + low;
        return Number.isSafeInteger(value) ? value : value < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      }
    }
    throw this.error('is a number of more than 64 bits', undefined);
  }
}
