import {
  array,
  checkCount,
  checkLabels,
  checkOptions,
  checkShapes,
  dense,
  describe,
  dtypeOf,
  empty,
  heap,
  isNDArray,
  type Labels,
  type NDArray,
  Random,
  ShapeError,
  withStorage,
  wrap,
} from './arrays/index.js';
import { DivergedError } from './diverged-error.js';
import { isKeepingNothing, isResident, kernels, workspace } from './kernels/index.js';
import type { BatchnormParam } from './layers/index.js';
import type { LossAndGrads, Model, Params } from './model.js';
import type { OptimConfig } from './optim/index.js';
import { ProgressBar } from './progress.js';
import {
  type CheckedOptions,
  checkDataset,
  checkModel,
  checkSolverOptions,
  configsFor,
  type Dataset,
  type SolverOptionsOf,
} from './solver-options.js';

/** Options of a {@link Solver}. `C` is what its update rule takes. */
export interface SolverOptions<C extends object = OptimConfig> extends SolverOptionsOf<C, Solver> {}

/**
 * Trains a classifier by minibatch gradient descent and watches its accuracy as it goes.
 *
 * Build one from a {@link Model}, data and {@link SolverOptions}, then call {@link Solver.train}. Afterwards the model
 * holds the parameters, and running statistics, of the evaluation with the best validation accuracy, not the last ones; `lossHistory` has one entry
 * for each iteration, `trainAccHistory` and `valAccHistory` one for each evaluation: after the first iteration, at the end
 * of each epoch, and after the last iteration.
 *
 * Minibatches are drawn with replacement, as in cs231n. With a seed, two runs are equal to the last bit: for any number of
 * threads, in any module format, on Node 20 to 24, with turbo or without. Relaxed SIMD, plain SIMD and the reference differ in
 * the last bits, and so does a call that falls back to the reference because memory is full.
 *
 * @example
 * const model = new TwoLayerNet({ hiddenDim: 100, reg: 1e-2, seed: 231 });
 * const solver = new Solver(model, data, {
 *   updateRule: 'sgd',
 *   optimConfig: { learningRate: 1e-3 },
 *   lrDecay: 0.95, // per epoch
 *   numEpochs: 10,
 *   batchSize: 100, // examples
 *   seed: 231,
 * });
 * solver.train();
 */
export class Solver<C extends object = OptimConfig> {
  readonly model: Model;
  /** The loss of each iteration. */
  readonly lossHistory: number[] = [];
  /** Training accuracy, in [0, 1], at each evaluation. */
  readonly trainAccHistory: number[] = [];
  /** Validation accuracy, in [0, 1], at each evaluation. */
  readonly valAccHistory: number[] = [];
  /** The best validation accuracy so far. */
  bestValAcc = 0;
  /** Copies of the parameters that had it; of the initial ones before the first evaluation. */
  readonly bestParams: Params;
  /** Epochs that are complete. */
  epoch = 0;
  /** Iterations that are complete. */
  iteration = 0;

  readonly #options: CheckedOptions<Solver>;
  readonly #XTrain: NDArray;
  readonly #yTrain: Int32Array;
  readonly #XVal: NDArray;
  readonly #yVal: Int32Array;
  readonly #configs: Map<string, object>;
  /** The running statistics that go with `bestParams`. A training pass makes new arrays, so these stay as they are. */
  #bestStatistics: Pick<BatchnormParam, 'runningMean' | 'runningVar'>[] = [];
  #random: Random;

