/** Reads a WebAssembly module byte by byte. */
export class BinaryReader {
  readonly #bytes: Uint8Array;
  /** Where the next byte is. */
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.#bytes[this.at++];
  }

  /** An unsigned integer of variable length (LEB128). */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const next = this.byte();
      value += (next & 127) * scale;
      // Past the end there is undefined, which ends an integer too.
      if (!(next >= 128)) return value;
    }
  }

  /** Skips `count` integers of variable length, signed or not. */
  skip(count: number): void {
    for (; count > 0; count--) while (this.byte() >= 128);
  }

  /**
   * An instruction's opcode: the byte, or a prefix and the number after it as 0xfd000 + number.
   *
   * @see https://webassembly.github.io/spec/core/binary/instructions.html
   */
  opcode(): number {
    const first = this.byte();
    return first >= 0xfc ? first * 0x1000 + this.unsigned() : first;
  }

  /**
   * Skips what belongs to an instruction after its opcode.
   *
   * @throws {RangeError} if the opcode is none of WebAssembly 2.0 with threads and relaxed SIMD.
   */
  immediates(opcode: number): void {
    // Vectors of labels (br_table, then the default) and of types (select).
    if (opcode === 0x0e) this.skip(this.unsigned() + 1);
    else if (opcode === 0x1c) this.skip(this.unsigned());
    else {
      const [, , integers, bytes] = immediates(opcode);
      this.skip(integers);
      this.at += bytes;
    }
  }
}

/** The row of an opcode whose immediates are as many wherever it stands. */
export function immediates(opcode: number): readonly [number, number, integers: number, bytes: number] {
  const row = IMMEDIATES.find(([first, last]) => opcode >= first && opcode <= last);
  if (row === undefined) throw new RangeError(`opcode 0x${opcode.toString(16)} is unknown`);
  return row;
}

/** What follows opcodes: the first and the last of a range, integers of variable length, and then bytes. */
const IMMEDIATES: readonly (readonly [number, number, number, number])[] = [
  [0x20, 0x24, 1, 0], // locals, globals
  [0x45, 0xc4, 0, 0], // numeric
  [0x28, 0x3e, 2, 0], // loads and stores: alignment, offset
  [0x41, 0x42, 1, 0], // constants
  [0x43, 0x43, 0, 4],
  [0x44, 0x44, 0, 8],
  [0x00, 0x01, 0, 0],
  [0x02, 0x04, 1, 0], // blocks: a type
  [0x05, 0x05, 0, 0],
  [0x0b, 0x0b, 0, 0],
  [0x0c, 0x0d, 1, 0], // branches
  [0x0f, 0x0f, 0, 0],
  [0x10, 0x10, 1, 0], // calls
  [0x11, 0x11, 2, 0],
  [0x1a, 0x1b, 0, 0],
  [0x25, 0x26, 1, 0], // tables
  [0x3f, 0x40, 1, 0], // memory
  [0xd0, 0xd0, 1, 0], // references
  [0xd1, 0xd1, 0, 0],
  [0xd2, 0xd2, 1, 0],
  [0xfc000, 0xfc007, 0, 0], // saturating conversions
  [0xfc008, 0xfc008, 2, 0], // bulk memory
  [0xfc009, 0xfc009, 1, 0],
  [0xfc00a, 0xfc00a, 2, 0],
  [0xfc00b, 0xfc00b, 1, 0],
  [0xfc00c, 0xfc00c, 2, 0],
  [0xfc00d, 0xfc00d, 1, 0],
  [0xfc00e, 0xfc00e, 2, 0],
  [0xfc00f, 0xfc011, 1, 0],
  [0xfd000, 0xfd00b, 2, 0], // vectors: loads and stores
  [0xfd00c, 0xfd00d, 0, 16], // a constant, a shuffle
  [0xfd00e, 0xfd014, 0, 0],
  [0xfd015, 0xfd022, 0, 1], // a lane
  [0xfd023, 0xfd053, 0, 0],
  [0xfd054, 0xfd05b, 2, 1], // loads and stores of a lane
  [0xfd05c, 0xfd05d, 2, 0],
  [0xfd05e, 0xfd113, 0, 0],
  [0xfe000, 0xfe002, 2, 0], // atomics
  [0xfe003, 0xfe003, 0, 1], // a fence
  [0xfe010, 0xfe04e, 2, 0],
];
