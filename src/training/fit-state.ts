import {
  AMOUNT,
  argumentError,
  checkArrays,
  checkCount,
  checkEntries,
  checkedIn,
  checkFlag,
  checkNumbers,
  describe,
  FINITE,
  FRACTION,
  faultOf,
  isError,
  type NDArray,
  orNull,
  Random,
  type RandomState,
  type Stateful,
  statefulOf,
} from '../arrays/index.js';
import { defaultGenerator } from '../autograd/index.js';
import type { Module } from '../nn/index.js';
import { emptyHistory, type FitHistory } from './history.js';
import type { AnyMetrics, EpochMetrics, MetricsState } from './metric.js';
import type { WeightAverageState } from './weight-average.js';

/**
 * Everything that the rest of a run of `fit` depends on: a plain object of numbers, strings, booleans, null, lists,
 * arrays, and objects of these. What stands for an object without `stateDict` is null.
 */
export interface FitState {
  /** Parameters and buffers. */
  readonly model: Readonly<Record<string, NDArray>>;
  readonly optimizer: unknown;
  readonly schedule: unknown;
  /** With the place in the epoch. */
  readonly loader: unknown;
  readonly valLoader: unknown;
  readonly weightAverage: WeightAverageState | null;
  /** The generator that `manualSeed` seeds. */
  readonly generator: RandomState;
  /** The generators that are properties of modules, by their paths, such as `3.random` of a `Dropout`. */
  readonly generators: Readonly<Record<string, RandomState>>;
  /** The names of the parameters that need no gradient: a callback may freeze some, or thaw them. */
  readonly frozen: readonly string[];
  /** The gradients that parameters have. */
  readonly gradients: Readonly<Record<string, NDArray>>;
  /** Parameters and buffers of the best epoch; null before there is one, and without `keepBest`. */
  readonly best: Readonly<Record<string, NDArray>> | null;
  readonly history: FitHistory;
  /** The epoch in progress: its batches, examples that were scored right, examples that were scored, seconds so far. */
  readonly inEpoch: {
    readonly steps: number;
    readonly right: number;
    readonly examples: number;
    readonly seconds: number;
    /** The batches whose gradients have been added up for the next step of the optimizer. */
    readonly group: Group;
    /** What metrics have seen of it; null without metrics, and between two epochs. */
    readonly metrics: MetricsState | null;
  };
  /** Whether `onEpoch` has ended the run. */
  readonly stopped: boolean;
}

/** The batches whose gradients are added up for a step. */
export interface Group {
  readonly batches: number;
  /** Examples in the first of them. */
  readonly size: number;
  /** Their examples, in units of `size`. */
  readonly weight: number;
}

/** No batch. */
export const NO_GROUP: Group = { batches: 0, size: 0, weight: 0 };

/** A run of `fit` whose state can be saved: after each step, and in callbacks. */
export interface Resumable {
  /**
   * A copy of the state, for the option `state` of another call.
   *
   * @throws {TypeError} if the optimizer or the schedule has no `stateDict()`.
   * @throws {Error} if the run has been left, or has ended with an error: the loader has lost its place.
   */
  stateDict(): FitState;
}

/** The names of the parts of a {@link FitState} that are states of other objects. */
export type PartName = 'model' | 'optimizer' | 'schedule' | 'loader' | 'valLoader' | 'weightAverage' | 'generator';

/** The objects that have the parts of a state; null where nothing is to be saved. */
export type Parts = Readonly<Record<PartName, Stateful | null>>;

/** The same of what a run cannot continue without. @throws {TypeError} if it cannot. */
export function requiredStateful(fn: string, arg: string, value: unknown): Stateful | null {
  const part = statefulOf(value);
  if (part !== null || value === undefined) return part;
  const expected = 'stateDict() and loadStateDict(state), as those of optim have';
  throw argumentError(TypeError, { fn, arg, found: `is ${describe(value)}`, expected });
}

/** The generators among the properties of a module and of those that it is made of, by their paths. */
export function generatorsOf(model: Module<unknown>): Record<string, Random> {
  const found = model
    .namedModules()
    .flatMap(([path, module]) =>
      Object.entries(module).flatMap(([name, value]) =>
        value instanceof Random ? [[path === '' ? name : `${path}.${name}`, value] as const] : [],
      ),
    );
  return Object.fromEntries(found);
}

