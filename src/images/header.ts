import { argumentError } from '../arrays/index.js';

/** What the bytes of a picture say of it before they are decoded. */
export interface Header {
  readonly format: 'PNG' | 'JPEG';
  readonly width: number;
  readonly height: number;
  /** How the picture is to be turned, 1 to 8, as EXIF numbers it: 1 is as it is. */
  readonly orientation: number;
}

/**
 * Reads the header of a PNG or JPEG picture, and looks whether its end is there.
 *
 * A decoder fills what is missing of a JPEG with grey, and takes as much memory as a header asks for, so both are
 * looked at first.
 *
 * @param source - What the bytes are called in errors: a file, or an argument.
 * @throws {Error} naming the source and what is wrong with it.
 */
export function headerOf(fn: string, source: string, bytes: Uint8Array): Header {
  if (bytes.length === 0) throw imageError(fn, source, 'has no bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return pngHeader(view);
    if (startsWith(bytes, 0xff, 0xd8)) return jpegHeader(view);
  } catch (error) {
    if (error instanceof Damage) throw imageError(fn, source, error.message);
    // A DataView that reads past the end.
    if (error instanceof RangeError) throw imageError(fn, source, 'is cut off: it ends within its header');
    throw error;
  }
  throw imageError(fn, source, `is ${kindOf(bytes)}`);
}

/** The error of bytes that are no picture that can be read. */
export function imageError(fn: string, source: string, found: string, cause?: unknown): Error {
  const options = cause === undefined ? undefined : { cause };
  return argumentError(Error, { fn, arg: source, found, expected: 'a PNG or JPEG image' }, options);
}

class Damage extends Error {}

function pngHeader(view: DataView): Header {
  if (view.getUint32(8) !== 13 || view.getUint32(12) !== IHDR) throw new Damage('is a damaged PNG: it has no header');
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width === 0 || height === 0) throw new Damage(`is a damaged PNG of ${width} × ${height} pixels`);
  let orientation = 1;
  // Chunks are a length, a type, as many bytes and a checksum.
  for (let at = 8; ; at += 12 + view.getUint32(at)) {
    const end = at + 12 > view.byteLength ? Infinity : at + 12 + view.getUint32(at);
    if (end > view.byteLength) throw new Damage('is a PNG that is cut off: it has no end');
    const type = view.getUint32(at + 4);
    if (type === IEND) return { format: 'PNG', width, height, orientation };
    if (type === EXIF) orientation = orientationIn(chunk(view, at + 8, view.getUint32(at)));
  }
}

/** The names of chunks as numbers. */
const [IHDR, IEND, EXIF] = [0x49484452, 0x49454e44, 0x65584966];

/** Frame headers by their markers: baseline, extended and progressive pictures, coded by Huffman. */
const READABLE_FRAMES = [0xc0, 0xc1, 0xc2];

function jpegHeader(view: DataView): Header {
  let orientation = 1;
  let size: { width: number; height: number } | null = null;
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) throw new Damage('is a damaged JPEG: a marker is missing');
    const marker = view.getUint8(at + 1);
    // Markers may be filled up by bytes of 255.
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (length < 2) throw new Damage('is a damaged JPEG: a segment has no length');
    if (marker === 0xe1 && view.getUint32(at + 4) === JPEG_EXIF) {
      orientation = orientationIn(chunk(view, at + 10, length - 8));
    } else if (READABLE_FRAMES.includes(marker)) {
      size = frameOf(view, at);
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      throw new Damage('is a lossless, hierarchical or arithmetically coded JPEG, which is not read');
    } else if (marker === 0xd9) {
      throw new Damage('is a JPEG without a picture');
    } else if (marker === 0xda) {
      if (size === null) throw new Damage('is a damaged JPEG: it has no frame header');
      if (!hasEnd(view, at)) throw new Damage('is a JPEG that is cut off: it has no end');
      return { format: 'JPEG', ...size, orientation };
    }
    at += 2 + length;
  }
}

const JPEG_EXIF = 0x45786966;

/** The size in a frame header. */
function frameOf(view: DataView, at: number): { width: number; height: number } {
  const [precision, height, width, components] = [
    view.getUint8(at + 4),
    view.getUint16(at + 5),
    view.getUint16(at + 7),
    view.getUint8(at + 9),
  ];
  if (precision !== 8) throw new Damage(`is a JPEG of ${precision} bits, which is not read`);
  if (components === 4) throw new Damage('is a JPEG in CMYK, which is not read: convert it to RGB');
  if (width === 0 || height === 0) throw new Damage(`is a damaged JPEG of ${width} × ${height} pixels`);
  return { width, height };
}

/** Whether the end marker comes after `from`: last, or before what a camera or an editor has put behind it. */
function hasEnd(view: DataView, from: number): boolean {
  for (let at = view.byteLength - 2; at > from; at--) {
    if (view.getUint8(at) === 0xff && view.getUint8(at + 1) === 0xd9) return true;
  }
  return false;
}

/** A part of the bytes, or what there is of it. */
function chunk(view: DataView, at: number, length: number): DataView {
  const offset = Math.min(at, view.byteLength);
  return new DataView(view.buffer, view.byteOffset + offset, Math.max(0, Math.min(length, view.byteLength - offset)));
}

/**
 * The orientation in EXIF data, 1 where there is none, or the data is damaged: it says nothing of the picture then.
 *
 * @see CIPA DC-008 (Exif 2.32), tag 0x0112: a TIFF header, then entries of 12 bytes: tag, type, count, value
 */
function orientationIn(exif: DataView): number {
  if (exif.byteLength < 8) return 1;
  const order = exif.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || exif.getUint16(2, little) !== 42) return 1;
  const directory = exif.getUint32(4, little);
  if (directory + 2 > exif.byteLength) return 1;
  const entries = exif.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > exif.byteLength) return 1;
    if (exif.getUint16(at, little) !== 0x0112 || exif.getUint16(at + 2, little) !== 3) continue;
    const value = exif.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

function startsWith(bytes: Uint8Array, ...start: number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

/** What the bytes are instead of a PNG or JPEG image. */
function kindOf(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes.subarray(0, 16));
  if (text.startsWith('GIF8')) return 'a GIF';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'a WebP';
  if (text.startsWith('BM')) return 'a BMP';
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'a TIFF';
  if (text.slice(4, 8) === 'ftyp') return /^(avif|avis)/.test(text.slice(8, 12)) ? 'an AVIF' : 'a HEIC or a film';
  if (/^\s*<(svg|\?xml)/.test(text)) return 'an SVG';
  if (/^\s*</.test(text)) return 'a page of HTML';
  return 'something else';
}
