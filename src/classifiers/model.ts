import type { Labels, NDArray } from '../arrays/index.js';
import type { BatchnormParam, DropoutParam } from '../layers/index.js';

/** Parameters by name. */
export type Params = Record<string, NDArray>;

/** What a training pass returns: the loss, and the gradient of every parameter under the parameter's name. */
export interface LossAndGrads<Name extends string = string> {
  readonly loss: number;
  readonly grads: Record<Name, NDArray>;
}

/** What a Solver trains: anything with parameters and a loss. Write your own, or take one of `classifiers/`. */
export interface Model {
  /** The arrays that training changes. */
  params: Params;
  /** Running statistics of batch normalizations, where there are any: a Solver keeps those of the best parameters. */
  readonly bnParams?: readonly BatchnormParam[];
  /** How dropouts draw their masks, where there are any: a Solver's state dict has their seeds and generators. */
  readonly dropoutParams?: readonly DropoutParam[];
  /**
   * Other state that training changes, where there is any: a part of a Solver's state dict. Together with
   * `loadStateDict`. Those of the library's classifiers return and take the parameters, which a Solver saves by itself.
   */
  stateDict?(): unknown;
  /** Takes over what `stateDict` returned, or throws before anything has changed. */
  loadStateDict?(state: unknown): void;
  /**
   * With targets, a training-time pass: the loss and the gradient of every parameter. Without, a test-time pass:
   * scores, for labels of shape (N, C). Targets are N labels, or the rows of an array of numbers, where the Solver has
   * such.
   */
  loss(X: NDArray, y?: Labels): NDArray | LossAndGrads;
}

/** A model that says by its types what each kind of call returns, as those of `classifiers/` do. */
export interface Classifier extends Model {
  loss(X: NDArray): NDArray;
  loss(X: NDArray, y: Labels): LossAndGrads;
}
