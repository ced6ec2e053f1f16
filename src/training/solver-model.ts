import {
  argumentError,
  checkLabels,
  checkLike,
  checkShapes,
  checkSynchronous,
  describe,
  isNDArray,
  type Labels,
  type NDArray,
  ShapeError,
} from '../arrays/index.js';
import type { LossAndGrads, Model, Params } from '../classifiers/model.js';
import { rows } from '../data/dataset.js';
import { findNonFinite } from './finite.js';

/** What a Solver trains on and watches. Inputs are of shape (N, …), the batch first. */
export interface Dataset {
  readonly XTrain: NDArray;
  readonly yTrain: Labels;
  readonly XVal: NDArray;
  readonly yVal: Labels;
}

const fn = 'Solver';

/** @throws {TypeError | RangeError} if `model` is not one, or has parameters that are not finite. */
export function checkModel(model: Model): void {
  if (typeof model?.loss !== 'function' || typeof model.params !== 'object' || model.params === null) {
    const expected = 'an object with params and loss(X, y)';
    throw argumentError(TypeError, { fn, arg: 'model', found: `is ${describe(model)}`, expected });
  }
  for (const [name, param] of Object.entries(model.params)) {
    checkShapes(fn, { [`model.params.${name}`]: [param, ['…']] });
  }
  const found = findNonFinite(model.params);
  if (found === null) return;
  const arg = `model.params.${found.name}`;
  throw argumentError(RangeError, { fn, arg, found: `holds ${found.value}`, expected: 'finite numbers' });
}

/** @throws {TypeError | ShapeError} naming what a model's loss lacks. */
export function checkResult(result: NDArray | LossAndGrads, params: Params): LossAndGrads {
  const arg = 'model.loss(X, y)';
  checkSynchronous(fn, arg, result);
  const { loss, grads } = (result ?? {}) as Partial<LossAndGrads>;
  if (typeof loss !== 'number' || typeof grads !== 'object' || grads === null) {
    throw argumentError(TypeError, { fn, arg, found: `returned ${describe(result)}`, expected: '{ loss, grads }' });
  }
  for (const [name, param] of Object.entries(params)) {
    const grad = grads[name];
    if (grad === undefined) throw argumentError(TypeError, { fn, arg, found: `returned no gradient for ${name}` });
    checkShapes(fn, { [`params.${name}`]: [param, ['…']], [`grads.${name}`]: [grad, param.shape] });
  }
  return { loss, grads };
}

/** @throws {ShapeError} if a model's scores are not (N, C). */
export function checkScores(scores: NDArray | LossAndGrads, N: number): NDArray {
  const arg = 'model.loss(X)';
  checkSynchronous(fn, arg, scores);
  if (isNDArray(scores) && scores.shape.length === 2 && scores.shape[0] === N) return scores;
  const expected = `scores of shape (N=${N}, C)`;
  throw argumentError(ShapeError, { fn, arg, found: `returned ${describe(scores)}`, expected });
}

/** Examples, dense and on the heap, and their labels. */
export interface Kept {
  readonly X: NDArray;
  readonly y: Int32Array;
}

/** @throws {ShapeError | RangeError | TypeError} naming, of the two, what does not fit. */
export function keep(fn: string, [nameX, nameY]: readonly [string, string], X: NDArray, y: Labels): Kept {
  const { N } = checkShapes(fn, { [nameX]: [X, ['N', '…']] });
  const labels = checkLabels(fn, nameY, y, N);
  return { X: rows(X), y: labels };
}

/**
 * @returns Training and validation examples.
 * @throws {ShapeError | RangeError | TypeError} naming what does not fit.
 */
export function checkDataset(data: Dataset): [train: Kept, val: Kept] {
  if (typeof data !== 'object' || data === null) {
    const expected = '{ XTrain, yTrain, XVal, yVal }';
    throw argumentError(TypeError, { fn, arg: 'data', found: `is ${describe(data)}`, expected });
  }
  const { XTrain, XVal, yTrain, yVal } = data;
  checkShapes(fn, { XTrain: [XTrain, ['N', '…']] });
  const { N } = checkShapes(fn, { XVal: [XVal, ['N', '…']] });
  checkLike(fn, 'XVal', XVal, 'XTrain', XTrain, [N, ...XTrain.shape.slice(1)]);
  return [keep(fn, ['XTrain', 'yTrain'], XTrain, yTrain), keep(fn, ['XVal', 'yVal'], XVal, yVal)];
}
