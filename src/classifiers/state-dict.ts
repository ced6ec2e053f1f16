import {
  anyShape,
  argumentError,
  checkShapes,
  converted,
  type DType,
  describe,
  dtypeOf,
  heap,
  heapCopies,
  type LoadedState,
  type LoadStateOptions,
  loadArrays,
  type NDArray,
  overwrite,
  type StateLike,
  type StateTarget,
  withStorage,
} from '../arrays/index.js';
import type { BatchnormParam } from '../layers/index.js';
import type { Model } from './model.js';

/** What a state dict is made of: parameters, and the running statistics of batch normalizations. */
export type ModelParts = Pick<Model, 'params' | 'bnParams'>;

/** The methods `stateDict` of models whose parameters are in it. */
const WITH_PARAMETERS = new WeakSet<NonNullable<Model['stateDict']>>();

/** Says of the method `stateDict` of a model that what it returns has the parameters in it. */
export function savesParameters(stateDict: NonNullable<Model['stateDict']>): void {
  WITH_PARAMETERS.add(stateDict);
}

/** Whether what a model's `stateDict()` returns are its parameters and running statistics, as those of the library. */
export function isStateOfParameters({ stateDict }: Model): boolean {
  return stateDict !== undefined && WITH_PARAMETERS.has(stateDict);
}

/** Names of a batch normalization's statistics. */
const STATISTICS = ['runningMean', 'runningVar'] as const;

/**
 * Copies of a model's parameters and of the running statistics of its batch normalizations, by name: `W1`, `b1`, …,
 * then `runningMean1`, `runningVar1`, … in the order of `bnParams`. Statistics that are undefined are left out.
 *
 * What a Solver saves beside them, a model's own `stateDict()` and the generators of dropouts, is not part of it.
 *
 * @throws {TypeError | RangeError} if the model has no params, or two arrays would have one name.
 */
export function stateDictOf(model: ModelParts): Record<string, NDArray> {
  const places = placesOf('stateDictOf', model);
  return heapCopies(Object.fromEntries(places.flatMap(({ name, array }) => (array === null ? [] : [[name, array]]))));
}

/** The name of a statistic of the batch normalization `bnParams[i]`. */
function nameOf(statistic: (typeof STATISTICS)[number], i: number): string {
  return `${statistic}${i + 1}`;
}

/** Parameters with the running statistics that belong to them, by the names that {@link stateDictOf} gives them. */
export function namedArrays(
  params: Readonly<Record<string, NDArray>>,
  statistics: readonly Readonly<Record<(typeof STATISTICS)[number], NDArray | null>>[],
): Record<string, NDArray> {
  const named = statistics.flatMap((param, i) => STATISTICS.map((name) => [nameOf(name, i), param[name]] as const));
  return { ...params, ...Object.fromEntries(named.filter((entry): entry is [string, NDArray] => entry[1] !== null)) };
}

/**
 * Takes over the values of a state dict, in place.
 *
 * @param model - A model with `params`, and `bnParams` where it has batch normalizations.
 * @param state - Arrays by name, as {@link stateDictOf} and `load(file)` return them.
 * @param options - `strict`: whether names that only one side has are an error, default true. `convert`: whether values
 *   of another dtype are converted, default false.
 * @returns The names that the state lacks, and those that the model does not have.
 * @throws {RangeError} that lists all that does not fit; nothing has changed then. A {@link ShapeError} if there is a
 *   wrong shape.
 * @throws {TypeError} if a value is no array.
 */
export function loadStateDict(model: ModelParts, state: StateLike, options: LoadStateOptions = {}): LoadedState {
  const targets = placesOf('loadStateDict', model).map(({ name, array, dtype, take }): StateTarget => {
    return { name, shape: array?.shape ?? null, dtype, isOptional: array === null, array, take };
  });
  return loadArrays(model.constructor.name, targets, state, options);
}

/** An array of a model. */
interface Place {
  readonly name: string;
  /** Null: statistics that the model does not have yet. */
  readonly array: NDArray | null;
  readonly dtype: DType;
  readonly take: (source: NDArray) => void;
}

function placesOf(fn: string, model: ModelParts): Place[] {
  const { params, bnParams = [] } = (model ?? {}) as Partial<ModelParts>;
  if (typeof params !== 'object' || params === null) {
    const expected = 'a model, with params';
    const own = typeof (model as { readonly loadStateDict?: unknown } | null)?.loadStateDict === 'function';
    const wayOut = own ? `it has methods of its own: model.${fn === 'stateDictOf' ? 'stateDict' : fn}` : undefined;
    throw argumentError(TypeError, { fn, arg: 'model', found: `is ${describe(model)}`, expected, wayOut });
  }
  const places = Object.entries(params).map(([name, array]): Place => {
    checkShapes(fn, { [`model.params.${name}`]: [array, anyShape(array)] });
    return { name, array, dtype: dtypeOf(array), take: (source) => overwrite(array, source) };
  });
  const dtype = places.length > 0 ? places[0].dtype : 'float32';
  for (const [i, param] of bnParams.entries()) {
    for (const name of STATISTICS) places.push(statisticOf(param, name, i, dtype));
  }
  const names = new Set<string>();
  for (const { name } of places) {
    if (names.has(name)) {
      const expected = 'another name: running statistics have it';
      throw argumentError(RangeError, { fn, arg: 'a name in model.params', found: `is '${name}'`, expected });
    }
    names.add(name);
  }
  return places;
}

/** A training pass makes new arrays of statistics, so what is loaded is a new one too. */
function statisticOf(param: BatchnormParam, name: (typeof STATISTICS)[number], i: number, modelDtype: DType): Place {
  const array = param[name] ?? null;
  const dtype = array === null ? modelDtype : dtypeOf(array);
  const take = (source: NDArray): void => {
    param[name] = withStorage(heap, () => converted('loadStateDict', source, source.shape, dtype));
  };
  return { name: nameOf(name, i), array, dtype, take };
}
