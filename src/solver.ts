import {
  array,
  checkCount,
  checkLabels,
  checkOptions,
  checkShapes,
  checkSynchronous,
  describe,
  dtypeOf,
  empty,
  heap,
  hostRoom,
  hostValues,
  isNDArray,
  type Labels,
  type NDArray,
  operand,
  overwrite,
  Random,
  ShapeError,
  withStorage,
  wrap,
} from './arrays/index.js';
import type { LossAndGrads, Model, Params } from './classifiers/model.js';
import { rows } from './data/dataset.js';
import { isKeepingNothing, kernels, workspace } from './kernels/index.js';
import type { BatchnormParam } from './layers/index.js';
import type { OptimConfig } from './optim/index.js';
import { DivergedError } from './training/diverged-error.js';
import { findNonFinite } from './training/finite.js';
import { ProgressBar } from './training/progress.js';
import { countRight } from './training/scoring.js';
import {
  type CheckedOptions,
  checkDataset,
  checkModel,
  checkSolverOptions,
  configsFor,
  type Dataset,
  type Rule,
  type SolverOptionsOf,
} from './training/solver-options.js';

/**
 * Options of a {@link Solver}, all of which have defaults.
 *
 * `R` is the update rule, a name or the type of a function, and says what `optimConfig` takes. Default: any.
 *
 * @example
 * const options: SolverOptions<'adam'> = { updateRule: 'adam', optimConfig: { learningRate: 1e-3, beta1: 0.8 } };
 */
export interface SolverOptions<R extends Rule = Rule> extends SolverOptionsOf<R, Solver> {}

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
export class Solver<R extends Rule = 'sgd'> {
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
  #bestStatistics: readonly Statistics[] = [];
  #random: Random;
  /** The call that is running: a callback, or the model, may not start another. */
  #running: 'train' | 'step' | null = null;
  /** Whether an evaluation is due: also when a callback threw before it. */
  #due = false;
  /** Whether `bestParams` are those of an evaluation. */
  #hasBest = false;
  /** The parameters of the last step, to whose shapes the configs' state belongs. */
  readonly #stepped = new Map<string, NDArray>();

