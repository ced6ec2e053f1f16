/** Losses, accuracies, metrics and times of a run of `fit` so far. `plotHistory` draws them. */
export interface FitHistory {
  /** The loss of each iteration, which is a batch. */
  readonly lossHistory: readonly number[];
  /** The learning rate of each iteration, of the first parameter group. */
  readonly learningRates: readonly number[];
  /**
   * Training accuracy of each epoch, in [0, 1]: of the batches as they were trained on, so before the weights that the
   * epoch ended with, and with augmentation and dropout. Empty where targets are no labels or scores not (N, C).
   */
  readonly trainAccHistory: readonly number[];
  /** Validation accuracy after each epoch, in [0, 1]. Empty where there is none, as of training. */
  readonly valAccHistory: readonly number[];
  /** The mean loss of the validation examples after each epoch, in evaluation mode. */
  readonly valLossHistory: readonly number[];
  /** The metrics of the option `metrics` after each epoch: of its training batches, and of the validation examples. */
  readonly metrics: Readonly<Record<string, { readonly train: readonly number[]; readonly val: readonly number[] }>>;
  /** How long each epoch took, in seconds, with its validation. */
  readonly secondsHistory: readonly number[];
  /** Epochs that are complete. */
  readonly epoch: number;
  /** Iterations that are complete. */
  readonly iteration: number;
  /** The validation accuracy of the best epoch, and its number, from 1; 0 where nothing was validated. */
  readonly bestValAcc: number;
  readonly bestEpoch: number;
  /** What the best epoch was best in: see the option `monitor`; null where nothing was validated. */
  readonly bestValue: number | null;
}

type Written<T> = T extends readonly number[]
  ? number[]
  : T extends object
    ? { -readonly [K in keyof T]: Written<T[K]> }
    : T;

/** A {@link FitHistory} that is being written. */
export type RunningHistory = Written<FitHistory>;

/** @param metrics - Their names. */
export function emptyHistory(metrics: readonly string[] = []): RunningHistory {
  return {
    lossHistory: [],
    learningRates: [],
    trainAccHistory: [],
    valAccHistory: [],
    valLossHistory: [],
    metrics: Object.fromEntries(metrics.map((name) => [name, { train: [], val: [] }])),
    secondsHistory: [],
    epoch: 0,
    iteration: 0,
    bestValAcc: 0,
    bestEpoch: 0,
    bestValue: null,
  };
}
