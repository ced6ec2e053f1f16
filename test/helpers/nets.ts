import { array, type NDArray, Random } from '../../src/arrays/index.js';

/** A batch of `N` random examples of the given shape, and their labels. */
export function randomBatch(
  N: number,
  shape: readonly number[],
  C: number,
  seed: number,
  dtype: 'float32' | 'float64' = 'float32',
): { X: NDArray; y: Int32Array } {
  const random = new Random(seed);
  return { X: random.randn([N, ...shape], dtype), y: random.randint(0, C, N) };
}

/** Copies of all arrays of a record. */
export function copiesOf<K extends string>(arrays: Record<K, NDArray>): Record<K, NDArray> {
  const entries = Object.entries<NDArray>(arrays).map(([name, a]) => [name, array(a)]);
  return Object.fromEntries(entries) as Record<K, NDArray>;
}

/** Mean and standard deviation of an array's values. */
export function spread(a: NDArray): { mean: number; deviation: number } {
  const values = [...array(a).data];
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) };
}

/**
 * `N` examples of `C` classes that lie around centres far from one another, a quarter of them for validation: a problem
 * that a small net solves in a few steps.
 */
export function blobs(N: number, D: number, C: number, seed: number, dtype: 'float32' | 'float64' = 'float32') {
  const random = new Random(seed);
  const centres = random.randn([C, D], 'float64');
  const { X, y } = randomBatch(N, [D], C, seed + 1, dtype);
  for (let n = 0; n < N; n++) {
    for (let d = 0; d < D; d++) X.set(n, d, 0.3 * X.get(n, d) + 2 * centres.get(y[n], d));
  }
  const split = Math.floor((3 * N) / 4);
  return {
    XTrain: X.hi(split, D),
    yTrain: y.subarray(0, split),
    XVal: X.lo(split, 0),
    yVal: y.subarray(split),
  };
}
