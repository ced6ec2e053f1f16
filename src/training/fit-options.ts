import { checkCount, checkFlag, checkOptions, describe, type Labels } from '../arrays/index.js';
import type { Tensor } from '../autograd/index.js';
import { F } from '../autograd/index.js';
import { Module } from '../nn/index.js';
import type { Trainable } from '../optim/index.js';
import { type Batches, checkLoader } from './batches.js';
import type { FitHistory } from './history.js';

/** What changes the parameters: an optimizer of `optim`, or anything that takes steps. */
export interface Stepper {
  /** Changes the parameters by their gradients. */
  step(): void;
  /** Forgets the gradients. */
  zeroGrad(): void;
  /** Where errors and histories read the learning rate, and clipping the parameters. */
  readonly paramGroups?: readonly { lr?: number; readonly params?: readonly Trainable[] }[];
}

/** What changes the learning rate: a schedule of `optim.lrScheduler`, or anything that takes steps. */
export interface Schedule {
  /** Sets the rate of the next step or epoch. */
  step(): void;
  /** Whether its steps are those of the optimizer, or epochs. Default `'epoch'`. */
  readonly every?: 'step' | 'epoch';
}

/** How `fit` trains. */
export interface FitOptions {
  /** Changes the parameters after each batch. */
  optimizer: Stepper;
  /** Passes through the loader. Default 10. */
  epochs?: number;
  /** The loss of a batch from its scores, a tensor of one value. Default `F.crossEntropy`. */
  loss?: (scores: Tensor, y: Labels) => Tensor;
  /** Changes the learning rate, after each step or each epoch, as it says itself. */
  schedule?: Schedule;
  /** What is scored after each epoch, in evaluation mode. Without it there is no validation accuracy. */
  valLoader?: Batches;
  /** Whether the model ends with the weights of the epoch that scored best. Default: where there is a `valLoader`. */
  keepBest?: boolean;
  /** Stops after this many epochs without a better validation accuracy. Default: never. */
  patience?: number;
  /** Scales the gradients of a step so that their norm together is at most this. Default: none. */
  clipGradNorm?: number;
  /** Decay of an exponential moving average of the weights, which is scored, and which the model ends with. Default: none. */
  weightAverage?: number;
  /** Iterations between two lines of loss. Default 100. */
  printEvery?: number;
  /** Whether to print. Default true. */
  verbose?: boolean;
  /** Called after every step. Synchronous. */
  onStep?: (history: FitHistory) => void;
  /** Called after every epoch; `false` ends the training. Synchronous: a promise is refused. */
  onEpoch?: (history: FitHistory) => unknown;
}

/** The options, defaults filled in. */
export type CheckedFitOptions = Required<Omit<FitOptions, Optional>> & Pick<FitOptions, Optional>;
type Optional = 'schedule' | 'valLoader' | 'patience' | 'clipGradNorm' | 'weightAverage';

const KNOWN = [
  'optimizer',
  'epochs',
  'loss',
  'schedule',
  'valLoader',
  'keepBest',
  'patience',
  'clipGradNorm',
  'weightAverage',
  'printEvery',
  'verbose',
  'onStep',
  'onEpoch',
];

/** @throws {TypeError | RangeError} naming an argument or option that is unknown, of the wrong kind or out of range. */
export function checkFit(model: Module, loader: Batches, options: FitOptions): CheckedFitOptions {
  const fn = 'fit';
  if (!(model instanceof Module)) throw new TypeError(`${fn}: model is ${describe(model)}, expected a Module`);
  checkLoader(fn, 'loader', loader);
  checkOptions(fn, options, KNOWN);
  const { optimizer, schedule, valLoader, patience, clipGradNorm, weightAverage } = options;
  const { epochs = 10, loss = F.crossEntropy, printEvery = 100, verbose = true } = options;
  const { keepBest = valLoader !== undefined, onStep = () => {}, onEpoch = () => {} } = options;
  if (typeof optimizer?.step !== 'function' || typeof optimizer.zeroGrad !== 'function') {
    throw new TypeError(`${fn}: optimizer is ${describe(optimizer)}, expected one of optim, such as new optim.SGD(…)`);
  }
  if (schedule !== undefined && typeof schedule?.step !== 'function') {
    throw new TypeError(`${fn}: schedule is ${describe(schedule)}, expected one of optim.lrScheduler`);
  }
  if (valLoader !== undefined) checkLoader(fn, 'valLoader', valLoader);
  else if (keepBest || patience !== undefined) {
    throw new TypeError(`${fn}: valLoader is missing, expected one for ${keepBest ? 'keepBest' : 'patience'}`);
  }
  for (const [name, n] of Object.entries({ epochs, printEvery, ...(patience === undefined ? {} : { patience }) })) {
    checkCount(fn, name, n, 1);
  }
  for (const [name, value] of Object.entries({ keepBest, verbose })) checkFlag(fn, name, value);
  for (const [name, value] of Object.entries({ loss, onStep, onEpoch })) {
    if (typeof value !== 'function') throw new TypeError(`${fn}: ${name} is ${describe(value)}, expected a function`);
  }
  if (clipGradNorm !== undefined && !(typeof clipGradNorm === 'number' && clipGradNorm > 0)) {
    throw new RangeError(`${fn}: clipGradNorm is ${describe(clipGradNorm)}, expected a number > 0`);
  }
  return {
    optimizer,
    epochs,
    loss,
    schedule,
    valLoader,
    keepBest,
    patience,
    clipGradNorm,
    weightAverage,
    printEvery,
    verbose,
    onStep,
    onEpoch,
  };
}
