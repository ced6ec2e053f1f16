/** Remainders of the bytes 0 … 255 by Castagnoli's polynomial, bits reversed. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x82f63b78 : 0);
  return remainder;
});

/**
 * CRC-32C of the bytes from `start` to `end`.
 *
 * @see RFC 3720, 12.1 and appendix B.4
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffffffff;
  for (let i = start; i < end; i++) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** A checksum as records have it: masked, since a CRC of data that contain CRCs is weak. */
export function maskedCrc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const crc = crc32c(bytes, start, end);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Bytes of a record before its data: the length as a uint64, and its checksum. */
const BEFORE = 12;
/** Bytes of a record behind its data: their checksum. */
const BEHIND = 4;

/**
 * Records of TensorFlow's file format, collected until they are taken: length, masked CRC-32C of the length, data,
 * masked CRC-32C of the data, all little-endian.
 *
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
export class TfRecords {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;

  /** Bytes of the records so far. */
  get size(): number {
    return this.#used;
  }

  /** The records, in memory that the next one overwrites. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }

  clear(): void {
    this.#used = 0;
  }

  /**
   * Adds a record.
   *
   * @param most - Its data have at most this many bytes.
   * @param write - Writes the data from place `at`, and returns the place behind them.
   */
  add(most: number, write: (bytes: Uint8Array, view: DataView, at: number) => number): void {
    const start = this.#used;
    this.#reserve(start + BEFORE + most + BEHIND);
    const end = write(this.#bytes, this.#view, start + BEFORE);
    this.#view.setUint32(start, end - start - BEFORE, true);
    this.#view.setUint32(start + 4, 0, true);
    this.#view.setUint32(start + 8, maskedCrc32c(this.#bytes, start, start + 8), true);
    this.#view.setUint32(end, maskedCrc32c(this.#bytes, start + BEFORE, end), true);
    this.#used = end + BEHIND;
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * size);
    grown.set(this.bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
