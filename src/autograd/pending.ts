import type { NDArray } from '../arrays/index.js';
import { type Block, blockOf, release } from '../kernels/index.js';

/**
 * The memory of the gradients that a backward pass has under way, and of the values that they are taken of. What lies
 * in the open workspace is given back to it as soon as nobody needs it, for the gradients that come next.
 */
export class PendingMemory {
  /** How many of the gradients lie in each block; `Infinity` where somebody else may hold it. */
  readonly #uses = new Map<Block, number>();

  /** One more gradient is under way. */
  hold(gradient: NDArray): void {
    const block = blockOf(gradient);
    if (block !== null) this.#uses.set(block, (this.#uses.get(block) ?? 0) + 1);
  }

  /** Its memory stays what it is: somebody else holds it. */
  keep(gradient: NDArray): void {
    const block = blockOf(gradient);
    if (block !== null) this.#uses.set(block, Number.POSITIVE_INFINITY);
  }

  /** Whether nobody else holds the memory of a gradient; null where it does not lie in the open workspace. */
  isAlone(gradient: NDArray): boolean | null {
    const block = blockOf(gradient);
    return block === null ? null : block.claimed === null && this.#uses.get(block) === 1;
  }

  /**
   * The values that gradients were taken of are not needed any more; unless their memory is that of a gradient, too.
   */
  end(values: NDArray): void {
    const block = blockOf(values);
    if (block !== null && !this.#uses.has(block)) release(block);
  }

  /** A gradient that was held is not needed any more. */
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
