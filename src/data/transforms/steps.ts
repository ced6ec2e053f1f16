import {
  argumentError,
  array,
  checkSynchronous,
  currentStorage,
  describe,
  heap,
  isNDArray,
  type NDArray,
  type Random,
  ShapeError,
  withStorage,
} from '../../arrays/index.js';
import { isKeepingNothing } from '../../kernels/index.js';
import { checkInputs, checkTargets } from '../dataset.js';
import { type AnyBatch, type Arrays, mapParts } from '../structure.js';
import {
  applyTransform,
  type BatchPlace,
  type BatchTransform,
  type PlacedTransform,
  partsOf,
  placedAt,
  type Recipe,
  recipeOf,
  type Transform,
} from './transform.js';

/** One change of a loader's batches. */
export interface Step {
  /** The call that makes its transform; undefined for a function of the user's. */
  readonly recipe: Recipe | undefined;
  /** What the step makes of a batch, which is of these examples. */
  apply(batch: AnyBatch, random: Random, place: BatchPlace): AnyBatch;
}

/** The steps of a loader with these transforms, those of a composition one by one. */
export function stepsOf(transform: unknown, batchTransform: unknown): Step[] {
  const steps = transform === undefined ? [] : inputSteps('DataLoader', 'transform', transform as Transform<Arrays>);
  if (batchTransform !== undefined) steps.push(batchStep(batchTransform as BatchTransform<Arrays>));
  return steps;
}

function inputSteps(fn: string, name: string, transform: Transform<Arrays>): Step[] {
  const parts = partsOf(transform);
  if (parts !== undefined) {
    return parts.flatMap((part, i) => inputSteps('compose', `transforms[${i}]`, part as Transform<Arrays>));
  }
  checkKind(fn, name, transform, 'inputs', 'batchTransform');
  const recipe = recipeOf(transform);
  const apply = ([X, ...targets]: AnyBatch, random: Random, place: BatchPlace): AnyBatch => {
    const own = recipe?.counts ? placedAt(transform as PlacedTransform, place) : transform;
    return [transformed(fn, name, own as Transform<Arrays>, X, random), ...targets] as unknown as AnyBatch;
  };
  return [{ recipe, apply }];
}

/** @throws {TypeError} if the library made a transform of the other kind, which is for the option `other`. */
function checkKind(fn: string, name: string, transform: object, of: Recipe['of'], other: string): void {
  const recipe = recipeOf(transform);
  if (recipe === undefined || recipe.of === of) return;
  const expected = of === 'inputs' ? 'a function (X, random) => X' : 'a function ([X, y], random) => [X, y]';
  const wayOut = `give it as ${other}`;
  throw argumentError(TypeError, { fn, arg: name, found: `is transforms.${recipe.name}`, expected, wayOut });
}

/** What a transform makes of the inputs of a batch. */
function transformed(fn: string, name: string, transform: Transform<Arrays>, X: Arrays, random: Random): Arrays {
  if (isNDArray(X)) return applyTransform(fn, name, transform as Transform<NDArray>, X, random);
  const made = applied(transform, X, random);
  checkSynchronous(fn, name, made);
  checkCount(fn, name, X, made);
  return made;
}

function batchStep(transform: BatchTransform<Arrays>): Step {
  const [fn, name] = ['DataLoader', 'batchTransform'];
  checkKind(fn, name, transform, 'batch', 'transform');
  const apply = (batch: AnyBatch, random: Random): AnyBatch => {
    const made = applied(transform as (batch: AnyBatch, random: Random) => unknown, batch, random);
    checkSynchronous(fn, name, made);
    if (!Array.isArray(made) || made.length !== batch.length) {
      const [found, expected] = [`returned ${describe(made)}`, batch.length === 1 ? '[X]' : '[X, y]'];
      throw argumentError(TypeError, { fn, arg: name, found, expected });
    }
    const N = checkCount(fn, name, batch[0], made[0]);
    if (made.length === 1) return made as unknown as AnyBatch;
    return [made[0], checkTargets(fn, `y that ${name} returned`, made[1], N)];
  };
  return { recipe: recipeOf(transform), apply };
}

/** What a function makes of arrays. One that may keep them gets copies on the heap, where nothing is recycled. */
function applied<T, R>(transform: (parts: T, random: Random) => R, parts: T, random: Random): R {
  if (isKeepingNothing(transform) || currentStorage() === heap) return transform(parts, random);
  return withStorage(heap, () => transform(copied(parts) as T, random));
}

function copied(parts: unknown): unknown {
  return mapParts(parts, '', (part) => {
    if (isNDArray(part)) return array(part);
    // The targets of a batch may be several in turn.
    return ArrayBuffer.isView(part) || part === undefined ? part : copied(part);
  });
}

/** How many examples there are. @throws {ShapeError} if not as many came out as went in. */
function checkCount(fn: string, name: string, X: Arrays, made: unknown): number {
  const [length, N] = [X, made].map((parts) => checkInputs(fn, `what ${name} returned`, parts));
  if (length === N) return N;
  const [found, expected] = [`returned ${N} examples`, `${length}, as it was given`];
  throw argumentError(ShapeError, { fn, arg: name, found, expected });
}
