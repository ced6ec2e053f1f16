import {
  argumentError,
  checkEntries,
  checkShapes,
  describe,
  dtypeOf,
  empty,
  hostRoom,
  hostValues,
  type NDArray,
  ShapeError,
  type Stateful,
  tuple,
} from '../arrays/index.js';

/** What a {@link Standardizer} has learned: a plain object that survives JSON. */
export interface StandardizerState {
  /** The mean of each column. */
  readonly mean: readonly number[];
  /** The standard deviation of each column, 1 where all values are the same. */
  readonly std: readonly number[];
}

/**
 * Brings columns to mean 0 and standard deviation 1, by the statistics of one part of the data: those of the training
 * part, so that nothing is learned of the others.
 *
 * A column is all values at one place of an example, so X may have any shape (N, …). A column whose values are all the
 * same becomes 0. NaN, a missing value, does not count in the statistics, and becomes 0: the mean.
 *
 * @example
 * const { X, y } = csv('houses.csv', { target: 'price', missing: 'nan' });
 * const scaler = new Standardizer().fit(X, trainRows);
 * const loader = new DataLoader({ X: scaler.transform(X), y }, { sampler: new SubsetRandomSampler(trainRows) });
 */
export class Standardizer implements Stateful<StandardizerState> {
  #state: StandardizerState | null = null;

  /** The mean of each column. @throws {Error} if it has not been fitted. */
  get mean(): readonly number[] {
    return this.#fitted('Standardizer.mean').mean;
  }

  /** The standard deviation of each column, 1 where all are the same. @throws {Error} if it has not been fitted. */
  get std(): readonly number[] {
    return this.#fitted('Standardizer.std').std;
  }

  /**
   * Takes mean and standard deviation (that of the population) of each column.
   *
   * @param X - Shape (N, …).
   * @param rows - The places in X of the training examples. Default: all.
   * @returns Itself.
   * @throws {ShapeError | RangeError} if there are no examples, a place is outside of X, a value is infinite, or a
   *   column has missing values alone; nothing has changed then.
   */
  fit(X: NDArray, rows?: ArrayLike<number>): this {
    const fn = 'Standardizer.fit';
    const { N } = checkShapes(fn, { X: [X, ['N', '…']] });
    const indices = rows === undefined ? Int32Array.from({ length: N }, (_, i) => i) : checkRows(fn, rows, N);
    const values = hostValues(X);
    const D = N === 0 ? 0 : X.size / N;
    const column = (d: number): number[] => {
      const present: number[] = [];
      for (const n of indices) {
        const value = values[n * D + d];
        if (!Number.isNaN(value)) present.push(value);
        if (Math.abs(value) !== Number.POSITIVE_INFINITY) continue;
        throw argumentError(RangeError, {
          fn,
          arg: 'X',
          found: `holds ${value} in row ${n}`,
          expected: 'finite numbers',
        });
      }
      if (present.length > 0) return present;
      const [found, expected] = [`has NaN alone in column ${d}`, 'a value at least in each'];
      throw argumentError(RangeError, { fn, arg: 'X', found, expected });
    };
    const mean: number[] = [];
    const std: number[] = [];
    for (let d = 0; d < D; d++) {
      const present = column(d);
      const average = present.reduce((sum, x) => sum + x, 0) / present.length;
      mean.push(average);
      // Of equal values the mean may be another by the last bit.
      std.push(present.every((x) => x === present[0]) ? 1 : deviation(present, average));
    }
    this.#state = { mean, std };
    return this;
  }

  /**
   * (X − mean) / std, column by column.
   *
   * @param X - Shape (N, …), with as many columns as what it was fitted on.
   * @returns A new array of the shape and dtype of X.
   * @throws {Error} if it has not been fitted.
   * @throws {ShapeError} if X has other columns.
   */
  transform(X: NDArray): NDArray {
    return this.#map('Standardizer.transform', X, (x, mean, std) => (Number.isNaN(x) ? 0 : (x - mean) / std));
  }

  /**
   * The opposite of {@link Standardizer.transform}, as for predictions of a target that was standardized.
   *
   * @param X - Shape (N, …), with as many columns as what it was fitted on.
   * @returns A new array of the shape and dtype of X.
   * @throws {Error} if it has not been fitted.
   * @throws {ShapeError} if X has other columns.
   */
  inverseTransform(X: NDArray): NDArray {
    return this.#map('Standardizer.inverseTransform', X, (x, mean, std) => x * std + mean);
  }

