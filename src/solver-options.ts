import {
  checkAmount,
  checkCount,
  checkFlag,
  checkLabels,
  checkOptions,
  checkShapes,
  describe,
  type Labels,
  type NDArray,
} from './arrays/index.js';
import type { Model } from './model.js';
import { type UpdateRule, type UpdateRuleName, updateRules } from './optim/index.js';
import { checkConfig } from './optim/update-rule.js';

/** What a Solver trains on and watches. Inputs are of shape (N, …), the batch first. */
export interface Dataset {
  readonly XTrain: NDArray;
  readonly yTrain: Labels;
  readonly XVal: NDArray;
  readonly yVal: Labels;
}

/** Options of a Solver `S` whose update rule takes a config `C`. */
export interface SolverOptionsOf<C extends { learningRate?: number }, S> {
  /** How parameters change: a rule of `optim`, one of your own, or a rule's name in cs231n. Default `optim.sgd`. */
  updateRule?: UpdateRule<C> | UpdateRuleName;
  /** The rule's hyperparameters. Every parameter gets a copy. */
  optimConfig?: C;
  /** Factor on the learning rate at the end of each epoch. Default 1. */
  lrDecay?: number;
  /** Examples to a minibatch. Default 100. */
  batchSize?: number;
  /** Default 10. */
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
  /** Called after every iteration. */
  onIteration?: (solver: S) => void;
  /** Called after every evaluation: at the first and the last iteration, and at the end of each epoch. */
  onEpoch?: (solver: S) => void;
}

/** The options, defaults filled in. */
export interface CheckedOptions<C extends { learningRate?: number }, S> {
  readonly updateRule: UpdateRule<C>;
  readonly optimConfig: C;
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
export function checkSolverOptions<C extends { learningRate?: number }, S>(
  options: SolverOptionsOf<C, S>,
): CheckedOptions<C, S> {
  checkOptions('Solver', options, KNOWN);
  const { optimConfig = {} as C, lrDecay = 1, batchSize = 100, numEpochs = 10, printEvery = 10 } = options;
  const { verbose = true, numTrainSamples = 1000, numValSamples = null, seed } = options;
  const { onIteration = () => {}, onEpoch = () => {} } = options;
  if (typeof optimConfig !== 'object' || optimConfig === null) {
    throw new TypeError(`Solver: optimConfig is ${describe(optimConfig)}, expected an object`);
  }
  checkConfig('Solver: optimConfig', { learningRate: optimConfig.learningRate });
  const updateRule = ruleOf(options.updateRule);
  if ((Object.values(updateRules) as unknown[]).includes(updateRule)) checkConfig('Solver: optimConfig', optimConfig);

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

function ruleOf<C extends { learningRate?: number }>(rule: UpdateRule<C> | UpdateRuleName = 'sgd'): UpdateRule<C> {
  if (typeof rule === 'function') return rule;
  if (typeof rule === 'string' && Object.hasOwn(updateRules, rule)) return updateRules[rule] as UpdateRule<C>;
  const names = Object.keys(updateRules).join(', ');
  throw new RangeError(`Solver: unknown updateRule ${describe(rule)}, expected a function or one of ${names}`);
}

/** @throws {TypeError} if `model` is not one. */
export function checkModel(model: Model): void {
  if (typeof model?.loss !== 'function' || typeof model.params !== 'object' || model.params === null) {
    throw new TypeError(`Solver: model is ${describe(model)}, expected an object with params and loss(X, y)`);
  }
  for (const [name, param] of Object.entries(model.params)) {
    checkShapes('Solver', { [`model.params.${name}`]: [param, ['…']] });
  }
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
