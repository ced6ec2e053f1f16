import type { NDArray } from '../arrays/index.js';
import type { Model } from '../classifiers/index.js';
import { Module } from '../nn/index.js';
import { type Distribution, distribution, distributionOf, sampleOf } from './distribution.js';

/** A module, one of the three classifiers, or a model of a user's own. */
export type Inspected = Module<unknown> | Model;

/** The values of a parameter, and how training moves them. */
export interface ParameterStatistics {
  /** As in a state dict: `W1`, `0.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Distribution;
  /** Null where there is no gradient. */
  readonly gradient: Distribution | null;
  /**
   * `‖w − previous‖ / ‖w‖`, the size of an update relative to the weights, about 1e-3 in a training that goes well.
   * Null without previous values, and where all weights are zero.
   */
  readonly updateRatio: number | null;
}

/** Values of parameters by name, from {@link parameterSamples}. */
export type ParameterSamples = ReadonlyMap<string, Float32Array | Float64Array>;

/** What is known beside the model. */
export interface ParameterStatisticsOptions {
  /** The values before the last step, for `updateRatio`. Default: not known. */
  previous?: ParameterSamples;
  /** Gradients by name, where the model does not hold them itself: those that `loss` of a classifier returned. */
  grads?: Readonly<Record<string, NDArray>>;
}

/** Distributions of all parameters and of their gradients, in the order of the state dict. */
export function parameterStatistics(
  model: Inspected,
  { previous, grads }: ParameterStatisticsOptions = {},
): ParameterStatistics[] {
  return parametersOf(model).map(({ name, values, gradient }) => {
    const sample = sampleOf(values);
    const own = gradient ?? grads?.[name] ?? null;
    return {
      name,
      shape: values.shape,
      values: distribution(sample),
      gradient: own === null ? null : distributionOf(own),
      updateRatio: changeOf(sample, previous?.get(name)),
    };
  });
}

/**
 * Copies of the parameters, of large ones about 32,768 values: to call before a step, and to give as `previous` to
 * {@link parameterStatistics} after it.
 */
export function parameterSamples(model: Inspected): ParameterSamples {
  return new Map(parametersOf(model).map(({ name, values }) => [name, sampleOf(values)]));
}

/** `‖now − before‖ / ‖now‖`; null where one cannot tell. */
export function changeOf(now: ArrayLike<number>, before: ArrayLike<number> | undefined): number | null {
  if (before?.length !== now.length) return null;
  let [moved, size] = [0, 0];
  for (let i = 0; i < now.length; i++) {
    moved += (now[i] - before[i]) ** 2;
    size += now[i] ** 2;
  }
  const ratio = Math.sqrt(moved / size);
  return Number.isFinite(ratio) ? ratio : null;
}

/** A parameter as it is now, not a copy. */
export interface LentParameter {
  readonly name: string;
  readonly values: NDArray;
  readonly gradient: NDArray | null;
}

export function parametersOf(model: Inspected): LentParameter[] {
  if (!(model instanceof Module)) {
    return Object.entries(model.params).map(([name, values]) => ({ name, values, gradient: null }));
  }
  return model.namedParameters().map(([name, tensor]) => {
    return { name, values: tensor.data, gradient: tensor.lendGrad()?.data ?? null };
  });
}
