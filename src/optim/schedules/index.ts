/**
 * Schedules of the learning rate, under PyTorch's names.
 *
 * @module
 */

export { ConstantLR, type ConstantLROptions } from './constant-lr.js';
export { CosineAnnealingLR, type CosineAnnealingLROptions } from './cosine-annealing-lr.js';
export {
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from './cosine-annealing-warm-restarts.js';
export { ExponentialLR, type ExponentialLROptions } from './exponential-lr.js';
export { LambdaLR, type LambdaLROptions, type LRLambda } from './lambda-lr.js';
export { LinearLR, type LinearLROptions } from './linear-lr.js';
export { MultiStepLR, type MultiStepLROptions } from './multi-step-lr.js';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle-lr.js';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './reduce-lr-on-plateau.js';
export {
  LRScheduler,
  RateSchedule,
  type ScheduledGroup,
  type ScheduledOptimizer,
  type ScheduleStateDict,
} from './schedule.js';
export { SequentialLR, type SequentialLROptions, type SequentialLRStateDict } from './sequential-lr.js';
export { StepLR, type StepLROptions } from './step-lr.js';
