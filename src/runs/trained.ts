import { join } from 'node:path';
import { array, hostValues, type NDArray } from '../arrays/index.js';
import { loadCheckpoint } from '../checkpoints/index.js';
import { loadStateDict, TwoLayerNet } from '../classifiers/index.js';
import { statOf } from '../files/index.js';
import { load } from '../formats/index.js';
import { decodeImage, readImage } from '../images/index.js';
import { predict } from '../training/index.js';
import { readPreprocessing } from './preprocessing.js';
import { openData } from './task.js';
import type { RunPlace, Trained } from './types.js';

/** The file of a run's folder that has the weights of the finished model. */
export const WEIGHTS_FILE = 'model.safetensors';

/** A run's model with its weights, and what it takes. */
export async function openTrained(
  run: RunPlace,
  { weights = 'best' }: { weights?: 'best' | 'last' } = {},
): Promise<Trained> {
  const fn = 'openTrained';
  const { config } = run;
  const preprocessing = readPreprocessing(fn, run.dir) ?? (await openData(config)).preprocessing;
  const model = new TwoLayerNet({ ...config.model.options, seed: config.seed });
  const file = join(run.dir, WEIGHTS_FILE);
  const isWhole = weights === 'best' && statOf(fn, file) !== undefined;
  loadStateDict(model, isWhole ? load(file) : loadCheckpoint(run.checkpoints, { best: weights === 'best' }).model);
  const { classes, inputShape } = preprocessing;
  const { mean } = preprocessing as { mean: readonly number[] };
  const prepare = (X: NDArray): NDArray => {
    const values = hostValues(X);
    return array(
      Float32Array.from(values, (value, i) => value - mean[i % mean.length]),
      X.shape,
    );
  };
  return {
    ...{ config, model, classes, inputShape, preprocessing, notes: [] },
    weights: isWhole ? file : `the ${weights} checkpoint in ${run.checkpoints}`,
    predict: (X: NDArray) => predict(X, model, { as: 'probabilities' }),
    readInputs: (path) => prepare(batched(readImage(path, { size: inputShape[1] }))),
    pictureInputs: (bytes) => prepare(batched(decodeImage(bytes, { size: inputShape[1] }))),
    rowInputs: () => {
      throw new Error(`${fn}: the model takes pictures, expected no rows`);
    },
    prepare,
    data: (options) => openData(config, options),
  };
}

/** One example as a batch of one. */
function batched(x: NDArray): NDArray {
  return array(hostValues(x), [1, ...x.shape]);
}
