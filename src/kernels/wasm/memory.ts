import { type DType, type Floats, heap } from '../../arrays/index.js';
import { roomForMemory } from './address-space.js';
import { ALIGNMENT, Blocks } from './blocks.js';
import { HEAP_START } from './protocol.js';
import { Residents } from './residents.js';

/** Bytes of a WebAssembly page, fixed by the specification. */
const PAGE = 65536;

/** Memory is asked for in steps of this many bytes: growing costs a system call, untouched pages cost nothing. */
const GROWTH = 16 * 2 ** 20;

/** What a memory that cannot be shared gets at once, because growing it would detach every array in it. */
const FIXED = 2 ** 30;

/** There is no room left in WebAssembly memory. The kernels answer it by running on the heap. */
export class MemoryFull extends Error {}

/**
 * The memory that the WebAssembly kernels work on, and the arrays in it.
 *
 * Addresses are byte offsets, multiples of 64. A shared memory is never detached when it grows: every view of it made
 * before stays valid, on an older buffer object.
 */
export class Memory {
  readonly raw: WebAssembly.Memory;
  /** Whether other threads can work on it. */
  readonly shared: boolean;
  readonly #blocks: Blocks;
  readonly #maximum: number;
  #buffer: ArrayBufferLike;
  readonly #buffers = new WeakSet<ArrayBufferLike>();
  readonly #residents: Residents;
  /** Whether there was no room for something since {@link reclaim} last looked. */
  #isFull = false;

  /** @param maximum - Bytes that it may grow to, a power of two; the machine may give less. Default 4 GB. */
  constructor(maximum = 2 ** 32) {
    const reserved = reserve(maximum);
    this.raw = reserved.memory;
    this.shared = reserved.shared;
    this.#maximum = reserved.maximum;
    this.#buffer = this.raw.buffer;
    this.#buffers.add(this.#buffer);
    this.#blocks = new Blocks(HEAP_START, (end) => this.#grow(end));
    this.#residents = new Residents((start, bytes) => this.give(start, bytes), this.#maximum);
  }

  /** Bytes there are now. */
  get size(): number {
    return this.#buffer.byteLength;
  }

  /** Bytes in use by arrays and buffers. */
  get used(): number {
    return this.#blocks.used;
  }

  /** The most bytes in use at a time since {@link resetPeak}. */
  get peak(): number {
    return this.#blocks.peak;
  }

  resetPeak(): void {
    this.#blocks.resetPeak();
  }

  /** Bytes that it can grow to. */
  get maximum(): number {
    return this.#maximum;
  }

  /** Room for `bytes`, until it is given back. @throws {MemoryFull} */
  take(bytes: number): number {
    return this.#blocks.take(bytes);
  }

  give(start: number, bytes: number): void {
    this.#blocks.give(start, bytes);
  }

  /** The `length` values at an address. */
  view(start: number, length: number, dtype: DType): Floats {
    return dtype === 'float64'
      ? new Float64Array(this.#buffer, start, length)
      : new Float32Array(this.#buffer, start, length);
  }

  /** 32-bit integers at an address. */
  integers(start: number, length: number): Int32Array {
    return new Int32Array(this.#buffer, start, length);
  }

  /** Whether an array lies here; its address is its `byteOffset` then. */
  holds(values: Floats): boolean {
    return values.buffer === this.#buffer || this.#buffers.has(values.buffer);
  }

  /**
   * A new array that lives here for as long as it is reachable; on the heap when there is no room. Its values are
   * unspecified.
   */
  resident(length: number, dtype: DType): Floats {
    const bytes = length * (dtype === 'float64' ? 8 : 4);
    this.#residents.reclaim();
    let start = this.#room(bytes);
    if (start === null) {
      this.reclaim();
      start = this.#room(bytes);
    }
    if (start === null) return heap.allocate(length, dtype);
    const values = this.view(start, length, dtype);
    this.keep(values, start, bytes);
    return values;
  }

  /** As {@link take}, or null. */
  #room(bytes: number): number | null {
    try {
      return this.take(bytes);
    } catch (error) {
      if (error instanceof MemoryFull) return null;
      throw error;
    }
  }

  /** Gives a block that was taken back once nothing refers to `values`, the array over it. */
  keep(values: Floats, start: number, bytes: number): void {
    this.#residents.add(values, start, bytes);
  }

  /** Gives the block of a resident back at once. @returns Whether `values` is one. */
  discard(values: Floats): boolean {
    return this.holds(values) && this.#residents.discard(values);
  }

  /**
   * Where there has been no room for something: gives back what residents held that nothing refers to. Not while a
   * kernel runs, which knows its operands by their addresses alone.
   */
  reclaim(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#residents.reclaim({ isFull: true });
  }

  #grow(end: number): number {
    const needed = end + ALIGNMENT;
    if (needed > this.#maximum) this.#refuse();
    if (needed <= this.size) return this.size - ALIGNMENT;
    const wanted = Math.min(this.#maximum, Math.max(needed, this.size + GROWTH));
    const pages = Math.ceil((wanted - this.size) / PAGE);
    try {
      this.raw.grow(pages);
    } catch {
      this.#refuse();
    }
    this.#buffer = this.raw.buffer;
    this.#buffers.add(this.#buffer);
    // The last line stays unused: a vector load may begin at an array's last value.
    return this.size - ALIGNMENT;
  }

  #refuse(): never {
    this.#isFull = true;
    throw new MemoryFull();
  }
}

/** As much address space as the machine gives, at most `most` bytes. */
function reserve(most: number): { memory: WebAssembly.Memory; shared: boolean; maximum: number } {
  const initial = GROWTH / PAGE;
  const room = roomForMemory(GROWTH);
  while (most > room) most /= 2;
  if (typeof SharedArrayBuffer === 'function') {
    for (let pages = most / PAGE; pages >= initial; pages /= 2) {
      try {
        const memory = new WebAssembly.Memory({ initial, maximum: pages, shared: true });
        // The last page stays unused, so that no address overflows 32 bits.
        return { memory, shared: true, maximum: Math.min(pages, 65535) * PAGE };
      } catch {
        // Not that much: ask for half.
      }
    }
  }
  for (let bytes = Math.min(most, FIXED); ; bytes /= 2) {
    try {
      const pages = bytes / PAGE;
      return {
        memory: new WebAssembly.Memory({ initial: pages, maximum: pages }),
        shared: false,
        maximum: bytes,
      };
    } catch (error) {
      if (bytes <= GROWTH) throw error;
    }
  }
}
