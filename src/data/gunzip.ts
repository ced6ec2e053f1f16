import { Gunzip } from 'fflate';
import { builtin } from '../node.js';

/** Bytes that are unpacked at a time without zlib: no more than 64 MB come of them. */
const PIECE = 65_536;

/** Packed bytes that {@link gunzipBeginning} looks at: what they unpack to is 4 MB at most. */
const BEGINNING = 4096;

/** Thrown by {@link gunzip} where more comes out than may. */
export class TooLongError extends RangeError {}

/** The first bytes of what is packed by gzip, without an end. @throws {Error} if it is damaged there. */
export function gunzipBeginning(packed: Uint8Array): Uint8Array {
  const zlib = builtin('node:zlib');
  const start = packed.subarray(0, BEGINNING);
  return zlib === null ? inflated(start, false) : zlib.gunzipSync(start, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
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
  if (zlib === null) return inflated(packed, true, most);
  try {
    return zlib.gunzipSync(packed, { maxOutputLength: Math.max(1, most) });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLong(most, error) : error;
  }
}

/**
 * Unpacks by fflate alone.
 *
 * @param isWhole - Whether the end of the bytes is that of what is packed.
 */
export function inflated(packed: Uint8Array, isWhole: boolean, most = Number.POSITIVE_INFINITY): Uint8Array {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream = new Gunzip((piece) => {
    length += piece.length;
    if (length > most) throw tooLong(most);
    pieces.push(piece);
  });
  for (let at = 0; at < packed.length; at += PIECE) {
    stream.push(packed.subarray(at, at + PIECE), isWhole && at + PIECE >= packed.length);
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
