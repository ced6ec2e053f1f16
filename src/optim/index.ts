/**
 * Update rules as functions, for the Solver; optimizers and schedules as PyTorch has them, for modules.
 *
 * @module
 */

export { type AdamConfig, type AdamWConfig, adam, adamw } from './adam.js';
export { type ClipGradNormOptions, clipGradNorm, clipGradValue } from './clip-grad.js';
export {
  Adagrad,
  type AdagradOptions,
  Adam,
  type AdamOptions,
  AdamW,
  Optimizer,
  type OptimizerStateDict,
  type ParamGroup,
  type ParamGroupInit,
  RMSprop,
  type RMSpropOptions,
  SGD,
  type SGDOptions,
  type Trainable,
} from './optimizers/index.js';
export { type AdagradConfig, adagrad, type RmspropConfig, rmsprop } from './rmsprop.js';
export { type ConfigIn, type ConfigOf, type UpdateRuleName, updateRules } from './rules.js';
export * as lrScheduler from './schedules/index.js';
export { type MomentumConfig, nesterov, type SgdConfig, sgd, sgdMomentum } from './sgd.js';
export type { AnyUpdateRule, OptimConfig, UpdateRule } from './update-rule.js';
