/** The axes of an array from the smallest step through memory to the largest, equal ones in `ndarray`'s order. */
export function orderOf(stride: readonly number[]): number[] {
  const steps = stride.map(Math.abs);
  const order = steps.map((_, axis) => axis).sort((a, b) => steps[a] - steps[b]);
  // The package compares three steps by hand, and puts the last axis first where it and the second are the largest.
  return order.length === 3 && order[0] === 0 && steps[1] === steps[2] ? [0, 2, 1] : order;
}
