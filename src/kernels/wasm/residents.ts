import type { Floats } from '../../arrays/index.js';
import { type Collector, findCollector } from './collector.js';

/** A block that belongs to an array under the garbage collector. */
interface Resident {
  readonly array: WeakRef<Floats>;
  readonly start: number;
  readonly bytes: number;
}

/** At least so many bytes are handed out before the next look, where memory is large enough. */
const LEAST = 128 * 2 ** 20;

/** What a resident counts for beside its block, since many small ones fill the JavaScript heap. */
const OVERHEAD = 1024;

/**
 * The blocks of arrays under the garbage collector. Each is given back once nothing refers to its array any more.
 *
 * The engine says so between turns of the event loop, by a FinalizationRegistry. A program that does not return to the
 * event loop is looked after in Node: when enough has been handed out, {@link reclaim} collects the garbage and looks
 * which arrays are gone. "Enough" is in proportion to what a collection has to go through, so the cost for each byte is
 * bounded.
 */
export class Residents {
  readonly #give: (start: number, bytes: number) => void;
  readonly #least: number;
  /** Those in use, by their addresses. */
  readonly #living = new Map<number, Resident>();
  readonly #registry = new FinalizationRegistry<Resident>((resident) => this.#free(resident));
  /** Bytes of all that are living, as far as is known. */
  #bytes = 0;
  /** What of them was living at the last look. */
  #base = 0;
  /** Bytes of the JavaScript heap at the last look. */
  #heap = 0;
  #collector: Collector | null | undefined;
  /** How often there was no room since a look found much to give back. */
  #wants = 0;

  /**
   * @param give - Gives a block back.
   * @param maximum - Bytes that there can be in all.
   */
  constructor(give: (start: number, bytes: number) => void, maximum: number) {
    this.#give = give;
    this.#least = Math.min(LEAST, maximum / 8);
  }

  /** The block is given back once nothing refers to `values`. */
  add(values: Floats, start: number, bytes: number): void {
    const resident = { array: new WeakRef(values), start, bytes };
    this.#living.set(start, resident);
    this.#registry.register(values, resident, resident);
    this.#bytes += bytes + OVERHEAD;
  }

  /**
   * Gives back the blocks whose arrays are unreachable, if it is time to look for them.
   *
   * To be called only where nobody holds the address of a resident's block, or a part of its memory, without the array.
   *
   * @param options - `isFull`: whether there was no room for something. Default false.
   */
  reclaim({ isFull = false } = {}): void {
    const allowance = Math.max(this.#least, (this.#base + this.#heap) / 2);
    if (!isFull && this.#bytes <= this.#base + allowance) return;
    // Where everything is in use, looking each time would cost much and find nothing.
    if (isFull && !isPowerOfTwo(++this.#wants)) return;
    if (this.#collector === undefined) this.#collector = findCollector();
    if (this.#collector === null) return;
    const before = this.#bytes;
    this.#collector.collect();
    for (const resident of this.#living.values()) if (resident.array.deref() === undefined) this.#free(resident);
    if (this.#bytes < 0.9 * before) this.#wants = 0;
    this.#base = this.#bytes;
    this.#heap = this.#collector.heapSize();
  }

  /** Gives the block of `values` back at once. @returns Whether there is one. */
  discard(values: Floats): boolean {
    const resident = this.#living.get(values.byteOffset);
    if (resident?.array.deref() !== values) return false;
    this.#free(resident);
    return true;
  }

  #free(resident: Resident): void {
    // The registry may get to what has been given back already, and somebody else have the address.
    if (this.#living.get(resident.start) !== resident) return;
    this.#living.delete(resident.start);
    this.#registry.unregister(resident);
    this.#give(resident.start, resident.bytes);
    this.#bytes -= resident.bytes + OVERHEAD;
    this.#base = Math.min(this.#base, this.#bytes);
  }
}

function isPowerOfTwo(n: number): boolean {
  return (n & (n - 1)) === 0;
}
