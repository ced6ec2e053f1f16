import type { Floats } from '../arrays/index.js';
import { evenHalf, shorterSide, type Taps, tapsOf } from './taps.js';

/** Where the pixels of a picture are, as a decoder or a canvas gives them: rows from the top, channels side by side. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and opacity, 3 colours, 4 colours and opacity. */
  readonly channels: number;
  /** Bytes, or numbers of 16 bits. */
  readonly data: Uint8Array | Uint8ClampedArray | Uint16Array;
  /** How to turn it, 1 to 8, as EXIF numbers it. */
  readonly orientation: number;
}

/** What values are written to. */
export type Room = Floats | Uint8ClampedArray;

/** How the pixels of a picture become rows and columns of an image. */
export interface Plan {
  /** Rows and columns of the image. */
  readonly height: number;
  readonly width: number;
  /** How rows and columns of the pixels become rows and columns of the image, before it is turned. */
  readonly rows: Taps;
  readonly columns: Taps;
  /** Where pixel (r, c) goes: `start + r · rowStride + c · columnStride`. */
  readonly start: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/**
 * Plans how a picture becomes an image of the given size.
 *
 * @param size - `[height, width]`; or a number, to which the shorter side is resized before a square of that size is
 *   cut from the middle; or undefined, for the size that the picture has.
 */
export function planFor(
  { width, height, orientation }: Omit<Pixels, 'data' | 'channels'>,
  size: number | readonly [number, number] | undefined,
): Plan {
  const transposed = orientation >= 5;
  const [H, W] = transposed ? [width, height] : [height, width];
  const [resizedH, resizedW] = typeof size === 'number' ? shorterSide(H, W, size) : (size ?? [H, W]);
  const [outH, outW] = typeof size === 'number' ? [size, size] : [resizedH, resizedW];
  const y = { full: resizedH, from: evenHalf(resizedH - outH), length: outH };
  const x = { full: resizedW, from: evenHalf(resizedW - outW), length: outW };
  const flipRows = [3, 4, 6, 7].includes(orientation);
  const flipColumns = [2, 3, 7, 8].includes(orientation);
  const rows = partOf(height, transposed ? x : y, flipRows);
  const columns = partOf(width, transposed ? y : x, flipColumns);
  const [down, right] = transposed ? [1, outW] : [outW, 1];
  const start = (flipRows ? (rows.length - 1) * down : 0) + (flipColumns ? (columns.length - 1) * right : 0);
  const [rowStride, columnStride] = [flipRows ? -down : down, flipColumns ? -right : right];
  return { height: outH, width: outW, rows, columns, start, rowStride, columnStride };
}

/** The part of an axis that is wanted, from its other end where it is flipped. */
function partOf(
  size: number,
  { full, from, length }: { readonly full: number; readonly from: number; readonly length: number },
  flipped: boolean,
): Taps {
  return tapsOf(size, full, flipped ? full - length - from : from, length);
}

/**
 * Writes an image of shape (channels, height, width) to `room`: resized, turned, in values of 0 to 255.
 *
 * Opacity is dropped where it is not asked for, as Pillow's `convert('RGB')` does. Grey is 0.299 R + 0.587 G + 0.114 B
 * (ITU-R 601-2), not rounded.
 */
export function render(pixels: Pixels, plan: Plan, channels: number, room: Room): void {
  const area = plan.height * plan.width;
  const grey = channels === 1 && pixels.channels >= 3;
  const opacity = pixels.channels % 2 === 0;
  const colours = pixels.channels >= 3 ? 3 : 1;
  // The first of the picture's channels; opacity comes last.
  const taken = channels === 4 && opacity ? colours + 1 : colours;
  const target = grey ? new Float64Array(3 * area) : room;
  const across = acrossRows(pixels, plan, taken, room instanceof Float64Array);
  for (let c = 0; c < taken; c++) downColumns(across, plan, taken, c, target, (c === colours ? 3 : c) * area);

  if (grey) {
    for (let i = 0; i < area; i++) {
      room[i] = 0.299 * target[i] + 0.587 * target[i + area] + 0.114 * target[i + 2 * area];
    }
  }
  if (colours === 1 && channels >= 3) {
    room.copyWithin(area, 0, area);
    room.copyWithin(2 * area, 0, area);
  }
  if (channels === 4 && !opacity) room.fill(255, 3 * area, 4 * area);
}

/** The rows that are needed, each resized: row r, channel c and column x at `((r − top) · taken + c) · columns + x`. */
interface Rows {
  readonly values: Floats;
  readonly top: number;
}

function acrossRows({ width, channels, data }: Pixels, plan: Plan, taken: number, double: boolean): Rows {
  const { rows, columns } = plan;
  const { length, first, count, weights, most } = columns;
  let [top, bottom] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < rows.length; i++) {
    top = Math.min(top, rows.first[i]);
    bottom = Math.max(bottom, rows.first[i] + rows.count[i]);
  }
  const values = new (double ? Float64Array : Float32Array)((bottom - top) * taken * length);
  const unit = data instanceof Uint16Array ? 1 / 257 : 1;
  for (let r = top, out = 0; r < bottom; r++, out += taken * length) {
    const row = r * width * channels;
    for (let x = 0; x < length; x++) {
      let at = row + first[x] * channels;
      const end = x * most + count[x];
      if (taken === 3) {
        let [red, green, blue] = [0, 0, 0];
        for (let k = x * most; k < end; k++, at += channels) {
          red += weights[k] * data[at];
          green += weights[k] * data[at + 1];
          blue += weights[k] * data[at + 2];
        }
        values[out + x] = red * unit;
        values[out + length + x] = green * unit;
        values[out + 2 * length + x] = blue * unit;
        continue;
      }
      for (let c = 0; c < taken; c++) {
        let sum = 0;
        for (let k = x * most, from = at + c; k < end; k++, from += channels) sum += weights[k] * data[from];
        values[out + c * length + x] = sum * unit;
      }
    }
  }
  return { values, top };
}

function downColumns({ values, top }: Rows, plan: Plan, taken: number, c: number, target: Room, offset: number): void {
  const { rows, columns, start, rowStride, columnStride } = plan;
  const { length } = columns;
  const line = new Float64Array(length);
  for (let y = 0; y < rows.length; y++) {
    line.fill(0);
    for (let j = 0; j < rows.count[y]; j++) {
      const weight = rows.weights[y * rows.most + j];
      const from = ((rows.first[y] + j - top) * taken + c) * length;
      for (let x = 0; x < length; x++) line[x] += weight * values[from + x];
    }
    let to = offset + start + y * rowStride;
    for (let x = 0; x < length; x++, to += columnStride) target[to] = line[x];
  }
}
