import type { Floats } from '../../arrays/index.js';
import type { AdaptivePoolingKernels, AdaptivePoolShape } from '../types.js';

/** Pooling by windows of different sizes. */
export const adaptivePooling: AdaptivePoolingKernels = {
  adaptiveAvgPool(x, out, shape) {
    forEachWindow(shape, (o, at, height, width) => {
      let sum = 0;
      for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) sum += x[at + i * shape.W + j];
      out[o] = sum / (height * width);
    });
  },

  adaptiveAvgPoolBackward(dout, dx, shape) {
    dx.fill(0);
    forEachWindow(shape, (o, at, height, width) => {
      const share = dout[o] / (height * width);
      for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) dx[at + i * shape.W + j] += share;
    });
  },

  adaptiveMaxPool(x, out, shape) {
    forEachWindow(shape, (o, at, height, width) => {
      out[o] = x[firstLargest(x, at, height, width, shape.W)];
    });
  },

  adaptiveMaxPoolBackward(dout, x, dx, shape) {
    dx.fill(0);
    forEachWindow(shape, (o, at, height, width) => {
      dx[firstLargest(x, at, height, width, shape.W)] += dout[o];
    });
  },
};

/** Visits every window: the place of its output, that of its first pixel, and its size. */
function forEachWindow(
  { planes, H, W, rows, columns }: AdaptivePoolShape,
  visit: (output: number, first: number, height: number, width: number) => void,
): void {
  let output = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (const [top, bottom] of rows) {
      for (const [left, right] of columns) {
        visit(output++, (plane * H + top) * W + left, bottom - top, right - left);
      }
    }
  }
}

/** The place of the first largest value of a window; of the first NaN where there is one. */
function firstLargest(x: Floats, first: number, height: number, width: number, W: number): number {
  let best = first;
  for (let i = 0; i < height; i++) {
    for (let at = first + i * W; at < first + i * W + width; at++) {
      if (Number.isNaN(x[at])) return at;
      if (x[at] > x[best]) best = at;
    }
  }
  return best;
}
