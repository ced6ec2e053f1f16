// Examples as the model takes them.

import { array, empty, hostRoom, hostValues, type NDArray } from '../arrays/index.js';
import { Standardizer, type Transform, transforms } from '../data/index.js';
import type { ImagePreprocessing, Preprocessing, RowPreprocessing } from './types.js';

/** The transform of pictures of 0 to 255; undefined: they stay as they are. */
export function imageTransform({ mean, std }: ImagePreprocessing): Transform | undefined {
  if (std !== null) return transforms.normalize(mean, std);
  if (mean.length === 0) return undefined;
  const average = Float32Array.from(mean);
  return (X) => {
    const x = hostValues(X);
    const out = empty(X.shape, 'float32');
    const room = hostRoom(out);
    for (let n = 0; n < x.length; n += average.length) {
      for (let p = 0; p < average.length; p++) room[n + p] = x[n + p] - average[p];
    }
    return out;
  };
}

/** Columns with the mean and deviation of the training rows. */
export function standardized(X: NDArray, standardize: RowPreprocessing['standardize']): NDArray {
  return standardize === null ? X : scalerOf(standardize).transform(X);
}

/** Numbers in the units of the file. */
export function inUnits(Y: NDArray, { standardizeTargets }: RowPreprocessing): NDArray {
  return standardizeTargets === null ? Y : scalerOf(standardizeTargets).inverseTransform(Y);
}

function scalerOf(state: { readonly mean: readonly number[]; readonly std: readonly number[] }): Standardizer {
  const scaler = new Standardizer();
  scaler.loadStateDict(state);
  return scaler;
}

/** Pictures of 0 to 255, or encoded rows, as the model takes them. */
export function prepared(X: NDArray, preprocessing: Preprocessing): NDArray {
  if (preprocessing.kind === 'rows') return standardized(X, preprocessing.standardize);
  const transform = imageTransform(preprocessing);
  return transform === undefined ? X : transform(X, undefined as never);
}

/** One example as a batch of one. */
export function batchOfOne(x: NDArray): NDArray {
  return array(hostValues(x), [1, ...x.shape]);
}
