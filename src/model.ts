import type { Labels, NDArray } from './arrays/index.js';

/** Parameters by name. */
export type Params = Record<string, NDArray>;

/** What a training pass returns: the loss, and the gradient of every parameter under the parameter's name. */
export interface LossAndGrads<Name extends string = string> {
  readonly loss: number;
  readonly grads: Record<Name, NDArray>;
}

/**
 * What a Solver trains: anything with parameters and a loss. Write your own, or take one of `classifiers/`.
 */
export interface Model {
  /** The arrays that training changes. */
  params: Params;
  /** Test-time pass. Returns scores, shape (N, C). */
  loss(X: NDArray): NDArray;
  /** Training-time pass. Returns the loss and the gradient of every parameter. */
  loss(X: NDArray, y: Labels): LossAndGrads;
}
