import type { NDArray } from '../arrays/index.js';
import { type Block, blockOf, release } from '../kernels/index.js';

/**
 * The memory of the gradients that a backward pass is working on, and of the values with respect to which they are
 * taken. Blocks of the open workspace are released when they are no longer needed, for the next gradients.
 */
export class PendingMemory {
  /** How many gradients occupy each block; `Infinity` if anything outside of the pass may refer to it. */
  readonly #uses = new Map<Block, number>();

  /** Counts one more gradient. */
  hold(gradient: NDArray): void {
    const block = blockOf(gradient);
    if (block !== null) this.#uses.set(block, (this.#uses.get(block) ?? 0) + 1);
  }

  /** Never releases the memory of this gradient: something outside of the pass refers to it. */
  keep(gradient: NDArray): void {
    const block = blockOf(gradient);
    if (block !== null) this.#uses.set(block, Number.POSITIVE_INFINITY);
  }

  /** Whether only this gradient occupies its block; null if the block is not of the open workspace. */
  isAlone(gradient: NDArray): boolean | null {
    const block = blockOf(gradient);
    return block === null ? null : block.claimed === null && this.#uses.get(block) === 1;
  }

  /** Releases values that are not needed any more, unless a gradient occupies the same block. */
  end(values: NDArray): void {
    const block = blockOf(values);
    if (block !== null && !this.#uses.has(block)) release(block);
  }

  /** Counts one gradient less, and releases its block after the last. */
  drop(gradient: NDArray): void {
    const block = blockOf(gradient);
    if (block === null) return;
    const uses = (this.#uses.get(block) ?? Number.POSITIVE_INFINITY) - 1;
    this.#uses.set(block, uses);
    if (uses > 0) return;
    this.#uses.delete(block);
    release(block);
  }
}
