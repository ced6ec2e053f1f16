import {
  argumentError,
  checkSynchronous,
  currentStorage,
  type DType,
  describe,
  dtypeOf,
  empty,
  ended,
  type Floats,
  heap,
  hostRoom,
  hostValues,
  markEnded,
  type NDArray,
  type Storage,
  withStorage,
} from '../arrays/index.js';
import { engineMemory } from './engine.js';
import { type Rescuer, rescue } from './rescue.js';
import { discard } from './resident.js';
import { type Memory, MemoryFull } from './wasm/memory.js';

/**
 * Runs `fn` with WebAssembly memory for all arrays that it makes, and recycles them when it ends.
 *
 * Inside, layers neither copy their operands nor leave work to the garbage collector, so a training step that runs in a
 * workspace makes nothing new once warm. What `fn` returns survives: arrays found in its result (itself, or in arrays,
 * objects, Maps and Sets, to any depth) come out whole, under the garbage collector, or pass to the workspace around
 * this one. Every other array made inside is emptied at the end, with its views: using it later is an error, never a
 * wrong number. So it is on all kernels; the reference's arrays end too. Of a tensor that is returned the values and
 * `grad` survive, not what its graph holds: call `backward` inside.
 *
 * Take parts of an array as `ndarray` views: a subarray of its `data` is not known to the workspace. The `get` and
 * `set` of a view that outlives it are `ndarray`'s, which ask nobody: only what is given to a function of this library
 * is refused.
 *
 * @param fn - Synchronous.
 * @returns What `fn` returns.
 * @throws {TypeError} if `fn` returns a promise or an iterator: the workspace has ended by the time it goes on.
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
  const outer = currentStorage();
  if (!(outer instanceof Workspace)) memory?.reclaim();
  const inner = new Workspace(memory, outer instanceof Workspace ? outer : null);
  try {
    const result = withStorage(inner, fn);
    checkSynchronous('workspace', 'fn', result);
    return rescue(result, inner) as R;
  } finally {
    inner.end();
  }
}

/**
 * `a` itself where kernels use it in place, else, inside a workspace, a copy that they can: for inputs that several
 * use.
 */
export function local(a: NDArray): NDArray {
  const memory = engineMemory();
  if (memory === null || memory.holds(a.data) || !(currentStorage() instanceof Workspace)) return a;
  const copy = empty(a.shape, dtypeOf(a));
  hostRoom(copy).set(hostValues(a));
  return copy;
}

/**
 * Declares that `fn` keeps none of the arrays that it receives or makes, except those that it returns: sets its
 * property `keepsNothing` to true. A method that overrides `fn` is another function, which does not inherit the
 * promise.
 *
 * A Solver runs such a `loss` of a model, and such an update rule, in the workspace of its step, where nothing is
 * copied. Any other gets arrays on the heap, which it may keep.
 *
 * @typeParam F - The function's type.
 * @returns `fn`.
 */
export function keepsNothing<F extends (...args: never[]) => unknown>(fn: F): F {
  if (typeof fn !== 'function') {
    const found = `is ${describe(fn)}`;
    throw argumentError(TypeError, { fn: 'keepsNothing', arg: 'fn', found, expected: 'a function' });
  }
  return Object.assign(fn, { keepsNothing: true });
}

/** Whether `fn` has the property that {@link keepsNothing} sets. */
export function isKeepingNothing(fn: (...args: never[]) => unknown): boolean {
  return (fn as { keepsNothing?: unknown }).keepsNothing === true;
}

/** A block of memory that a workspace has taken, and the arrays over it. */
export interface Block {
  /** Its address in WebAssembly memory; on the heap the buffer that it is. */
  readonly place: number | ArrayBufferLike;
  readonly bytes: number;
  /** All of it, as it was handed out. */
  readonly data: Floats;
  readonly arrays: NDArray[];
  /** How many have said that it outlives the workspace, and what is to be reachable as long as it does. */
  claims: number;
  claimed: Floats | null;
}

