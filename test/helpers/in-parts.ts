import { type Shard, withShard } from '../../src/layers/index.js';

/** Thrown by a sum over the parts of a batch whose result is not known yet. */
class Pause extends Error {}

/** How a batch is cut. */
export interface Cut {
  /** The examples of each part. */
  readonly sizes: readonly number[];
  /** Whether batch normalization is by the whole batch. Default true. */
  readonly sync?: boolean;
  /** Whether losses have been multiplied by their parts' shares of the batch, so that all weigh 1. Default false. */
  readonly scaled?: boolean;
}

/**
 * What `work` returns for each part of a batch, where the parts are computed as by processes that run at the same time.
 *
 * All parts run up to the first sum over the parts, then all again from the start with the result of that sum, and so
 * on. So `work` gives the same at each call.
 */
export function inParts<T>({ sizes, sync = true, scaled = false }: Cut, work: (shard: Shard) => T): T[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const sums: Float64Array[] = [];
  for (;;) {
    const parts: Float64Array[] = [];
    const results: T[] = [];
    let start = 0;
    for (const size of sizes) {
      let calls = 0;
      const sum = (values: Float64Array): void => {
        const known = sums[calls++];
        if (known !== undefined) {
          values.set(known);
          return;
        }
        parts.push(values.slice());
        throw new Pause();
      };
      const weight = scaled ? 1 : size / total;
      const shard: Shard = { start, size, total, weight, sum: sync ? sum : null };
      start += size;
      try {
        results.push(withShard(shard, () => work(shard)));
      } catch (error) {
        if (!(error instanceof Pause)) throw error;
      }
    }
    if (parts.length === 0) return results;
    if (parts.length < sizes.length) throw new Error('some parts take another sum than others');
    sums.push(parts[0].map((_, i) => parts.reduce((sum, part) => sum + part[i], 0)));
  }
}
