import {
  AMOUNT,
  count,
  describe,
  FLAG,
  FUNCTION,
  type OptionsOf,
  option,
  orNull,
  type Range,
  type Settings,
  settingsOf,
} from '../arrays/index.js';
import { LOGGERS, type Logger } from '../loggers/index.js';
import {
  type AnyUpdateRule,
  type ConfigOf,
  type OptimConfig,
  type UpdateRule,
  type UpdateRuleName,
  updateRules,
} from '../optim/index.js';
import { checkConfig, fieldsOf } from '../optim/update-rule.js';
import { type CheckedUi, checkUi, UI_OPTIONS } from '../ui/options.js';
import { CHECKPOINT_OPTIONS, type Checkpointed, checkCheckpointed } from './checkpoint-options.js';
import { type CheckedDistributed, checkDistributed, DISTRIBUTED_OPTIONS } from './distributed-options.js';

/** Whether a rule is given as a function or by its name in cs231n. */
export type Rule = UpdateRuleName | AnyUpdateRule;

/** Anything: what is checked elsewhere. */
const ANY: Range = { allows: () => true, expected: 'anything', Kind: TypeError };
const OBJECT: Range = {
  allows: (value) => typeof value === 'object' && value !== null,
  expected: 'an object',
  Kind: TypeError,
};
const SAMPLES: Range = { ...orNull(count(1)), expected: count(1).expected };

/** The options whose types depend neither on the update rule nor on the Solver. */
const SETTINGS = {
  /** Factor on the learning rate at the end of each epoch. Default 1. */
  lrDecay: option(1, AMOUNT),
  /** Examples to a minibatch. Default 100. */
  batchSize: option(100, count(1)),
  /** Passes through as many examples as there are for training. Default 10. */
  numEpochs: option(10, count(1)),
  /** Iterations between two lines of loss. Default 10. */
  printEvery: option(10, count(1)),
  /** Whether to print. Default true. */
  verbose: option(true, FLAG),
  /**
   * What `train`, `trainAsync` and `steps` report to, such as `csvLogger(file)`: one or several, in that order.
   * Default: none.
   */
  loggers: option<Logger | readonly Logger[]>([], LOGGERS),
  /** Training examples that the training accuracy is estimated on; null for all. Default 1000. */
  numTrainSamples: option<number | null>(1000, SAMPLES),
  /** Validation examples that are scored; null, the default, for all. */
  numValSamples: option<number | null>(null, SAMPLES),
  /** Seed of the minibatches. Without one they cannot be repeated. */
  seed: option<number | string | undefined>(undefined, ANY),
  ...DISTRIBUTED_OPTIONS,
  ...CHECKPOINT_OPTIONS,
  ...UI_OPTIONS,
};

/** All options, in the order in which errors list them. */
const OPTIONS = {
  updateRule: option<unknown>('sgd', ANY),
  optimConfig: option<object>({}, OBJECT),
  ...SETTINGS,
  onIteration: option<unknown>(() => {}, FUNCTION),
  onEpoch: option<unknown>(() => {}, FUNCTION),
};

/** The table of {@link AccuracyOptions}. */
export const ACCURACY_OPTIONS = {
  /** Examples that are drawn at random, with replacement. Default null: all of them, once each. */
  numSamples: option<number | null>(null, SAMPLES),
  /** Examples that are scored at a time, which bounds memory. Default 100. */
  batchSize: option(100, count(1)),
};

/** Options of `solver.checkAccuracy`. */
export interface AccuracyOptions extends OptionsOf<typeof ACCURACY_OPTIONS> {}

/** Options of a Solver `S` with the update rule `R`, which says what `optimConfig` takes. */
export interface SolverOptionsOf<R extends Rule, S> extends OptionsOf<typeof SETTINGS> {
  /** How parameters change: a rule of `optim`, one of your own, or a rule's name in cs231n. Default `'sgd'`. */
  updateRule?: R;
  /**
   * The rule's hyperparameters, such as `{ learningRate: 1e-3 }`. Every parameter gets a copy. Default: the rule's own.
   */
  optimConfig?: ConfigOf<R>;
  /** Called after every iteration. Only `trainAsync` awaits a promise that it returns; the other methods refuse one. */
  onIteration?: (solver: S) => unknown;
  /**
   * Called after every evaluation: at the first and the last iteration, and at the end of each epoch. `false` ends the
   * training as if it was complete. Promises: as of `onIteration`.
   */
  onEpoch?: (solver: S) => unknown;
}

/** The options, defaults filled in. */
export interface CheckedOptions<S>
  extends Omit<Settings<typeof SETTINGS>, keyof Checkpointed | keyof CheckedDistributed | 'ui'>,
    Checkpointed,
    CheckedDistributed {
  readonly ui: CheckedUi | null;
  readonly updateRule: UpdateRule<object>;
  /** The fields of the config of a rule of this library; null for any other. */
  readonly fields: readonly string[] | null;
  readonly optimConfig: object;
  readonly onIteration: (solver: S) => unknown;
  readonly onEpoch: (solver: S) => unknown;
}

/** @throws {RangeError | TypeError} naming an option that is unknown, of the wrong kind or out of range. */
export function checkSolverOptions<R extends Rule, S>(options: SolverOptionsOf<R, S>): CheckedOptions<S> {
  const settings = settingsOf('Solver', OPTIONS, options);
  const updateRule = ruleOf(settings.updateRule);
  const fields = fieldsOf(updateRule);
  const { optimConfig } = settings;
  // A rule of the user's may have other fields; a learning rate means the same to every rule.
  const { learningRate } = optimConfig as OptimConfig;
  if (fields === null) checkConfig('Solver: optimConfig', { learningRate });
  else checkConfig('Solver: optimConfig', optimConfig, fields);
  const { onIteration, onEpoch } = settings as Pick<CheckedOptions<S>, 'onIteration' | 'onEpoch'>;
  const checked = { ...checkCheckpointed('Solver', settings), ui: checkUi('Solver', settings.ui) };
  const distributed = checkDistributed('Solver', settings);
  return { ...settings, ...checked, ...distributed, updateRule, fields, onIteration, onEpoch };
}

function ruleOf(rule: unknown): UpdateRule<object> {
  if (typeof rule === 'function') return rule as UpdateRule<object>;
  if (typeof rule === 'string' && Object.hasOwn(updateRules, rule)) return updateRules[rule as UpdateRuleName];
  const names = Object.keys(updateRules).join(', ');
  throw new RangeError(`Solver: unknown updateRule ${describe(rule)}, expected a function or one of ${names}`);
}
