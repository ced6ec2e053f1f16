import { ENDED_MESSAGE, type Floats, hasEnded, isFloat64 } from '../../arrays/index.js';
import type { Kernel } from './kernel.generated.js';
import type { Memory } from './memory.js';
import type { Exports } from './module.js';
import { CHUNK, INTEGERS, INTEGERS_COUNT, NUMBERS, NUMBERS_COUNT } from './protocol.js';
import type { WorkerThreads } from './worker-threads.js';

/** A kernel trapped on a worker thread. */
export class WorkerTrap extends Error {}

/** An operand has no values, as those of an empty batch: there is nothing to run a job for. */
export class NoValues extends Error {}

/** Work items of an elementwise kernel. */
export function chunks(length: number): number {
  return Math.ceil(length / CHUNK);
}

/** Work items of a kernel that goes by blocks of rows. */
export function rowBlocks(N: number, M: number): number {
  return Math.ceil(N / Math.max(1, Math.floor(CHUNK / M)));
}

/** How a kernel that goes by columns is cut: stripes of whole cache lines, of about 4,096 values. */
export function stripes(N: number, M: number): { width: number; items: number } {
  const width = Math.max(16, Math.ceil(4096 / N / 16) * 16);
  return { width, items: Math.ceil(M / width) };
}

/** One kernel call: its operands' places in memory, its arguments, and what has to be copied out when it is done. */
export class Call {
  readonly #memory: Memory;
  readonly #exports: Exports;
  readonly #workers: WorkerThreads;
  readonly #integers: Int32Array;
  readonly #numbers: Float64Array;
  /** Scratch blocks of this call: address, bytes. */
  readonly #blocks: number[] = [];
  /** Arrays on the heap that the kernel writes, with the places of their copies. */
  readonly #results: [Floats, number][] = [];

  constructor(memory: Memory, exports: Exports, workers: WorkerThreads) {
    this.#memory = memory;
    this.#exports = exports;
    this.#workers = workers;
    this.#integers = memory.integers(INTEGERS, INTEGERS_COUNT);
    this.#numbers = memory.view(NUMBERS, NUMBERS_COUNT, 'float64') as Float64Array;
  }

  /** The place of an array that the kernel reads. */
  read(values: Floats): number {
    if (this.#holds(values)) return values.byteOffset;
    const at = this.scratch(values.byteLength);
    this.#view(at, values).set(values);
    return at;
  }

  /** The place of an array that the kernel writes in full. */
  written(values: Floats): number {
    if (this.#holds(values)) return values.byteOffset;
    const at = this.scratch(values.byteLength);
    this.#results.push([values, at]);
    return at;
  }

  /** The place of an array that the kernel reads and writes. */
  changed(values: Floats): number {
    if (this.#holds(values)) return values.byteOffset;
    const at = this.read(values);
    this.#results.push([values, at]);
    return at;
  }

  /** The place of a copy of 32-bit integers. */
  integers(values: Int32Array): number {
    const at = this.scratch(values.byteLength);
    this.#memory.integers(at, values.length).set(values);
    return at;
  }

  /** Room for `count` float64 sums. */
  partialSums(count: number): number {
    return this.scratch(count * 8);
  }

  /** Room for `bytes` until the call is over. */
  scratch(bytes: number): number {
    const at = this.#memory.take(bytes);
    this.#blocks.push(at, bytes);
    return at;
  }

  /** Runs one job of the call. `like` has the dtype. */
  job(kernel: Kernel, like: Floats, items: number, integers: readonly number[], numbers: readonly number[] = []): void {
    for (let i = 0; i < integers.length; i++) this.#integers[i] = integers[i];
    for (let i = 0; i < numbers.length; i++) this.#numbers[i] = numbers[i];
    if (items > 1) this.#workers.start();
    if (this.#exports.run(kernel, isFloat64(like) ? 1 : 0, items) > 0) throw new WorkerTrap();
  }

  /** Runs the call's only job and ends the call. */
  run(kernel: Kernel, like: Floats, items: number, integers: readonly number[], numbers?: readonly number[]): void {
    this.job(kernel, like, items, integers, numbers);
    this.finish();
  }

  /** Runs the call's only job, ends the call, and adds up the `count` sums that it left, in their order. */
  sum(
    kernel: Kernel,
    like: Floats,
    items: number,
    integers: readonly number[],
    partial: number,
    count: number,
    numbers?: readonly number[],
  ): number {
    this.job(kernel, like, items, integers, numbers);
    const sums = this.#memory.view(partial, count, 'float64');
    let total = 0;
    for (let i = 0; i < count; i++) total += sums[i];
    this.finish();
    return total;
  }

  /** Runs the call's only job, ends the call, and returns the largest of the `count` numbers that it left. */
  max(
    kernel: Kernel,
    like: Floats,
    items: number,
    integers: readonly number[],
    partial: number,
    count: number,
  ): number {
    this.job(kernel, like, items, integers);
    let largest = Number.NEGATIVE_INFINITY;
    // Math.max: what is NaN stays NaN.
    for (const value of this.#memory.view(partial, count, 'float64')) largest = Math.max(largest, value);
    this.finish();
    return largest;
  }

  /** Copies the results out and gives the scratch back. */
  finish(): void {
    for (const [values, at] of this.#results) values.set(this.#view(at, values));
    this.drop();
  }

  /** Ends the call after an error, in the middle of a job too. */
  abandon(): void {
    this.#exports.recover();
    this.drop();
  }

  /** Gives the scratch back and forgets the results. */
  drop(): void {
    for (let i = 0; i < this.#blocks.length; i += 2) this.#memory.give(this.#blocks[i], this.#blocks[i + 1]);
    this.#blocks.length = 0;
    this.#results.length = 0;
  }

  /**
   * Whether an operand lies in memory.
   *
   * @throws {NoValues} if it is empty.
   * @throws {RangeError} if its workspace has ended: caches may hold such.
   */
  #holds(values: Floats): boolean {
    if (hasEnded(values)) throw new RangeError(ENDED_MESSAGE);
    if (values.length === 0) throw new NoValues();
    return this.#memory.holds(values);
  }

  #view(at: number, like: Floats): Floats {
    return this.#memory.view(at, like.length, isFloat64(like) ? 'float64' : 'float32');
  }
}
