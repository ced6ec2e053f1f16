import type { Labels } from '../arrays/index.js';
import type { Tensor } from '../autograd/index.js';
import type { Targets } from '../data/index.js';
import type { Module } from '../nn/index.js';
import type { AsyncBatches, Batches } from './batches.js';
import { drain, drainAsync, observed } from './drive.js';
import type { TrainingEvent } from './events.js';
import { FitLoop } from './fit-loop.js';
import type { FitAsyncOptions, FitOptions } from './fit-options.js';
import type { Resumable } from './fit-state.js';
import type { FitHistory } from './history.js';

/**
 * Trains a module: for each batch of each epoch forward, loss, backward, and a step of the optimizer.
 *
 * Each step runs in a workspace of its own, so that it makes nothing new once warm: tensors that the model keeps from a
 * step end with it. Gradients belong to their parameters: those that the optimizer does not have are added up, and with
 * `distributed` stay those of each process's part of the batches.
 *
 * Targets are labels, for scores (B, C) and the default loss, or anything that the option `loss` takes: arrays of any
 * shape, several in a tuple or an object. So may be the inputs: `model.forward` receives an array or an object as it
 * is, and the arrays of a tuple as its arguments.
 *
 * @param model - Gives scores (B, C) for a batch, or whatever `loss` takes. It is in training mode afterwards.
 * @param loader - A `DataLoader`, or another iterable of batches `[X, y]` that can be gone through once an epoch.
 * @returns Losses, accuracies, metrics and times.
 * @throws {TypeError | RangeError} naming an argument or option that does not fit, before anything has changed.
 * @throws {DivergedError} if a loss is not finite, or at the end of an epoch a parameter; the model keeps the weights
 *   it had in that iteration.
 * @throws {RangeError} if a label is beyond the classes that the model scores.
 *
 * @example
 * const optimizer = new optim.SGD(model.parameters(), { lr: 1e-2, momentum: 0.9, nesterov: true });
 * const history = fit(model, loaderTrain, { optimizer, epochs: 10, valLoader });
 *
 * @example
 * // Regression: numbers as targets, the best epoch that of the lowest validation loss.
 * fit(model, loader, { optimizer, valLoader, loss: F.mseLoss, metrics: { r2: r2Score } });
 *
 * @example
 * // Saved after each epoch: the program is started again where it was killed, and ends with the same bits.
 * fit(model, loader, { optimizer, epochs: 90, checkpoint: { dir: 'runs/a' }, resume: true });
 *
 * @example
 * // mpiexec -n 4 node train.js: each process computes a quarter of every batch, and all take the same step.
 * import { mpi } from 'layerwise/distributed';
 * fit(model, loader, { optimizer, distributed: mpi(), syncBatchnorm: true });
 */
export function fit<Y extends Targets = Labels, S = Tensor>(
  model: Module<S>,
  loader: Batches<Y>,
  options: FitOptions<Y, S>,
): FitHistory {
  const run = new FitLoop('fit', model, loader, options);
  return drain(observed(run.events(), run));
}

/**
 * {@link fit} as a generator: yields each step and each epoch once it is complete and its callback has returned.
 * Leaving the loop early leaves the model with the weights of the last step.
 *
 * @returns The generator, with the `history` of the run so far, which it also returns in the end, and `stateDict()`,
 *   for the option `state` of another call. Arguments are checked at once.
 * @throws {TypeError | RangeError | DivergedError} as `fit`.
 *
 * @example
 * for (const event of fitSteps(model, loaderTrain, { optimizer, valLoader })) {
 *   if (event.kind === 'epoch') console.log(event.epoch, event.valAcc);
 * }
 */
export function fitSteps<Y extends Targets = Labels, S = Tensor>(
  model: Module<S>,
  loader: Batches<Y>,
  options: FitOptions<Y, S>,
): FitRun {
  const run = new FitLoop('fitSteps', model, loader, options);
  return Object.assign(observed(run.events(), run), { history: run.history, ...run.saving });
}

/**
 * {@link fit} for programs that stay responsive: lets the event loop turn between steps, and between the batches of
 * `valLoader`, before a frame of 16 ms is over; where one of them takes longer, after each. It takes loaders of
 * batches that have to be awaited, awaits promises that callbacks return (one for `false` from `onEpoch` ends the
 * training), and stops between two steps when `signal` is aborted. The bits are those of `fit`.
 *
 * @param loader - As for `fit`, or an asynchronous iterable of batches `[X, y]`.
 * @returns Losses, accuracies and times. Rejected with the reason of the signal once that is aborted: the model has the
 *   weights of the last step then.
 * @throws {TypeError | RangeError | DivergedError} as `fit`, by rejecting the promise.
 *
 * @example
 * const stop = new AbortController();
 * button.onclick = () => stop.abort();
 * await fitAsync(model, loader, { optimizer, epochs: 10, onEpoch: (history) => draw(history), signal: stop.signal });
 */
export async function fitAsync<Y extends Targets = Labels, S = Tensor>(
  model: Module<S>,
  loader: Batches<Y> | AsyncBatches<Y>,
  options: FitAsyncOptions<Y, S>,
): Promise<FitHistory> {
  const run = new FitLoop('fitAsync', model, loader, options);
  return drainAsync(run.events(), run, run.signal);
}

/** What {@link fitSteps} returns. */
export interface FitRun extends Generator<TrainingEvent, FitHistory, void>, Resumable {
  /** Losses, accuracies and times so far. */
  readonly history: FitHistory;
}
