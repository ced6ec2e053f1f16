/** A run of bytes that is free. */
interface Span {
  start: number;
  size: number;
}

/** Every block begins at a multiple of this many bytes: a cache line. */
export const ALIGNMENT = 64;

/** `bytes` rounded up to whole cache lines, at least one. */
export function roundUp(bytes: number): number {
  return Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
}

/**
 * Blocks of an address space that grows at its end: first fit at the lowest address, neighbours joined when freed, so
 * that a step which takes and returns the same blocks finds them in the same places every time.
 *
 * Addresses and sizes are bytes.
 */
export class Blocks {
  /** The free spans by address; no two touch. */
  readonly #free: Span[] = [];
  #end: number;
  #used = 0;
  #peak = 0;

  /**
   * @param start - The first byte to hand out.
   * @param grow - Makes room up to `end`, at least, and returns where it ends now; throws where it cannot.
   */
  constructor(
    start: number,
    private readonly grow: (end: number) => number,
  ) {
    this.#end = start;
  }

  /** Bytes in blocks that are taken. */
  get used(): number {
    return this.#used;
  }

  /** The most bytes that were taken at a time since {@link resetPeak}. */
  get peak(): number {
    return this.#peak;
  }

  resetPeak(): void {
    this.#peak = this.#used;
  }

  /**
   * A block of at least `bytes`, to be given back with the same number.
   *
   * @throws whatever `grow` throws; nothing has changed then.
   */
  take(bytes: number): number {
    const size = roundUp(bytes);
    for (let i = 0; i < this.#free.length; i++) {
      const span = this.#free[i];
      if (span.size < size) continue;
      const { start } = span;
      span.start += size;
      span.size -= size;
      if (span.size === 0) this.#free.splice(i, 1);
      this.#count(size);
      return start;
    }
    const last = this.#free.at(-1);
    const start = last !== undefined && last.start + last.size === this.#end ? last.start : this.#end;
    const end = this.grow(start + size);
    if (start !== this.#end) this.#free.pop();
    this.#end = end;
    if (end > start + size) this.#free.push({ start: start + size, size: end - start - size });
    this.#count(size);
    return start;
  }

  #count(size: number): void {
    this.#used += size;
    this.#peak = Math.max(this.#peak, this.#used);
  }

  /** Gives back a block that `take(bytes)` returned. */
  give(start: number, bytes: number): void {
    const size = roundUp(bytes);
    this.#used -= size;
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#free[middle].start < start) low = middle + 1;
      else high = middle;
    }
    const before = this.#free[low - 1];
    const after = this.#free[low];
    const joinsBefore = before !== undefined && before.start + before.size === start;
    const joinsAfter = after !== undefined && start + size === after.start;
    if (joinsBefore && joinsAfter) {
      before.size += size + after.size;
      this.#free.splice(low, 1);
    } else if (joinsBefore) {
      before.size += size;
    } else if (joinsAfter) {
      after.start = start;
      after.size += size;
    } else {
      this.#free.splice(low, 0, { start, size });
    }
  }
}
