import {
  argumentError,
  checkArrays,
  checkCount,
  checkEntries,
  checkedIn,
  checkFlag,
  checkLike,
  checkNumbers,
  checkShapes,
  describe,
  FINITE,
  FRACTION,
  heapCopies,
  heapCopy,
  loadEntry,
  type NDArray,
  orNull,
  Random,
  type RandomState,
  type Saved,
  SEED,
  type Stateful,
} from '../arrays/index.js';
import { isStateOfParameters } from '../classifiers/index.js';
import type { Model, Params } from '../classifiers/model.js';
import type { Statistics } from './parameters.js';

/** The running statistics of a batch normalization; null before the first training pass. */
export interface SavedStatistics {
  readonly runningMean: NDArray | null;
  readonly runningVar: NDArray | null;
}

/** Parameters, and the running statistics that go with them. */
export interface SavedParameters {
  readonly params: Readonly<Record<string, NDArray>>;
  readonly statistics: readonly SavedStatistics[];
}

/** Everything that the rest of a Solver's run depends on: what `solver.stateDict()` returns. */
export interface SolverState {
  readonly iteration: number;
  readonly epoch: number;
  readonly lossHistory: readonly number[];
  readonly trainAccHistory: readonly number[];
  readonly valAccHistory: readonly number[];
  readonly bestValAcc: number;
  /** Where targets are numbers, the loss of the validation examples in the place of the accuracies. */
  readonly valLossHistory: readonly number[];
  readonly bestValLoss: number | null;
  /** Whether `best` is of an evaluation; else it has the initial parameters. */
  readonly hasBest: boolean;
  /** What the model has. */
  readonly current: SavedParameters;
  /** What scored best. */
  readonly best: SavedParameters;
  /** What training continues from where the model has the best parameters; null where it has the last ones. */
  readonly last: SavedParameters | null;
  /** The config of each parameter: hyperparameters, and the update rule's state. */
  readonly configs: Readonly<Record<string, { readonly [field: string]: Saved }>>;
  /** The generator of the minibatches. */
  readonly random: RandomState;
  /** For each of the model's `dropoutParams` its seed and its generator, where it has them. */
  readonly dropout: readonly { readonly seed: number | string | null; readonly random: RandomState | null }[];
  /** The generators that are properties of the model, by their names. */
  readonly generators: Readonly<Record<string, RandomState>>;
  /** What the model's `stateDict()` returned; null if it has none. */
  readonly model: unknown;
  /** Whether an evaluation is due before the next step. */
  readonly due: boolean;
  /** Whether `onEpoch` has ended the run. */
  readonly stopped: boolean;
}

/** The lists of a {@link SolverState} that a Solver has under the same names. */
export const HISTORIES = ['lossHistory', 'trainAccHistory', 'valAccHistory', 'valLossHistory'] as const;

/** The names of a {@link SolverState}. */
export const SOLVER_STATE: readonly (keyof SolverState)[] = [
  'iteration',
  'epoch',
  ...HISTORIES,
  'bestValAcc',
  'bestValLoss',
  'hasBest',
  'current',
  'best',
  'last',
  'configs',
  'random',
  'dropout',
  'generators',
  'model',
  'due',
  'stopped',
];

/** Copies of parameters and their running statistics. */
export function savedParameters(params: Params, statistics: readonly Statistics[]): SavedParameters {
  const copy = (a: NDArray | undefined): NDArray | null => (a === undefined ? null : heapCopy(a));
  return {
    params: heapCopies(params),
    statistics: statistics.map(({ runningMean, runningVar }) => ({
      runningMean: copy(runningMean),
      runningVar: copy(runningVar),
    })),
  };
}

/** @returns Copies of the statistics. @throws {TypeError | ShapeError} naming what does not fit the model. */
export function checkParameters(fn: string, arg: string, saved: unknown, model: Model): readonly Statistics[] {
  checkEntries(fn, arg, saved, ['params', 'statistics']);
  checkArrays(fn, `${arg}.params`, saved.params, model.params);
  const { bnParams = [] } = model;
  const { statistics } = saved;
  checkLength(fn, `${arg}.statistics`, statistics, bnParams.length, 'one for each of model.bnParams');
  return bnParams.map((own, i): Statistics => {
    const at = `${arg}.statistics[${i}]`;
    const entry: unknown = statistics[i];
    checkEntries(fn, at, entry, ['runningMean', 'runningVar']);
    const copy = (name: 'runningMean' | 'runningVar'): NDArray | undefined => {
      if (entry[name] === null) return undefined;
      const a = entry[name] as NDArray;
      const like = own[name];
      if (like === undefined) checkShapes(fn, { [`${at}.${name}`]: [a, ['C']] });
      else checkLike(fn, `${at}.${name}`, a, `model.bnParams[${i}].${name}`, like);
      return heapCopy(a);
    };
    return { runningMean: copy('runningMean'), runningVar: copy('runningVar') };
  });
}