/** The generator that `manualSeed` seeds, whichever that is at the time. */
export const CURRENT_GENERATOR: Stateful = {
  stateDict: () => defaultGenerator().stateDict(),
  loadStateDict: (state) => defaultGenerator().loadStateDict(state as RandomState),
};

/** Loads all parts of a state, or, if one does not fit, none. @throws {Error} naming the part. */
export function loadParts(fn: string, parts: Parts, generators: Record<string, Random>, state: FitState): void {
  checkEntries(fn, 'state.generators', state.generators, Object.keys(generators));
  const loads = [
    ...Object.entries(parts).map(([name, part]) => [`state.${name}`, part, state[name as PartName]] as const),
    ...Object.entries(generators).map(
      ([name, part]) => [`state.generators.${name}`, part as Stateful, state.generators[name]] as const,
    ),
  ];
  const before: (() => void)[] = [];
  try {
    for (const [name, part, saved] of loads) {
      if (part === null) {
        if (saved === null) continue;
        const expected = 'null: nothing in this run takes it';
        throw argumentError(TypeError, { fn, arg: name, found: `is ${describe(saved)}`, expected });
      }
      const own = part.stateDict();
      before.push(() => part.loadStateDict(own));
      inState(fn, name, () => part.loadStateDict(saved));
    }
  } catch (error) {
    for (const restore of before) restore();
    throw error;
  }
}

/** Runs `load`. Its errors name the place in the state. */
function inState(fn: string, name: string, load: () => void): void {
  try {
    load();
  } catch (error) {
    if (!isError(error)) throw error;
    const fault = faultOf(error);
    const Kind = error instanceof TypeError ? TypeError : RangeError;
    if (fault === undefined) throw new Kind(`${fn}: ${name}: ${error.message}`, { cause: error });
    const arg = fault.arg === 'state' ? name : `${name}.${fault.arg}`;
    throw argumentError(Kind, { ...fault, fn, arg }, { cause: error });
  }
}

const NAMES: readonly (keyof FitState)[] = [
  'model',
  'optimizer',
  'schedule',
  'loader',
  'valLoader',
  'weightAverage',
  'generator',
  'generators',
  'frozen',
  'gradients',
  'best',
  'history',
  'inEpoch',
  'stopped',
];

/** What states did not have in earlier versions: of runs that had none of it. */
function completed(state: FitState, model: Module<unknown>): FitState {
  if (!isObject(state) || !isObject(state.history) || !isObject(state.inEpoch)) return state;
  const { bestEpoch, bestValAcc } = state.history;
  const { valLossHistory, metrics } = emptyHistory();
  const bestValue = bestEpoch > 0 ? bestValAcc : null;
  const history = { valLossHistory, metrics, bestValue, ...(state.history as Partial<FitHistory>) };
  const inEpoch = { group: NO_GROUP, metrics: null, ...(state.inEpoch as Partial<FitState['inEpoch']>) };
  return { frozen: frozenIn(model), ...(state as Partial<FitState>), history, inEpoch } as FitState;
}

