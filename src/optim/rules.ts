import { keepsNothing } from '../kernels/index.js';
import { adam, adamw } from './adam.js';
import { adagrad, rmsprop } from './rmsprop.js';
import { nesterov, sgd, sgdMomentum } from './sgd.js';
import type { OptimConfig, UpdateRule } from './update-rule.js';

/** The update rules under cs231n's names. Each keeps nothing of the gradient it is given. */
export const updateRules = {
  /** {@link sgd} */
  sgd: keepsNothing(sgd),
  /** {@link sgdMomentum} */
  sgd_momentum: keepsNothing(sgdMomentum),
  /** {@link nesterov} */
  nesterov: keepsNothing(nesterov),
  /** {@link rmsprop} */
  rmsprop: keepsNothing(rmsprop),
  /** {@link adagrad} */
  adagrad: keepsNothing(adagrad),
  /** {@link adam} */
  adam: keepsNothing(adam),
  /** {@link adamw} */
  adamw: keepsNothing(adamw),
} as const satisfies Record<string, UpdateRule<OptimConfig>>;

/** The name of an update rule in cs231n. */
export type UpdateRuleName = keyof typeof updateRules;
