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
  tuple,
} from '../arrays/index.js';
import type { LossAndGrads, Model, Params } from '../classifiers/model.js';
import { rows } from '../data/dataset.js';
import { findNonFinite } from './finite.js';

/**
 * What a Solver trains on and watches. Inputs are of shape (N, …), the batch first.
 *
 * Targets are N labels, or numbers: an array of shape (N, …) with two axes or more, which the model's `loss` receives
 * as such. Everything with one axis is labels.
 */
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

/** Examples, dense and on the heap, and their targets, labels or numbers. */
export interface Kept {
  readonly N: number;
  readonly X: NDArray;
  readonly y: Int32Array | NDArray;
}

/** @throws {ShapeError | RangeError | TypeError} naming, of the two, what does not fit. */
export function keep(
  fn: string,
  [nameX, nameY]: readonly [string, string],
  X: NDArray,
  y: Labels,
  takesNumbers: boolean,
): Kept {
  const { N } = checkShapes(fn, { [nameX]: [X, ['N', '…']] });
  if (!takesNumbers || !isNDArray(y) || y.shape.length < 2) return { N, X: rows(X), y: checkLabels(fn, nameY, y, N) };
  checkShapes(fn, { [nameY]: [y, ['…']] });
  if (y.shape[0] !== N) {
    const found = `has shape ${tuple(y.shape)}`;
    throw argumentError(ShapeError, { fn, arg: nameY, found, expected: tuple([`N=${N}`, '…']) });
  }
  return { N, X: rows(X), y: rows(y) };
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
  const train = keep(fn, ['XTrain', 'yTrain'], XTrain, yTrain, true);
  const { y } = train;
  const val = keep(fn, ['XVal', 'yVal'], XVal, yVal, isNDArray(y));
  if (!isNDArray(y)) return [train, val];
  const rest = y.shape.slice(1);
  if (!isNDArray(val.y)) {
    const expected = `numbers of shape ${tuple(['N', ...rest])}, as yTrain`;
    throw argumentError(TypeError, { fn, arg: 'yVal', found: 'is labels', expected });
  }
  checkLike(fn, 'yVal', val.y, 'yTrain', y, [N, ...rest]);
  return [train, val];
}
