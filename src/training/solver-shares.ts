import type { Model } from '../classifiers/model.js';
import { type DivergedError, divergedLoss, type LossOf, nonFiniteIn } from './diverged-error.js';
import { TURN } from './drive.js';
import { type Evaluated, gather, inScope, lossOf, slice } from './examples.js';
import { broadcastValue, type Part, partOf, together } from './parallel/index.js';
import { restoreStatistics, statisticsOf } from './parameters.js';
import { Tally } from './scoring.js';
import { checkResult, checkScores, type Kept } from './solver-model.js';
import type { SolverRanks } from './solver-ranks.js';
import type { SolverRun } from './solver-run.js';

// What examples.ts does in one process, by processes that share the examples.

/**
 * Differentiates the loss of the examples at the given places, each rank that of its part, and updates the parameters
 * by the mean.
 *
 * @returns The loss over all of them.
 * @throws {DivergedError} on all ranks if that is not finite. After any error the model is as before.
 */
export function sharedStep(run: SolverRun, ranks: SolverRanks, chosen: Int32Array): number {
  const { model, train, updater } = run;
  const statistics = statisticsOf(model);
  return inScope(model, () => {
    const part = partOf(ranks.comm, chosen.length);
    const { X, y } = gather(train, chosen.subarray(part.start, part.start + part.size));
    try {
      const pass = () => checkResult(model.loss(X, y), model.params);
      const { loss, own, grads } = ranks.average(model, part, pass);
      if (!Number.isFinite(loss)) throw sharedDivergence(run, ranks, loss, own, ['minibatch', X, y]);
      updater.update(grads);
      return loss;
    } catch (error) {
      restoreStatistics(model, statistics);
      throw error;
    }
  });
}

/** The same error on all ranks: of the first one whose part has a loss that is not finite. */
function sharedDivergence(
  { model, progress }: SolverRun,
  { comm }: SolverRanks,
  loss: number,
  own: number,
  batch: LossOf,
): DivergedError {
  const failed = new Int32Array(comm.size);
  failed[comm.rank] = Number.isFinite(own) ? 0 : 1;
  const first = Math.max(0, comm.allReduce(failed).indexOf(1));
  return divergedLoss(progress, loss, batch, model.params, broadcastValue(comm, nonFiniteIn(batch), first));
}

/** As `scoreOf`, over all ranks: what it has found is the same on all. */
export function* sharedScoreOf(
  ranks: SolverRanks,
  model: Model,
  arg: string | null,
  examples: Kept,
  chosen: Int32Array | null,
  batchSize = 100,
): Generator<typeof TURN, Evaluated, unknown> {
  const { comm } = ranks;
  const count = chosen?.length ?? examples.N;
  const batch = (from: number, to: number): Kept =>
    chosen === null ? slice(examples, from, to) : gather(examples, chosen.subarray(from, to));
  let failure: { readonly error: unknown } | null = null;
  const found = new Float64Array(2);
  try {
    if (examples.y instanceof Int32Array) {
      const tally = new Tally('Solver', arg);
      const { start, size } = partOf(comm, count);
      for (let from = start; from < start + size; from += batchSize) {
        inScope(model, () => {
          const { N, X, y } = batch(from, Math.min(start + size, from + batchSize));
          tally.add(checkScores(model.loss(X), N), y as Int32Array);
        });
        yield TURN;
      }
      found.set([tally.right, Number(!tally.finite)]);
    } else {
      for (let from = 0; from < count; from += batchSize) {
        const whole = { start: from, end: Math.min(count, from + batchSize) };
        found[0] += inScope(model, () => sharedLossSum(ranks, model, whole, batch));
        yield TURN;
      }
      found[1] = Number(!Number.isFinite(found[0]));
    }
  } catch (error) {
    failure = { error };
  }
  together('Solver', comm, () => {
    if (failure !== null) throw failure.error;
  });
  comm.allReduce(found);
  return { value: found[0] / count, finite: found[1] === 0 };
}

/**
 * The sum of the losses of this rank's part of a batch. The loss of an example may depend on those beside it, so the
 * batches are those of one process. One that would leave a rank with less than two examples, too few for a batch
 * normalization by rank, all ranks compute, and rank 0 counts it.
 */
function sharedLossSum(
  ranks: SolverRanks,
  model: Model,
  { start, end }: { readonly start: number; readonly end: number },
  batch: (from: number, to: number) => Kept,
): number {
  const { rank, size } = ranks.comm;
  const total = end - start;
  if (total < 2 * size) {
    const sum = lossOf(model, batch(start, end)) * total;
    return rank === 0 ? sum : 0;
  }
  const part: Part = partOf(ranks.comm, total);
  const from = start + part.start;
  return ranks.within(part, () => lossOf(model, batch(from, from + part.size))) * part.size;
}
