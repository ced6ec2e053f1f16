import { checkFinite, DivergedError } from './diverged-error.js';
import type { TURN } from './drive.js';
import { drawSamples, type Evaluated, scoreOf } from './examples.js';
import type { Kept } from './solver-model.js';
import type { SolverRun } from './solver-run.js';
import { sharedScoreOf } from './solver-shares.js';

/** What an evaluation has found; null what there is none of. */
export interface Evaluation {
  readonly trainAcc: number | null;
  readonly valAcc: number | null;
  readonly valLoss: number | null;
}

/** Scores the model. Its parameters become the best where both they and their scores are finite. */
export function* evaluate(run: SolverRun): Generator<typeof TURN, Evaluation, unknown> {
  const { history } = run;
  checkFinite(run.progress, run.model.params);
  run.isBest = false;
  const [train, val] = yield* scores(run);
  if (train === null) {
    history.valLossHistory.push(val.value);
    if (val.finite && (history.bestValLoss === null || val.value < history.bestValLoss)) {
      history.bestValLoss = val.value;
      take(run);
    }
    return { trainAcc: null, valAcc: null, valLoss: val.value };
  }
  history.trainAccHistory.push(train.value);
  history.valAccHistory.push(val.value);
  if (val.finite && (val.value > history.bestValAcc || !run.best.known)) {
    history.bestValAcc = val.value;
    take(run);
  }
  return { trainAcc: train.value, valAcc: val.value, valLoss: null };
}

/** Puts the best parameters into the model, and keeps the last ones. */
export function* finish(run: SolverRun): Generator<typeof TURN, void, unknown> {
  const { valAccHistory, valLossHistory, lossHistory, iteration } = run.history;
  // Where every iteration was a call of step(), nothing has been evaluated yet.
  if (valAccHistory.length + valLossHistory.length === 0) yield* evaluate(run);
  if (!run.best.known) {
    const what = run.hasLabels ? 'model.loss(X) gives scores' : 'model.loss(X, y) gives validation losses';
    throw new DivergedError(run.progress, lossHistory[iteration - 1], `${what} that are not finite`, false);
  }
  run.best.put();
  run.stopped = false;
}

function take(run: SolverRun): void {
  run.best.take();
  run.isBest = true;
}

/**
 * Scores of training and validation examples; of the latter alone where targets are numbers. An error has drawn
 * nothing.
 */
function* scores(run: SolverRun): Generator<typeof TURN, [train: Evaluated | null, val: Evaluated], unknown> {
  const { random, train, val, hasLabels } = run;
  const { numTrainSamples, numValSamples } = run.options;
  const before = random.stateDict();
  run.beforeEvaluation = before;
  let isComplete = false;
  try {
    // Drawn before the event loop turns, where others may draw too.
    const trainSome = hasLabels ? drawSamples(random, train, numTrainSamples) : null;
    const valSome = drawSamples(random, val, numValSamples);
    // Training labels beyond the classes are the loss's to refuse: it may not be about classes at all.
    const ofTrain = hasLabels ? yield* score(run, null, train, trainSome) : null;
    const ofVal = yield* score(run, 'yVal', val, valSome);
    isComplete = true;
    return [ofTrain, ofVal];
  } finally {
    run.beforeEvaluation = null;
    if (!isComplete) random.loadStateDict(before);
  }
}

/** Evaluates the model on examples: see {@link scoreOf}. */
export function score(
  { model, ranks }: SolverRun,
  arg: string | null,
  examples: Kept,
  chosen: Int32Array | null,
  batchSize?: number,
): Generator<typeof TURN, Evaluated, unknown> {
  if (ranks === null) return scoreOf(model, arg, examples, chosen, batchSize);
  return sharedScoreOf(ranks, model, arg, examples, chosen, batchSize);
}