/** The names of the parameters of a model that need no gradient. */
export function frozenIn(model: Module<unknown>): string[] {
  return model.namedParameters().flatMap(([name, { requiresGrad }]) => (requiresGrad ? [] : [name]));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** What a state has to fit, beside its parts. */
interface FitRunParts {
  readonly model: Module<unknown>;
  readonly accumulate: number;
  readonly metrics: AnyMetrics;
  readonly epochMetrics: EpochMetrics;
}

/**
 * Checks what no part checks.
 *
 * @returns The state, with all entries that this version has.
 * @throws {TypeError | RangeError | ShapeError} naming the entry that does not fit.
 */
export function checkFitState(fn: string, given: FitState, run: FitRunParts): FitState {
  const { model } = run;
  const state = completed(given, model);
  checkEntries(fn, 'state', state, NAMES);
  const { history, inEpoch, best, gradients, stopped } = state;
  checkEntries(fn, 'state.history', history, Object.keys(emptyHistory()));
  const { epoch, iteration, lossHistory, learningRates, valAccHistory, bestValAcc, bestEpoch } = history;
  checkCount(fn, 'state.history.epoch', epoch, 0);
  checkCount(fn, 'state.history.iteration', iteration, 0);
  checkNumbers(fn, 'state.history.lossHistory', lossHistory, iteration);
  checkNumbers(fn, 'state.history.learningRates', learningRates);
  checkNumbers(fn, 'state.history.trainAccHistory', history.trainAccHistory, epoch, true);
  checkNumbers(fn, 'state.history.valAccHistory', valAccHistory);
  checkNumbers(fn, 'state.history.secondsHistory', history.secondsHistory, epoch);
  checkedIn(fn, 'state.history.bestValAcc', bestValAcc, FRACTION);
  checkCount(fn, 'state.history.bestEpoch', bestEpoch, 0, epoch);
  checkResults(fn, history, run.metrics);
  checkEntries(fn, 'state.inEpoch', inEpoch, ['steps', 'right', 'examples', 'seconds', 'group', 'metrics']);
  checkEntries(fn, 'state.inEpoch.group', inEpoch.group, Object.keys(NO_GROUP));
  checkCount(fn, 'state.inEpoch.group.batches', inEpoch.group.batches, 0, run.accumulate - 1);
  checkCount(fn, 'state.inEpoch.group.size', inEpoch.group.size, 0);
  checkedIn(fn, 'state.inEpoch.group.weight', inEpoch.group.weight, AMOUNT);
  if (inEpoch.metrics !== null) run.epochMetrics.checkState(fn, 'state.inEpoch.metrics', inEpoch.metrics);
  for (const name of ['steps', 'right', 'examples'] as const) {
    checkCount(fn, `state.inEpoch.${name}`, inEpoch[name], 0);
  }
  checkCount(fn, 'state.inEpoch.steps', inEpoch.steps, 0, iteration);
  checkCount(fn, 'state.inEpoch.right', inEpoch.right, 0, inEpoch.examples);
  checkedIn(fn, 'state.inEpoch.seconds', inEpoch.seconds, AMOUNT);
  checkFlag(fn, 'state.stopped', stopped);
  if (valAccHistory.length > epoch || learningRates.length > iteration) {
    const found = `has ${learningRates.length} learning rates and ${valAccHistory.length} validation accuracies`;
    const expected = `at most ${iteration} and ${epoch}`;
    throw argumentError(RangeError, { fn, arg: 'state.history', found, expected });
  }
  if (best !== null) checkArrays(fn, 'state.best', best, model.stateDict());
  const params = new Map(model.namedParameters());
  const { frozen } = state;
  if (!Array.isArray(frozen) || !frozen.every((name) => params.has(name))) {
    const expected = 'a list of names of parameters';
    throw argumentError(TypeError, { fn, arg: 'state.frozen', found: `is ${describe(frozen)}`, expected });
  }
  checkEntries(
    fn,
    'state.gradients',
    gradients,
    [...params.keys()].filter((name) => Object.hasOwn(Object(gradients), name)),
  );
  const like = Object.keys(gradients).map((name) => [name, params.get(name)?.data as NDArray]);
  checkArrays(fn, 'state.gradients', gradients, Object.fromEntries(like));
  return state;
}

/** Checks what validation and metrics have found: numbers that need not be finite. */
function checkResults(fn: string, { valLossHistory, metrics, bestValue, epoch }: FitHistory, own: AnyMetrics): void {
  checkEntries(fn, 'state.history.metrics', metrics, Object.keys(own));
  const lists = Object.entries(metrics).flatMap(([name, lists]) => {
    checkEntries(fn, `state.history.metrics.${name}`, lists, ['train', 'val']);
    return Object.entries(lists).map(([part, list]) => [`metrics.${name}.${part}`, list] as const);
  });
  for (const [name, list] of [['valLossHistory', valLossHistory] as const, ...lists]) {
    const isList = Array.isArray(list) && list.length <= epoch && list.every((value) => typeof value === 'number');
    if (isList) continue;
    const expected = `a list of at most ${epoch} numbers`;
    throw argumentError(TypeError, { fn, arg: `state.history.${name}`, found: `is ${describe(list)}`, expected });
  }
  checkedIn(fn, 'state.history.bestValue', bestValue, orNull(FINITE));
}
