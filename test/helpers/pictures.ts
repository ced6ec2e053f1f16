import { crc32, deflateSync } from 'node:zlib';
import { defaultOptions } from '@jsquash/jpeg/meta.js';
import { encode, type ImageData } from 'fast-png';
import { newJpegEncoder } from '../../src/images/peers.js';

/** A smooth picture, which JPEG keeps well: red grows to the right, green downwards, blue is what is left. */
export function smoothPixels(width: number, height: number, phase = 0): Uint8Array {
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      data[at] = (x * 255) / width;
      data[at + 1] = (y * 255) / height;
      data[at + 2] = 128 + 100 * Math.sin(phase + (x + y) / 16);
    }
  }
  return data;
}

/** A JPEG file of red, green, blue and opacity, which is dropped. */
export function jpegOf(rgba: Uint8Array, width: number, height: number, options: object = {}): Uint8Array {
  const settings = { ...defaultOptions, progressive: false, quality: 95, ...options };
  return newJpegEncoder('test').encode(rgba, width, height, settings).slice();
}

/** A PNG file; `data` has the channels of a pixel side by side. */
export function pngOf(image: ImageData): Uint8Array {
  return new Uint8Array(encode(image));
}

/** EXIF data with an orientation, in either order of bytes, behind another entry. */
export function exifOf(orientation: number, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 + 2 + 24 + 4));
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 2, little);
  // The width of the picture, a long.
  view.setUint16(10, 0x0100, little);
  view.setUint16(12, 4, little);
  view.setUint32(14, 1, little);
  view.setUint32(18, 99, little);
  view.setUint16(22, 0x0112, little);
  view.setUint16(24, 3, little);
  view.setUint32(26, 1, little);
  view.setUint16(30, orientation, little);
  return new Uint8Array(view.buffer);
}

/** A JPEG file with EXIF data in it. */
export function jpegWithExif(jpeg: Uint8Array, exif: Uint8Array): Uint8Array {
  const length = 2 + 6 + exif.length;
  const segment = [0xff, 0xe1, length >> 8, length & 255, 0x45, 0x78, 0x69, 0x66, 0, 0, ...exif];
  return Uint8Array.from([...jpeg.subarray(0, 2), ...segment, ...jpeg.subarray(2)]);
}

/** A PNG file with another chunk behind its header. */
export function pngWithChunk(png: Uint8Array, type: string, content: Uint8Array): Uint8Array {
  return Uint8Array.from([...png.subarray(0, 33), ...chunkOf(type, content), ...png.subarray(33)]);
}

/** A chunk of a PNG file: length, type, content, checksum. */
function chunkOf(type: string, content: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(12 + content.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length);
  for (let i = 0; i < 4; i++) chunk[4 + i] = type.charCodeAt(i);
  chunk.set(content, 8);
  view.setUint32(8 + content.length, crc32(chunk.subarray(4, 8 + content.length)));
  return chunk;
}

/** What a PNG file is made of, in the numbers of the format. */
export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlace?: number;
  /** Before compression: each row the number of its filter, then its bytes. */
  readonly rows: Uint8Array;
  readonly palette?: readonly number[];
  readonly transparent?: readonly number[];
}

/** A PNG file of these parts, right or wrong. */
export function pngOfParts(parts: PngParts): Uint8Array {
  const { width, height, depth, colour, interlace = 0, rows, palette, transparent } = parts;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, colour, 0, 0, interlace], 8);
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunkOf('IHDR', header),
    ...(palette === undefined ? [] : chunkOf('PLTE', Uint8Array.from(palette))),
    ...(transparent === undefined ? [] : chunkOf('tRNS', Uint8Array.from(transparent))),
    ...chunkOf('IDAT', deflateSync(rows)),
    ...chunkOf('IEND', new Uint8Array(0)),
  ]);
}
