export type { Batches, LabelledBatch } from './batches.js';
export { ensemble } from './ensemble.js';
export { checkAccuracy, type Predictions, predict } from './evaluation.js';
export { fit } from './fit.js';
export type { FitHistory } from './history.js';
export type { FitOptions, Schedule, Stepper } from './options.js';
export { WeightAverage } from './weight-average.js';
