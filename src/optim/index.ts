/**
 * Update rules as functions, for the Solver; optimizers and schedules as PyTorch has them, for modules.
 *
 * @module
 */

export { type ClipGradNormOptions, clipGradNorm, clipGradValue } from './clip-grad.js';
export { Adagrad, type AdagradOptions } from './optimizers/adagrad.js';
export { Adam, type AdamOptions, AdamW } from './optimizers/adam.js';
export { Lookahead, type LookaheadOptions, type LookaheadStateDict } from './optimizers/lookahead.js';
export { Optimizer, type ParamGroup, type ParamGroupInit } from './optimizers/optimizer.js';
export { RMSprop, type RMSpropOptions } from './optimizers/rmsprop.js';
export { SGD, type SGDOptions, SGDW } from './optimizers/sgd.js';
export type { OptimizerStateDict } from './optimizers/state-dict.js';
export type { Trainable } from './optimizers/trainable.js';
export {
  type AdagradConfig,
  type AdamConfig,
  type AdamWConfig,
  adagrad,
  adam,
  adamw,
  type ConfigIn,
  type ConfigOf,
  type MomentumConfig,
  nesterov,
  type OptimConfig,
  type RmspropConfig,
  rmsprop,
  type SgdConfig,
  sgd,
  sgdMomentum,
  type UpdateRuleName,
  updateRules,
} from './rules.js';
export * as lrScheduler from './schedules/index.js';
export type { AnyUpdateRule, UpdateRule } from './update-rule.js';
