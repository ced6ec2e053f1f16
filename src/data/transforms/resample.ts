import type { Floats } from '../../arrays/index.js';

/** A part of an image, in pixels. */
export interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Numbers of pixels, one plane after the other. */
export type Pixels = Floats | Uint8Array | Uint8ClampedArray;

/** For each place of an axis of the output: the first place of the input that it takes from, how many, and weights. */
interface AxisWeights {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `widest` numbers to each place of the output, of which the first `count` are used. */
  readonly weights: Float64Array;
  readonly widest: number;
}

/**
 * Bilinear resizing with antialiasing: a triangle around the centre of each output pixel, as wide as two pixels of the
 * coarser of input and output. Both axes, one after the other.
 *
 * @param x - The planes of an image, each (H, W) and dense, the first beginning at `from`.
 * @param region - The part of each plane that is resized.
 * @param out - Room for as many planes of (h, w), the first beginning at `to`. Numbers are not rounded to whole ones.
 * @see torch.nn.functional.interpolate(mode="bilinear", antialias=True, align_corners=False), and Pillow's resize
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
  const vertical = axisWeights(height, h);
  const horizontal = axisWeights(width, w);
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
function sumRows(x: Pixels, start: number, W: number, axis: AxisWeights, i: number, row: Float64Array): void {
  const weights = i * axis.widest;
  const scale = axis.weights[weights];
  for (let j = 0; j < row.length; j++) row[j] = scale * x[start + j];
  for (let k = 1; k < axis.count[i]; k++) {
    const weight = axis.weights[weights + k];
    const at = start + k * W;
    for (let j = 0; j < row.length; j++) row[j] += weight * x[at + j];
  }
}

function sumColumns(
  row: Float64Array,
  { first, count, weights, widest }: AxisWeights,
  out: Floats,
  to: number,
  w: number,
) {
  for (let j = 0; j < w; j++) {
    const at = first[j];
    const base = j * widest;
    const many = count[j];
    let sum = weights[base] * row[at];
    for (let k = 1; k < many; k++) sum += weights[base + k] * row[at + k];
    out[to + j] = sum;
  }
}

/** The weights that resize an axis of `input` pixels to `output`. */
function axisWeights(input: number, output: number): AxisWeights {
  const scale = input / output;
  const reach = Math.max(1, scale);
  const widest = Math.ceil(2 * reach) + 1;
  const first = new Int32Array(output);
  const count = new Int32Array(output);
  const weights = new Float64Array(output * widest);
  for (let i = 0; i < output; i++) {
    const centre = scale * (i + 0.5);
    let begin = Math.max(0, Math.floor(centre - reach + 0.5));
    let end = Math.min(input, Math.floor(centre + reach + 0.5));
    const weigh = (j: number): number => Math.max(0, 1 - Math.abs(j + 0.5 - centre) / reach);
    // Places of weight 0 would turn an infinity beside them into NaN, and cost time.
    while (end - begin > 1 && weigh(begin) === 0) begin++;
    while (end - begin > 1 && weigh(end - 1) === 0) end--;
    let total = 0;
    for (let j = begin; j < end; j++) total += weigh(j);
    for (let j = begin; j < end; j++) weights[i * widest + j - begin] = weigh(j) / total;
    first[i] = begin;
    count[i] = end - begin;
  }
  return { first, count, weights, widest };
}