  /**
   * Trains `model` on `data` when {@link Solver.train} is called; nothing has changed before.
   *
   * @param model - One of the classifiers, or any object with `params` and `loss(X, y)`.
   * @param data - `{ XTrain, yTrain, XVal, yVal }`: inputs of shape (N, …) and their labels.
   * @param options - The update rule and its `optimConfig`, epochs, batch size, callbacks: see {@link SolverOptions}.
   * @throws {RangeError | TypeError | ShapeError} naming an option, a parameter or a part of the data that does not fit.
   */
  constructor(model: Model, data: Dataset, options: SolverOptions<R> = {}) {
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
   * Runs until `numEpochs` epochs are complete, then puts the best parameters into the model. After an error, of a callback
   * for example, it goes on where it was; an evaluation that the error kept from being made is made first.
   *
   * @throws {DivergedError} if a loss is not finite, in which case the model keeps the parameters it had in that iteration;
   *   if an evaluation finds parameters that are not, or no evaluation had finite scores.
   * @throws {Error} if it is called by the model or a callback while it runs.
   */
  train(): void {
    this.#alone('train', () => this.#train());
  }

  #train(): void {
    const { numEpochs, printEvery, verbose, onIteration, onEpoch } = this.#options;
    const total = numEpochs * this.#iterationsPerEpoch;
    const bar = verbose ? new ProgressBar(total, 'it') : null;
    const print = (line: string): void => {
      if (!verbose) return;
      bar?.clear();
      console.log(line);
    };
    try {
      while (this.#due || this.iteration < total) {
        if (!this.#due) {
          const t = this.iteration;
          const loss = this.#step();
          this.#due = t === 0 || this.iteration % this.#iterationsPerEpoch === 0 || this.iteration === total;
          checkSynchronous('Solver', 'onIteration', onIteration(this));
          if (t % printEvery === 0) print(`(Iteration ${t + 1} / ${total}) loss: ${loss.toFixed(6)}`);
        }
        if (this.#due) {
          const { trainAcc, valAcc } = this.#evaluate();
          this.#due = false;
          const accuracies = `train acc: ${trainAcc.toFixed(6)}; val_acc: ${valAcc.toFixed(6)}`;
          print(`(Epoch ${this.epoch} / ${numEpochs}) ${accuracies}`);
          checkSynchronous('Solver', 'onEpoch', onEpoch(this));
        }
        bar?.update(this.iteration);
      }
    } finally {
      bar?.clear();
    }
    // Where every iteration was a call of step(), nothing has been evaluated yet.
    if (this.valAccHistory.length === 0) this.#evaluate();
    if (!this.#hasBest)
      this.#diverge(this.lossHistory.at(-1) ?? Number.NaN, 'model.loss(X) gives scores that are not finite');
    for (const [name, best] of Object.entries(this.bestParams)) restore(this.model.params, name, best);
    restoreStatistics(this.model, this.#bestStatistics);
  }

  /**
   * One iteration: draws a minibatch, differentiates, updates the parameters; at the end of an epoch the learning rate
   * decays.
   *
   * A step that throws has not happened: parameters, running statistics, and the state of the update rule are as before.
   *
   * @returns The loss.
   * @throws {DivergedError} if it is not finite.
   * @throws {TypeError | ShapeError} if the model's `loss` returns something else than a loss and a gradient for every
   *   parameter, or an update rule something else than a parameter and a config.
   * @throws {Error} if it is called by the model or a callback while the Solver runs.
   */
  step(): number {
    return this.#alone('step', () => {
      const loss = this.#step();
      checkSynchronous('Solver', 'onIteration', this.#options.onIteration(this));
      return loss;
    });
  }

  #step(): number {
    const { batchSize, lrDecay } = this.#options;
    const random = this.#random.state();
    const statistics = statisticsOf(this.model);
    const chosen = this.#random.randint(0, this.#yTrain.length, batchSize);
    // A model that may keep what it is given gets arrays that nobody recycles.
    const scope = isKeepingNothing(this.model.loss) ? workspace : <R>(fn: () => R): R => withStorage(heap, fn);
    const loss = scope(() => {
      const { X, y } = this.#gather(this.#XTrain, this.#yTrain, chosen);
      try {
        const result = checkResult(this.model.loss(X, y), this.model.params);
        if (!Number.isFinite(result.loss)) this.#explain(result.loss, X);
        this.#update(result.grads);
        return result.loss;
      } catch (error) {
        // A step that failed has not happened: the next one draws the same minibatch.
        this.#random = Random.fromState(random);
        restoreStatistics(this.model, statistics);
        throw error;
      }
    });
    this.lossHistory.push(loss);
    this.iteration++;
    if (this.iteration % this.#iterationsPerEpoch === 0) {
      this.epoch++;
      for (const config of this.#configs.values() as Iterable<OptimConfig>) {
        if (config.learningRate !== undefined) config.learningRate *= lrDecay;
      }
    }
    return loss;
  }

