import {
  array,
  heap,
  hostRoom,
  hostValues,
  isDense,
  isNDArray,
  type NDArray,
  overwrite,
  withStorage,
} from '../arrays/index.js';
import type { Model, Params } from '../classifiers/model.js';
import type { BatchnormParam } from '../layers/index.js';

/** The running statistics of a batch normalization. */
export type Statistics = Pick<BatchnormParam, 'runningMean' | 'runningVar'>;

/** The running statistics of a model, as they are: a training pass makes new arrays. */
export function statisticsOf({ bnParams = [] }: Model): readonly Statistics[] {
  return bnParams.map(({ runningMean, runningVar }) => ({ runningMean, runningVar }));
}

/** Puts running statistics back into a model. */
export function restoreStatistics({ bnParams = [] }: Model, statistics: readonly Statistics[]): void {
  statistics.forEach((own, i) => {
    Object.assign(bnParams[i] ?? {}, own);
  });
}

/** A parameter and its config; `restored` puts the values back that they have now. */
export function snapshot(param: NDArray, config: object): { param: NDArray; restored: () => object } {
  const fields = { ...config };
  const arrays = [param, ...Object.values(fields).filter(isNDArray)];
  const values = withStorage(heap, () => arrays.map((a) => array(a)));
  return {
    param,
    restored: () => {
      arrays.forEach((a, i) => {
        overwrite(a, values[i]);
      });
      return fields;
    },
  };
}

/**
 * Writes all `values` into the arrays of `params`; in place where those are dense, so that they stay the same arrays.
 */
export function restore(params: Params, values: Params): void {
  for (const [name, value] of Object.entries(values)) {
    const old = params[name];
    if (old?.size === value.size && old.data.length === old.size && isDense(old)) {
      hostRoom(old).set(hostValues(value));
    } else {
      params[name] = withStorage(heap, () => array(value));
    }
  }
}

/** Whether `params` has the values of `others`. */
export function haveValuesOf(params: Params, others: Params): boolean {
  return Object.entries(others).every(([name, other]) => {
    if (params[name]?.size !== other.size) return false;
    const [values, expected] = [hostValues(params[name]), hostValues(other)];
    return expected.every((value, i) => Object.is(values[i], value));
  });
}
