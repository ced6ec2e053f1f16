import {
  array,
  checkShapes,
  checkSynchronous,
  currentStorage,
  describe,
  heap,
  type NDArray,
  Random,
  withStorage,
} from '../../arrays/index.js';
import { isKeepingNothing, keepsNothing } from '../../kernels/index.js';

/**
 * Changes a batch: takes X of shape (N, …) and returns an array of as many examples. It does not write to X, and what it
 * draws it draws from `random`, so that a seeded loader repeats.
 */
export type Transform = (X: NDArray, random: Random) => NDArray;

/**
 * The transforms one after the other, as one.
 *
 * @example
 * compose([randomCrop(32, { padding: 4 }), randomHorizontalFlip(0.5), normalize(mean, std)]);
 *
 * @throws {TypeError} if something in the list is not a function; when applied, if a transform returns no array.
 */
export function compose(transforms: readonly Transform[]): Transform {
  if (!Array.isArray(transforms)) {
    throw new TypeError(`compose: transforms is ${describe(transforms)}, expected a list of functions`);
  }
  const steps = [...transforms];
  steps.forEach((step, i) => {
    if (typeof step === 'function') return;
    throw new TypeError(`compose: transforms[${i}] is ${describe(step)}, expected a function (X, random) => X`);
  });
  // Says nothing of the transforms within: each goes through applyTransform.
  return keepsNothing((X: NDArray, random: Random) =>
    steps.reduce((batch, step, i) => applyTransform('compose', `transforms[${i}]`, step, batch, random), X),
  );
}

/**
 * What `transform` makes of X. One that may keep what it is given or makes runs on the heap, where nothing is recycled.
 *
 * @throws {TypeError | ShapeError} if that is not an array of as many examples, saying `name` of the transform.
 */
export function applyTransform(fn: string, name: string, transform: Transform, X: NDArray, random: Random): NDArray {
  const trusted = isKeepingNothing(transform) || currentStorage() === heap;
  const made = trusted ? transform(X, random) : withStorage(heap, () => transform(array(X), random));
  checkSynchronous(fn, name, made);
  checkShapes(fn, { [`what ${name} returned`]: [made, [X.shape[0], '…']] });
  return made;
}

/**
 * The sizes of a batch of images.
 *
 * @throws {ShapeError | TypeError} if X is not an array of shape (N, C, H, W).
 */
export function checkImages(fn: string, X: NDArray): { N: number; C: number; H: number; W: number } {
  return checkShapes(fn, { X: [X, ['N', 'C', 'H', 'W']] });
}

/** @throws {TypeError} if `random` is not a Random. */
export function checkRandom(fn: string, random: unknown): void {
  if (!(random instanceof Random)) {
    throw new TypeError(`${fn}: random is ${describe(random)}, expected a Random, as a DataLoader gives`);
  }
}

/** @throws {RangeError} if `p` is not a number in [0, 1]. */
export function checkProbability(fn: string, p: unknown): void {
  if (!(typeof p === 'number' && p >= 0 && p <= 1)) {
    throw new RangeError(`${fn}: p is ${describe(p)}, expected a probability, in [0, 1]`);
  }
}

/** @throws {RangeError} if `fill` is not a finite number. */
export function checkFill(fn: string, fill: unknown): void {
  if (!Number.isFinite(fill)) throw new RangeError(`${fn}: fill is ${describe(fill)}, expected a finite number`);
}