  /**
   * A Solver for `model`; nothing is computed before {@link Solver.train} or {@link Solver.step}.
   *
   * @param model - A classifier of this library, or any {@link Model}. Trained in place.
   * @param data - Training and validation examples with their labels.
   * @param options - See {@link SolverOptions}. `updateRule` and `optimConfig` say how parameters change; default: SGD.
   * @throws {RangeError | TypeError | ShapeError} naming an option, a parameter or a part of the data that does not fit.
   */
  constructor(model: Model, data: Dataset, options: SolverOptions<C> = {}) {
    this.#options = checkSolverOptions(options);
    checkModel(model);
    const { yTrain, yVal } = checkDataset(data);
    this.model = model;
    this.#XTrain = rows(data.XTrain);
    this.#yTrain = yTrain;
    this.#XVal = rows(data.XVal);
    this.#yVal = yVal;
    this.#random = new Random(this.#options.seed);
    this.#configs = configsFor(this.#options, model.params);
    this.bestParams = copies(model.params);
  }

  /**
   * Runs until `numEpochs` epochs are complete, then puts the best parameters into the model.
   *
   * @throws {DivergedError} if a loss is not finite; the model keeps the parameters it had in that iteration.
   */
  train(): void {
    const { numEpochs, printEvery, verbose } = this.#options;
    const total = numEpochs * this.#iterationsPerEpoch;
    const bar = verbose ? new ProgressBar(total, 'it') : null;
    const print = (line: string): void => {
      if (!verbose) return;
      bar?.clear();
      console.log(line);
    };
    try {
      while (this.iteration < total) {
        const t = this.iteration;
        const loss = this.step();
        if (t % printEvery === 0) print(`(Iteration ${t + 1} / ${total}) loss: ${loss.toFixed(6)}`);
        const epochEnd = this.iteration % this.#iterationsPerEpoch === 0;
        if (t === 0 || epochEnd || this.iteration === total) {
          const { trainAcc, valAcc } = this.#evaluate();
          const accuracies = `train acc: ${trainAcc.toFixed(6)}; val_acc: ${valAcc.toFixed(6)}`;
          print(`(Epoch ${this.epoch} / ${numEpochs}) ${accuracies}`);
          this.#options.onEpoch(this);
        }
        bar?.update(this.iteration);
      }
    } finally {
      bar?.clear();
    }
    // Where every iteration was a call of step(), nothing has been evaluated yet.
    if (this.valAccHistory.length === 0) this.#evaluate();
    for (const [name, best] of Object.entries(this.bestParams)) restore(this.model.params, name, best);
    this.#bestStatistics.forEach((statistics, i) => {
      Object.assign(this.model.bnParams?.[i] ?? {}, statistics);
    });
  }

  /**
   * One iteration: draws a minibatch, differentiates, updates the parameters; at the end of an epoch the learning rate
   * decays.
   *
   * @returns The loss.
   * @throws {DivergedError} if it is not finite.
   * @throws {TypeError | ShapeError} if the model's `loss` returns something else than a loss and a gradient for every
   *   parameter. Nothing has changed then.
   */
  step(): number {
    const { batchSize, onIteration, lrDecay } = this.#options;
    const random = this.#random.state();
    const chosen = this.#random.randint(0, this.#yTrain.length, batchSize);
    // A model that may keep what it is given gets arrays that nobody recycles.
    const scope = isKeepingNothing(this.model.loss) ? workspace : <R>(fn: () => R): R => withStorage(heap, fn);
    const loss = scope(() => {
      const { X, y } = this.#gather(this.#XTrain, this.#yTrain, chosen);
      let result: LossAndGrads;
      try {
        result = checkResult(this.model.loss(X, y), this.model.params);
        if (!Number.isFinite(result.loss)) this.#diverge(result.loss);
      } catch (error) {
        // A step that failed has not happened: the next one draws the same minibatch.
        this.#random = Random.fromState(random);
        throw error;
      }
      this.#update(result.grads);
      return result.loss;
    });
    this.lossHistory.push(loss);
    this.iteration++;
    if (this.iteration % this.#iterationsPerEpoch === 0) {
      this.epoch++;
      for (const config of this.#configs.values() as Iterable<OptimConfig>) {
        if (config.learningRate !== undefined) config.learningRate *= lrDecay;
      }
    }
    onIteration(this);
    return loss;
  }

  /**
   * The share of examples whose highest score is that of their label.
   *
   * @param X - Inputs, shape (N, …).
   * @param y - Their labels.
   * @param options - `numSamples` examples drawn at random, with replacement (default null: all of them, once each), in
   *   batches of `batchSize` (default 100), which bounds memory.
   * @returns A number in [0, 1].
   */
  checkAccuracy(X: NDArray, y: Labels, options: { numSamples?: number | null; batchSize?: number } = {}): number {
    checkOptions('Solver.checkAccuracy', options, ['numSamples', 'batchSize']);
    const { numSamples = null, batchSize = 100 } = options;
    const { N } = checkShapes('Solver.checkAccuracy', { X: [X, ['N', '…']] });
    const labels = checkLabels('Solver.checkAccuracy', 'y', y, N);
    if (numSamples !== null) checkCount('Solver.checkAccuracy', 'numSamples', numSamples, 1);
    checkCount('Solver.checkAccuracy', 'batchSize', batchSize, 1);
    return this.#accuracy(rows(X), labels, numSamples, batchSize);
  }

  get #iterationsPerEpoch(): number {
    return Math.max(1, Math.floor(this.#yTrain.length / this.#options.batchSize));
  }

  #accuracy(X: NDArray, y: Int32Array, numSamples: number | null, batchSize: number): number {
    const chosen = numSamples !== null && numSamples < y.length ? this.#random.randint(0, y.length, numSamples) : null;
    const count = chosen?.length ?? y.length;
    const scope = isKeepingNothing(this.model.loss) ? workspace : <R>(fn: () => R): R => withStorage(heap, fn);
    let right = 0;
    for (let start = 0; start < count; start += batchSize) {
      const end = Math.min(count, start + batchSize);
      right += scope(() => {
        const batch =
          chosen === null
            ? { X: slice(X, start, end), y: y.subarray(start, end) }
            : this.#gather(X, y, chosen.subarray(start, end));
        return countRight(this.model.loss(batch.X), batch.y);
      });
    }
    return right / count;
  }

  #evaluate(): { trainAcc: number; valAcc: number } {
    const { numTrainSamples, numValSamples } = this.#options;
    const trainAcc = this.#accuracy(this.#XTrain, this.#yTrain, numTrainSamples, 100);
    const valAcc = this.#accuracy(this.#XVal, this.#yVal, numValSamples, 100);
    this.trainAccHistory.push(trainAcc);
    this.valAccHistory.push(valAcc);
    if (valAcc > this.bestValAcc || this.valAccHistory.length === 1) {
      this.bestValAcc = valAcc;
      for (const [name, param] of Object.entries(this.model.params)) restore(this.bestParams, name, param);
      this.#bestStatistics = (this.model.bnParams ?? []).map(({ runningMean, runningVar }) => ({
        runningMean,
        runningVar,
      }));
    }
    return { trainAcc, valAcc };
  }

  /** The rows of `X` and `y` at the given places, new arrays. */
  #gather(X: NDArray, y: Int32Array, chosen: Int32Array): { X: NDArray; y: Int32Array } {
    const batch = empty([chosen.length, ...X.shape.slice(1)], dtypeOf(X));
    kernels().gatherRows(X.data, chosen, batch.data, X.size / X.shape[0]);
    return { X: batch, y: chosen.map((i) => y[i]) };
  }

  /** Gives every parameter and its gradient to the update rule. */
  #update(grads: Params): void {
    const { updateRule, optimConfig } = this.#options;
    const { params } = this.model;
    const trusted = isKeepingNothing(updateRule);
    for (const name of Object.keys(params)) {
      const config = this.#configs.get(name) ?? { ...optimConfig };
      const result = trusted
        ? updateRule(params[name], grads[name], config)
        : withStorage(heap, () => updateRule(params[name], array(grads[name]), config));
      const [nextW, nextConfig] = checkUpdate(result, name, params[name]);
      if (nextW !== params[name]) params[name] = nextW;
      this.#configs.set(name, nextConfig);
    }
  }

  #diverge(loss: number): never {
    const [config] = this.#configs.values() as Iterable<OptimConfig>;
    throw new DivergedError(
      'Solver',
      this.iteration + 1,
      loss,
      this.lossHistory.at(-1),
      config?.learningRate,
      'Histories and bestParams are intact.',
    );
  }
}

