import type { Floats } from '../../arrays/index.js';
import type { AvgPoolShape, PoolingKernels, PoolShape } from '../types.js';

/** Pooling, window by window. */
export const pooling: PoolingKernels = {
  maxPool(x, out, shape) {
    forEachWindow(shape, (o, places) => {
      out[o] = places.length === 0 ? Number.NEGATIVE_INFINITY : x[firstLargest(x, places)];
    });
  },

  maxPoolBackward(dout, x, dx, shape) {
    dx.fill(0);
    forEachWindow(shape, (o, places) => {
      if (places.length > 0) dx[firstLargest(x, places)] += dout[o];
    });
  },

  avgPool(x, out, shape) {
    forEachWindow(shape, (o, places, i, j) => {
      let sum = 0;
      for (const at of places) sum += x[at];
      out[o] = sum / divisorOf(shape, places.length, i, j);
    });
  },

  avgPoolBackward(dout, dx, shape) {
    dx.fill(0);
    forEachWindow(shape, (o, places, i, j) => {
      for (const at of places) dx[at] += dout[o] / divisorOf(shape, places.length, i, j);
    });
  },
};

/** Visits every window (i, j) in row-major order: the place of its output, and its places in the input, row by row. */
function forEachWindow(
  shape: PoolShape,
  visit: (output: number, places: readonly number[], i: number, j: number) => void,
): void {
  const { planes, H, W, poolHeight, poolWidth, strideH, strideW, padH, padW, dilationH, dilationW, OH, OW } = shape;
  const places: number[] = [];
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < OH; i++) {
      for (let j = 0; j < OW; j++) {
        places.length = 0;
        for (let kh = 0; kh < poolHeight; kh++) {
          const h = i * strideH + kh * dilationH - padH;
          if (h < 0 || h >= H) continue;
          for (let kw = 0; kw < poolWidth; kw++) {
            const w = j * strideW + kw * dilationW - padW;
            if (w >= 0 && w < W) places.push((plane * H + h) * W + w);
          }
        }
        visit((plane * OH + i) * OW + j, places, i, j);
      }
    }
  }
}

/** What the sum of window (i, j) with so many pixels is divided by. */
function divisorOf(shape: AvgPoolShape, pixels: number, i: number, j: number): number {
  const { H, W, poolHeight, poolWidth, strideH, strideW, padH, padW, countIncludePad, divisor } = shape;
  if (divisor !== null) return divisor;
  if (!countIncludePad) return pixels;
  // From the edge of the padding on, and not beyond its other edge.
  const rows = Math.min(poolHeight, H + 2 * padH - i * strideH);
  const columns = Math.min(poolWidth, W + 2 * padW - j * strideW);
  return rows * columns;
}

/** The place of the first largest value; of the first NaN where there is one. */
function firstLargest(x: Floats, places: readonly number[]): number {
  let best = places[0];
  for (const i of places) {
    if (Number.isNaN(x[best])) break;
    if (x[i] > x[best] || Number.isNaN(x[i])) best = i;
  }
  return best;
}
