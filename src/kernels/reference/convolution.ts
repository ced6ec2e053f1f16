import type { ConvolutionKernels } from '../types.js';
import { rectified } from './rectified.js';

/** Convolutions: for every output, filter and window the plain loops over channels, rows and columns. */
export const convolution: ConvolutionKernels = {
  convForward({ x, w, b, out, shape, relu }) {
    const { N, C, H, W, F, HH, WW, strideH, strideW, padH, padW, OH, OW } = shape;
    for (let n = 0; n < N; n++) {
      for (let f = 0; f < F; f++) {
        for (let i = 0; i < OH; i++) {
          for (let j = 0; j < OW; j++) {
            let sum = b[f];
            for (let c = 0; c < C; c++) {
              for (let kh = 0; kh < HH; kh++) {
                const h = i * strideH + kh - padH;
                if (h < 0 || h >= H) continue;
                for (let kw = 0; kw < WW; kw++) {
                  const v = j * strideW + kw - padW;
                  if (v < 0 || v >= W) continue;
                  sum += x[((n * C + c) * H + h) * W + v] * w[((f * C + c) * HH + kh) * WW + kw];
                }
              }
            }
            out[((n * F + f) * OH + i) * OW + j] = relu ? rectified(sum) : sum;
          }
        }
      }
    }
  },

  convBackwardInput(dout, w, dx, { N, C, H, W, F, HH, WW, strideH, strideW, padH, padW, OH, OW }) {
    const image = new Float64Array(C * H * W);
    for (let n = 0; n < N; n++) {
      image.fill(0);
      for (let f = 0; f < F; f++) {
        for (let i = 0; i < OH; i++) {
          for (let j = 0; j < OW; j++) {
            const g = dout[((n * F + f) * OH + i) * OW + j];
            for (let c = 0; c < C; c++) {
              for (let kh = 0; kh < HH; kh++) {
                const h = i * strideH + kh - padH;
                if (h < 0 || h >= H) continue;
                for (let kw = 0; kw < WW; kw++) {
                  const v = j * strideW + kw - padW;
                  if (v < 0 || v >= W) continue;
                  image[(c * H + h) * W + v] += g * w[((f * C + c) * HH + kh) * WW + kw];
                }
              }
            }
          }
        }
      }
      dx.set(image, n * C * H * W);
    }
  },

  convBackwardWeights(dout, x, dw, db, { N, C, H, W, F, HH, WW, strideH, strideW, padH, padW, OH, OW }) {
    if (db !== null) convolution.sumChannels(dout, db, { N, C: F, S: OH * OW });
    for (let f = 0; f < F; f++) {
      for (let c = 0; c < C; c++) {
        for (let kh = 0; kh < HH; kh++) {
          for (let kw = 0; kw < WW; kw++) {
            let sum = 0;
            for (let n = 0; n < N; n++) {
              for (let i = 0; i < OH; i++) {
                const h = i * strideH + kh - padH;
                if (h < 0 || h >= H) continue;
                for (let j = 0; j < OW; j++) {
                  const v = j * strideW + kw - padW;
                  if (v < 0 || v >= W) continue;
                  sum += dout[((n * F + f) * OH + i) * OW + j] * x[((n * C + c) * H + h) * W + v];
                }
              }
            }
            dw[((f * C + c) * HH + kh) * WW + kw] = sum;
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
