import {
  array,
  checkAmount,
  checkCount,
  checkFlag,
  checkLabels,
  checkOptions,
  checkShapes,
  describe,
  heap,
  isNDArray,
  type Labels,
  type NDArray,
  withStorage,
} from '../arrays/index.js';
import type { Model, Params } from '../classifiers/model.js';
import { isResident, resident } from '../kernels/index.js';
import {
  type AnyUpdateRule,
  type ConfigOf,
  type OptimConfig,
  type UpdateRule,
  type UpdateRuleName,
  updateRules,
} from '../optim/index.js';
import { fieldsOf } from '../optim/rules.js';
import { checkConfig, STATE } from '../optim/update-rule.js';
import { findNonFinite } from './finite.js';

/** What a Solver trains on and watches. Inputs are of shape (N, …), the batch first. */
export interface Dataset {
  readonly XTrain: NDArray;
  readonly yTrain: Labels;
  readonly XVal: NDArray;
  readonly yVal: Labels;
}

/** Whether a rule is given as a function or by its name in cs231n. */
export type Rule = UpdateRuleName | AnyUpdateRule;

/** Options of a Solver `S` with the update rule `R`, which says what `optimConfig` takes. */
export interface SolverOptionsOf<R extends Rule, S> {
  /** How parameters change: a rule of `optim`, one of your own, or a rule's name in cs231n. Default `'sgd'`. */
  updateRule?: R;
  /** The rule's hyperparameters, such as `{ learningRate: 1e-3 }`. Every parameter gets a copy. Default: the rule's own. */
  optimConfig?: ConfigOf<R>;
  /** Factor on the learning rate at the end of each epoch. Default 1. */
  lrDecay?: number;
  /** Examples to a minibatch. Default 100. */
  batchSize?: number;
  /** Passes through as many examples as there are for training. Default 10. */
  numEpochs?: number;
  /** Iterations between two lines of loss. Default 10. */
  printEvery?: number;
  /** Whether to print. Default true. */
  verbose?: boolean;
  /** Training examples that the training accuracy is estimated on; null for all. Default 1000. */
  numTrainSamples?: number | null;
  /** Validation examples that are scored; null, the default, for all. */
  numValSamples?: number | null;
  /** Seed of the minibatches. Without one they cannot be repeated. */
  seed?: number | string;
  /** Called after every iteration. Synchronous. */
  onIteration?: (solver: S) => void;
  /** Called after every evaluation: at the first and the last iteration, and at the end of each epoch. Synchronous. */
  onEpoch?: (solver: S) => void;
}

/** The options, defaults filled in. */
export interface CheckedOptions<S> {
  readonly updateRule: UpdateRule<object>;
  /** Whether the rule is one of this library's. */
  readonly isOwnRule: boolean;
  readonly optimConfig: object;
  readonly lrDecay: number;
  readonly batchSize: number;
  readonly numEpochs: number;
  readonly printEvery: number;
  readonly verbose: boolean;
  readonly numTrainSamples: number | null;
  readonly numValSamples: number | null;
  readonly seed: number | string | undefined;
  readonly onIteration: (solver: S) => void;
  readonly onEpoch: (solver: S) => void;
}

const KNOWN = [
  'updateRule',
  'optimConfig',
  'lrDecay',
  'batchSize',
  'numEpochs',
  'printEvery',
  'verbose',
  'numTrainSamples',
  'numValSamples',
  'seed',
  'onIteration',
  'onEpoch',
];

