export { ProgressBar, type Terminal } from '../terminal/progress-bar.js';
export type { AsyncBatches, Batches, InputBatch, LabelledBatch, TargetedBatch } from './batches.js';
export type { CheckpointInterval, CheckpointOptions } from './checkpoint-options.js';
export { DivergedError } from './diverged-error.js';
export { ensemble } from './ensemble.js';
export {
  type CheckAccuracyOptions,
  checkAccuracy,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type Predictions,
  type PredictOptions,
  predict,
} from './evaluation.js';
export type { EpochEvent, StepEvent, TrainingEvent } from './events.js';
export { type FitRun, fit, fitAsync, fitSteps } from './fit.js';
export type { FitAsyncOptions, FitOptions, Schedule, Stepper } from './fit-options.js';
export type { FitState, Group, Resumable } from './fit-state.js';
export type { FitHistory } from './history.js';
export type { Metric, MetricFunction, Metrics, MetricsState, Values } from './metric.js';
export type { Dataset } from './solver-model.js';
export type { AccuracyOptions, Rule, SolverOptionsOf } from './solver-options.js';
export type { SavedParameters, SavedStatistics, SolverState } from './solver-state.js';
export { testTimeViews, type View, type WeightedView } from './test-time-views.js';
export { WeightAverage, type WeightAverageOptions, type WeightAverageState } from './weight-average.js';
