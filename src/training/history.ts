/** Losses, accuracies and times of a run of `fit` so far. `plotHistory` draws them. */
export interface FitHistory {
  /** The loss of each iteration. */
  readonly lossHistory: readonly number[];
  /** The learning rate of each iteration, of the first parameter group. */
  readonly learningRates: readonly number[];
  /**
   * Training accuracy of each epoch, in [0, 1]: of the batches as they were trained on, so before the weights that the
   * epoch ended with, and with augmentation and dropout.
   */
  readonly trainAccHistory: readonly number[];
  /** Validation accuracy after each epoch, in [0, 1]. */
  readonly valAccHistory: readonly number[];
  /** How long each epoch took, in seconds, with its validation. */
  readonly secondsHistory: readonly number[];
  /** Epochs that are complete. */
  readonly epoch: number;
  /** Iterations that are complete. */
  readonly iteration: number;
  /** The best validation accuracy, and the epoch that had it, from 1; 0 where nothing was validated. */
  readonly bestValAcc: number;
  readonly bestEpoch: number;
}

/** A {@link FitHistory} that is being written. */
export type RunningHistory = {
  -readonly [K in keyof FitHistory]: FitHistory[K] extends readonly number[] ? number[] : number;
};

export function emptyHistory(): RunningHistory {
  return {
    lossHistory: [],
    learningRates: [],
    trainAccHistory: [],
    valAccHistory: [],
    secondsHistory: [],
    epoch: 0,
    iteration: 0,
    bestValAcc: 0,
    bestEpoch: 0,
  };
}
