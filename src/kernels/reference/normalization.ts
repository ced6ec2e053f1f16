import type { Floats } from '../../arrays/index.js';
import type { BatchnormGradientOperands, ChannelShape, NormalizationKernels } from '../types.js';
import { geluOf, geluSlope } from './gelu.js';
import { passing, rectified } from './rectified.js';

/** Normalizations. */
export const normalization: NormalizationKernels = {
  batchnorm({ x, gamma, beta, out, mean, variance, shape, epsilon, relu, gelu }) {
    const { N, C, S } = shape;
    const bend = following(relu, gelu);
    for (let c = 0; c < C; c++) {
      const places = channel(c, shape);
      let sum = 0;
      for (const i of places) sum += x[i];
      // In two passes, so that the variance survives a mean far larger than the spread.
      const mu = sum / (N * S);
      let squares = 0;
      for (const i of places) squares += (x[i] - mu) ** 2;
      const spread = squares / (N * S);
      mean[c] = mu;
      variance[c] = spread;
      write(x, out, places, mu, gamma[c] / Math.sqrt(spread + epsilon), beta[c], bend);
    }
  },

  normalize({ x, gamma, beta, out, mean, variance, shape, epsilon, relu, gelu }) {
    const bend = following(relu, gelu);
    for (let c = 0; c < shape.C; c++) {
      write(x, out, channel(c, shape), mean[c], gamma[c] / Math.sqrt(variance[c] + epsilon), beta[c], bend);
    }
  },

  batchnormBackward(operands) {
    const { x, mean, variance, gamma, dx, dgamma, dbeta, shape, epsilon } = operands;
    const count = shape.N * shape.S;
    for (let c = 0; c < shape.C; c++) {
      const places = channel(c, shape);
      const inverse = 1 / Math.sqrt(variance[c] + epsilon);
      const xHat = (i: number): number => (x[i] - mean[c]) * inverse;
      const g = passed(operands, c);
      const { sum, sumXHat } = sums(g, xHat, places);
      dbeta[c] = sum;
      dgamma[c] = sumXHat;
      for (const i of places) {
        dx[i] = gamma[c] * inverse * (g(i) - sum / count - (xHat(i) * sumXHat) / count);
      }
    }
  },

  batchnormBackwardGraph({ dout, x, mean, variance, gamma, dx, dgamma, dbeta, shape: { N, C }, epsilon }) {
    for (let c = 0; c < C; c++) {
      const std = Math.sqrt(variance[c] + epsilon);
      let [sumDout, sumDoutXHat, dinverse] = [0, 0, 0];
      for (let n = 0; n < N; n++) {
        const centred = x[n * C + c] - mean[c];
        sumDout += dout[n * C + c];
        sumDoutXHat += (dout[n * C + c] * centred) / std;
        dinverse += dout[n * C + c] * gamma[c] * centred;
      }
      dbeta[c] = sumDout;
      dgamma[c] = sumDoutXHat;
      const dstd = -dinverse / std ** 2;
      const dvariance = (0.5 * dstd) / std;
      let dmean = 0;
      for (let n = 0; n < N; n++) {
        const centred = x[n * C + c] - mean[c];
        const dcentred = (dout[n * C + c] * gamma[c]) / std + (2 * centred * dvariance) / N;
        dmean -= dcentred;
        dx[n * C + c] = dcentred;
      }
      for (let n = 0; n < N; n++) dx[n * C + c] += dmean / N;
    }
  },

  normalizeBackward(operands) {
    const { x, mean, variance, gamma, dx, dgamma, dbeta, shape, epsilon } = operands;
    for (let c = 0; c < shape.C; c++) {
      const places = channel(c, shape);
      const inverse = 1 / Math.sqrt(variance[c] + epsilon);
      const g = passed(operands, c);
      const { sum, sumXHat } = sums(g, (i) => (x[i] - mean[c]) * inverse, places);
      dbeta[c] = sum;
      dgamma[c] = sumXHat;
      for (const i of places) dx[i] = gamma[c] * inverse * g(i);
    }
  },

  layernorm({ x, gamma, beta, out, mean, inverse, N, D, epsilon, relu }) {
    for (let n = 0; n < N; n++) {
      [mean[n], inverse[n]] = statistics(x, n * D, D, epsilon);
      for (let d = 0; d < D; d++) {
        const value = gamma[d] * (x[n * D + d] - mean[n]) * inverse[n] + beta[d];
        out[n * D + d] = relu ? rectified(value) : value;
      }
    }
  },

  layernormBackward({ dout, x, y, mean, inverse, gamma, dx, dgamma, dbeta, N, D }) {
    const [sumDout, sumDoutXHat] = [new Float64Array(D), new Float64Array(D)];
    for (let n = 0; n < N; n++) {
      const xHat = (d: number): number => (x[n * D + d] - mean[n]) * inverse[n];
      let [sum, sumXHat] = [0, 0];
      for (let d = 0; d < D; d++) {
        const g = upstream(dout, y, n * D + d);
        sumDout[d] += g;
        sumDoutXHat[d] += g * xHat(d);
        sum += g * gamma[d];
        sumXHat += g * gamma[d] * xHat(d);
      }
      for (let d = 0; d < D; d++) {
        const g = upstream(dout, y, n * D + d) * gamma[d];
        dx[n * D + d] = inverse[n] * (g - sum / D - (xHat(d) * sumXHat) / D);
      }
    }
    dbeta.set(sumDout);
    dgamma.set(sumDoutXHat);
  },

  groupnorm({ x, gamma, beta, out, mean, inverse, shape: { N, C, S }, G, epsilon }) {
    const length = (C / G) * S;
    for (let group = 0; group < N * G; group++) {
      [mean[group], inverse[group]] = statistics(x, group * length, length, epsilon);
      for (let i = group * length; i < (group + 1) * length; i++) {
        const c = Math.floor(i / S) % C;
        out[i] = gamma[c] * (x[i] - mean[group]) * inverse[group] + beta[c];
      }
    }
  },

  groupnormBackward({ dout, x, mean, inverse, gamma, dx, dgamma, dbeta, shape: { N, C, S }, G }) {
    const length = (C / G) * S;
    const [sumDout, sumDoutXHat] = [new Float64Array(C), new Float64Array(C)];
    for (let group = 0; group < N * G; group++) {
      const xHat = (i: number): number => (x[i] - mean[group]) * inverse[group];
      let [sum, sumXHat] = [0, 0];
      for (let i = group * length; i < (group + 1) * length; i++) {
        const c = Math.floor(i / S) % C;
        sumDout[c] += dout[i];
        sumDoutXHat[c] += dout[i] * xHat(i);
        sum += dout[i] * gamma[c];
        sumXHat += dout[i] * gamma[c] * xHat(i);
      }
      for (let i = group * length; i < (group + 1) * length; i++) {
        const g = dout[i] * gamma[Math.floor(i / S) % C];
        dx[i] = inverse[group] * (g - sum / length - (xHat(i) * sumXHat) / length);
      }
    }
    dbeta.set(sumDout);
    dgamma.set(sumDoutXHat);
  },
};

