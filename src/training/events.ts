/**
 * A step of training: one batch was differentiated, and the parameters were updated; with `accumulate`, after the last
 * batch of a group.
 */
export interface StepEvent {
  readonly kind: 'step';
  /** Iterations that are complete, this one included. */
  readonly iteration: number;
  /** Epochs that are complete. */
  readonly epoch: number;
  /** The loss of the batch, before the update. */
  readonly loss: number;
}

/** An evaluation: by `fit` after each epoch, by a Solver also after its first iteration. */
export interface EpochEvent {
  readonly kind: 'epoch';
  /** Iterations that are complete. */
  readonly iteration: number;
  /** Epochs that are complete. */
  readonly epoch: number;
  /** The loss of the last iteration. */
  readonly loss: number;
  /** Training accuracy, in [0, 1]: see `trainAccHistory`; null where targets are no labels. */
  readonly trainAcc: number | null;
  /** Validation accuracy, in [0, 1]; null where nothing is validated, or targets are no labels. */
  readonly valAcc: number | null;
}

/** What `solver.steps()` and `fitSteps` yield, each once it is complete; `kind` says which of the two it is. */
export type TrainingEvent = StepEvent | EpochEvent;
