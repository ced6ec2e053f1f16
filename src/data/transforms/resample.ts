import type { Floats } from '../../arrays/index.js';
import { type Taps, tapsOf } from '../../images/index.js';

/** A part of an image, in pixels. */
export interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Numbers of pixels, one plane after the other. */
export type Pixels = Floats | Uint8Array | Uint8ClampedArray;

/**
 * Bilinear resizing with antialiasing, by {@link tapsOf} both axes, one after the other.
 *
 * @param x - The planes of an image, each (H, W) and dense, the first beginning at `from`.
 * @param region - The part of each plane that is resized.
 * @param out - Room for as many planes of (h, w), the first beginning at `to`. Numbers are not rounded to whole ones.
 */
export function resample(
  x: Pixels,
  from: number,
  planes: number,
  [H, W]: readonly [H: number, W: number],
  { top, left, height, width }: Region,
  out: Floats,
  to: number,
  [h, w]: readonly [h: number, w: number],
): void {
  const vertical = tapsOf(height, h);
  const horizontal = tapsOf(width, w);
  // The vertical pass comes first: it adds whole rows, which is quicker than to sum along them.
  const row = new Float64Array(width);
  for (let plane = 0; plane < planes; plane++) {
    const start = from + (plane * H + top) * W + left;
    for (let i = 0; i < h; i++) {
      sumRows(x, start + vertical.first[i] * W, W, vertical, i, row);
      sumColumns(row, horizontal, out, to + (plane * h + i) * w, w);
    }
  }
}

/** row = Σ_k weight_k · x[start + k · W …], the weights of place i. */
function sumRows(x: Pixels, start: number, W: number, axis: Taps, i: number, row: Float64Array): void {
  const weights = i * axis.most;
  const scale = axis.weights[weights];
  for (let j = 0; j < row.length; j++) row[j] = scale * x[start + j];
  for (let k = 1; k < axis.count[i]; k++) {
    const weight = axis.weights[weights + k];
    const at = start + k * W;
    for (let j = 0; j < row.length; j++) row[j] += weight * x[at + j];
  }
}

function sumColumns(row: Float64Array, { first, count, weights, most }: Taps, out: Floats, to: number, w: number) {
  for (let j = 0; j < w; j++) {
    const at = first[j];
    const base = j * most;
    const many = count[j];
    let sum = weights[base] * row[at];
    for (let k = 1; k < many; k++) sum += weights[base + k] * row[at + k];
    out[to + j] = sum;
  }
}
