/** The axes of an array from the smallest step through memory to the largest, equal ones in `ndarray`'s order. */
export function orderOf(stride: readonly number[]): number[] {
  const order: number[] = [];
  for (let axis = 0; axis < stride.length; axis++) {
    const step = Math.abs(stride[axis]);
    let place = axis;
    for (; place > 0 && Math.abs(stride[order[place - 1]]) > step; place--) order[place] = order[place - 1];
    order[place] = axis;
  }
  // The package compares three steps by hand, and puts the last axis first where it and the second are the largest.
  const isTie = stride.length === 3 && order[0] === 0 && Math.abs(stride[1]) === Math.abs(stride[2]);
  return isTie ? [0, 2, 1] : order;
}
