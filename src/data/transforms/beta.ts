import type { Random } from '../../arrays/index.js';

/**
 * A number from the Beta distribution with both parameters `alpha`: G / (G + G'), two numbers from Gamma(alpha).
 *
 * @param alpha - Above 0.
 */
export function drawBeta(random: Random, alpha: number): number {
  // In logarithms: at a small alpha both numbers may be below the least double.
  const [a, b] = [drawLogGamma(random, alpha), drawLogGamma(random, alpha)];
  return 1 / (1 + Math.exp(b - a));
}

/** @see Marsaglia and Tsang 2000, A Simple Method for Generating Gamma Variables, section 6 for alpha < 1 */
function drawLogGamma(random: Random, alpha: number): number {
  const boost = alpha < 1 ? Math.log(uniform(random)) / alpha : 0;
  const d = (alpha < 1 ? alpha + 1 : alpha) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.randn([1], 'float64').data[0];
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(uniform(random)) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v) + boost;
  }
}

/** In (0, 1]: its logarithm is finite. */
function uniform(random: Random): number {
  return 1 - random.rand([1], 'float64').data[0];
}
