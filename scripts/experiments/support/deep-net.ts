// A deep net made of layer functions, whose gradients can be measured layer by layer.

import {
  affineBackward,
  affineForward,
  keepsNothing,
  type Labels,
  type LossAndGrads,
  type Model,
  type NDArray,
  ones,
  Random,
  resident,
  softmaxLoss,
  workspace,
  zeros,
} from '../../../src/index.js';

/**
 * A unit is shut for an image if its activation's derivative is smaller than this, so that the gradient stops there.
 */
export const SHUT = 0.005;

/** An activation: a function that returns the output and the function for the backward pass. */
export interface Activation {
  readonly name: string;
  /** The variance of the initial weights, times the number of inputs of a unit. */
  readonly gain: number;
  apply(x: NDArray): [out: NDArray, backward: (dout: NDArray) => NDArray];
}

/** An activation from a layer's two functions. */
export function pair<C>(
  name: string,
  gain: number,
  forward: (x: NDArray) => [NDArray, C],
  backward: (dout: NDArray, cache: C) => NDArray,
): Activation {
  return {
    name,
    gain,
    apply: (x) => {
      const [out, cache] = forward(x);
      return [out, (dout) => backward(dout, cache)];
    },
  };
}

/** What {@link DeepNet.probe} finds, a number for each hidden layer. */
export interface Probe {
  /** The share of pairs of a unit and an image that are shut. */
  readonly shut: number[];
  /** The share of units that are shut for every image. */
  readonly dead: number[];
  /** The norm of the gradient of the loss with respect to the activation's input. */
  readonly gradient: number[];
}

/** {affine – activation} × L, affine, softmax. */
export class DeepNet implements Model {
  readonly params: Record<string, NDArray> = {};
  readonly #activation: Activation;
  readonly #layers: number;

  constructor(activation: Activation, dims: readonly number[], seed: string, factor = 1) {
    const random = new Random(seed);
    this.#activation = activation;
    this.#layers = dims.length - 1;
    for (let layer = 1; layer <= this.#layers; layer++) {
      const [D, M] = [dims[layer - 1], dims[layer]];
      const w = random.randn([D, M]);
      const scale = factor * Math.sqrt(activation.gain / D);
      for (let i = 0; i < w.data.length; i++) w.data[i] *= scale;
      this.params[`W${layer}`] = resident(w);
      this.params[`b${layer}`] = resident(zeros([M]));
    }
  }

  loss(X: NDArray): NDArray;
  loss(X: NDArray, y: Labels): LossAndGrads;
  loss(X: NDArray, y?: Labels): NDArray | LossAndGrads {
    return workspace(() => (y === undefined ? this.#forward(X).scores : this.#forwardBackward(X, y, () => {})));
  }

  /** Measures the hidden layers on images. */
  probe(X: NDArray, y: Labels): Probe {
    const probe: Probe = { shut: [], dead: [], gradient: [] };
    this.#forwardBackward(X, y, (backward, dout) => {
      const da = backward(dout);
      const { shut, dead } = shutUnits(backward(ones(dout.shape)));
      probe.shut.unshift(shut);
      probe.dead.unshift(dead);
      probe.gradient.unshift(norm(da.data));
    });
    return probe;
  }

  #forward(X: NDArray) {
    const steps: ((dout: NDArray) => NDArray)[] = [];
    const caches: ReturnType<typeof affineForward>[1][] = [];
    let h = X;
    for (let layer = 1; layer <= this.#layers; layer++) {
      const [a, cache] = affineForward(h, this.params[`W${layer}`], this.params[`b${layer}`]);
      caches.push(cache);
      h = a;
      if (layer === this.#layers) continue;
      const [out, backward] = this.#activation.apply(a);
      steps.push(backward);
      h = out;
    }
    return { scores: h, steps, caches };
  }

  /**
   * @param look - Called for each activation in the backward pass, from the last, with the gradient that reaches it.
   */
  #forwardBackward(
    X: NDArray,
    y: Labels,
    look: (backward: (dout: NDArray) => NDArray, dout: NDArray) => void,
  ): LossAndGrads {
    const { scores, steps, caches } = this.#forward(X);
    const { loss, dx } = softmaxLoss(scores, y);
    const grads: Record<string, NDArray> = {};
    let dout = dx;
    for (let layer = this.#layers; layer >= 1; layer--) {
      const { dx: dh, dw, db } = affineBackward(dout, caches[layer - 1]);
      grads[`W${layer}`] = dw;
      grads[`b${layer}`] = db;
      if (layer === 1) break;
      const backward = steps[layer - 2];
      look(backward, dh);
      dout = backward(dh);
    }
    return { loss, grads };
  }
}

keepsNothing(DeepNet.prototype.loss);

/** From derivatives (N, M): the share of values that are shut, and the share of columns that are shut in every row. */
function shutUnits(derivative: NDArray): { shut: number; dead: number } {
  const [N, M] = derivative.shape;
  const counts = new Int32Array(M);
  for (let i = 0; i < derivative.data.length; i++) if (Math.abs(derivative.data[i]) < SHUT) counts[i % M]++;
  return {
    shut: counts.reduce((sum, n) => sum + n, 0) / (N * M),
    dead: counts.reduce((sum, n) => sum + (n === N ? 1 : 0), 0) / M,
  };
}

/** The Euclidean norm. */
export function norm(values: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] ** 2;
  return Math.sqrt(squares);
}