/** What a model has beside parameters and running statistics. */
export function savedModel(model: Model): Pick<SolverState, 'dropout' | 'generators' | 'model'> {
  const { dropoutParams = [] } = model;
  return {
    dropout: dropoutParams.map(({ seed, random }) => ({ seed: seed ?? null, random: random?.stateDict() ?? null })),
    generators: Object.fromEntries(generatorsOf(model).map(([name, random]) => [name, random.stateDict()])),
    model: isStateOfParameters(model) ? null : (model.stateDict?.() ?? null),
  };
}

function generatorsOf(model: Model): [name: string, random: Random][] {
  return Object.entries(model).filter((entry): entry is [string, Random] => entry[1] instanceof Random);
}

/** Checks what {@link savedModel} returned for a model. @returns A function that puts it into the model. */
export function checkedModel(fn: string, state: SolverState, model: Model): () => void {
  const { dropout, generators, model: own } = state;
  const { dropoutParams = [] } = model;
  // States of earlier versions did not have any.
  const randoms = generators === null ? [] : generatorsOf(model);
  if (generators !== null) {
    checkEntries(
      fn,
      'generators',
      generators,
      randoms.map(([name]) => name),
    );
  }
  for (const [name] of randoms) loadEntry(fn, `generators.${name}`, new Random(0), generators[name]);
  checkLength(fn, 'dropout', dropout, dropoutParams.length, 'one for each of model.dropoutParams');
  dropoutParams.forEach(({ random }, i) => {
    const [at, entry]: [string, unknown] = [`dropout[${i}]`, dropout[i]];
    checkEntries(fn, at, entry, ['seed', 'random']);
    if (entry.seed !== null) checkedIn(fn, `${at}.seed`, entry.seed, SEED);
    if (random !== undefined) loadEntry(fn, `${at}.random`, new Random(0), entry.random as RandomState);
    else if (entry.random !== null) {
      const expected = 'null: the dropout has no generator';
      throw argumentError(TypeError, { fn, arg: `${at}.random`, found: `is ${describe(entry.random)}`, expected });
    }
  });
  const takesState = typeof model.loadStateDict === 'function' && !isStateOfParameters(model);
  if (takesState !== (own !== null)) {
    const expected = takesState ? "what the model's stateDict() returned" : 'null: the model has no loadStateDict';
    throw argumentError(TypeError, { fn, arg: 'model', found: `is ${describe(own)}`, expected });
  }
  return () => {
    if (takesState) loadEntry(fn, 'model', model as Model & Stateful, own);
    for (const [name, random] of randoms) random.loadStateDict(generators[name]);
    dropoutParams.forEach((param, i) => {
      const { seed, random } = dropout[i];
      if (random !== null) param.random?.loadStateDict(random);
      if (seed !== null) param.seed = seed;
    });
  };
}

function checkLength(
  fn: string,
  arg: string,
  list: unknown,
  length: number,
  what: string,
): asserts list is readonly unknown[] {
  if (Array.isArray(list) && list.length === length) return;
  throw argumentError(TypeError, { fn, arg, found: `is ${describe(list)}`, expected: `${length} entries, ${what}` });
}

/**
 * Checks the numbers of a state.
 *
 * @returns The state, with what states of earlier versions did not have.
 * @throws {TypeError | RangeError} naming what does not fit.
 */
export function checkSolverState(fn: string, given: SolverState, iterationsPerEpoch: number): SolverState {
  const added: object = { valLossHistory: [], bestValLoss: null, generators: null };
  const state = typeof given === 'object' && given !== null ? Object.assign({ ...added }, given) : given;
  checkEntries(fn, 'state', state, SOLVER_STATE);
  const { iteration, epoch, trainAccHistory, valAccHistory, lossHistory, bestValAcc, due, stopped } = state;
  checkCount(fn, 'iteration', iteration, 0);
  const epochs = Math.floor(iteration / iterationsPerEpoch);
  if (epoch !== epochs) {
    const expected = `${epochs}: an epoch has ${iterationsPerEpoch} iterations here, and iteration is ${iteration}`;
    throw argumentError(RangeError, { fn, arg: 'epoch', found: `is ${describe(epoch)}`, expected });
  }
  checkNumbers(fn, 'lossHistory', lossHistory, iteration);
  checkNumbers(fn, 'trainAccHistory', trainAccHistory);
  checkNumbers(fn, 'valAccHistory', valAccHistory, trainAccHistory.length);
  checkedIn(fn, 'bestValAcc', bestValAcc, FRACTION);
  checkNumbers(fn, 'valLossHistory', state.valLossHistory);
  checkedIn(fn, 'bestValLoss', state.bestValLoss, orNull(FINITE));
  checkFlag(fn, 'due', due);
  checkFlag(fn, 'stopped', stopped);
  return state;
}
