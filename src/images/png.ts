import { requireBuiltin } from '../node.js';
import { imageError } from './header.js';
import type { Pixels } from './resize.js';

/** Channels by colour type: grey, colours, palette, grey and opacity, colours and opacity. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** The depths of each colour type. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** The pixels of a pass: those from (x, y) on, every dx-th and dy-th. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

const WHOLE: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];

const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

/** What the chunks of a PNG say. */
interface Chunks {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly passes: readonly Pass[];
  readonly palette: Uint8Array | null;
  /** Of a palette, the opacity of each colour; else the colour that is transparent, 16 bits a channel. */
  readonly transparent: Uint8Array | null;
  /** The compressed rows. */
  readonly rows: readonly Uint8Array[];
}

/**
 * The pixels of a PNG. Node's zlib does the work, and never unpacks more than the pixels need.
 *
 * @param bytes - Of a file whose header and chunks {@link headerOf} has looked at.
 * @throws {Error} if it is damaged.
 * @see W3C, Portable Network Graphics (Second Edition)
 */
export function decodePng(fn: string, source: string, bytes: Uint8Array): Pick<Pixels, 'channels' | 'data'> {
  const refuse = (reason: string, cause?: unknown): Error =>
    imageError(fn, source, `is a PNG that cannot be decoded (${reason})`, cause);
  const chunks = chunksOf(bytes, requireBuiltin(fn, 'node:zlib').crc32, refuse);
  const raw = inflated(fn, chunks, refuse);
  const { width, height, depth, colour, passes, palette, transparent } = chunks;
  const channels = CHANNELS[colour];
  const length = width * height * channels;
  const values = depth === 16 ? new Uint16Array(length) : new Uint8Array(length);
  let at = 0;
  for (const pass of passes) {
    const [columns, rows] = sizeOf(pass, width, height);
    if (columns === 0 || rows === 0) continue;
    const stride = strideOf(columns, depth * channels);
    const bad = unfilter(raw, at, rows, stride, Math.max(1, (depth * channels) >> 3));
    if (bad !== null) throw refuse(`a row has filter ${bad}`);
    for (let y = 0; y < rows; y++, at += 1 + stride) {
      const target = ((pass.y + y * pass.dy) * width + pass.x) * channels;
      if (depth === 8 && pass.dx === 1) values.set(raw.subarray(at + 1, at + 1 + stride), target);
      else spread(raw, at + 1, values, target, { columns, channels, depth, step: pass.dx * channels });
    }
  }
  if (colour === 3) return coloured(values, palette, transparent, refuse);
  const seen = colour === 0 && depth < 8 ? values.map((value) => (value * 255) / (2 ** depth - 1)) : values;
  return transparent === null ? { channels, data: seen } : withOpacity(seen, values, channels, transparent, depth);
}

/** @throws {Error} if a checksum or the header is wrong, or chunks are missing. */
function chunksOf(bytes: Uint8Array, crc32: (bytes: Uint8Array) => number, refuse: (reason: string) => Error): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colour, compression, filter, interlace] = bytes.subarray(24, 29);
  if (!DEPTHS[colour]?.includes(depth)) throw refuse(`colour type ${colour} of ${depth} bits`);
  if (compression !== 0 || filter !== 0 || interlace > 1) throw refuse('an unknown way of coding');
  let palette: Uint8Array | null = null;
  let transparent: Uint8Array | null = null;
  const rows: Uint8Array[] = [];
  for (let at = 8, type = ''; type !== 'IEND'; ) {
    const length = view.getUint32(at);
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    const used = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'].includes(type);
    if (used && crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
      throw refuse(`the checksum of ${type} is wrong`);
    }
    if (type === 'PLTE') palette = content;
    if (type === 'tRNS') transparent = content;
    if (type === 'IDAT') rows.push(content);
    at += 12 + length;
  }
  const passes = interlace === 1 ? ADAM7 : WHOLE;
  return { width, height, depth, colour, passes, palette, transparent, rows };
}

/** The rows of all passes, unpacked. */
function inflated(fn: string, chunks: Chunks, refuse: (reason: string, cause?: unknown) => Error): Uint8Array {
  const { width, height, depth, colour, passes } = chunks;
  let length = 0;
  for (const pass of passes) {
    const [columns, rows] = sizeOf(pass, width, height);
    if (columns > 0) length += rows * (1 + strideOf(columns, depth * CHANNELS[colour]));
  }
  let raw: Uint8Array;
  try {
    const packed = Buffer.concat(chunks.rows);
    const limits = { maxOutputLength: length, chunkSize: Math.max(64, Math.min(length, 2 ** 26)) };
    raw = requireBuiltin(fn, 'node:zlib').inflateSync(packed, limits);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw refuse(code === 'ERR_BUFFER_TOO_LARGE' ? 'more rows than it is high' : message, error);
  }
  if (raw.length < length) throw refuse('fewer rows than it is high');
  return raw;
}

