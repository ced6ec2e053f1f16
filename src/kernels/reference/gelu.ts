import { normalCdf, normalDensity } from './normal.js';

/** x · Φ(x). */
export function geluOf(x: number): number {
  // Φ is 0 long before −100; from there on −∞ times 0 must not come up.
  return Math.max(x, -100) * normalCdf(x);
}

/** Its derivative, Φ(x) + x · φ(x). */
export function geluSlope(x: number): number {
  const near = Math.max(-100, Math.min(x, 100));
  const slope = normalCdf(x) + near * normalDensity(x);
  // Far below 0 it is less than the smallest number, but not positive.
  return slope === 0 ? -0 : slope;
}