  /** Runs `fn` if nothing of this Solver is running. */
  #alone<T>(method: 'train' | 'step', fn: () => T): T {
    if (this.#running !== null) {
      throw new Error(
        `Solver.${method}: ${this.#running}() is running, expected no call from a callback or the model: ` +
          'call it when that has returned',
      );
    }
    this.#running = method;
    try {
      return fn();
    } finally {
      this.#running = null;
    }
  }

  /**
   * The share of examples whose highest score is that of their label. Where the model gives one score, a logit, those whose
   * label is 1 where it is above zero, and 0 elsewhere. An example with a score of NaN is never right.
   *
   * @param X - Inputs, shape (N, …).
   * @param y - Their labels.
   * @param options - `numSamples` examples drawn at random, with replacement (default null: all of them, once each), in
   *   batches of `batchSize` (default 100), which bounds memory.
   * @returns A number in [0, 1].
   * @throws {RangeError} if a label is beyond the classes.
   */
  checkAccuracy(X: NDArray, y: Labels, options: { numSamples?: number | null; batchSize?: number } = {}): number {
    checkOptions('Solver.checkAccuracy', options, ['numSamples', 'batchSize']);
    const { numSamples = null, batchSize = 100 } = options;
    const { N } = checkShapes('Solver.checkAccuracy', { X: [X, ['N', '…']] });
    const labels = checkLabels('Solver.checkAccuracy', 'y', y, N);
    if (numSamples !== null) checkCount('Solver.checkAccuracy', 'numSamples', numSamples, 1);
    checkCount('Solver.checkAccuracy', 'batchSize', batchSize, 1);
    return this.#accuracy('y', rows(X), labels, numSamples, batchSize).accuracy;
  }

  get #iterationsPerEpoch(): number {
    return Math.max(1, Math.floor(this.#yTrain.length / this.#options.batchSize));
  }

  #accuracy(
    arg: string | null,
    X: NDArray,
    y: Int32Array,
    numSamples: number | null,
    batchSize: number,
  ): { accuracy: number; finite: boolean } {
    const chosen = numSamples !== null && numSamples < y.length ? this.#random.randint(0, y.length, numSamples) : null;
    const count = chosen?.length ?? y.length;
    const scope = isKeepingNothing(this.model.loss) ? workspace : <R>(fn: () => R): R => withStorage(heap, fn);
    let right = 0;
    let finite = true;
    for (let start = 0; start < count; start += batchSize) {
      const end = Math.min(count, start + batchSize);
      const scored = scope(() => {
        const batch =
          chosen === null
            ? { X: slice(X, start, end), y: y.subarray(start, end) }
            : this.#gather(X, y, chosen.subarray(start, end));
        return countRight('Solver', arg, checkScores(this.model.loss(batch.X), batch.y.length), batch.y);
      });
      right += scored.right;
      finite &&= scored.finite;
    }
    return { accuracy: right / count, finite };
  }

  /** Scores the model. Its parameters become the best where both they and their scores are finite. */
  #evaluate(): { trainAcc: number; valAcc: number } {
    const { numTrainSamples, numValSamples } = this.#options;
    const found = findNonFinite(this.model.params);
    if (found !== null) this.#diverge(this.lossHistory.at(-1) ?? Number.NaN, `the parameter ${found}`);
    const random = this.#random.state();
    let scored: readonly [train: { accuracy: number }, val: { accuracy: number; finite: boolean }];
    try {
      scored = [
        // Training labels beyond the classes are the loss's to refuse: it may not be about classes at all.
        this.#accuracy(null, this.#XTrain, this.#yTrain, numTrainSamples, 100),
        this.#accuracy('yVal', this.#XVal, this.#yVal, numValSamples, 100),
      ];
    } catch (error) {
      this.#random = Random.fromState(random);
      throw error;
    }
    const [{ accuracy: trainAcc }, { accuracy: valAcc, finite }] = scored;
    this.trainAccHistory.push(trainAcc);
    this.valAccHistory.push(valAcc);
    if (finite && (valAcc > this.bestValAcc || !this.#hasBest)) {
      this.#hasBest = true;
      this.bestValAcc = valAcc;
      for (const [name, param] of Object.entries(this.model.params)) restore(this.bestParams, name, param);
      this.#bestStatistics = statisticsOf(this.model);
    }
    return { trainAcc, valAcc };
  }

  /** The rows of `X` and `y` at the given places, new arrays. */
  #gather(X: NDArray, y: Int32Array, chosen: Int32Array): { X: NDArray; y: Int32Array } {
    const batch = empty([chosen.length, ...X.shape.slice(1)], dtypeOf(X));
    kernels().gatherRows(X.data, chosen, batch.data, X.size / X.shape[0]);
    return { X: batch, y: chosen.map((i) => y[i]) };
  }

  /** Gives every parameter and its gradient to the update rule. If that throws, everything is as it was before. */
  #update(grads: Params): void {
    const { updateRule, isOwnRule } = this.#options;
    const { params } = this.model;
    const names = Object.keys(params);
    if (isOwnRule) {
      // Of the library's rules nothing throws once this has passed, so that nothing needs a copy.
      for (const name of names) if (this.#stepped.get(name) !== params[name]) this.#checkState(name);
      for (const name of names) this.#apply(name, updateRule(params[name], grads[name], this.#configOf(name)));
      return;
    }
    const trusted = isKeepingNothing(updateRule);
    const before = new Map(names.map((name) => [name, snapshot(params[name], this.#configOf(name))]));
    try {
      for (const name of names) {
        const result = trusted
          ? updateRule(params[name], grads[name], this.#configOf(name))
          : withStorage(heap, () => updateRule(params[name], array(grads[name]), this.#configOf(name)));
        this.#apply(name, result);
      }
    } catch (error) {
      for (const [name, { param, restored }] of before) {
        params[name] = param;
        this.#configs.set(name, restored());
      }
      throw error;
    }
  }

  #configOf(name: string): object {
    return this.#configs.get(name) ?? { ...this.#options.optimConfig };
  }

  #apply(name: string, result: readonly [NDArray, object]): void {
    const { params } = this.model;
    const [nextW, nextConfig] = checkUpdate(result, name, params[name]);
    if (nextW !== params[name]) params[name] = nextW;
    this.#stepped.set(name, nextW);
    this.#configs.set(name, nextConfig);
  }

  /** Checks that the update rule's state still fits a parameter, which the model may have replaced. */
  #checkState(name: string): void {
    const param = this.model.params[name];
    for (const [field, value] of Object.entries(this.#configOf(name))) {
      if (!isNDArray(value)) continue;
      checkShapes('Solver', { [`params.${name}`]: [param, ['…']], [`${field} of ${name}`]: [value, param.shape] });
    }
  }

  /** Throws for a loss that is not finite, and says where that comes from as far as it can be seen. */
  #explain(loss: number, X: NDArray): never {
    const data = findNonFinite({ X });
    if (data !== null) this.#diverge(loss, `the minibatch's ${data}`, true);
    const found = findNonFinite(this.model.params);
    this.#diverge(loss, found === null ? null : `the parameter ${found}`, this.iteration === 0);
  }

  /** @param found - What is not finite, beside the loss; `given` if training has not made it so. */
  #diverge(loss: number, found: string | null, given = false): never {
    const [config] = this.#configs.values() as Iterable<OptimConfig>;
    const failed = !Number.isFinite(loss);
    throw new DivergedError({
      fn: 'Solver',
      iteration: failed ? this.iteration + 1 : this.iteration,
      loss,
      lastFiniteLoss: this.lossHistory.at(-1),
      learningRate: config?.learningRate,
      found,
      given: given && found !== null,
      rest: 'Histories and bestParams are intact.',
    });
  }
}

/** The running statistics of a batch normalization. */
type Statistics = Pick<BatchnormParam, 'runningMean' | 'runningVar'>;

/** The running statistics of a model, as they are: a training pass makes new arrays. */
function statisticsOf({ bnParams = [] }: Model): readonly Statistics[] {
  return bnParams.map(({ runningMean, runningVar }) => ({ runningMean, runningVar }));
}

function restoreStatistics({ bnParams = [] }: Model, statistics: readonly Statistics[]): void {
  statistics.forEach((own, i) => {
    Object.assign(bnParams[i] ?? {}, own);
  });
}

/** A parameter and its config, of which `restored` puts the values back that they have now. */
function snapshot(param: NDArray, config: object): { param: NDArray; restored: () => object } {
  const fields = { ...config };
  const arrays = [param, ...Object.values(fields).filter(isNDArray)];
  const values = withStorage(heap, () => arrays.map((a) => array(a)));
  return {
    param,
    restored: () => {
      arrays.forEach((a, i) => {
        overwrite(a, values[i]);
      });
      return fields;
    },
  };
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

/** Writes `values` into `params[name]`; in place where that is operand, so that the array stays what it is to others. */
function restore(params: Params, name: string, values: NDArray): void {
  const old = params[name];
  if (old !== undefined && old.size === values.size && old.data.length === old.size && operand(old) === old.data) {
    hostRoom(old).set(hostValues(values));
  } else {
    params[name] = withStorage(heap, () => array(values));
  }
}

/** @throws {TypeError | ShapeError} naming what a model's loss lacks. */
function checkResult(result: NDArray | LossAndGrads, params: Params): LossAndGrads {
  checkSynchronous('Solver', 'model.loss(X, y)', result);
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
  checkSynchronous('Solver', 'updateRule', result);
  const isPair = Array.isArray(result) && result.length === 2;
  if (!isPair || typeof result[1] !== 'object' || result[1] === null) {
    throw new TypeError(`Solver: updateRule returned ${describe(result)} for ${name}, expected [w, config]`);
  }
  checkShapes('Solver', { [`params.${name}`]: [param, ['…']], [`the updated ${name}`]: [result[0], param.shape] });
  return result;
}

/** @throws {ShapeError} if a model's scores are not (N, C). */
function checkScores(scores: NDArray | LossAndGrads, N: number): NDArray {
  checkSynchronous('Solver', 'model.loss(X)', scores);
  if (isNDArray(scores) && scores.shape.length === 2 && scores.shape[0] === N) return scores;
  throw new ShapeError(`Solver: model.loss(X) returned ${describe(scores)}, expected scores of shape (N=${N}, C)`);
}