/** The block of the open workspace that an array lies in; null if it lies elsewhere. */
export function blockOf(a: NDArray): Block | null {
  const storage = currentStorage();
  return storage instanceof Workspace ? storage.blockOf(a.data) : null;
}

/** Whether the memory of `a` is taken back when an open workspace ends: in WebAssembly memory, or on the heap. */
export function isRecycled(a: NDArray): boolean {
  for (let open = innermost(); open !== null; open = open.outer) if (open.blockOf(a.data) !== null) return true;
  return false;
}

/**
 * Says that `a` outlives the workspaces that are open, as a resident does: without a copy, unless its `data` is but a
 * part of the memory that was taken for it. Until {@link disclaim}, or for as long as it is reachable.
 */
export function claim(a: NDArray): void {
  for (let open = innermost(); open !== null; open = open.outer) if (open.claim(a)) return;
}

/**
 * Takes {@link claim} back.
 *
 * @param isAlone - Whether nobody else holds it: its memory is free at once. Else it ends with the workspace that it
 *   was made in, or, if that has ended, is under the garbage collector.
 */
export function disclaim(a: NDArray, isAlone: boolean): void {
  for (let open = innermost(); open !== null; open = open.outer) if (open.disclaim(a, isAlone)) return;
  if (isAlone) discard(a);
}

/** The open workspace; null if there is none. */
function innermost(): Workspace | null {
  const storage = currentStorage();
  return storage instanceof Workspace ? storage : null;
}

/** Ends the arrays over a block of the open workspace before the others, so that the next ones can have its memory. */
export function release(block: Block): void {
  const storage = currentStorage();
  if (storage instanceof Workspace) storage.release(block);
}

/**
 * `fn`'s result; inside a workspace, the arrays that `fn` makes and does not return end at once. For functions that
 * keep nothing.
 */
export function tidied<R>(fn: () => R): R {
  return currentStorage() instanceof Workspace ? workspace(fn) : fn();
}

/** Parts of blocks that have passed to the garbage collector, and what holds the whole block. */
const wholes = new WeakMap<Floats, Floats>();

/** The arrays of one run of {@link workspace}. */
class Workspace implements Storage, Rescuer {
  /** Null on the reference kernels: everything is on the heap. */
  #memory: Memory | null;
  readonly outer: Workspace | null;
  readonly #blocks = new Map<Block['place'], Block>();
  /** What has been returned of memory that ends, each by what it was. */
  #copies: Map<Floats, Floats> | null = null;

  constructor(memory: Memory | null, outer: Workspace | null) {
    this.#memory = memory;
    this.outer = outer;
  }

  allocate(length: number, dtype: DType): Floats {
    const bytes = length * (dtype === 'float64' ? 8 : 4);
    const start = this.#room(bytes);
    const data = start === null ? heap.allocate(length, dtype) : (this.#memory as Memory).view(start, length, dtype);
    const place = start ?? data.buffer;
    this.#blocks.set(place, { place, bytes, data, arrays: [], claims: 0, claimed: null });
    return data;
  }

  /** Room in WebAssembly memory, or null. Full memory is a slower call, not a failure. */
  #room(bytes: number): number | null {
    if (this.#memory === null) return null;
    try {
      return this.#memory.take(bytes);
    } catch (error) {
      if (error instanceof MemoryFull) return null;
      throw error;
    }
  }

  adopt(made: NDArray): void {
    const block = this.blockOf(made.data);
    if (block !== null) block.arrays.push(made);
    else this.outer?.adopt(made);
  }

  /** Memory in a result passes to the workspace around this one, or, under a new name, to the heap. */
  move(data: Floats): Floats {
    const block = this.blockOf(data);
    if (block === null) return data;
    if (this.outer !== null) {
      this.#blocks.delete(block.place);
      this.outer.#receive(block, this.#memory);
      return data;
    }
    if (data === block.claimed) return data;
    this.#copies ??= new Map();
    const copy = this.#copies.get(data) ?? (isAddress(block.place) ? data.slice() : data.subarray());
    this.#copies.set(data, copy);
    return copy;
  }

  /** Takes a block over from a workspace inside of this one. */
  #receive(block: Block, memory: Memory | null): void {
    this.#blocks.set(block.place, block);
    this.#memory ??= memory;
  }

