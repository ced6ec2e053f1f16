import { heapCopies, heapCopy, statefulOf } from '../arrays/index.js';
import { Tensor } from '../autograd/index.js';
import type { FitContext } from './fit-context.js';
import {
  CURRENT_GENERATOR,
  checkFitState,
  type FitState,
  frozenIn,
  generatorsOf,
  loadParts,
  type PartName,
  type Parts,
  requiredStateful,
} from './fit-state.js';

/**
 * The objects of a run that have state of their own.
 *
 * @param isTolerant - Whether an optimizer and a schedule need not have any.
 * @throws {TypeError} if one should have, and has not.
 */
export function partsOf({ fn, model, loader, average, options }: FitContext, isTolerant = false): Parts {
  const { optimizer, schedule, valLoader } = options;
  return {
    model: statefulOf(model),
    optimizer: isTolerant ? statefulOf(optimizer) : requiredStateful(fn, 'optimizer', optimizer),
    schedule: isTolerant ? statefulOf(schedule) : requiredStateful(fn, 'schedule', schedule),
    loader: statefulOf(loader),
    valLoader: statefulOf(valLoader),
    weightAverage: statefulOf(average),
    generator: CURRENT_GENERATOR,
  };
}

/** @throws {TypeError} if a run is to be saved and cannot be: an epoch later would be too late to say so. */
export function checkSavable(run: FitContext): void {
  const { checkpoint } = run.options;
  if (checkpoint === null) return;
  partsOf(run);
  if (checkpoint.every.unit !== 'epochs') run.train.metrics.checkStateful();
}

/**
 * A copy of all that the rest of a run depends on, between two of its steps.
 *
 * @param isTolerant - Whether what has no state that should have is left out.
 */
export function fitStateOf(run: FitContext, isTolerant = false): FitState {
  const { model, history, last, best, train } = run;
  const states = Object.entries(partsOf(run, isTolerant)).map(([name, part]) => [name, part?.stateDict() ?? null]);
  const gradients = model.namedParameters().flatMap(([name, parameter]) => {
    const gradient = parameter.lendGrad();
    return gradient === null ? [] : [[name, gradient.data] as const];
  });
  return {
    ...(Object.fromEntries(states) as Pick<FitState, PartName>),
    ...(last && { model: heapCopies(last) }),
    generators: Object.fromEntries(
      Object.entries(generatorsOf(model)).map(([path, random]) => [path, random.stateDict()]),
    ),
    frozen: frozenIn(model),
    gradients: heapCopies(Object.fromEntries(gradients)),
    best: best && heapCopies(best),
    history: structuredClone(history),
    inEpoch: {
      steps: run.steps,
      right: train.tally.right,
      examples: train.tally.count,
      seconds: run.elapsed,
      group: run.group,
      metrics: run.hasMetrics && run.steps > 0 ? train.metrics.stateDict() : null,
    },
    stopped: run.stopped,
  };
}

/** Continues a run from a state. @throws {Error} naming what does not fit; nothing has changed then. */
export function loadFitState(run: FitContext, given: FitState, isTolerant = false): void {
  const { fn, model, train } = run;
  const { accumulate, metrics } = run.options;
  const state = checkFitState(fn, given, { model, accumulate, metrics, epochMetrics: train.metrics });
  loadParts(fn, partsOf(run, isTolerant), generatorsOf(model), state);
  for (const [name, parameter] of model.namedParameters()) {
    parameter.requiresGrad = !state.frozen.includes(name);
    const has = Object.hasOwn(state.gradients, name);
    parameter.grad = has ? new Tensor(heapCopy(state.gradients[name])) : null;
  }
  run.best = state.best && heapCopies(state.best);
  Object.assign(run.history, structuredClone(state.history));
  const { steps, right, examples, seconds, group, metrics: ofEpoch } = state.inEpoch;
  [run.steps, run.seconds, run.group] = [steps, seconds, { ...group }];
  Object.assign(train.tally, { right, count: examples });
  if (ofEpoch !== null) train.metrics.loadStateDict(ofEpoch);
  run.stopped = state.stopped;
}
