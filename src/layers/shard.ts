/** The part of a batch that this process computes, where several processes share the batch. */
export interface Shard {
  /** The place of its first example in the batch. */
  readonly start: number;
  /** Its examples. */
  readonly size: number;
  /** The examples of the whole batch. */
  readonly total: number;
  /**
   * What the gradients of this part count in the sum over all parts: `size / total` where the loss is the mean over the
   * part, 1 where the loss has been multiplied by that.
   */
  readonly weight: number;
  /**
   * Puts the sums over all parts into `values`: the processes call it in the same order. Null where batch
   * normalization takes the statistics of the part alone.
   */
  readonly sum: ((values: Float64Array) => void) | null;
}

let current: Shard | null = null;

/** The part of a batch that is being computed; null: the whole batch. */
export function currentShard(): Shard | null {
  return current;
}

/** Whether the statistics of a batch are to be taken over several processes. */
export function isSynchronized(shard: Shard | null): shard is Shard & { readonly sum: (values: Float64Array) => void } {
  return shard !== null && shard.sum !== null && shard.size < shard.total;
}

/** Runs `work` on a part of a batch. The one before it is back afterwards, also when `work` throws. */
export function withShard<R>(shard: Shard | null, work: () => R): R {
  const before = current;
  current = shard;
  try {
    return work();
  } finally {
    current = before;
  }
}