/** The places of a channel's values in an (N, C, S) array. */
function channel(c: number, { N, C, S }: ChannelShape): number[] {
  const places: number[] = [];
  for (let n = 0; n < N; n++) for (let s = 0; s < S; s++) places.push((n * C + c) * S + s);
  return places;
}

/** Mean and 1/√(variance + ε) of `length` neighbouring values. */
function statistics(x: Floats, from: number, length: number, epsilon: number): [mean: number, inverse: number] {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += x[i];
  const mean = sum / length;
  let squares = 0;
  for (let i = from; i < from + length; i++) squares += (x[i] - mean) ** 2;
  return [mean, 1 / Math.sqrt(squares / length + epsilon)];
}

function write(
  x: Floats,
  out: Floats,
  places: readonly number[],
  mean: number,
  scale: number,
  offset: number,
  bend: (z: number) => number,
): void {
  for (const i of places) out[i] = bend((x[i] - mean) * scale + offset);
}

/** The function that follows a batch normalization in the same pass. */
function following(relu: boolean, gelu = false): (z: number) => number {
  return gelu ? geluOf : relu ? rectified : (z) => z;
}

/** dout, or where a ReLU's output `y` follows, what of it passes that. */
function upstream(dout: Floats, y: Floats | null, i: number): number {
  return y === null ? dout[i] : passing(y[i], dout[i]);
}

/** What of the gradient passes the function that follows a batch normalization, in channel `c`. */
function passed(operands: BatchnormGradientOperands, c: number): (i: number) => number {
  const { dout, x, y, beta, mean, variance, gamma, epsilon } = operands;
  if (!beta) return (i) => upstream(dout, y, i);
  const scale = gamma[c] / Math.sqrt(variance[c] + epsilon);
  return (i) => dout[i] * geluSlope((x[i] - mean[c]) * scale + beta[c]);
}

/** Σ g and Σ g·x̂ over the given places. */
function sums(g: (i: number) => number, xHat: (i: number) => number, places: readonly number[]) {
  let [sum, sumXHat] = [0, 0];
  for (const i of places) {
    const value = g(i);
    sum += value;
    sumXHat += value * xHat(i);
  }
  return { sum, sumXHat };
}
