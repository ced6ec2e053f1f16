import { Gunzip } from 'fflate';
import { builtin } from '../node.js';

/** Bytes that are unpacked at a time without zlib: no more than 64 MB come of them. */
const PIECE = 65_536;

/** Packed bytes that zlib looks at for a beginning: what they unpack to is 4 MB at most. */
const BEGINNING = 4096;

/** Thrown by {@link gunzip} where more comes out than may. */
export class TooLongError extends RangeError {}

/**
 * The first bytes of what is packed by gzip: `enough` of them or more, unless it is shorter.
 *
 * @throws {Error} if it is damaged there.
 */
export function gunzipBeginning(packed: Uint8Array, enough: number): Uint8Array {
  const zlib = builtin('node:zlib');
  if (zlib === null) return inflated(packed, { enough });
  return zlib.gunzipSync(packed.subarray(0, BEGINNING), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
}

/**
 * What is packed by gzip: by zlib in Node, elsewhere by fflate, which does not look at the checksum.
 *
 * @param most - Bytes that may come out.
 * @throws {TooLongError} if more do.
 * @throws {Error} if the bytes are damaged or cut off.
 */
export function gunzip(packed: Uint8Array, most: number): Uint8Array {
  const zlib = builtin('node:zlib');
  if (zlib === null) return inflated(packed, { most });
  try {
    return zlib.gunzipSync(packed, { maxOutputLength: Math.max(1, most) });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLong(most, error) : error;
  }
}

/**
 * Unpacks by fflate alone.
 *
 * @param limits - `most`: bytes that may come out, `enough`: bytes after which it may stop. Default: no limit.
 */
export function inflated(
  packed: Uint8Array,
  { most = Number.POSITIVE_INFINITY, enough = Number.POSITIVE_INFINITY }: { most?: number; enough?: number } = {},
): Uint8Array {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream = new Gunzip((piece) => {
    length += piece.length;
    if (length > most) throw tooLong(most);
    pieces.push(piece);
  });
  // A block that is stored as it is comes out as a whole, and may have 64 KB: a short beginning would give nothing.
  for (let at = 0; at < packed.length && length < enough; at += PIECE) {
    stream.push(packed.subarray(at, at + PIECE), at + PIECE >= packed.length);
  }
  const all = new Uint8Array(length);
  let filled = 0;
  for (const piece of pieces) {
    all.set(piece, filled);
    filled += piece.length;
  }
  return all;
}

function tooLong(most: number, cause?: unknown): TooLongError {
  return new TooLongError(`more than ${most} bytes come out`, { cause });
}
