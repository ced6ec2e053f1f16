import type { NDArray } from '../arrays/index.js';
import { DivergedError } from '../diverged-error.js';
import type { Module } from '../nn/index.js';
import { clipGradNorm, type Trainable } from '../optim/index.js';
import { ProgressBar } from '../progress.js';
import { type Batches, forEachBatch } from './batches.js';
import { checkAccuracy, checkScores, countRight } from './evaluation.js';
import { emptyHistory, type FitHistory, type RunningHistory } from './history.js';
import { type CheckedFitOptions, checkFit, type FitOptions } from './options.js';
import { WeightAverage } from './weight-average.js';

/**
 * Trains a module: for each batch of each epoch forward, loss, backward, and a step of the optimizer.
 *
 * Each step runs in a workspace of its own, so that it makes nothing new once warm: tensors that the model or a callback
 * keeps from a step end with it. Gradients belong to their parameters: those that the optimizer does not have are added up.
 *
 * @param model - Gives scores (B, C) for a batch. It is in training mode afterwards.
 * @param loader - A `DataLoader`, or another iterable of batches `[X, y]` that can be gone through once an epoch.
 * @returns What was seen: losses, accuracies, times.
 * @throws {TypeError | RangeError} naming an argument or option that does not fit, before anything has changed.
 * @throws {DivergedError} if a loss is not finite; the model keeps the weights it had in that iteration.
 *
 * @example
 * const optimizer = new optim.SGD(model.parameters(), { lr: 1e-2, momentum: 0.9, nesterov: true });
 * const history = fit(model, loaderTrain, { optimizer, epochs: 10, valLoader });
 */
export function fit(model: Module, loader: Batches, options: FitOptions): FitHistory {
  return new Run(model, loader, checkFit(model, loader, options)).go();
}

/** One call of {@link fit}. */
class Run {
  readonly #model: Module;
  readonly #loader: Batches;
  readonly #options: CheckedFitOptions;
  readonly #history: RunningHistory = emptyHistory();
  readonly #average: WeightAverage | null;
  readonly #total: number | null;
  readonly #bar: ProgressBar | null;
  #best: Record<string, NDArray> | null = null;

  constructor(model: Module, loader: Batches, options: CheckedFitOptions) {
    this.#model = model;
    this.#loader = loader;
    this.#options = options;
    const { weightAverage: decay, epochs, verbose } = options;
    this.#average = decay === undefined ? null : new WeightAverage(model, { decay });
    const { length } = loader as { length?: unknown };
    this.#total = typeof length === 'number' ? epochs * length : null;
    this.#bar = verbose && this.#total !== null ? new ProgressBar(this.#total, 'it') : null;
  }

  go(): FitHistory {
    const { epochs, patience, onEpoch, keepBest } = this.#options;
    const history = this.#history;
    try {
      while (history.epoch < epochs) {
        this.#epoch();
        const goOn = onEpoch(history) !== false;
        if (!goOn || (patience !== undefined && history.epoch - history.bestEpoch >= patience)) break;
      }
    } finally {
      this.#bar?.clear();
    }
    if (keepBest && this.#best !== null) this.#model.loadStateDict(this.#best);
    else this.#average?.copyToModel();
    return history;
  }

  #epoch(): void {
    const { schedule, epochs } = this.#options;
    const history = this.#history;
    const begin = performance.now();
    let right = 0;
    let count = 0;
    this.#model.train();
    forEachBatch('fit', this.#loader, (X, y) => {
      right += this.#step(X, y);
      count += y.length;
      this.#afterStep();
    });
    if (schedule !== undefined && schedule.every !== 'step') schedule.step();
    history.epoch++;
    history.trainAccHistory.push(right / count);
    const valAcc = this.#validate();
    history.secondsHistory.push((performance.now() - begin) / 1000);
    const accuracies = [`train acc: ${(right / count).toFixed(6)}`];
    if (valAcc !== null) accuracies.push(`val_acc: ${valAcc.toFixed(6)}`);
    this.#print(`(Epoch ${history.epoch} / ${epochs}) ${accuracies.join('; ')}`);
  }

  /** One step, within a workspace. Returns how many scores were right before it. */
  #step(X: NDArray, y: Int32Array): number {
    const { optimizer, loss: lossOf, clipGradNorm: maxNorm, schedule } = this.#options;
    const history = this.#history;
    const scores = this.#model.forward(X);
    const right = countRight(checkScores('fit', scores, y.length), y);
    const loss = lossOf(scores, y);
    const value = loss.item();
    const rate = optimizer.paramGroups?.[0]?.lr;
    if (!Number.isFinite(value)) {
      const rest = 'The history passed to onStep and onEpoch is intact.';
      throw new DivergedError('fit', history.iteration + 1, value, history.lossHistory.at(-1), rate, rest);
    }
    optimizer.zeroGrad();
    loss.backward();
    if (maxNorm !== undefined) clipGradNorm(this.#trained(), maxNorm);
    optimizer.step();
    // So that the next step has their memory for its activations.
    optimizer.zeroGrad();
    this.#average?.update();
    if (schedule?.every === 'step') schedule.step();
    history.iteration++;
    history.lossHistory.push(value);
    if (rate !== undefined) history.learningRates.push(rate);
    return right;
  }

  /** What the optimizer trains, as far as it says. The gradients of others are sums over many steps. */
  #trained(): Trainable[] {
    const groups = this.#options.optimizer.paramGroups ?? [];
    const params = groups.flatMap((group) => group.params ?? []);
    return params.length > 0 ? params : this.#model.parameters();
  }

  #afterStep(): void {
    const { printEvery, onStep } = this.#options;
    const { iteration, lossHistory } = this.#history;
    if ((iteration - 1) % printEvery === 0) {
      const of = this.#total === null ? '' : ` / ${this.#total}`;
      this.#print(`(Iteration ${iteration}${of}) loss: ${lossHistory[iteration - 1].toFixed(6)}`);
    }
    this.#bar?.update(iteration);
    onStep(this.#history);
  }

  /** Scores the validation examples, and keeps the weights if they are the best. */
  #validate(): number | null {
    const { valLoader, keepBest } = this.#options;
    const history = this.#history;
    if (valLoader === undefined) return null;
    const evaluate = (): number => {
      const accuracy = checkAccuracy(valLoader, this.#model);
      history.valAccHistory.push(accuracy);
      if (accuracy > history.bestValAcc || history.bestEpoch === 0) {
        history.bestValAcc = accuracy;
        history.bestEpoch = history.epoch;
        if (keepBest) this.#best = this.#model.stateDict();
      }
      return accuracy;
    };
    return this.#average === null ? evaluate() : this.#average.during(evaluate);
  }

  #print(line: string): void {
    if (!this.#options.verbose) return;
    this.#bar?.clear();
    console.log(line);
  }
}
