import {
  currentStorage,
  type DType,
  dense,
  dtypeOf,
  ENDED,
  empty,
  type Floats,
  heap,
  isNDArray,
  type NDArray,
  type Storage,
  withStorage,
  wrap,
} from '../arrays/index.js';
import { engineMemory } from './engine.js';
import { type Memory, MemoryFull } from './wasm/memory.js';

/**
 * Runs `fn` with WebAssembly memory for all arrays that it makes, and recycles them when it ends.
 *
 * Inside, layers neither copy their operands nor leave work to the garbage collector, so a training step that runs in a
 * workspace makes nothing new once warm. What `fn` returns survives: arrays found in its result (itself, or in arrays,
 * objects and Maps, to any depth) come out whole, under the garbage collector, or pass to the workspace around this one.
 * Every other array made inside is emptied at the end: using it later is an error, never a wrong number.
 *
 * @param fn - Synchronous.
 * @returns What `fn` returns.
 * @throws {TypeError} if `fn` returns a promise: the workspace has ended by the time it settles.
 *
 * @example
 * const { loss, dw } = workspace(() => {
 *   const [scores, cache] = affineForward(x, w, b);
 *   const { loss, dx } = softmaxLoss(scores, y);
 *   return { loss, dw: affineBackward(dx, cache).dw };
 * });
 */
export function workspace<R>(fn: () => R): R {
  const memory = engineMemory();
  if (memory === null) return fn();
  const outer = currentStorage();
  const inner = new Workspace(memory, outer instanceof Workspace ? outer : null);
  try {
    const result = withStorage(inner, fn);
    if (isThenable(result)) {
      throw new TypeError('workspace: fn returned a promise, expected a synchronous function: await outside of it');
    }
    return inner.rescue(result) as R;
  } finally {
    inner.end();
  }
}

/**
 * A copy of `a` that lives in WebAssembly memory for as long as it is reachable, where kernels use it in place: for
 * parameters and optimizer state. On the heap where there is no such memory, or no room in it.
 *
 * Its memory is reused once nothing refers to its `data` any more, so take parts of it as `ndarray` views, not as
 * subarrays of `data`.
 */
export function resident(a: NDArray): NDArray {
  const copy = residentEmpty(a.shape, dtypeOf(a));
  copy.data.set(dense(a));
  return copy;
}

/** A resident array of zeros. */
export function residentZeros(shape: readonly number[], dtype: DType): NDArray {
  const made = residentEmpty(shape, dtype);
  made.data.fill(0);
  return made;
}

function residentEmpty(shape: readonly number[], dtype: DType): NDArray {
  const length = shape.reduce((size, n) => size * n, 1);
  const values = engineMemory()?.resident(length, dtype) ?? heap.allocate(length, dtype);
  // Made on the heap's account: no workspace that happens to be open may end it.
  return withStorage(heap, () => wrap(values, shape));
}

/** `a` itself where kernels use it in place, else, inside a workspace, a copy that they can: for inputs that several use. */
export function local(a: NDArray): NDArray {
  const storage = currentStorage();
  if (!(storage instanceof Workspace) || isResident(a)) return a;
  const copy = empty(a.shape, dtypeOf(a));
  copy.data.set(dense(a));
  return copy;
}

/** Whether an array lives in WebAssembly memory. */
export function isResident(a: NDArray): boolean {
  return engineMemory()?.holds(a.data) ?? false;
}

const keepers = new WeakSet<object>();

/**
 * Declares that `fn` keeps none of the arrays that it is given or makes, but for those it returns.
 *
 * A Solver runs a model's `loss` and an update rule with this mark in the workspace of its step, where nothing is copied.
 * Without the mark they get arrays under the garbage collector, which they may keep.
 *
 * @returns `fn`.
 */
export function keepsNothing<F extends (...args: never[]) => unknown>(fn: F): F {
  keepers.add(fn);
  return fn;
}

/** Whether {@link keepsNothing} has been said of `fn`. */
export function isKeepingNothing(fn: (...args: never[]) => unknown): boolean {
  return keepers.has(fn);
}

/** A block of memory that a workspace has taken, and the arrays over it. */
export interface Block {
  readonly start: number;
  readonly bytes: number;
  readonly arrays: NDArray[];
}

