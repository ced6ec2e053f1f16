import { isFloats } from '../arrays/index.js';
import { littleEndianBytes } from '../formats/elements.js';
import { layoutOf } from '../formats/safetensors-layout.js';
import { requireBuiltin } from '../node.js';
import { type NewCheckpoint, VERSION } from './checkpoint.js';
import { type Entry, TreeWriter } from './tree.js';

// A checkpoint is a safetensors file whose header begins with two texts of fixed length: the version, and the sha256 of
// the whole file as it is with 64 zeros in the place of the checksum.

/** Hexadecimal digits of the checksum. */
export const DIGITS = 64;

/** Bytes that are hashed at a time: what the cache of a core holds. */
export const CHUNK = 2 ** 20;

/** The texts of the metadata. */
export const TEXT = {
  version: 'layerwise.checkpoint',
  sha256: 'layerwise.sha256',
  kind: 'layerwise.kind',
  iteration: 'layerwise.iteration',
  epoch: 'layerwise.epoch',
  config: 'layerwise.config',
  state: 'layerwise.state',
} as const;

/** What stands before the checksum in a checkpoint, from byte 8 on. */
export function beforeChecksum(version: number): string {
  return `{"__metadata__":{"${TEXT.version}":"${version}","${TEXT.sha256}":"`;
}

/** The first byte of the checksum. */
export const CHECKSUM = 8 + beforeChecksum(VERSION).length;

/** A checkpoint that is laid out, but for its checksum. */
export interface Image {
  /** Bytes of the file. */
  readonly size: number;
  /** Writes the file into a buffer, with zeros in the place of the checksum. */
  writeTo(buffer: ArrayBufferLike): void;
}

/**
 * Lays out a checkpoint.
 *
 * @throws {TypeError | RangeError} naming what a state may not hold.
 */
export function imageOf(fn: string, { kind, iteration, epoch, config, state }: NewCheckpoint): Image {
  const writer = new TreeWriter(fn);
  const { header, places, size } = layoutOf(fn, ...written());
  return {
    size,
    writeTo(buffer) {
      new Uint8Array(buffer, 0, header.length).set(header);
      writer.entries.forEach((entry, i) => {
        writeEntry(entry, buffer, places[i]);
      });
    },
  };

  function written(): [entries: Entry[], metadata: Record<string, string>] {
    const metadata = {
      [TEXT.version]: String(VERSION),
      [TEXT.sha256]: '0'.repeat(DIGITS),
      [TEXT.kind]: kind,
      [TEXT.iteration]: String(iteration),
      [TEXT.epoch]: String(epoch),
      [TEXT.config]: writer.write('config', config),
      [TEXT.state]: writer.write('state', state),
    };
    return [writer.entries, metadata];
  }
}

function writeEntry({ values }: Entry, buffer: ArrayBufferLike, place: number): void {
  const isListOfLists = Array.isArray(values) && Array.isArray(values[0]);
  const flat = isFloats(values) ? values : Float64Array.from(isListOfLists ? values.flat() : (values as number[]));
  const bytes = littleEndianBytes(flat);
  new Uint8Array(buffer, place, bytes.length).set(bytes);
}

/** Computes the checksum of a checkpoint, whatever stands in its place. */
export class Checksum {
  readonly #hash: import('node:crypto').Hash;

  constructor(fn: string) {
    this.#hash = requireBuiltin(fn, 'node:crypto').createHash('sha256');
  }

  /**
   * Adds the next bytes: less than 2^31, and the first ones as far as the end of the checksum at least.
   *
   * @param place - The place of the first of them in the file.
   */
  add(bytes: Uint8Array, place: number): void {
    const at = CHECKSUM - place;
    if (at < 0 || at + DIGITS > bytes.length) {
      this.#hash.update(bytes);
      return;
    }
    this.#hash.update(bytes.subarray(0, at));
    this.#hash.update('0'.repeat(DIGITS));
    this.#hash.update(bytes.subarray(at + DIGITS));
  }

  /** The hexadecimal digits. */
  digits(): string {
    return this.#hash.digest('hex');
  }
}

/** The checksum of a whole file. */
export function checksumOf(fn: string, bytes: Uint8Array): string {
  const sum = new Checksum(fn);
  for (let at = 0; at < bytes.length; at += CHUNK) sum.add(bytes.subarray(at, at + CHUNK), at);
  return sum.digits();
}

/**
 * The bytes of a checkpoint's file: a safetensors file that any reader of the format reads. Needs Node.
 *
 * @throws {TypeError | RangeError} naming what a state may not hold.
 */
export function encodeCheckpoint(checkpoint: NewCheckpoint): Uint8Array {
  const fn = 'encodeCheckpoint';
  const image = imageOf(fn, checkpoint);
  const bytes = new Uint8Array(image.size);
  image.writeTo(bytes.buffer);
  bytes.set(new TextEncoder().encode(checksumOf(fn, bytes)), CHECKSUM);
  return bytes;
}
