import type { NDArray } from '../arrays/index.js';
import { keepsNothing } from '../kernels/index.js';
import { adam, adamw } from './adam.js';
import { adagrad, rmsprop } from './rmsprop.js';
import { nesterov, sgd, sgdMomentum } from './sgd.js';
import type { AnyUpdateRule, OptimConfig, UpdateRule } from './update-rule.js';

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

const ADAM = ['learningRate', 'beta1', 'beta2', 'epsilon', 'm', 'v', 't'] as const;

/** The fields that each rule's config has. */
const FIELDS = {
  sgd: ['learningRate'],
  sgd_momentum: ['learningRate', 'momentum', 'velocity'],
  nesterov: ['learningRate', 'momentum', 'velocity'],
  rmsprop: ['learningRate', 'decayRate', 'epsilon', 'cache'],
  adagrad: ['learningRate', 'epsilon', 'cache'],
  adam: ADAM,
  adamw: [...ADAM, 'weightDecay'],
} as const satisfies { [Name in UpdateRuleName]: readonly (keyof ConfigOf<Name>)[] };

/** The fields of the config of a rule of this library; null for any other function. */
export function fieldsOf(rule: AnyUpdateRule): readonly string[] | null {
  const own = (Object.keys(updateRules) as UpdateRuleName[]).find((name) => updateRules[name] === rule);
  return own === undefined ? null : FIELDS[own];
}

/** The config that an update rule, or the one of this name, takes. */
export type ConfigOf<R extends UpdateRuleName | AnyUpdateRule> = R extends UpdateRuleName
  ? ConfigIn<(typeof updateRules)[R]>
  : ConfigIn<R>;

/** The config that the function of an update rule takes. */
export type ConfigIn<F> = F extends (w: NDArray, dw: NDArray, config?: infer C) => unknown
  ? NonNullable<C> & object
  : never;
