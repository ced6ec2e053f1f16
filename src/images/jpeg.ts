import { imageError } from './header.js';
import { type JpegDecoder, newJpegDecoder, withImageData } from './peers.js';

/** Bytes of memory up to which a decoder is kept: a large picture leaves its memory large. */
const MOST_KEPT = 2 ** 28;

let decoder: JpegDecoder | null = null;
const said: string[] = [];

/**
 * The pixels of a JPEG, four channels each, by the package @jsquash/jpeg: MozJPEG in WebAssembly.
 *
 * Native decoders are quicker (2.9 ms for 500 × 375, against 4 ms), but Node frees their buffers only when the event
 * loop turns: a training loop that does not return to it would keep every picture.
 *
 * @throws {Error} if it cannot be decoded, or the package is not installed.
 */
export function decodeJpeg(fn: string, source: string, bytes: Uint8Array): Uint8ClampedArray {
  decoder ??= newJpegDecoder(fn, (line) => said.push(line));
  const current = decoder;
  // What went on when it ended is unknown: the next picture gets another.
  decoder = null;
  said.length = 0;
  let image: ReturnType<JpegDecoder['decode']> = null;
  let cause: unknown;
  try {
    image = withImageData(() => current.decode(bytes, false));
  } catch (error) {
    cause = error;
  }
  if (image === null) {
    const reason = said.at(-1) ?? String((cause as Error | undefined)?.message);
    throw imageError(fn, source, `is a JPEG that cannot be decoded (${reason})`, cause);
  }
  if (current.HEAPU8.length <= MOST_KEPT) decoder = current;
  return image.data;
}