  /** @throws {Error} if it has not been fitted. */
  stateDict(): StandardizerState {
    const { mean, std } = this.#fitted('Standardizer.stateDict');
    return { mean: [...mean], std: [...std] };
  }

  /** @throws {TypeError | RangeError} naming the entry that does not fit; nothing has changed then. */
  loadStateDict(state: StandardizerState): void {
    const fn = 'Standardizer.loadStateDict';
    checkEntries(fn, 'state', state, ['mean', 'std']);
    const { mean, std } = state as StandardizerState;
    checkList(fn, 'mean', mean, (x) => Number.isFinite(x), 'a list of finite numbers');
    checkList(fn, 'std', std, (x) => Number.isFinite(x) && x > 0, 'a list of numbers > 0');
    if (mean.length !== std.length) {
      const [found, expected] = [`has ${std.length} numbers`, `${mean.length}, as mean has`];
      throw argumentError(RangeError, { fn, arg: 'std', found, expected });
    }
    this.#state = { mean: [...mean], std: [...std] };
  }

  #fitted(fn: string): StandardizerState {
    if (this.#state === null) throw new Error(`${fn}: nothing is known yet; call fit(X) first`);
    return this.#state;
  }

  #map(fn: string, X: NDArray, f: (x: number, mean: number, std: number) => number): NDArray {
    const { mean, std } = this.#fitted(fn);
    const { N } = checkShapes(fn, { X: [X, ['N', '…']] });
    const D = X.shape.slice(1).reduce((a, b) => a * b, 1);
    if (D !== mean.length) {
      const [found, expected] = [`has shape ${tuple(X.shape)}`, `${mean.length} columns, as in fit`];
      throw argumentError(ShapeError, { fn, arg: 'X', found, expected });
    }
    const out = empty(X.shape, dtypeOf(X));
    const [values, room] = [hostValues(X), hostRoom(out)];
    for (let i = 0, n = 0; n < N; n++) {
      for (let d = 0; d < D; d++, i++) room[i] = f(values[i], mean[d], std[d]);
    }
    return out;
  }
}

/**
 * Standardizes arrays by the mean and standard deviation of the first one: see {@link Standardizer}.
 *
 * @param train - The training part, shape (N, …).
 * @param others - Parts with the same columns, as for validation and testing.
 * @returns New arrays, in the same order.
 * @throws {ShapeError | RangeError} as {@link Standardizer.fit} and {@link Standardizer.transform} do.
 *
 * @example
 * const [XTrain, XTest] = standardize(train.X, test.X);
 */
export function standardize(train: NDArray, ...others: readonly NDArray[]): NDArray[] {
  const scaler = new Standardizer().fit(train);
  return [train, ...others].map((X) => scaler.transform(X));
}

/** The standard deviation of numbers that are not all the same. */
function deviation(values: readonly number[], mean: number): number {
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  if (variance > 0 && Number.isFinite(variance)) return Math.sqrt(variance);
  // The squares are outside of what a double holds: of numbers in proportion to the largest they are not.
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x - mean)), 0);
  return largest * Math.sqrt(values.reduce((sum, x) => sum + ((x - mean) / largest) ** 2, 0) / values.length);
}

function checkRows(fn: string, rows: ArrayLike<number>, N: number): Int32Array {
  const arg = 'rows';
  if (typeof rows !== 'object' || typeof rows?.length !== 'number' || rows.length === 0) {
    throw argumentError(RangeError, { fn, arg, found: `is ${describe(rows)}`, expected: 'a list of at least one row' });
  }
  return Int32Array.from(rows, (row, i) => {
    if (Number.isInteger(row) && row >= 0 && row < N) return row;
    const [found, expected] = [`is ${describe(row)}`, `a row from 0 to ${N - 1}`];
    throw argumentError(RangeError, { fn, arg: `${arg}[${i}]`, found, expected });
  });
}

function checkList(fn: string, arg: string, list: unknown, allows: (x: number) => boolean, expected: string): void {
  if (Array.isArray(list) && list.every((x) => typeof x === 'number' && allows(x))) return;
  throw argumentError(TypeError, { fn, arg, found: `is ${describe(list)}`, expected });
}
