import { Random } from '../arrays/index.js';

let current: Random | undefined;

/**
 * Seeds the generator that modules draw their initial weights and dropout masks from, as PyTorch's `manual_seed` does.
 * Without it every run draws other numbers. The same seed gives the same numbers everywhere; what is computed from them
 * is the same to the last bit as long as `kernelInfo()` names the same kernels and SIMD, whatever the threads and
 * turbo, and memory does not run full.
 *
 * @returns The new generator, which is {@link defaultGenerator} until the next call.
 */
export function manualSeed(seed: number | string): Random {
  current = new Random(seed);
  return current;
}

/**
 * The generator that {@link manualSeed} seeds, and that modules and `F.dropout` draw from unless given another one.
 *
 * @example
 * // Dropout masks continue where they were saved, as with PyTorch's get_rng_state and set_rng_state.
 * const state = defaultGenerator().stateDict();
 * defaultGenerator().loadStateDict(state);
 */
export function defaultGenerator(): Random {
  current ??= new Random();
  return current;
}
