import {
  AMOUNT,
  ANY,
  type Architecture,
  checkCount,
  checkedIn,
  checkLabels,
  count,
  FLAG,
  heap,
  type Labels,
  type LoadedState,
  type LoadStateOptions,
  type NDArray,
  type OptionsOf,
  oneOf,
  ones,
  option,
  orNull,
  Random,
  type Range,
  type StateLike,
  settingsOf,
  withStorage,
  zeros,
} from '../arrays/index.js';
import { keepsNothing, local, resident, workspace } from '../kernels/index.js';
import {
  affineBackward,
  affineForward,
  BATCHNORM_OPTIONS,
  type BatchnormParam,
  checkBatchnormParam,
  countFlops,
  type DropoutParam,
  KEEP_PROBABILITY,
  softmaxLoss,
} from '../layers/index.js';
import {
  type HiddenCache,
  type HiddenGrads,
  type HiddenParams,
  hiddenBackward,
  hiddenForward,
} from './hidden-layer.js';
import type { Classifier, LossAndGrads } from './model.js';
import { CLASSIFIER_OPTIONS } from './options.js';
import { addPenalty, checkInputs, formatOf, gaussian, zeroBias } from './parameters.js';
import { loadStateDict, savesParameters, stateDictOf } from './state-dict.js';
import { type ClassifierLayer, summaryOf } from './summary.js';

/** Names of the parameters of a {@link FullyConnectedNet}: layers are counted from 1. */
export type FullyConnectedParamName = `${'W' | 'b' | 'gamma' | 'beta'}${number}`;

const LAYERS: Range = {
  allows: (value) => Array.isArray(value) && value.length > 0,
  expected: 'a list of at least one size',
  Kind: RangeError,
};

const NORMALIZATION: Range = {
  ...orNull(oneOf('batchnorm', 'layernorm')),
  expected: "'batchnorm', 'layernorm' or null",
};

const { numClasses, ...COMMON } = CLASSIFIER_OPTIONS;

const OPTIONS = {
  /** Values to an example, D. Default 3072, a CIFAR-10 image. */
  inputDim: option(3072, count(1)),
  /** Classes, C. Default 10. */
  numClasses,
  /** Normalization between each hidden affine layer and its ReLU. Default null: none. */
  normalization: option<'batchnorm' | 'layernorm' | null>(null, NORMALIZATION),
  /** Probability of KEEPING a unit in the dropout behind each hidden layer. Default 1: no dropout. */
  dropout: option(1, KEEP_PROBABILITY),
  ...COMMON,
  /** Standard deviation of the initial weights. Default 1e-2. */
  weightScale: option(1e-2, AMOUNT),
  /** Seed of the initial weights and of the sequence of dropout masks. Without one neither can be repeated. */
  seed: option<number | string | undefined>(undefined, ANY),
  /** Whether dropout drops the same units at every pass, as a check that repeats `loss` needs it. Default false. */
  repeatMasks: option(false, FLAG),
};

/** Options of a {@link FullyConnectedNet}. */
export interface FullyConnectedNetOptions extends OptionsOf<typeof OPTIONS> {}

/**
 * A fully connected network of any depth: {affine – [normalization] – ReLU – [dropout]} × L, affine, softmax.
 *
 * Parameters `W1` (D, hiddenDims[0]), `b1`, with normalization `gamma1` and `beta1`, … to the last layer's `W` (…, C)
 * and `b`. The loss adds `½ · reg · Σ W²` over the weight matrices.
 *
 * Dropout draws new masks at each pass. With a seed, their sequence is the same in every run; with `repeatMasks` so is
 * every mask, as numerical gradients need it, which `checkModelGradients` sees to by itself.
 *
 * @example
 * const model = new FullyConnectedNet([100, 100], { normalization: 'batchnorm', weightScale: 5e-2, seed: 231 });
 * const { loss, grads } = model.loss(X, y);
 */
export class FullyConnectedNet implements Classifier {
  readonly params: Record<FullyConnectedParamName, NDArray>;
  /** Strength of the L2 penalty; may be changed at any time. */
  reg: number;
  /** Mode, hyperparameters and running statistics of each hidden layer's batch normalization; empty without it. */
  readonly bnParams: BatchnormParam[] = [];
  /** Mode, probability and source of the masks of each hidden layer's dropout; empty without it. */
  readonly dropoutParams: DropoutParam[] = [];
  readonly #numLayers: number;

