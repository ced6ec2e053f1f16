import { argumentError } from '../arrays/index.js';
import type { BatchTargets } from '../data/structure.js';
import { withShard } from '../layers/shard.js';
import { type Batches, eachBatch, forEachBatch, type Visit } from './batches.js';
import { type Pending, TURN } from './drive.js';
import type { EpochScores } from './epoch-scores.js';
import { evaluating } from './evaluation.js';
import type { FitContext } from './fit-context.js';

/** What validation has found. */
export interface Validation {
  readonly accuracy: number | null;
  readonly loss: number;
  readonly results: Readonly<Record<string, number>>;
  /** By which epochs are compared. */
  readonly score: number;
}

/** Scores the validation examples, where there are any, and keeps the weights if they are the best. */
export function* validate(run: FitContext): Generator<Pending | typeof TURN, Validation | null, unknown> {
  const { fn, history, model, pass, ranks } = run;
  const { valLoader, keepBest, mayWait } = run.options;
  if (valLoader === undefined) return null;
  const arg = 'y of valLoader';
  const scores = run.emptyScores(arg);
  const visit: Visit = (X, given, N, part) => {
    const y = pass.targets(given as BatchTargets, N, arg);
    // Normalization may go by the statistics of the batch here too.
    const shard = ranks && part && { start: part.start, size: N, total: part.total, weight: 1, sum: ranks.sum };
    const { output, loss } = withShard(shard, () => {
      const output = pass.forward(X, y, N, arg);
      return { output, loss: pass.lossOf(output, y).item() };
    });
    if (part === null) scores.add(output, y, N, loss);
    else ranks?.score(scores, output, y, loss, part);
  };
  const partOf = ranks?.scored;
  const scoring = (work: () => void): void => run.averaged(() => evaluating(model, work));
  if (!mayWait) scoring(() => forEachBatch(fn, valLoader as Batches, visit, 'valLoader', true, partOf));
  else {
    // While the event loop turns the model has its own weights and mode.
    const visitApart: Visit = (...batch) => scoring(() => visit(...batch));
    yield* eachBatch(fn, valLoader, visitApart, () => TURN as typeof TURN, 0, 'valLoader', true, partOf);
  }
  ranks?.reduceScores(scores);
  const { accuracy } = scores;
  const loss = scores.loss as number;
  const results = ranks === null ? scores.metrics.results() : ranks.results(scores);
  const { score, isLower, isReal } = monitored(run, { accuracy, loss, results }, scores);
  if (accuracy !== null) history.valAccHistory.push(accuracy);
  history.valLossHistory.push(loss);
  for (const [name, value] of Object.entries(results)) history.metrics[name].val.push(value);
  const { bestValue } = history;
  if (isReal && (bestValue === null || (isLower ? score < bestValue : score > bestValue))) {
    history.bestValue = score;
    history.bestValAcc = accuracy ?? 0;
    history.bestEpoch = history.epoch;
    if (keepBest) run.best = run.averaged(() => model.stateDict());
  }
  return { accuracy, loss, results, score };
}

/** The score by which epochs are compared, whether a lower one is better, and whether it is finite. */
function monitored(run: FitContext, { accuracy, loss, results }: Omit<Validation, 'score'>, { tally }: EpochScores) {
  const { monitorMode } = run.options;
  const monitor = run.monitor(accuracy);
  const score = monitor === 'valLoss' ? loss : monitor === 'valAcc' ? accuracy : results[monitor];
  if (score === null) {
    const [found, expected] = ["is 'valAcc'", "'valLoss' or the name of a metric: targets are no labels"];
    throw argumentError(TypeError, { fn: run.fn, arg: 'monitor', found, expected });
  }
  const isLower = (monitorMode ?? (monitor === 'valLoss' ? 'min' : 'max')) === 'min';
  return { score, isLower, isReal: Number.isFinite(score) && (monitor !== 'valAcc' || tally.finite) };
}
