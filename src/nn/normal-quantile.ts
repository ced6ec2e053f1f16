import { normalCdf } from '../kernels/index.js';

// Acklam's quotients of polynomials for the inverse of the normal distribution, off by 1.2e-9 of the value at most,
// from the highest power down: in the middle and, by q = √(−2 ln p), in the tail.
const MIDDLE = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
];
const MIDDLE_BELOW = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
];
const TAIL = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_BELOW = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];

/** Where the tail begins. */
const TAIL_END = 0.02425;

/** The x ≤ 0 at which the normal distribution Φ(x) is p, for p from 0 to ½: −∞ at 0. */
export function normalQuantile(p: number): number {
  if (p === 0) return Number.NEGATIVE_INFINITY;
  const x = approximate(p);
  // One step of Halley's method doubles and more the number of right digits.
  const step = (normalCdf(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2);
  return x - step / (1 + (x * step) / 2);
}

function approximate(p: number): number {
  if (p < TAIL_END) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(TAIL, q) / polynomial(TAIL_BELOW, q);
  }
  const q = p - 0.5;
  return (q * polynomial(MIDDLE, q * q)) / polynomial(MIDDLE_BELOW, q * q);
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
