import { checkSynchronous, describe, type NDArray, tuple } from '../arrays/index.js';
import { Tensor } from '../autograd/index.js';
import type { Module } from '../nn/index.js';
import { clipGradNorm, type Trainable } from '../optim/index.js';
import { type Batches, forEachBatch } from './batches.js';
import { DivergedError } from './diverged-error.js';
import { checkScores, evaluate } from './evaluation.js';
import { findNonFinite } from './finite.js';
import { type CheckedFitOptions, checkFit, type FitOptions } from './fit-options.js';
import { emptyHistory, type FitHistory, type RunningHistory } from './history.js';
import { ProgressBar } from './progress.js';
import { countRight } from './scoring.js';
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
 * @throws {DivergedError} if a loss is not finite, or at the end of an epoch a parameter; the model keeps the weights it had
 *   in that iteration.
 * @throws {RangeError} if a label is beyond the classes that the model scores.
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
        const said = onEpoch(history);
        checkSynchronous('fit', 'onEpoch', said);
        if (said === false || (patience !== undefined && history.epoch - history.bestEpoch >= patience)) break;
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
    const found = this.#nonFiniteParameter();
    if (found !== null) this.#diverge(history.lossHistory[history.iteration - 1], found);
    if (schedule !== undefined && schedule.every !== 'step') checkSynchronous('fit', 'schedule.step', schedule.step());
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
    const { right } = countRight('fit', 'y', checkScores('fit', scores, y.length), y);
    const loss = checkLoss(lossOf(scores, y));
    const value = loss.item();
    const rate = optimizer.paramGroups?.[0]?.lr;
    if (!Number.isFinite(value)) this.#explain(value, X);
    optimizer.zeroGrad();
    loss.backward();
    if (maxNorm !== undefined) clipGradNorm(this.#trained(), maxNorm);
    checkSynchronous('fit', 'optimizer.step', optimizer.step());
    // So that the next step has their memory for its activations.
    optimizer.zeroGrad();
    this.#average?.update();
    history.iteration++;
    history.lossHistory.push(value);
    if (rate !== undefined) history.learningRates.push(rate);
    if (schedule?.every === 'step') checkSynchronous('fit', 'schedule.step', schedule.step());
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
    checkSynchronous('fit', 'onStep', onStep(this.#history));
  }

  /** Scores the validation examples, and keeps the weights if they are the best. */
  #validate(): number | null {
    const { valLoader, keepBest } = this.#options;
    const history = this.#history;
    if (valLoader === undefined) return null;
    const score = (): number => {
      const { accuracy, finite } = evaluate('fit', 'y of valLoader', valLoader, this.#model);
      history.valAccHistory.push(accuracy);
      if (finite && (accuracy > history.bestValAcc || history.bestEpoch === 0)) {
        history.bestValAcc = accuracy;
        history.bestEpoch = history.epoch;
        if (keepBest) this.#best = this.#model.stateDict();
      }
      return accuracy;
    };
    return this.#average === null ? score() : this.#average.during(score);
  }

  /** The first parameter in training that is not finite, described. */
  #nonFiniteParameter(): string | null {
    const trained = this.#model.namedParameters().filter(([, { requiresGrad }]) => requiresGrad);
    const found = findNonFinite(Object.fromEntries(trained.map(([name, { data }]) => [name, data])));
    return found === null ? null : `the parameter ${found}`;
  }

  /** Throws for a loss that is not finite, and says where that comes from as far as it can be seen. */
  #explain(loss: number, X: NDArray): never {
    const data = findNonFinite({ X });
    if (data !== null) this.#diverge(loss, `the batch's ${data}`, true);
    this.#diverge(loss, this.#nonFiniteParameter(), this.#history.iteration === 0);
  }

  /** @param found - What is not finite, beside the loss; `given` if training has not made it so. */
  #diverge(loss: number, found: string | null, given = false): never {
    const { iteration, lossHistory } = this.#history;
    throw new DivergedError({
      fn: 'fit',
      iteration: Number.isFinite(loss) ? iteration : iteration + 1,
      loss,
      lastFiniteLoss: lossHistory[iteration - 1],
      learningRate: this.#options.optimizer.paramGroups?.[0]?.lr,
      found,
      given: given && found !== null,
      rest: 'The history passed to onStep and onEpoch is intact.',
    });
  }

  #print(line: string): void {
    if (!this.#options.verbose) return;
    this.#bar?.clear();
    console.log(line);
  }
}

/** @throws {TypeError} if what `loss` returned cannot be differentiated. */
function checkLoss(loss: unknown): Tensor {
  checkSynchronous('fit', 'loss', loss);
  if (loss instanceof Tensor && loss.data.size === 1) return loss;
  const found = loss instanceof Tensor ? `a tensor of shape ${tuple(loss.shape)}` : describe(loss);
  throw new TypeError(
    `fit: loss(scores, y) returned ${found}, expected a tensor of one value, made of the scores by functions of F, such as ` +
      'F.crossEntropy(scores, y)',
  );
}
