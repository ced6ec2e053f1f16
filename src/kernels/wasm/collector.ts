import { builtin } from '../../node.js';

/** The garbage collector, on demand. */
export interface Collector {
  /**
   * Collects all garbage now: a `WeakRef` to what is unreachable is empty afterwards, also one that was made or read in
   * this turn of the event loop.
   */
  collect(): void;
  /** Bytes of the JavaScript heap that are in use, to which the time of a collection is proportional. */
  heapSize(): number;
}

/** How often it is tried to get hold of the collector: another thread may clear the flag between two calls of ours. */
const ATTEMPTS = 3;

/**
 * The garbage collector of Node; null where it cannot be had: in a browser, or where contexts are refused.
 *
 * A `WeakRef` keeps its target until the end of the turn in which it was made or read. A script in a context with a
 * queue of microtasks of its own ends with a checkpoint of that queue, which lets go of these targets and runs nobody
 * else's microtasks. It takes about 1 µs; a collection 3 ms and more. One of the young generation alone would empty no
 * `WeakRef`.
 */
export function findCollector(): Collector | null {
  const vm = builtin('node:vm');
  const v8 = builtin('node:v8');
  if (vm === null || v8 === null) return null;
  try {
    const checkpoint = new vm.Script('0');
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const context = exposingGc(v8, () => vm.createContext({}, { microtaskMode: 'afterEvaluate' }));
      const gc: unknown = vm.runInContext('globalThis.gc', context);
      if (typeof gc !== 'function') continue;
      return {
        collect() {
          checkpoint.runInContext(context);
          gc();
        },
        heapSize: () => v8.getHeapStatistics().used_heap_size,
      };
    }
  } catch {
    // Contexts or flags are refused here.
  }
  return null;
}

/** Runs `fn` while new contexts get a function `gc`, and puts the flag back: compiled code is cached by the flags. */
function exposingGc<R>(v8: typeof import('node:v8'), fn: () => R): R {
  const wasExposed = typeof (globalThis as { gc?: unknown }).gc === 'function';
  v8.setFlagsFromString('--expose-gc');
  try {
    return fn();
  } finally {
    if (!wasExposed) v8.setFlagsFromString('--no-expose-gc');
  }
}
