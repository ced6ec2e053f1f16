import type { ConvolutionKernels, ConvShape } from '../types.js';
import { rectified } from './rectified.js';

/** The channels of a group, and which is the first of the group of a filter. */
function groupsOf({ C, F, groups }: ConvShape): { channels: number; firstOf: (f: number) => number } {
  const [channels, filters] = [C / groups, F / groups];
  return { channels, firstOf: (f) => Math.floor(f / filters) * channels };
}

/** Convolutions: for every output, filter and window the plain loops over channels, rows and columns. */
export const convolution: ConvolutionKernels = {
  convForward({ x, w, b, out, shape, relu }) {
    const { N, C, H, W, F, HH, WW, strideH, strideW, padH, padW, dilationH, dilationW, OH, OW } = shape;
    const { channels, firstOf } = groupsOf(shape);
    for (let n = 0; n < N; n++) {
      for (let f = 0; f < F; f++) {
        const first = firstOf(f);
        for (let i = 0; i < OH; i++) {
          for (let j = 0; j < OW; j++) {
            let sum = b[f];
            for (let c = 0; c < channels; c++) {
              for (let kh = 0; kh < HH; kh++) {
                const h = i * strideH + kh * dilationH - padH;
                if (h < 0 || h >= H) continue;
                for (let kw = 0; kw < WW; kw++) {
                  const v = j * strideW + kw * dilationW - padW;
                  if (v < 0 || v >= W) continue;
                  sum += x[((n * C + first + c) * H + h) * W + v] * w[((f * channels + c) * HH + kh) * WW + kw];
                }
              }
            }
            out[((n * F + f) * OH + i) * OW + j] = relu ? rectified(sum) : sum;
          }
        }
      }
    }
  },

  convBackwardInput(dout, w, dx, shape) {
    const { N, C, H, W, F, HH, WW, strideH, strideW, padH, padW, dilationH, dilationW, OH, OW } = shape;
    const { channels, firstOf } = groupsOf(shape);
    const image = new Float64Array(C * H * W);
    for (let n = 0; n < N; n++) {
      image.fill(0);
      for (let f = 0; f < F; f++) {
        const first = firstOf(f);
        for (let i = 0; i < OH; i++) {
          for (let j = 0; j < OW; j++) {
            const g = dout[((n * F + f) * OH + i) * OW + j];
            for (let c = 0; c < channels; c++) {
              for (let kh = 0; kh < HH; kh++) {
                const h = i * strideH + kh * dilationH - padH;
                if (h < 0 || h >= H) continue;
                for (let kw = 0; kw < WW; kw++) {
                  const v = j * strideW + kw * dilationW - padW;
                  if (v < 0 || v >= W) continue;
                  image[((first + c) * H + h) * W + v] += g * w[((f * channels + c) * HH + kh) * WW + kw];
                }
              }
            }
          }
        }
      }
      dx.set(image, n * C * H * W);
    }
  },

  convBackwardWeights(dout, x, dw, db, shape) {
    const { N, C, H, W, F, HH, WW, strideH, strideW, padH, padW, dilationH, dilationW, OH, OW } = shape;
    const { channels, firstOf } = groupsOf(shape);
    if (db !== null) convolution.sumChannels(dout, db, { N, C: F, S: OH * OW });
    for (let f = 0; f < F; f++) {
      const first = firstOf(f);
      for (let c = 0; c < channels; c++) {
        for (let kh = 0; kh < HH; kh++) {
          for (let kw = 0; kw < WW; kw++) {
            let sum = 0;
            for (let n = 0; n < N; n++) {
              for (let i = 0; i < OH; i++) {
                const h = i * strideH + kh * dilationH - padH;
                if (h < 0 || h >= H) continue;
                for (let j = 0; j < OW; j++) {
                  const v = j * strideW + kw * dilationW - padW;
                  if (v < 0 || v >= W) continue;
                  sum += dout[((n * F + f) * OH + i) * OW + j] * x[((n * C + first + c) * H + h) * W + v];
                }
              }
            }
            dw[((f * channels + c) * HH + kh) * WW + kw] = sum;
          }
        }
      }
    }
  },

  sumChannels(x, out, { N, C, S }) {
    for (let c = 0; c < C; c++) {
      let sum = 0;
      for (let n = 0; n < N; n++) for (let s = 0; s < S; s++) sum += x[(n * C + c) * S + s];
      out[c] = sum;
    }
  },
};