/** @throws {RangeError | TypeError} naming an option that is unknown, of the wrong kind or out of range. */
export function checkSolverOptions<R extends Rule, S>(options: SolverOptionsOf<R, S>): CheckedOptions<S> {
  checkOptions('Solver', options, KNOWN);
  const { lrDecay = 1, batchSize = 100, numEpochs = 10, printEvery = 10 } = options;
  const { verbose = true, numTrainSamples = 1000, numValSamples = null, seed } = options;
  const { onIteration = () => {}, onEpoch = () => {} } = options;
  const optimConfig: object = options.optimConfig === undefined ? {} : options.optimConfig;
  if (typeof optimConfig !== 'object' || optimConfig === null) {
    throw new TypeError(`Solver: optimConfig is ${describe(optimConfig)}, expected an object`);
  }
  const updateRule = ruleOf(options.updateRule as UpdateRule<object> | UpdateRuleName | undefined);
  const fields = fieldsOf(updateRule);
  // A rule of the user's may have other fields; a learning rate means the same to every rule.
  const { learningRate } = optimConfig as OptimConfig;
  if (fields === null) checkConfig('Solver: optimConfig', { learningRate });
  else checkConfig('Solver: optimConfig', optimConfig, fields);

  checkAmount('Solver', 'lrDecay', lrDecay);
  checkFlag('Solver', 'verbose', verbose);
  for (const [name, n] of Object.entries({ batchSize, numEpochs, printEvery })) checkCount('Solver', name, n, 1);
  for (const [name, n] of Object.entries({ numTrainSamples, numValSamples })) {
    if (n !== null) checkCount('Solver', name, n, 1);
  }
  for (const [name, value] of Object.entries({ onIteration, onEpoch })) {
    if (typeof value !== 'function') throw new TypeError(`Solver: ${name} is ${describe(value)}, expected a function`);
  }
  return {
    updateRule,
    isOwnRule: fields !== null,
    optimConfig,
    lrDecay,
    batchSize,
    numEpochs,
    printEvery,
    verbose,
    numTrainSamples,
    numValSamples,
    seed,
    onIteration,
    onEpoch,
  };
}

function ruleOf(rule: UpdateRule<object> | UpdateRuleName = 'sgd'): UpdateRule<object> {
  if (typeof rule === 'function') return rule;
  if (typeof rule === 'string' && Object.hasOwn(updateRules, rule)) return updateRules[rule];
  const names = Object.keys(updateRules).join(', ');
  throw new RangeError(`Solver: unknown updateRule ${describe(rule)}, expected a function or one of ${names}`);
}

/**
 * A copy of `optimConfig` for each parameter, arrays included: no two parameters share state.
 *
 * @throws {ShapeError} if an array of state does not have the shape of a parameter.
 */
export function configsFor({ isOwnRule, optimConfig }: CheckedOptions<never>, params: Params): Map<string, object> {
  const configs = new Map<string, object>();
  for (const [name, param] of Object.entries(params)) {
    const fields = Object.entries(optimConfig).map(([field, value]) => {
      if (!isNDArray(value)) return [field, value];
      if (isOwnRule && (STATE as readonly string[]).includes(field)) {
        checkShapes('Solver', { [name]: [param, ['…']], [`optimConfig.${field}`]: [value, param.shape] });
      }
      return [field, isResident(param) ? resident(value) : withStorage(heap, () => array(value))];
    });
    configs.set(name, Object.fromEntries(fields));
  }
  return configs;
}

/** @throws {TypeError | RangeError} if `model` is not one, or has parameters that are not finite. */
export function checkModel(model: Model): void {
  if (typeof model?.loss !== 'function' || typeof model.params !== 'object' || model.params === null) {
    throw new TypeError(`Solver: model is ${describe(model)}, expected an object with params and loss(X, y)`);
  }
  for (const [name, param] of Object.entries(model.params)) {
    checkShapes('Solver', { [`model.params.${name}`]: [param, ['…']] });
  }
  const found = findNonFinite(model.params);
  if (found !== null) throw new RangeError(`Solver: model.params.${found}, expected finite numbers`);
}

/** @returns The labels as integers. @throws {ShapeError | RangeError | TypeError} naming what does not fit. */
export function checkDataset(data: Dataset): { yTrain: Int32Array; yVal: Int32Array } {
  if (typeof data !== 'object' || data === null) {
    throw new TypeError(`Solver: data is ${describe(data)}, expected { XTrain, yTrain, XVal, yVal }`);
  }
  const { XTrain, XVal } = data;
  const { N: numTrain } = checkShapes('Solver', { XTrain: [XTrain, ['N', '…']] });
  const { N: numVal } = checkShapes('Solver', { XVal: [XVal, ['N', '…']] });
  checkShapes('Solver', { XTrain: [XTrain, XTrain.shape], XVal: [XVal, [numVal, ...XTrain.shape.slice(1)]] });
  return {
    yTrain: checkLabels('Solver', 'yTrain', data.yTrain, numTrain),
    yVal: checkLabels('Solver', 'yVal', data.yVal, numVal),
  };
}
