import { dtypeOf, empty, type Floats, type NDArray, ndarray, ops } from '../arrays/index.js';

// A loop over some axes of an array is a loop along the rows of a matrix, once these axes are the last.

/** A view of `x` with these axes, which are in ascending order, moved to the end. Not to be returned: see `adopted`. */
export function axesLast(x: NDArray, axes: readonly number[]): NDArray {
  return x.transpose(...x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis)), ...axes);
}

/** Gives `fill` memory for the rows of {@link axesLast}, and copies what it writes there to its place in `out`. */
export function fillRows(out: NDArray, axes: readonly number[], fill: (rows: Floats) => void): void {
  // Axes that are last already stay where they are.
  if (axes.every((axis, i) => axis === out.shape.length - axes.length + i)) {
    fill(out.data);
    return;
  }
  const moved = axesLast(out, axes);
  const rows = empty(moved.shape, dtypeOf(out));
  fill(rows.data);
  ops().assign(moved, ndarray(rows.data, moved.shape));
}
