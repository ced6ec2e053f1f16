import { keepsNothing } from '../kernels/index.js';
import { adam, adamw } from './adam.js';
import { adagrad, rmsprop } from './rmsprop.js';
import { nesterov, sgd, sgdMomentum } from './sgd.js';
import type { OptimConfig, UpdateRule } from './update-rule.js';

/** The update rules under cs231n's names. Each keeps nothing of the gradient it is given. */
export const updateRules = {
  sgd: keepsNothing(sgd),
  sgd_momentum: keepsNothing(sgdMomentum),
  nesterov: keepsNothing(nesterov),
  rmsprop: keepsNothing(rmsprop),
  adagrad: keepsNothing(adagrad),
  adam: keepsNothing(adam),
  adamw: keepsNothing(adamw),
} as const satisfies Record<string, UpdateRule<OptimConfig>>;

/** The name of an update rule in cs231n. */
export type UpdateRuleName = keyof typeof updateRules;
