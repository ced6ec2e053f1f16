/** How a value is laid out behind its field number. */
const WIRE = { varint: 0, bytes: 2, fixed32: 5 } as const;

const utf8 = new TextEncoder();

/**
 * A message of protocol buffers, field by field. A repeated field of numbers is written as onnx.proto declares it: each
 * with its field number.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class ProtoWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** The number of bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** A whole number: int64, int32 or an enumeration. */
  int(field: number, value: number | bigint): this {
    this.#add(varint((field << 3) | WIRE.varint));
    this.#add(varint(value));
    return this;
  }

  /** Whole numbers of a repeated field. */
  ints(field: number, values: readonly (number | bigint)[]): this {
    for (const value of values) this.int(field, value);
    return this;
  }

  /** A float32. */
  float(field: number, value: number): this {
    this.#add(varint((field << 3) | WIRE.fixed32));
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#add(bytes);
    return this;
  }

  /** Bytes, which are kept by reference until {@link finish}. */
  bytes(field: number, value: Uint8Array): this {
    this.#add(varint((field << 3) | WIRE.bytes));
    this.#add(varint(value.length));
    this.#add(value);
    return this;
  }

  /** Text, in UTF-8. */
  text(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value));
  }

  /** A message inside of this one. */
  message(field: number, { parts, length }: Pick<ProtoWriter, 'parts' | 'length'>): this {
    this.#add(varint((field << 3) | WIRE.bytes));
    this.#add(varint(length));
    for (const part of parts) this.#add(part);
    return this;
  }

  /** The bytes so far, in pieces. */
  get parts(): readonly Uint8Array[] {
    return this.#parts;
  }

  /** The bytes of the message, in an array of their own. */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }
}

/** Seven bits a byte, the lowest first; a negative number as its two's complement of 64 bits. */
function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  if (typeof value === 'bigint' || value < 0) {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
  } else {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}
