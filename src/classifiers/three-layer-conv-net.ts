import {
  type Architecture,
  checkedIn,
  count,
  type Labels,
  type LoadedState,
  type LoadStateOptions,
  type NDArray,
  type OptionsOf,
  option,
  Random,
  type Range,
  type StateLike,
  settingsOf,
} from '../arrays/index.js';
import { keepsNothing, local, workspace } from '../kernels/index.js';
import {
  affineBackward,
  affineForward,
  affineReluBackward,
  affineReluForward,
  convReluForward,
  convReluPoolBackward,
  convReluPoolForward,
  countFlops,
  maxPoolForward,
  softmaxLoss,
} from '../layers/index.js';
import type { Classifier, LossAndGrads } from './model.js';
import { CLASSIFIER_OPTIONS } from './options.js';
import { addPenalty, checkInputs, formatOf, gaussian, zeroBias } from './parameters.js';
import { loadStateDict, savesParameters, stateDictOf } from './state-dict.js';
import { type ClassifierLayer, summaryOf } from './summary.js';

/** Names of the parameters of a {@link ThreeLayerConvNet}. */
export type ThreeLayerConvParamName = 'W1' | 'b1' | 'W2' | 'b2' | 'W3' | 'b3';

const SIZES: Range = {
  allows: (value) => Array.isArray(value) && value.length === 3 && value.every(count(1).allows),
  expected: '[C, H, W], whole numbers ≥ 1',
  Kind: RangeError,
};
const POOLABLE: Range = {
  allows: (value) => (value as readonly number[]).slice(1).every((n) => n >= 2),
  expected: 'a height and width of at least 2, the size of a pooling window',
  Kind: RangeError,
};
const ODD: Range = {
  allows: (value) => (value as number) % 2 === 1,
  expected: 'an odd number: only such a filter keeps the size',
  Kind: RangeError,
};

const OPTIONS = {
  /** Channels, height and width of the images, both at least 2. Default [3, 32, 32]. */
  inputDim: option<readonly [C: number, H: number, W: number]>([3, 32, 32], SIZES),
  /** Filters, F. Default 32. */
  numFilters: option(32, count(1)),
  /** Height and width of a filter, odd. Default 7. */
  filterSize: option(7, count(1)),
  /** Units of the hidden affine layer. Default 100. */
  hiddenDim: option(100, count(1)),
  ...CLASSIFIER_OPTIONS,
};

/** Options of a {@link ThreeLayerConvNet}. */
export interface ThreeLayerConvNetOptions extends OptionsOf<typeof OPTIONS> {}

const POOL = { poolHeight: 2, poolWidth: 2, stride: 2 };

/**
 * A three-layer convolutional network: conv – ReLU – 2×2 max pool – affine – ReLU – affine – softmax.
 *
 * The convolution is padded by (filterSize − 1)/2, so that it keeps the size; the pooling leaves out a last odd row or
 * column. Parameters `W1` (F, C, size, size), `b1` (F,), `W2` (F·⌊H/2⌋·⌊W/2⌋, hiddenDim), `b2`, `W3` (hiddenDim, C),
 * `b3`. The loss adds `½ · reg · Σ W²` over the weights.
 *
 * @example
 * const model = new ThreeLayerConvNet({ weightScale: 1e-3, hiddenDim: 500, reg: 1e-3, seed: 231 });
 * const { loss, grads } = model.loss(X, y);
 */
export class ThreeLayerConvNet implements Classifier {
  readonly params: Record<ThreeLayerConvParamName, NDArray>;
  /** Strength of the L2 penalty; may be changed at any time. */
  reg: number;
  readonly #inputDim: readonly [number, number, number];

