/** max(0, x); NaN stays NaN, and −0 is −0. */
export function rectified(x: number): number {
  return x < 0 ? 0 : x;
}

/** What of the gradient `d` passes a ReLU whose input, or output, is `x`: all where x > 0 or is NaN, else 0. */
export function passing(x: number, d: number): number {
  return x <= 0 ? 0 : d;
}
