import {
  checkAmount,
  checkCount,
  checkDType,
  checkOptions,
  type Labels,
  type NDArray,
  Random,
} from '../arrays/index.js';
import { keepsNothing, local, workspace } from '../kernels/index.js';
import {
  type AffineReluCache,
  affineBackward,
  affineForward,
  affineReluBackward,
  affineReluBackwardWeights,
  affineReluForward,
  softmaxLoss,
} from '../layers/index.js';
import type { LossAndGrads, Model } from '../model.js';
import { type ClassifierOptions, refuse } from './options.js';
import { addPenalty, checkInputs, gaussian, zeroBias } from './parameters.js';

/** Names of the parameters of a {@link FullyConnectedNet}: layers are counted from 1. */
export type FullyConnectedParamName = `${'W' | 'b'}${number}`;

/** Options of a {@link FullyConnectedNet}. */
export interface FullyConnectedNetOptions extends ClassifierOptions {
  /** Values to an example, D. Default 3072, a CIFAR-10 image. */
  inputDim?: number;
  /** Standard deviation of the initial weights. Default 1e-2. */
  weightScale?: number;
  /** Only null, none, for now. */
  normalization?: null;
  /** Probability of keeping a hidden unit; only 1, no dropout, for now. */
  dropout?: 1;
}

const OPTIONS = ['inputDim', 'numClasses', 'weightScale', 'normalization', 'dropout', 'reg', 'dtype', 'seed'];

/**
 * A fully connected network of any depth: {affine – ReLU} × L, affine, softmax.
 *
 * Parameters `W1` (D, hiddenDims[0]), `b1`, … to the last layer's `W` (…, C) and `b`. The loss adds
 * `½ · reg · Σ W²` over the weight matrices.
 *
 * @example
 * const model = new FullyConnectedNet([100, 100], { weightScale: 5e-2, seed: 231 });
 * const { loss, grads } = model.loss(X, y);
 */
export class FullyConnectedNet implements Model {
  readonly params: Record<FullyConnectedParamName, NDArray>;
  /** Strength of the L2 penalty; may be changed at any time. */
  reg: number;
  readonly #numLayers: number;

  /**
   * @param hiddenDims - Units of each hidden layer, at least one layer.
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(hiddenDims: readonly number[], options: FullyConnectedNetOptions = {}) {
    const owner = 'FullyConnectedNet';
    checkOptions(owner, options, OPTIONS);
    const { inputDim = 3072, numClasses = 10, weightScale = 1e-2, reg = 0, dtype = 'float32', seed } = options;
    if (!Array.isArray(hiddenDims) || hiddenDims.length === 0) {
      refuse(owner, 'hiddenDims', hiddenDims, 'a list of at least one size');
    }
    const sizes = Object.fromEntries(hiddenDims.map((size, i) => [`hiddenDims[${i}]`, size]));
    for (const [name, n] of Object.entries({ inputDim, numClasses, ...sizes })) checkCount(owner, name, n, 1);
    for (const [name, n] of Object.entries({ weightScale, reg })) checkAmount(owner, name, n);
    const { normalization = null, dropout = 1 } = options;
    if (normalization !== null)
      refuse(owner, 'normalization', normalization, 'null: this version has no normalization');
    if (dropout !== 1) refuse(owner, 'dropout', dropout, '1: this version has no dropout');
    checkDType(owner, dtype);

    const random = new Random(seed);
    const dims = [inputDim, ...hiddenDims, numClasses];
    this.reg = reg;
    this.#numLayers = dims.length - 1;
    this.params = {};
    for (let layer = 1; layer <= this.#numLayers; layer++) {
      this.params[`W${layer}`] = gaussian(random, [dims[layer - 1], dims[layer]], weightScale, dtype);
      this.params[`b${layer}`] = zeroBias(dims[layer], dtype);
    }
  }

  /**
   * Test-time pass.
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
    checkInputs(`${this.constructor.name}.loss`, X, this.params.W1.shape[0], this.params.W1);
    return workspace(() => (y === undefined ? this.#forward(local(X)).scores : this.#forwardBackward(local(X), y)));
  }

  #forward(X: NDArray) {
    const last = this.#numLayers;
    const hidden: AffineReluCache[] = [];
    let h = X;
    for (let layer = 1; layer < last; layer++) {
      const [out, cache] = affineReluForward(h, this.params[`W${layer}`], this.params[`b${layer}`]);
      hidden.push(cache);
      h = out;
    }
    const [scores, cache] = affineForward(h, this.params[`W${last}`], this.params[`b${last}`]);
    return { scores, hidden, cache };
  }

  #forwardBackward(X: NDArray, y: Labels): LossAndGrads<FullyConnectedParamName> {
    const { scores, hidden, cache } = this.#forward(X);
    const { loss: dataLoss, dx: dscores } = softmaxLoss(scores, y);

    const grads: Record<FullyConnectedParamName, NDArray> = {};
    const output = affineBackward(dscores, cache);
    let loss = dataLoss + this.#collect(grads, this.#numLayers, output);
    let dh = output.dx;
    for (let layer = hidden.length; layer > 1; layer--) {
      const gradient = affineReluBackward(dh, hidden[layer - 1]);
      loss += this.#collect(grads, layer, gradient);
      dh = gradient.dx;
    }
    // The images are data: nobody asks for their gradient.
    loss += this.#collect(grads, 1, affineReluBackwardWeights(dh, hidden[0]));
    return { loss, grads };
  }

  /** Notes a layer's gradients, the penalty's added, and returns the penalty. */
  #collect(
    grads: Record<FullyConnectedParamName, NDArray>,
    layer: number,
    { dw, db }: { dw: NDArray; db: NDArray },
  ): number {
    grads[`W${layer}`] = dw;
    grads[`b${layer}`] = db;
    return addPenalty(this.params[`W${layer}`], dw, this.reg);
  }
}

keepsNothing(FullyConnectedNet.prototype.loss);
