import {
  type Architecture,
  count,
  type Labels,
  type LoadedState,
  type LoadStateOptions,
  type NDArray,
  type OptionsOf,
  option,
  Random,
  type StateLike,
  settingsOf,
} from '../arrays/index.js';
import { keepsNothing, local, workspace } from '../kernels/index.js';
import {
  affineBackward,
  affineForward,
  affineReluBackward,
  affineReluForward,
  countFlops,
  softmaxLoss,
} from '../layers/index.js';
import type { Classifier, LossAndGrads } from './model.js';
import { CLASSIFIER_OPTIONS } from './options.js';
import { addPenalty, checkInputs, formatOf, gaussian, zeroBias } from './parameters.js';
import { loadStateDict, savesParameters, stateDictOf } from './state-dict.js';
import { type ClassifierLayer, summaryOf } from './summary.js';

/** Names of the parameters of a {@link TwoLayerNet}. */
export type TwoLayerParamName = 'W1' | 'b1' | 'W2' | 'b2';

const OPTIONS = {
  /** Values to an example, D. Default 3072, a CIFAR-10 image. */
  inputDim: option(3072, count(1)),
  /** Units of the hidden layer, H. Default 100. */
  hiddenDim: option(100, count(1)),
  ...CLASSIFIER_OPTIONS,
};

/** Options of a {@link TwoLayerNet}. */
export interface TwoLayerNetOptions extends OptionsOf<typeof OPTIONS> {}

/**
 * A two-layer network: affine – ReLU – affine – softmax.
 *
 * Parameters `W1` (D, H), `b1` (H,), `W2` (H, C), `b2` (C,). The loss adds `½ · reg · Σ W²` over the weight matrices.
 *
 * @example
 * const model = new TwoLayerNet({ hiddenDim: 100, reg: 1e-2, seed: 231 });
 * const { loss, grads } = model.loss(X, y);
 */
export class TwoLayerNet implements Classifier {
  readonly params: Record<TwoLayerParamName, NDArray>;
  /** Strength of the L2 penalty; may be changed at any time. */
  reg: number;

  /**
   * A two-layer network with new random weights; {@link TwoLayerNetOptions} has its sizes.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(options: TwoLayerNetOptions = {}) {
    const settings = settingsOf('TwoLayerNet', OPTIONS, options);
    const { inputDim, hiddenDim, numClasses, weightScale, reg, dtype, seed } = settings;
    const random = new Random(seed);
    this.reg = reg;
    this.params = {
      W1: gaussian(random, [inputDim, hiddenDim], weightScale, dtype),
      b1: zeroBias(hiddenDim, dtype),
      W2: gaussian(random, [hiddenDim, numClasses], weightScale, dtype),
      b2: zeroBias(numClasses, dtype),
    };
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
  loss(X: NDArray, y: Labels): LossAndGrads<TwoLayerParamName>;
  loss(X: NDArray, y?: Labels): NDArray | LossAndGrads<TwoLayerParamName> {
    const { W1, b1, W2, b2 } = this.params;
    checkInputs(`${this.constructor.name}.loss`, X, W1.shape[0], W1);
    return workspace(() => {
      const [h, hiddenCache] = affineReluForward(local(X), W1, b1);
      const [scores, scoresCache] = affineForward(h, W2, b2);
      if (y === undefined) return scores;

      const { loss: dataLoss, dx: dscores } = softmaxLoss(scores, y);
      const { dx: dh, dw: dW2, db: db2 } = affineBackward(dscores, scoresCache);
      // The inputs are data: their gradient is not needed.
      const { dw: dW1, db: db1 } = affineReluBackward(dh, hiddenCache, { x: false });

      const loss = dataLoss + addPenalty(W1, dW1, this.reg) + addPenalty(W2, dW2, this.reg);
      return { loss, grads: { W1: dW1, b1: db1, W2: dW2, b2: db2 } };
    });
  }

  /**
   * Test-time pass that returns the output of each of the {@link layers}, the scores last.
   *
   * @param X - Inputs, as of {@link loss}.
   * @throws {ShapeError} if an example does not fit.
   */
  activations(X: NDArray): NDArray[] {
    const { W1, b1, W2, b2 } = this.params;
    checkInputs(`${this.constructor.name}.activations`, X, W1.shape[0], W1);
    return workspace(() => {
      const [h] = affineReluForward(local(X), W1, b1);
      const [scores] = affineForward(h, W2, b2);
      return [h, scores];
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
    const { W1, W2 } = this.params;
    const options = { inputDim: W1.shape[0], hiddenDim: W1.shape[1], numClasses: W2.shape[1], ...formatOf(this) };
    return { class: this.constructor.name, options, children: [] };
  }

  /** The layers, from the input on, and what their products cost for one example. */
  layers(): ClassifierLayer[] {
    const { W1, W2 } = this.params;
    const cost = ({ shape: [inputDim, outputDim] }: NDArray) => countFlops({ type: 'affine', inputDim, outputDim });
    return [
      { name: 'affine – ReLU', ...cost(W1) },
      { name: 'affine', ...cost(W2) },
    ];
  }

  /** Tables of the {@link layers} and of the parameters. */
  summary(): string {
    return summaryOf(`${this.constructor.name}, 2 layers`, this.layers(), this.params);
  }
}

keepsNothing(TwoLayerNet.prototype.loss);
savesParameters(TwoLayerNet.prototype.stateDict);
