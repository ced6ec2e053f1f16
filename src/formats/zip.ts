import { Inflate, inflateSync } from 'fflate';
import { printable } from '../arrays/index.js';
import { formatError, type Source } from './bytes.js';
import { crc32 } from './crc32.js';
import type { ZipEntry } from './zip-directory.js';

/** An entry that claims as many bytes more than the whole file has is inflated twice: first to count them. */
const UNSEEN = 48 * 2 ** 20;

/** Packed bytes that are counted at a time: at most four million inflated ones. */
const COUNTED = 4096;

/**
 * Packed bytes without an inflated one, after which the stream counts as ended: a block without compression has 64 KB
 * at most. fflate keeps what is behind the end, and copies it each time.
 */
const IDLE = 2 ** 17;

/**
 * The content of an entry: a part of the zip file's memory where it is stored, else new memory.
 *
 * @param fileSize - The number of bytes of the zip file.
 * @throws {FormatError} if it is damaged: another length or CRC-32 than the directory says.
 */
export function unzip(source: Source, entry: ZipEntry, fileSize: number): Uint8Array {
  const content = entry.method === 'stored' ? entry.packed : inflated(source, entry, fileSize);
  const crc = crc32(content);
  if (crc !== entry.crc) {
    const found = `has CRC-32 ${hex(crc)}`;
    throw formatError(source, { place: placeOf(entry), found, expected: hex(entry.crc), wayOut: 'it is damaged' });
  }
  return content;
}

function inflated(source: Source, entry: ZipEntry, fileSize: number): Uint8Array {
  const { packed, size } = entry;
  const wrong = (found: string, cause?: unknown): Error => {
    const expected = `${size} bytes`;
    return formatError(source, { place: placeOf(entry), found, expected, wayOut: 'it is damaged' }, { cause });
  };
  let content: Uint8Array;
  try {
    if (size > fileSize + UNSEEN && !inflatesTo(packed, size)) throw wrong('inflates to another number of bytes');
    // One byte more than it may have: fflate leaves out what has no room.
    content = inflateSync(packed, { out: new Uint8Array(size + 1) });
  } catch (error) {
    throw error instanceof Error && error.name === 'FormatError' ? error : wrong('cannot be inflated', error);
  }
  if (content.length !== size) throw wrong(`inflates to ${content.length > size ? 'more' : content.length}`);
  return content;
}

/** Whether `packed` inflates to `size` bytes, of which only a few are in memory at a time. */
function inflatesTo(packed: Uint8Array, size: number): boolean {
  let [count, idle] = [0, 0];
  const inflate = new Inflate((chunk) => {
    count += chunk.length;
  });
  for (let at = 0; at < packed.length && count <= size && idle <= IDLE; at += COUNTED) {
    const before = count;
    inflate.push(packed.subarray(at, at + COUNTED), at + COUNTED >= packed.length);
    idle = count === before ? idle + COUNTED : 0;
  }
  return count === size;
}

function placeOf({ name }: ZipEntry): string {
  return `entry '${printable(name)}'`;
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}