/** The block of the open workspace that an array lies in; null if it lies elsewhere. */
export function blockOf(a: NDArray): Block | null {
  const storage = currentStorage();
  return storage instanceof Workspace ? storage.blockOf(a.data) : null;
}

/** Ends the arrays over a block of the open workspace before the others, so that the next ones can have its memory. */
export function release(block: Block): void {
  const storage = currentStorage();
  if (storage instanceof Workspace) storage.release(block);
}

/**
 * `fn`'s result; inside a workspace, the arrays that `fn` makes and does not return end at once. For functions that keep
 * nothing.
 */
export function tidied<R>(fn: () => R): R {
  return currentStorage() instanceof Workspace ? workspace(fn) : fn();
}

/** The arrays of one run of {@link workspace}. */
class Workspace implements Storage {
  readonly #memory: Memory;
  readonly #outer: Workspace | null;
  readonly #blocks = new Map<number, Block>();

  constructor(memory: Memory, outer: Workspace | null) {
    this.#memory = memory;
    this.#outer = outer;
  }

  allocate(length: number, dtype: DType): Floats {
    const bytes = length * (dtype === 'float64' ? 8 : 4);
    try {
      const start = this.#memory.take(bytes);
      this.#blocks.set(start, { start, bytes, arrays: [] });
      return this.#memory.view(start, length, dtype);
    } catch (error) {
      // Full memory is a slower call, not a failure.
      if (error instanceof MemoryFull) return heap.allocate(length, dtype);
      throw error;
    }
  }

  adopt(made: NDArray): void {
    const block = this.blockOf(made.data);
    if (block !== null) block.arrays.push(made);
    else this.#outer?.adopt(made);
  }

  /** Brings the arrays in `result` to safety: to the workspace around this one, or to the heap. */
  rescue(result: unknown): unknown {
    const outer = this.#outer;
    const copies = new Map<Floats, Floats>();
    const safe = (data: Floats): Floats => {
      const block = this.blockOf(data);
      if (block === null) return data;
      if (outer !== null) {
        outer.#blocks.set(block.start, block);
        this.#blocks.delete(block.start);
        return data;
      }
      const copy = copies.get(data) ?? data.slice();
      copies.set(data, copy);
      return copy;
    };

    const visited = new Set<object>();
    const visit = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null) return value;
      if (value instanceof Float32Array || value instanceof Float64Array) return safe(value);
      if (ArrayBuffer.isView(value) || visited.has(value)) return value;
      visited.add(value);
      if (isNDArray(value)) {
        value.data = safe(value.data);
        outer?.adopt(value);
      } else if (value instanceof Map) {
        for (const [key, entry] of value) value.set(key, visit(entry));
      } else {
        const fields = value as Record<string, unknown>;
        for (const key of Object.keys(fields)) {
          const field = fields[key];
          const rescued = visit(field);
          if (rescued !== field) fields[key] = rescued;
        }
      }
      return value;
    };
    return visit(result);
  }

  /** Empties the arrays that are still here and gives their memory back. */
  end(): void {
    for (const block of this.#blocks.values()) this.#give(block);
    this.#blocks.clear();
  }

  release(block: Block): void {
    if (this.#blocks.get(block.start) !== block) return;
    this.#blocks.delete(block.start);
    this.#give(block);
  }

  #give({ start, bytes, arrays }: Block): void {
    // An array that was returned has other values by now.
    for (const made of arrays) if (this.#covers(start, bytes, made.data)) made.data = ENDED;
    this.#memory.give(start, bytes);
  }

  /** The block of this workspace that `data` lies in; null if there is none. */
  blockOf(data: Floats): Block | null {
    if (!this.#memory.holds(data)) return null;
    const exact = this.#blocks.get(data.byteOffset);
    if (exact !== undefined) return exact;
    for (const block of this.#blocks.values()) if (this.#covers(block.start, block.bytes, data)) return block;
    return null;
  }

  #covers(start: number, bytes: number, data: Floats): boolean {
    const at = data.byteOffset;
    return this.#memory.holds(data) && (at === start || (at > start && at < start + bytes));
  }
}

function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null)?.then === 'function';
}
