export { type AdamConfig, type AdamWConfig, adam, adamw } from './adam.js';
export { type AdagradConfig, adagrad, type RmspropConfig, rmsprop } from './rmsprop.js';
export { type UpdateRuleName, updateRules } from './rules.js';
export { type MomentumConfig, nesterov, type SgdConfig, sgd, sgdMomentum } from './sgd.js';
export type { OptimConfig, UpdateRule } from './update-rule.js';