/**
 * `X` with its values in row-major order in an array of their own length, on the heap: itself, or a copy made once. Memory
 * that is recycled, as a workspace's, or given back, as that of a view's owner, must not be read later.
 */
function rows(X: NDArray): NDArray {
  return withStorage(heap, () => (isResident(X) ? array(X) : wrap(dense(X), X.shape)));
}

/** Rows start … end of an array made by {@link rows}, in the same memory. */
function slice(X: NDArray, start: number, end: number): NDArray {
  const length = X.size / X.shape[0];
  return withStorage(heap, () =>
    wrap(X.data.subarray(start * length, end * length), [end - start, ...X.shape.slice(1)]),
  );
}

/** Copies, on the heap, of all parameters. */
function copies(params: Params): Params {
  return withStorage(heap, () => Object.fromEntries(Object.entries(params).map(([name, p]) => [name, array(p)])));
}

/** Writes `values` into `params[name]`; in place where that is dense, so that the array stays what it is to others. */
function restore(params: Params, name: string, values: NDArray): void {
  const old = params[name];
  if (old !== undefined && old.size === values.size && old.data.length === old.size && dense(old) === old.data) {
    old.data.set(dense(values));
  } else {
    params[name] = withStorage(heap, () => array(values));
  }
}

/** @throws {TypeError | ShapeError} naming what a model's loss lacks. */
function checkResult(result: NDArray | LossAndGrads, params: Params): LossAndGrads {
  const { loss, grads } = (result ?? {}) as Partial<LossAndGrads>;
  if (typeof loss !== 'number' || typeof grads !== 'object' || grads === null) {
    throw new TypeError(`Solver: model.loss(X, y) returned ${describe(result)}, expected { loss, grads }`);
  }
  for (const [name, param] of Object.entries(params)) {
    const grad = grads[name];
    if (grad === undefined) throw new TypeError(`Solver: model.loss(X, y) returned no gradient for ${name}`);
    checkShapes('Solver', { [`params.${name}`]: [param, ['…']], [`grads.${name}`]: [grad, param.shape] });
  }
  return { loss, grads };
}

