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
  isNDArray,
  type NDArray,
  operand,
  Random,
  type Range,
  ShapeError,
  withStorage,
  wrap,
} from '../../arrays/index.js';
import { isKeepingNothing, keepsNothing } from '../../kernels/index.js';
import type { Region } from './resample.js';

/** The sizes of a batch of images. */
export interface ImageSizes {
  readonly N: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
}

/** The call that made a transform of the library, for a worker thread that makes it again. */
export interface Recipe {
  /** Whether the transform takes the inputs or the whole batch. */
  readonly of: 'inputs' | 'batch';
  /**
   * Whether it draws. Those of inputs draw the same whatever the values are, and change each example by itself.
   */
  readonly draws: boolean;
  /** Whether it looks at which examples a batch has, and in which epoch: a {@link BatchPlace} is its third argument. */
  readonly counts?: boolean;
  /** A function of `transforms`. */
  readonly name: string;
  /** A copy of its arguments. */
  readonly args: readonly unknown[];
}

/** Which examples are in a batch. */
export interface BatchPlace {
  /** Their places in the dataset. */
  readonly indices: ArrayLike<number>;
  /** The epoch, from 0. */
  readonly epoch: number;
}

/**
 * Changes a batch: takes X of shape (N, …) and returns an array of as many examples; where a batch has several arrays,
 * in a tuple or an object, it takes and returns these. It does not write to X, and what it draws it draws from
 * `random`, so that a seeded loader repeats.
 */
export type Transform<X = NDArray> = (X: X, random: Random) => X;

/**
 * Changes a batch together with its targets: takes `[X, y]` and returns both, as many examples as before. It writes to
 * neither, and draws from `random` alone.
 */
export type BatchTransform<X = NDArray, Y = NDArray> = (
  // Labels or numbers: what a dataset has, or an earlier transform made.
  // biome-ignore lint/suspicious/noExplicitAny: each transform says which targets it takes
  batch: readonly [X: X, y: any],
  random: Random,
) => readonly [X: X, y: Y];

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
  const composed: Transform = keepsNothing((X: NDArray, random: Random) =>
    steps.reduce((batch, step, i) => applyTransform('compose', `transforms[${i}]`, step, batch, random), X),
  );
  parts.set(composed, steps);
  return composed;
}

const recipes = new WeakMap<object, Recipe>();
const parts = new WeakMap<object, readonly Transform[]>();

/** `transform`, which `transforms[name](...args)` made: remembered for {@link recipeOf}. */
export function remembered<T extends object>(
  kind: Pick<Recipe, 'of' | 'draws' | 'counts'>,
  name: string,
  args: readonly unknown[],
  transform: T,
): T {
  recipes.set(transform, { ...kind, name, args: structuredClone(args) });
  return transform;
}

/** How the library made a transform; undefined for a function of the user's. */
export function recipeOf(transform: object): Recipe | undefined {
  return recipes.get(transform);
}

/** What {@link compose} made a transform of; undefined for others. */
export function partsOf(transform: object): readonly Transform[] | undefined {
  return parts.get(transform);
}

/** A transform of images, or of one image (C, H, W), that draws nothing, which `transforms[fn](...args)` makes. */
export function imageTransform(
  fn: string,
  args: readonly unknown[],
  apply: (X: NDArray, sizes: ImageSizes) => NDArray,
): (X: NDArray) => NDArray {
  return remembered(
    { of: 'inputs', draws: false },
    fn,
    args,
    keepsNothing((X: NDArray) => {
      if (!isNDArray(X) || X.shape.length !== 3) return apply(X, checkImages(fn, X));
      const { C, H, W } = checkShapes(fn, { X: [X, ['C', 'H', 'W']] });
      return apply(wrap(operand(X), [1, C, H, W]), { N: 1, C, H, W }).pick(0);
    }),
  );
}

/** A transform of images that draws numbers, which `transforms[fn](...args)` makes. */
export function randomTransform(
  fn: string,
  args: readonly unknown[],
  apply: (X: NDArray, sizes: ImageSizes, random: Random) => NDArray,
): Transform {
  return remembered(
    { of: 'inputs', draws: true },
    fn,
    args,
    keepsNothing((X: NDArray, random: Random) => {
      const sizes = checkImages(fn, X);
      checkRandom(fn, random);
      return apply(X, sizes, random);
    }),
  );
}

/** A transform of images that asks which examples a batch has. */
export type PlacedTransform = (X: NDArray, random: Random, place?: BatchPlace) => NDArray;

/** A transform that asks which examples a batch has, which `transforms[fn](...args)` makes. It draws nothing. */
export function placedTransform(
  fn: string,
  args: readonly unknown[],
  apply: (X: NDArray, sizes: ImageSizes, place: BatchPlace) => NDArray,
): Transform {
  const transform: PlacedTransform = keepsNothing((X: NDArray, _: Random, place?: BatchPlace) => {
    const sizes = checkImages(fn, X);
    if (place === undefined) {
      const expected = 'a DataLoader, which tells it the examples and the epoch: give it as transform';
      throw argumentError(TypeError, { fn, arg: 'the caller', found: 'is none', expected });
    }
    return apply(X, sizes, place);
  });
  return remembered({ of: 'inputs', draws: false, counts: true }, fn, args, transform as Transform);
}

/** The transform as it is for the examples of one batch. */
export function placedAt(transform: PlacedTransform, place: BatchPlace): Transform {
  return keepsNothing((X: NDArray, random: Random) => transform(X, random, place));
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
export function checkImages(fn: string, X: NDArray): ImageSizes {
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

/** Two numbers in order, both above `above` and at most `most`. */
export function pairOf(what: string, above = 0, most = Number.POSITIVE_INFINITY): Range {
  const isOne = (n: unknown): boolean => Number.isFinite(n) && (n as number) > above && (n as number) <= most;
  const end = most === Number.POSITIVE_INFINITY ? '' : ` and ≤ ${most}`;
  return {
    allows: (value) => Array.isArray(value) && value.length === 2 && value.every(isOne) && value[0] <= value[1],
    expected: `[least, largest] ${what}, numbers > ${above}${end}`,
    Kind: RangeError,
  };
}

type Bounds = readonly [least: number, most: number];

/**
 * A part of an image at random, as torchvision draws it: an area, uniform in `scale`, a proportion of width to height,
 * uniform in the logarithm of `ratio`, and a place. Up to ten times; null if none `fits`.
 */
export function drawShape(
  random: Random,
  H: number,
  W: number,
  scale: Bounds,
  ratio: Bounds,
  fits: (sizes: readonly [height: number, width: number]) => boolean,
): Region | null {
  const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])];
  for (let attempt = 0; attempt < 10; attempt++) {
    const [a, b] = random.rand([2], 'float64').data;
    const area = H * W * (scale[0] + a * (scale[1] - scale[0]));
    const proportion = Math.exp(low + b * (high - low));
    const width = Math.round(Math.sqrt(area * proportion));
    const height = Math.round(Math.sqrt(area / proportion));
    if (!fits([height, width])) continue;
    const [top] = random.randint(0, H - height + 1, 1);
    const [left] = random.randint(0, W - width + 1, 1);
    return { top, left, height, width };
  }
  return null;
}

/** @throws {ShapeError} if there are not as many `values` as channels. */
export function checkChannels(fn: string, name: string, values: readonly number[], C: number): void {
  if (values.length === C) return;
  const [found, expected] = [`has ${values.length} numbers`, `C=${C}, one to a channel of X`];
  throw argumentError(ShapeError, { fn, arg: name, found, expected });
}
