import ndarray from 'ndarray';
import ops from 'ndarray-ops';
import { dense, dtypeOf, empty, isDense, type NDArray } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';

/**
 * The sums of `x` over the axes that have size 1 in `kept`, which has an axis for each of `x`; in float64, then rounded.
 *
 * @param shape - That of the result: `kept`, or without some of the axes of size 1.
 */
export function sumOver(x: NDArray, kept: readonly number[], shape: readonly number[]): NDArray {
  const out = empty(shape, dtypeOf(x));
  const sizes = isDense(x) ? channelsOf(x.shape, kept) : null;
  if (sizes !== null && sizes.N === 1) {
    kernels().sumColumns(dense(x), out.data, sizes.C, sizes.S);
  } else if (sizes !== null && sizes.S > 1) {
    kernels().sumChannels(dense(x), out.data, sizes);
  } else {
    const totals = new Float64Array(out.size);
    const strides = ndarray(totals, [...kept]).stride.map((stride, axis) => (kept[axis] === 1 ? 0 : stride));
    ops.addeq(ndarray(totals, [...x.shape], strides, 0), x);
    out.data.set(totals);
  }
  return out;
}

/** The sizes by which a shape is N · C · S where just the axes of N and of S are summed; null where it is not so simple. */
function channelsOf(shape: readonly number[], kept: readonly number[]): { N: number; C: number; S: number } | null {
  const sizes = [1, 1, 1];
  let part = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    const summed = kept[axis] === 1;
    // N and S are summed, C between them is not.
    if (summed !== (part !== 1)) part++;
    if (part > 2) return null;
    sizes[part] *= shape[axis];
  }
  const [N, C, S] = sizes;
  // Sums over the first axes alone go along the rows, all of which are read at once.
  return C === 1 ? { N: 1, C: 1, S: N * S } : { N, C, S };
}
