import type { Model } from '../classifiers/model.js';
import { DataLoader } from '../data/index.js';
import type { Module } from '../nn/index.js';
import type { RunInfo } from '../ui/index.js';
import type { AsyncBatches, Batches } from './batches.js';
import type { CheckedFitOptions } from './fit-options.js';
import { fitConfig, solverConfig } from './run-config.js';
import type { Kept } from './solver-model.js';
import type { CheckedOptions } from './solver-options.js';

/** What a live page says of a run, beside how long it is and where it is saved. */
export type Facts = Pick<RunInfo, 'batchSize' | 'classes' | 'parameters' | 'config'>;

/** Of a run of `fit`. */
export function fitFacts(options: CheckedFitOptions, model: Module<unknown>, loader: Batches | AsyncBatches): Facts {
  const { options: settings, model: made } = fitConfig(options, model, loader);
  return {
    batchSize: loader instanceof DataLoader ? loader.batchSize : null,
    classes: null,
    parameters: model.parameters().reduce((sum, { data }) => sum + data.size, 0),
    config: { options: settings, model: made } as RunInfo['config'],
  };
}

/** Of a run of a Solver. */
export function solverFacts<S>(options: CheckedOptions<S>, model: Model, train: Kept, val: Kept): Facts {
  const { options: settings, model: made } = solverConfig(options, model, train, val);
  return {
    batchSize: options.batchSize,
    classes: train.y instanceof Int32Array ? classNames(train.y) : null,
    parameters: Object.values(model.params).reduce((sum, { size }) => sum + size, 0),
    config: { options: settings, model: made } as RunInfo['config'],
  };
}

/** The numbers of the classes, as far as labels have them. */
function classNames(labels: Int32Array): string[] {
  let most = 0;
  for (const label of labels) if (label > most) most = label;
  return Array.from({ length: most + 1 }, (_, c) => String(c));
}
