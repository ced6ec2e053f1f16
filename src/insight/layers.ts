import type { NDArray } from '../arrays/index.js';
import type { ClassifierLayer } from '../classifiers/index.js';
import { Module } from '../nn/index.js';
import type { Inspected } from './parameters.js';

/** A layer of a model. */
export interface LayerRow {
  /** Its name in the model: `2.body.0`; of a classifier its place, from 1. */
  readonly name: string;
  /** Its class, or what it is made of: `Conv2d`, `affine – ReLU`. */
  readonly type: string;
  /** Shape of the output for one example; null if it did not run. */
  readonly outputShape: readonly number[] | null;
  /** Values that are trained. */
  readonly parameters: number;
  /** Multiplications and additions for one example, those of products alone. */
  readonly flops: number;
}

/** A model that tells of its layers and their outputs, as those of `classifiers/` do. */
interface Layered {
  layers(): readonly ClassifierLayer[];
  activations(X: NDArray): readonly NDArray[];
}

/** Whether a model has the methods `layers` and `activations`. */
export function isLayered(model: object): model is Layered {
  return typeof (model as Layered).layers === 'function' && typeof (model as Layered).activations === 'function';
}

/**
 * The layers of a model, in the order in which they run.
 *
 * @param inputShape - Shape of an example without the axis of the batch, [3, 32, 32]: a module is run with zeros.
 * @returns Null for a model that does not say what it is made of.
 * @throws {ShapeError} if a module does not take such input.
 */
export function layerTable(model: Inspected, inputShape: readonly number[]): LayerRow[] | null {
  if (model instanceof Module) {
    return model.summary(inputShape).rows.map(({ name, type, outputShape, parameters, flops }) => {
      return { name, type, outputShape, parameters, flops };
    });
  }
  if (!isLayered(model)) return null;
  return model.layers().map(({ name, outputShape, parameters, multiplications, additions }, i) => {
    return { name: String(i + 1), type: name, outputShape, parameters, flops: multiplications + additions };
  });
}
