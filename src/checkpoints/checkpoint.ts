import type { Saved } from '../arrays/index.js';
import type { StateDict } from '../formats/index.js';

/** The version of the file format that this library writes, and the latest that it reads. */
export const VERSION = 1;

/** A state as it is read back: plain objects and lists of numbers, strings, booleans, null and arrays. */
export interface SavedState {
  readonly [name: string]: Saved;
}

/** A run at one of its iterations: all that it takes to go on. */
export interface Checkpoint {
  /** The loop that made it. */
  readonly kind: 'Solver' | 'fit';
  /** Steps taken. */
  readonly iteration: number;
  /** Epochs completed. */
  readonly epoch: number;
  /** What the run was made with: options, data, kernels, versions. Plain objects, lists, numbers, strings, null. */
  readonly config: { readonly [name: string]: Saved };
  /** What `stateDict()` of the run returned. */
  readonly state: SavedState;
}

/** A checkpoint as `loadCheckpoint` returns it. */
export interface LoadedCheckpoint extends Checkpoint {
  /**
   * The weights at that iteration: what `model.loadStateDict` takes, or `loadStateDict(model, …)` for a model of your
   * own. Parameters, and buffers or running statistics.
   */
  readonly model: StateDict;
}

/** A checkpoint to write. Its arrays may be any views, and are only read. */
export interface NewCheckpoint extends Omit<Checkpoint, 'config' | 'state'> {
  readonly config: object;
  readonly state: object;
}