/** Columns and rows of a pass. */
function sizeOf({ x, y, dx, dy }: Pass, width: number, height: number): [columns: number, rows: number] {
  return [Math.max(0, Math.ceil((width - x) / dx)), Math.max(0, Math.ceil((height - y) / dy))];
}

/** Bytes of a row. */
function strideOf(columns: number, bits: number): number {
  return Math.ceil((columns * bits) / 8);
}

/**
 * Undoes the filters of rows in place. A row is the number of its filter and `stride` bytes.
 *
 * @param step - Bytes from a pixel to its left neighbour.
 * @returns The number of a filter that there is not, or null.
 */
function unfilter(raw: Uint8Array, start: number, rows: number, stride: number, step: number): number | null {
  for (let y = 0; y < rows; y++) {
    const from = start + y * (1 + stride) + 1;
    const end = from + stride;
    const first = from + step;
    const filter = raw[from - 1];
    const above = y === 0 ? null : stride + 1;
    if (filter === 0) continue;
    if (filter === 1) {
      for (let i = first; i < end; i++) raw[i] += raw[i - step];
    } else if (filter === 2) {
      if (above !== null) for (let i = from; i < end; i++) raw[i] += raw[i - above];
    } else if (filter === 3) {
      for (let i = from; i < end; i++) {
        const left = i < first ? 0 : raw[i - step];
        raw[i] += (left + (above === null ? 0 : raw[i - above])) >> 1;
      }
    } else if (filter === 4) {
      for (let i = from; i < end; i++) {
        const a = i < first ? 0 : raw[i - step];
        const b = above === null ? 0 : raw[i - above];
        const c = i < first || above === null ? 0 : raw[i - above - step];
        const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
        raw[i] += pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      }
    } else {
      return filter;
    }
  }
  return null;
}

/** Takes the values of a row apart, and puts them where their pixels are. */
function spread(
  raw: Uint8Array,
  from: number,
  values: Uint8Array | Uint16Array,
  target: number,
  { columns, channels, depth, step }: { columns: number; channels: number; depth: number; step: number },
): void {
  const mask = 2 ** depth - 1;
  for (let x = 0, i = 0; x < columns; x++) {
    for (let c = 0; c < channels; c++, i++) {
      const bit = i * depth;
      const at = from + (bit >> 3);
      const value = depth === 16 ? (raw[at] << 8) | raw[at + 1] : (raw[at] >> (8 - depth - (bit & 7))) & mask;
      values[target + x * step + c] = value;
    }
  }
}

/** The colours that values stand for. */
function coloured(
  values: ArrayLike<number>,
  palette: Uint8Array | null,
  opacity: Uint8Array | null,
  refuse: (reason: string) => Error,
): Pick<Pixels, 'channels' | 'data'> {
  const colours = Math.floor((palette?.length ?? 0) / 3);
  const channels = opacity === null ? 3 : 4;
  const data = new Uint8Array(values.length * channels);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (palette === null || value >= colours) throw refuse(`colour ${value} of a palette of ${colours}`);
    for (let c = 0; c < 3; c++) data[channels * i + c] = palette[3 * value + c];
    if (opacity !== null) data[4 * i + 3] = opacity[value] ?? 255;
  }
  return { channels, data };
}

/** Values with opacity: none where a pixel has the transparent colour. */
function withOpacity<Values extends Uint8Array | Uint16Array>(
  seen: Values,
  values: Values,
  channels: number,
  transparent: Uint8Array,
  depth: number,
): Pick<Pixels, 'channels' | 'data'> {
  const colour = Array.from({ length: channels }, (_, c) => (transparent[2 * c] << 8) | transparent[2 * c + 1]);
  const pixels = values.length / channels;
  const data = new (depth === 16 ? Uint16Array : Uint8Array)(pixels * (channels + 1));
  for (let i = 0; i < pixels; i++) {
    let same = true;
    for (let c = 0; c < channels; c++) {
      data[i * (channels + 1) + c] = seen[i * channels + c];
      same &&= values[i * channels + c] === colour[c];
    }
    data[i * (channels + 1) + channels] = same ? 0 : depth === 16 ? 65535 : 255;
  }
  return { channels: channels + 1, data };
}