  /**
   * A small convolutional network with new random weights; {@link ThreeLayerConvNetOptions} has its sizes.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(options: ThreeLayerConvNetOptions = {}) {
    const fn = 'ThreeLayerConvNet';
    const { inputDim, numFilters, filterSize, hiddenDim, ...common } = settingsOf(fn, OPTIONS, options);
    const { numClasses, weightScale, reg, dtype, seed } = common;
    const [C, H, W] = checkedIn(fn, 'inputDim', inputDim, POOLABLE);
    checkedIn(fn, 'filterSize', filterSize, ODD);
    const random = new Random(seed);
    this.reg = reg;
    this.#inputDim = [C, H, W];
    const pooled = numFilters * Math.floor(H / 2) * Math.floor(W / 2);
    this.params = {
      W1: gaussian(random, [numFilters, C, filterSize, filterSize], weightScale, dtype),
      b1: zeroBias(numFilters, dtype),
      W2: gaussian(random, [pooled, hiddenDim], weightScale, dtype),
      b2: zeroBias(hiddenDim, dtype),
      W3: gaussian(random, [hiddenDim, numClasses], weightScale, dtype),
      b3: zeroBias(numClasses, dtype),
    };
  }

  /**
   * Test-time pass.
   *
   * @param X - Images, shape (N, C, H, W).
   * @returns Scores, shape (N, number of classes).
   */
  loss(X: NDArray): NDArray;
  /**
   * Training-time pass.
   *
   * @param X - Images, shape (N, C, H, W).
   * @param y - Labels, N of them.
   * @returns The loss, penalty included, and the gradient of every parameter.
   * @throws {ShapeError} if the images have another shape, or `y` not N labels.
   */
  loss(X: NDArray, y: Labels): LossAndGrads<ThreeLayerConvParamName>;
  loss(X: NDArray, y?: Labels): NDArray | LossAndGrads<ThreeLayerConvParamName> {
    const { W1, b1, W2, b2, W3, b3 } = this.params;
    checkInputs(`${this.constructor.name}.loss`, X, this.#inputDim, W1);
    const convParam = { stride: 1, pad: (W1.shape[2] - 1) / 2 };
    return workspace(() => {
      const [h1, convCache] = convReluPoolForward(local(X), W1, b1, convParam, POOL);
      const [h2, hiddenCache] = affineReluForward(h1, W2, b2);
      const [scores, scoresCache] = affineForward(h2, W3, b3);
      if (y === undefined) return scores;

      const { loss: dataLoss, dx: dscores } = softmaxLoss(scores, y);
      const { dx: dh2, dw: dW3, db: db3 } = affineBackward(dscores, scoresCache);
      const { dx: dh1, dw: dW2, db: db2 } = affineReluBackward(dh2, hiddenCache);
      // The images are data: their gradient is not needed.
      const { dw: dW1, db: db1 } = convReluPoolBackward(dh1, convCache, { x: false });

      const penalties = [addPenalty(W1, dW1, this.reg), addPenalty(W2, dW2, this.reg), addPenalty(W3, dW3, this.reg)];
      const loss = penalties.reduce((sum, penalty) => sum + penalty, dataLoss);
      return { loss, grads: { W1: dW1, b1: db1, W2: dW2, b2: db2, W3: dW3, b3: db3 } };
    });
  }

  /**
   * Test-time pass that returns the output of each of the {@link layers}, the scores last.
   *
   * @param X - Images, shape (N, C, H, W).
   * @throws {ShapeError} if an example does not fit.
   */
  activations(X: NDArray): NDArray[] {
    const { W1, b1, W2, b2, W3, b3 } = this.params;
    checkInputs(`${this.constructor.name}.activations`, X, this.#inputDim, W1);
    return workspace(() => {
      const [maps] = convReluForward(local(X), W1, b1, { stride: 1, pad: (W1.shape[2] - 1) / 2 });
      const [pooled] = maxPoolForward(maps, POOL);
      const [h] = affineReluForward(pooled, W2, b2);
      const [scores] = affineForward(h, W3, b3);
      return [maps, pooled, h, scores];
    });
  }

  /** Copies of the parameters by name. */
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

  /** The class and the options that make a network of this form; of those, all but seeds and initial weights. */
  architecture(): Architecture {
    const { W1, W3 } = this.params;
    const [numFilters, , filterSize] = W1.shape;
    const [hiddenDim, numClasses] = W3.shape;
    const sizes = { inputDim: this.#inputDim, numFilters, filterSize, hiddenDim, numClasses };
    return { class: this.constructor.name, options: { ...sizes, ...formatOf(this) }, children: [] };
  }

  /** The layers, from the input on, and what they cost for one image. */
  layers(): ClassifierLayer[] {
    const { W1, W2, W3 } = this.params;
    const [F, , size] = W1.shape;
    const [C, H, W] = this.#inputDim;
    const pooled = [F, Math.floor(H / 2), Math.floor(W / 2)];
    const conv = { type: 'conv', input: [C, H, W], numFilters: F, filterSize: size, pad: (size - 1) / 2 } as const;
    return [
      { name: 'conv – ReLU', ...countFlops(conv) },
      { name: 'max pool', outputShape: pooled, parameters: 0, multiplications: 0, additions: 0 },
      { name: 'affine – ReLU', ...countFlops({ type: 'affine', inputDim: W2.shape[0], outputDim: W2.shape[1] }) },
      { name: 'affine', ...countFlops({ type: 'affine', inputDim: W3.shape[0], outputDim: W3.shape[1] }) },
    ];
  }

  /** Tables of the {@link layers} and of the parameters. */
  summary(): string {
    return summaryOf(`${this.constructor.name}, 3 layers`, this.layers(), this.params);
  }
}

keepsNothing(ThreeLayerConvNet.prototype.loss);
savesParameters(ThreeLayerConvNet.prototype.stateDict);
