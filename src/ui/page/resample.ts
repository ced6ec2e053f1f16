/** A curve: places that grow, and a value at each. */
export interface Curve {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** What a chart draws: places that grow, then for each curve its values there, null where it has none. */
export type Drawn = [x: number[], ...curves: (number | null)[][]];

/**
 * Curves as they are drawn on so many columns of pixels, over places that they share. Where they have few points all of
 * them stay; else each column keeps the smallest and the largest value of each curve, in their order.
 *
 * @param from - The first place that is seen.
 * @param to - The last one.
 * @param columns - Of pixels.
 * @param isLog - Leaves out values that have no logarithm.
 */
export function resample(curves: readonly Curve[], from: number, to: number, columns: number, isLog = false): Drawn {
  const seen = curves.map(({ x }) => [Math.max(0, lowerBound(x, from) - 1), upperBound(x, to)] as const);
  const ranges = seen.map(([first, last], i) => [first, Math.min(curves[i]!.x.length, last + 1)] as const);
  const count = ranges.reduce((sum, [first, last]) => sum + last - first, 0);
  return count <= 4 * columns || to <= from
    ? exact(curves, ranges, isLog)
    : extremes(curves, ranges, { from, to, columns, isLog });
}

type Range = readonly [first: number, last: number];

function exact(curves: readonly Curve[], ranges: readonly Range[], isLog: boolean): Drawn {
  const all = new Set<number>();
  curves.forEach(({ x }, i) => {
    for (let k = ranges[i]![0]; k < ranges[i]![1]; k++) all.add(x[k]!);
  });
  const places = [...all].sort((a, b) => a - b);
  const at = new Map(places.map((place, i) => [place, i]));
  const values = curves.map(({ x, y }, i) => {
    const row: (number | null)[] = Array(places.length).fill(null);
    for (let k = ranges[i]![0]; k < ranges[i]![1]; k++) row[at.get(x[k]!)!] = drawable(y[k]!, isLog);
    return row;
  });
  return [places, ...values];
}

interface Columns {
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  readonly isLog: boolean;
}

/** Two places a column, and one more column on either side for lines that leave the picture. */
function extremes(curves: readonly Curve[], ranges: readonly Range[], { from, to, columns, isLog }: Columns): Drawn {
  const width = (to - from) / columns;
  const places = Array.from({ length: 2 * (columns + 2) }, (_, i) => from + (i / 2 - 0.75) * width);
  const values = curves.map(({ x, y }, i) => {
    const row: (number | null)[] = Array(places.length).fill(null);
    const [first, last] = ranges[i]!;
    for (let k = first; k < last; ) {
      const column = columnAt(x[k]!, from, width, columns);
      let smallest = -1;
      let largest = -1;
      for (; k < last && columnAt(x[k]!, from, width, columns) === column; k++) {
        if (drawable(y[k]!, isLog) === null) continue;
        if (smallest < 0 || y[k]! < y[smallest]!) smallest = k;
        if (largest < 0 || y[k]! > y[largest]!) largest = k;
      }
      if (smallest < 0) continue;
      row[2 * column] = y[Math.min(smallest, largest)]!;
      if (smallest !== largest) row[2 * column + 1] = y[Math.max(smallest, largest)]!;
    }
    // A line that leaves the picture ends at its border, on its way to a point that may be far outside.
    const right = 2 * columns + 2;
    if (x[first]! < from) [row[0], row[1]] = [null, between(x, y, first, places[1]!, isLog)];
    if (x[last - 1]! > to) [row[right], row[right + 1]] = [between(x, y, last - 2, places[right]!, isLog), null];
    return row;
  });
  return [places, ...values];
}

/** A curve's value at a place, on the line from its k-th point to the next one. */
function between(x: ArrayLike<number>, y: ArrayLike<number>, k: number, place: number, isLog: boolean): number | null {
  if (k < 0 || k + 1 >= x.length) return null;
  return drawable(y[k]! + ((y[k + 1]! - y[k]!) * (place - x[k]!)) / (x[k + 1]! - x[k]!), isLog);
}

function columnAt(place: number, from: number, width: number, columns: number): number {
  return Math.min(columns + 1, Math.max(0, Math.floor((place - from) / width) + 1));
}

function drawable(value: number, isLog: boolean): number | null {
  return Number.isFinite(value) && !(isLog && value <= 0) ? value : null;
}

/** A part of a curve in a table: from the first to the last of its places. */
export interface Part {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** A curve in so many parts of equal numbers of points. What is not finite is left out. */
export function parts({ x, y }: Curve, count: number): Part[] {
  const rows: Part[] = [];
  const n = Math.min(count, x.length);
  for (let i = 0; i < n; i++) {
    const first = Math.floor((i * x.length) / n);
    const last = Math.floor(((i + 1) * x.length) / n);
    let [sum, finite, min, max] = [0, 0, Infinity, -Infinity];
    for (let k = first; k < last; k++) {
      const value = y[k]!;
      if (!Number.isFinite(value)) continue;
      sum += value;
      finite++;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    rows.push({ from: x[first]!, to: x[last - 1]!, count: last - first, mean: sum / finite, min, max });
  }
  return rows;
}

/** The first place that is at least `value`. */
export function lowerBound(places: ArrayLike<number>, value: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first place that is more than `value`. */
function upperBound(places: ArrayLike<number>, value: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