  rescued(array: NDArray): void {
    const arrays = (this.outer ?? this).blockOf(array.data)?.arrays;
    if (arrays === undefined) return;
    const at = arrays.indexOf(array);
    if (this.outer === null) arrays.splice(at, at < 0 ? 0 : 1);
    else if (at < 0) arrays.push(array);
  }

  /** Hands the block that `data` lies in to the garbage collector. */
  keep(data: Floats): void {
    const block = this.blockOf(data);
    if (block === null) return;
    this.#blocks.delete(block.place);
    if (!isAddress(block.place)) return;
    for (const part of [data, ...block.arrays.map((made) => made.data)]) {
      if (part !== block.data) wholes.set(part, block.data);
    }
    this.#memory?.keep(block.data, block.place, block.bytes);
  }

  /** Empties the arrays that are still here and gives their memory back, but for what outlives the workspace. */
  end(): void {
    for (const block of this.#blocks.values()) {
      if (block.claimed === null) this.#give(block);
      else if (this.outer !== null) this.outer.#receive(block, this.#memory);
      else {
        this.#empty(block);
        if (isAddress(block.place)) this.#memory?.keep(block.claimed, block.place, block.bytes);
      }
    }
    this.#blocks.clear();
  }

  release(block: Block): void {
    if (block.claimed !== null || this.#blocks.get(block.place) !== block) return;
    this.#blocks.delete(block.place);
    this.#give(block);
  }

  /** @returns Whether `a` lies here. */
  claim(a: NDArray): boolean {
    const { data } = a;
    const block = this.blockOf(data);
    if (block === null) return false;
    const begin = isAddress(block.place) ? block.place : 0;
    const isWhole = data.byteOffset === begin && data.byteLength === block.bytes;
    if (!isWhole || (block.claimed !== null && block.claimed !== data)) {
      a.data = data.slice();
    } else {
      block.claimed = data;
      block.claims++;
    }
    return true;
  }

  /** @returns Whether `a` lies here. */
  disclaim({ data }: NDArray, isAlone: boolean): boolean {
    const block = this.blockOf(data);
    if (block === null) return false;
    if (data !== block.claimed || --block.claims > 0) return true;
    block.claimed = null;
    if (isAlone) this.release(block);
    return true;
  }

  #give(block: Block): void {
    this.#empty(block);
    if (isAddress(block.place)) this.#memory?.give(block.place, block.bytes);
  }

  /** Ends the arrays over a block, but for what is claimed. */
  #empty(block: Block): void {
    const none = ended(dtypeOf(block));
    for (const made of block.arrays) {
      const { data } = made;
      // An array that was returned has other values by now.
      if (data === block.claimed || !this.#covers(block, data)) continue;
      if (data !== block.data) markEnded(data);
      try {
        made.data = none;
      } catch {
        // A frozen array keeps memory that is marked.
      }
    }
    if (block.data !== block.claimed) markEnded(block.data);
  }

  /** The block of this workspace that `data` lies in; null if there is none. */
  blockOf(data: Floats): Block | null {
    const isInMemory = this.#memory?.holds(data) ?? false;
    const exact = this.#blocks.get(isInMemory ? data.byteOffset : data.buffer);
    if (exact !== undefined) return exact;
    if (isInMemory) for (const block of this.#blocks.values()) if (this.#covers(block, data)) return block;
    return null;
  }

  #covers({ place, bytes }: Block, data: Floats): boolean {
    if (!isAddress(place)) return data.buffer === place;
    const at = data.byteOffset;
    return (this.#memory?.holds(data) ?? false) && (at === place || (at > place && at < place + bytes));
  }
}

function isAddress(place: Block['place']): place is number {
  return typeof place === 'number';
}