  /**
   * A network with these hidden layers and new random weights; {@link FullyConnectedNetOptions} has the rest.
   *
   * @param hiddenDims - Units of each hidden layer, at least one layer.
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(hiddenDims: readonly number[], options: FullyConnectedNetOptions = {}) {
    const fn = 'FullyConnectedNet';
    const { normalization, dropout, repeatMasks, ...settings } = settingsOf(fn, OPTIONS, options);
    const { inputDim, weightScale, reg, dtype, seed } = settings;
    for (const [i, size] of checkedIn(fn, 'hiddenDims', hiddenDims, LAYERS).entries()) {
      checkCount(fn, `hiddenDims[${i}]`, size, 1);
    }
    const random = new Random(seed);
    const dims = [inputDim, ...hiddenDims, settings.numClasses];
    this.reg = reg;
    this.#numLayers = dims.length - 1;
    this.params = {};
    for (let layer = 1; layer <= this.#numLayers; layer++) {
      this.params[`W${layer}`] = gaussian(random, [dims[layer - 1], dims[layer]], weightScale, dtype);
      this.params[`b${layer}`] = zeroBias(dims[layer], dtype);
      if (layer === this.#numLayers) continue;
      if (normalization !== null) {
        this.params[`gamma${layer}`] = resident(ones([dims[layer]], dtype));
        this.params[`beta${layer}`] = zeroBias(dims[layer], dtype);
      }
      if (normalization === 'batchnorm') {
        const [runningMean, runningVar] = [1, 2].map(() => withStorage(heap, () => zeros([dims[layer]], dtype)));
        this.bnParams.push({ mode: 'train', runningMean, runningVar });
      }
      if (dropout < 1) this.dropoutParams.push({ mode: 'train', p: dropout, ...masksOf(layer, seed, repeatMasks) });
    }
  }

  /**
   * Test-time pass: batch normalization by its running statistics, no dropout.
   *
   * @param X - Inputs, shape (N, d_1, …, d_k) with D = d_1 · … · d_k.
   * @returns Scores, shape (N, C).
   */
  loss(X: NDArray): NDArray;
  /**
   * Training-time pass.
   *
   * @param X - Inputs, shape (N, d_1, …, d_k) with D = d_1 · … · d_k.
   * @param y - Labels in [0, C), N of them.
   * @returns The loss, penalty included, and the gradient of every parameter.
   * @throws {ShapeError} if an example does not have D values, or `y` not N labels.
   */
  loss(X: NDArray, y: Labels): LossAndGrads<FullyConnectedParamName>;
  loss(X: NDArray, y?: Labels): NDArray | LossAndGrads<FullyConnectedParamName> {
    const fn = `${this.constructor.name}.loss`;
    checkInputs(fn, X, this.params.W1.shape[0], this.params.W1);
    // A pass changes running statistics as it goes, so all that can be refused is refused before it.
    if (y !== undefined) checkLabels(fn, 'y', y, X.shape[0], this.params[`b${this.#numLayers}`].shape[0]);
    this.bnParams.forEach((param, i) => {
      checkBatchnormParam(fn, param, this.params[`gamma${i + 1}`], X);
    });
    const mode = y === undefined ? 'test' : 'train';
    for (const param of [...this.bnParams, ...this.dropoutParams]) param.mode = mode;
    return workspace(() => (y === undefined ? this.#forward(local(X)).scores : this.#forwardBackward(local(X), y)));
  }

  /**
   * Test-time pass that returns the output of each of the {@link layers}, the scores last.
   *
   * @param X - Inputs, as of {@link loss}.
   * @throws {ShapeError} if an example does not fit.
   */
  activations(X: NDArray): NDArray[] {
    const fn = `${this.constructor.name}.activations`;
    checkInputs(fn, X, this.params.W1.shape[0], this.params.W1);
    const params = [...this.bnParams, ...this.dropoutParams];
    const modes = params.map(({ mode }) => mode);
    for (const param of params) param.mode = 'test';
    try {
      return workspace(() => this.#forward(local(X)).outputs);
    } finally {
      params.forEach((param, i) => {
        param.mode = modes[i];
      });
    }
  }

  /** Copies of the parameters by name, and of running statistics: `runningMean1`, `runningVar1`, … */
  stateDict(): Record<string, NDArray> {
    return stateDictOf(this);
  }

  /**
   * Takes over the values of a state dict, in place.
   *
   * @param state - Arrays by name, as `stateDict` and `load(file)` return them.
   * @param options - `strict`: whether names that only one side has are an error, default true. `convert`: whether
   *   values of another dtype are converted, default false.
   * @returns The names that the state lacks, and those that the model does not have.
   * @throws {RangeError} that lists all that does not fit; nothing has changed then. A {@link ShapeError} if there is
   *   a wrong shape.
   */
  loadStateDict(state: StateLike, options: LoadStateOptions = {}): LoadedState {
    return loadStateDict(this, state, options);
  }

  /**
   * The class and the options that make a network of this form; of those, all but seeds and initial weights. Where
   * `eps` of `bnParams` was set, `batchnormEps` lists it.
   */
  architecture(): Architecture {
    const { params } = this;
    const weights = Array.from({ length: this.#numLayers }, (_, i) => params[`W${i + 1}`]);
    const hiddenDims = weights.slice(0, -1).map(({ shape }) => shape[1]);
    const sizes = { hiddenDims, inputDim: weights[0].shape[0], numClasses: weights[this.#numLayers - 1].shape[1] };
    const dropout = this.dropoutParams.length > 0 ? this.dropoutParams[0].p : 1;
    const { byDefault } = BATCHNORM_OPTIONS.eps;
    const batchnormEps = this.bnParams.map(({ eps = byDefault }) => eps);
    // No option of the constructor has it: it was set in bnParams.
    const changed: Architecture['options'] = batchnormEps.some((eps) => eps !== byDefault) ? { batchnormEps } : {};
    const options = { ...sizes, normalization: this.#normalization, dropout, ...changed, ...formatOf(this) };
    return { class: this.constructor.name, options, children: [] };
  }

  /** The layers, from the input on, and what their products cost for one example. */
  layers(): ClassifierLayer[] {
    const { params } = this;
    const normalization = this.#normalization;
    const dropout = this.dropoutParams.length > 0 ? 'dropout' : null;
    return Array.from({ length: this.#numLayers }, (_, i) => {
      const [inputDim, outputDim] = params[`W${i + 1}`].shape;
      const cost = countFlops({ type: 'affine', inputDim, outputDim });
      if (i === this.#numLayers - 1) return { name: 'affine', ...cost };
      const name = ['affine', normalization, 'ReLU', dropout].filter(Boolean).join(' – ');
      return { name, ...cost, parameters: cost.parameters + (normalization === null ? 0 : 2 * outputDim) };
    });
  }

  /** Tables of the {@link layers} and of the parameters. */
  summary(): string {
    const dropout = this.dropoutParams.length > 0 ? `dropout keeping ${this.dropoutParams[0].p}` : null;
    const title = [`${this.constructor.name}, ${this.#numLayers} layers`, this.#normalization, dropout];
    return summaryOf(title.filter(Boolean).join(', '), this.layers(), this.params);
  }

  get #normalization(): 'batchnorm' | 'layernorm' | null {
    if (this.bnParams.length > 0) return 'batchnorm';
    return this.params.gamma1 === undefined ? null : 'layernorm';
  }

  #forward(X: NDArray) {
    const last = this.#numLayers;
    const hidden: HiddenCache[] = [];
    const outputs: NDArray[] = [];
    let h = X;
    for (let layer = 1; layer < last; layer++) {
      const [bn, drop] = [this.bnParams[layer - 1], this.dropoutParams[layer - 1]];
      const [out, cache] = hiddenForward(h, this.#hiddenParams(layer), bn, drop);
      hidden.push(cache);
      outputs.push(out);
      h = out;
    }
    const [scores, cache] = affineForward(h, this.params[`W${last}`], this.params[`b${last}`]);
    outputs.push(scores);
    return { scores, outputs, hidden, cache };
  }

  #forwardBackward(X: NDArray, y: Labels): LossAndGrads<FullyConnectedParamName> {
    const { scores, hidden, cache } = this.#forward(X);
    const { loss: dataLoss, dx: dscores } = softmaxLoss(scores, y);

    const grads: Record<FullyConnectedParamName, NDArray> = {};
    let gradient: HiddenGrads = affineBackward(dscores, cache);
    let loss = dataLoss + this.#collect(grads, this.#numLayers, gradient);
    for (let layer = hidden.length; layer >= 1; layer--) {
      // The first layer's input is data: its gradient is not needed.
      gradient = hiddenBackward(gradient.dx as NDArray, hidden[layer - 1], layer > 1);
      loss += this.#collect(grads, layer, gradient);
    }
    return { loss, grads };
  }

  #hiddenParams(layer: number): HiddenParams {
    const { params } = this;
    const [w, b] = [params[`W${layer}`], params[`b${layer}`]];
    return { w, b, gamma: params[`gamma${layer}`], beta: params[`beta${layer}`] };
  }

  /** Notes a layer's gradients, the penalty's added, and returns the penalty. */
  #collect(grads: Record<FullyConnectedParamName, NDArray>, layer: number, gradient: HiddenGrads): number {
    const { dw, db, dgamma, dbeta } = gradient;
    grads[`W${layer}`] = dw;
    grads[`b${layer}`] = db;
    if (dgamma !== undefined && dbeta !== undefined) {
      grads[`gamma${layer}`] = dgamma;
      grads[`beta${layer}`] = dbeta;
    }
    return addPenalty(this.params[`W${layer}`], dw, this.reg);
  }
}

/** The source of a layer's masks. Each layer has its own, so that layers of the same width drop different units. */
function masksOf(
  layer: number,
  seed: number | string | undefined,
  repeat: boolean,
): Pick<DropoutParam, 'seed' | 'random'> {
  if (!repeat) return { random: new Random(seed === undefined ? undefined : `${seed} masks ${layer - 1}`) };
  return { seed: `${seed ?? new Random().randint(0, 2 ** 31, 1)[0]} dropout ${layer}` };
}

keepsNothing(FullyConnectedNet.prototype.loss);
savesParameters(FullyConnectedNet.prototype.stateDict);
