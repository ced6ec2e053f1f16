import {
  argumentError,
  array,
  checkedIn,
  checkShapes,
  checkSynchronous,
  currentStorage,
  describe,
  FRACTION,
  FUNCTION,
  heap,
  type NDArray,
  Random,
  type Range,
  withStorage,
} from '../../arrays/index.js';
import { isKeepingNothing, keepsNothing } from '../../kernels/index.js';

/**
 * Changes a batch: takes X of shape (N, …) and returns an array of as many examples. It does not write to X, and what
 * it draws it draws from `random`, so that a seeded loader repeats.
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
    const found = `is ${describe(transforms)}`;
    throw argumentError(TypeError, { fn: 'compose', arg: 'transforms', found, expected: 'a list of functions' });
  }
  const steps = [...transforms];
  steps.forEach((step, i) => {
    checkedIn('compose', `transforms[${i}]`, step, { ...FUNCTION, expected: 'a function (X, random) => X' });
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
    const [found, expected] = [`is ${describe(random)}`, 'a Random, as a DataLoader gives'];
    throw argumentError(TypeError, { fn, arg: 'random', found, expected });
  }
}

export const PROBABILITY: Range = { ...FRACTION, expected: 'a probability, in [0, 1]' };
