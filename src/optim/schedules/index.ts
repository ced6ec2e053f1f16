/**
 * Schedules of the learning rate, under PyTorch's names.
 *
 * @module
 */

export { CosineAnnealingLR, type CosineAnnealingLROptions } from './cosine-annealing-lr.js';
export { LambdaLR, type LambdaLROptions, type LRLambda } from './lambda-lr.js';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle-lr.js';
export { LRScheduler, type ScheduledGroup, type ScheduledOptimizer, type ScheduleStateDict } from './schedule.js';
export { StepLR, type StepLROptions } from './step-lr.js';