/** @throws {TypeError | ShapeError} if an update rule did not return the parameter and a config. */
function checkUpdate(result: readonly [NDArray, object], name: string, param: NDArray): readonly [NDArray, object] {
  const isPair = Array.isArray(result) && result.length === 2;
  if (!isPair || typeof result[1] !== 'object' || result[1] === null) {
    throw new TypeError(`Solver: updateRule returned ${describe(result)} for ${name}, expected [w, config]`);
  }
  checkShapes('Solver', { [`params.${name}`]: [param, ['…']], [`the updated ${name}`]: [result[0], param.shape] });
  return result;
}

/** How many rows have their highest score at their label. */
function countRight(scores: NDArray | LossAndGrads, y: Int32Array): number {
  if (!isNDArray(scores) || scores.shape.length !== 2 || scores.shape[0] !== y.length) {
    throw new ShapeError(
      `Solver: model.loss(X) returned ${describe(scores)}, expected scores of shape (N=${y.length}, C)`,
    );
  }
  const [N, C] = scores.shape;
  const flat = dense(scores);
  let right = 0;
  for (let n = 0; n < N; n++) {
    let best = 0;
    for (let c = 1; c < C; c++) if (flat[n * C + c] > flat[n * C + best]) best = c;
    if (best === y[n]) right++;
  }
  return right;
}
