import { Random } from '../arrays/index.js';

let current: Random | undefined;

/**
 * Seeds the generator that modules draw their initial weights and dropout masks from, PyTorch's `manual_seed`. Without it
 * every run draws other numbers.
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
