import type { Floats } from '../../arrays/index.js';
import type { PoolingKernels, PoolShape } from '../types.js';

/** Pooling, window by window. */
export const pooling: PoolingKernels = {
  maxPool(x, out, shape) {
    forEachWindow(shape, (o, places) => {
      out[o] = x[firstLargest(x, places)];
    });
  },

  maxPoolBackward(dout, x, dx, shape) {
    dx.fill(0);
    forEachWindow(shape, (o, places) => {
      dx[firstLargest(x, places)] += dout[o];
    });
  },

  avgPool(x, out, shape) {
    forEachWindow(shape, (o, places) => {
      let sum = 0;
      for (const i of places) sum += x[i];
      out[o] = sum / places.length;
    });
  },

  avgPoolBackward(dout, dx, shape) {
    dx.fill(0);
    forEachWindow(shape, (o, places) => {
      for (const i of places) dx[i] += dout[o] / places.length;
    });
  },
};

/** Visits every window in row-major order: the place of its output, and its places in the input, row by row. */
function forEachWindow(shape: PoolShape, visit: (output: number, places: readonly number[]) => void): void {
  const { planes, H, W, poolHeight, poolWidth, strideH, strideW, OH, OW } = shape;
  const places = new Array<number>(poolHeight * poolWidth);
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < OH; i++) {
      for (let j = 0; j < OW; j++) {
        for (let h = 0; h < poolHeight; h++) {
          for (let w = 0; w < poolWidth; w++) {
            places[h * poolWidth + w] = (plane * H + i * strideH + h) * W + j * strideW + w;
          }
        }
        visit((plane * OH + i) * OW + j, places);
      }
    }
  }
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
