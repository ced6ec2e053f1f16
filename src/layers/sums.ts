import { dtypeOf, empty, hostRoom, hostView, isDense, type NDArray, ndarray, operand, ops } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';

/**
 * The sums of `x` over the axes that have size 1 in `kept`, which has an axis for each of `x`; in float64, then
 * rounded.
 *
 * @param shape - That of the result: `kept`, or without some of the axes of size 1.
 */
export function sumOver(x: NDArray, kept: readonly number[], shape: readonly number[]): NDArray {
  const out = empty(shape, dtypeOf(x));
  if (x.size === 0) {
    hostRoom(out).fill(0);
    return out;
  }
  const runs = isDense(x) ? runsOf(x.shape, kept) : [];
  const [first, second = 1, third = 1] = runs.map(({ size }) => size);
  const begins = runs[0]?.summed ? 'summed' : 'kept';
  if (runs.length === 1 && begins === 'summed') kernels().sumColumns(operand(x), out.data, 1, first);
  else if (runs.length === 2 && begins === 'kept') kernels().sumColumns(operand(x), out.data, first, second);
  else if (runs.length === 2) kernels().sumMiddle(operand(x), out.data, 1, first, second);
  else if (runs.length === 3 && begins === 'kept') kernels().sumMiddle(operand(x), out.data, first, second, third);
  else if (runs.length === 3) kernels().sumChannels(operand(x), out.data, { N: first, C: second, S: third });
  else sumAnywhere(x, out, kept);
  return out;
}

/** The axes of a shape, neighbours put together that are all summed or all kept; those of size 1 are nothing. */
function runsOf(shape: readonly number[], kept: readonly number[]): { size: number; summed: boolean }[] {
  const runs: { size: number; summed: boolean }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const summed = kept[axis] === 1;
    const last = runs[runs.length - 1];
    if (last?.summed === summed) last.size *= size;
    else runs.push({ size, summed });
  });
  return runs;
}

/** The sums over any axes of any view, by a loop on the host. */
function sumAnywhere(x: NDArray, out: NDArray, kept: readonly number[]): void {
  const totals = ndarray(new Float64Array(out.size), [...kept]);
  const stride = totals.stride.map((step, axis) => (kept[axis] === 1 ? 0 : step));
  ops().addeq(ndarray(totals.data, [...x.shape], stride, 0), hostView(x));
  hostRoom(out).set(totals.data);
}
