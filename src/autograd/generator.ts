import { Random } from '../arrays/index.js';

let current: Random | undefined;

/**
 * Seeds the generator that modules draw their initial weights and dropout masks from, PyTorch's `manual_seed`. Without it
 * every run draws other numbers. The same seed gives the same numbers everywhere; what is computed from them is the same to
 * the last bit as long as `kernelInfo()` names the same kernels and SIMD, whatever the threads and turbo, and memory does not run
 * full.
 *
 * @returns The generator: its `state()` can be saved.
 */
export function manualSeed(seed: number | string): Random {
  current = new Random(seed);
  return current;
}

/** The generator that {@link manualSeed} seeds. */
export function generator(): Random {
  current ??= new Random();
  return current;
}
