import { crc32 } from './crc32.js';
import { END, END_LENGTH, LOCAL, LOCAL_LENGTH, RECORD, RECORD_LENGTH } from './zip-format.js';

/** The content of each file in a zip file begins at a multiple of this, in bytes. */
const ALIGNMENT = 64;

/** Sizes and places with more bits need zip64, which is not written. */
const MOST_BYTES = 0xffffffff;
const MOST_ENTRIES = 0xffff;
const MOST_NAME = 0xffff;

/** The 1st of January 1980, the first day that zip files know: equal contents make equal files. */
const DATE = 0x0021;
/** Names are UTF-8. */
const UTF8 = 1 << 11;
/** The number of the extra field that fills the space before a content; PyTorch's. */
const PADDING = 0x4246;

/** A file to write into a zip file. */
export interface ZipFile {
  readonly name: string;
  /** The content in parts, one behind the other. */
  readonly content: readonly Uint8Array[];
}

/**
 * A zip file of stored files, in this order. Equal files give equal bytes.
 *
 * @param refuse - Makes the error for what a zip file cannot hold: `found`, `expected`.
 */
export function zipStored(files: readonly ZipFile[], refuse: (found: string, expected: string) => Error): Uint8Array {
  if (files.length >= MOST_ENTRIES) throw refuse(`has ${files.length} entries`, `fewer than ${MOST_ENTRIES}`);
  const encoder = new TextEncoder();
  let at = 0;
  const parts = files.map(({ name, content }) => {
    const encoded = encoder.encode(name);
    if (encoded.length > MOST_NAME) throw refuse(`has a name of ${encoded.length} bytes`, `at most ${MOST_NAME}`);
    const offset = at;
    // An extra field of four bytes or more, so that it is one.
    const before = offset + LOCAL_LENGTH + encoded.length + 4;
    const start = Math.ceil(before / ALIGNMENT) * ALIGNMENT;
    at = start;
    for (const part of content) at += part.length;
    return { encoded, content, offset, start, end: at, padding: start - before };
  });
  const directory = at;
  for (const { encoded } of parts) at += RECORD_LENGTH + encoded.length;
  const length = at + END_LENGTH;
  if (length >= MOST_BYTES) throw refuse(`has ${length} bytes`, 'less than 4 GB');

  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let record = directory;
  for (const { encoded, content, offset, start, end, padding } of parts) {
    let to = start;
    for (const part of content) {
      bytes.set(part, to);
      to += part.length;
    }
    const crc = crc32(bytes.subarray(start, end));
    view.setUint32(offset, LOCAL, true);
    writeCommon(view, offset + 4, crc, end - start, encoded.length);
    view.setUint16(offset + 28, 4 + padding, true);
    bytes.set(encoded, offset + LOCAL_LENGTH);
    view.setUint16(offset + LOCAL_LENGTH + encoded.length, PADDING, true);
    view.setUint16(offset + LOCAL_LENGTH + encoded.length + 2, padding, true);

    view.setUint32(record, RECORD, true);
    view.setUint16(record + 4, VERSION, true);
    writeCommon(view, record + 6, crc, end - start, encoded.length);
    view.setUint32(record + 42, offset, true);
    bytes.set(encoded, record + RECORD_LENGTH);
    record += RECORD_LENGTH + encoded.length;
  }
  view.setUint32(record, END, true);
  view.setUint16(record + 8, parts.length, true);
  view.setUint16(record + 10, parts.length, true);
  view.setUint32(record + 12, record - directory, true);
  view.setUint32(record + 16, directory, true);
  return bytes;
}

/** The version of the format that is needed to read what is written. */
const VERSION = 20;

/** What the header of an entry and its record in the directory have in common. */
function writeCommon(view: DataView, at: number, crc: number, size: number, nameLength: number): void {
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 2, UTF8, true);
  view.setUint16(at + 8, DATE, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, nameLength, true);
}
