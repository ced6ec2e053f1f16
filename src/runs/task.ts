import type { Model } from '../classifiers/index.js';
import { Module } from '../nn/index.js';
import { buildModel } from './build-model.js';
import { checkLoop } from './contradictions.js';
import { checkTargets } from './csv-data.js';
import { fitFor } from './fit-run.js';
import { loopOf } from './model-file.js';
import { MODELS } from './models.js';
import { openData } from './open-data.js';
import { solverFor } from './solver-run.js';
import { checkStepMemory } from './step-memory.js';
import type { OnProgress, RunConfig, Task } from './types.js';

/**
 * Opens a config: reads the data, builds the model, and makes ready what trains it. The same config trains to the same
 * bits, in another process too.
 *
 * @param options - `fn`: what errors begin with. `onProgress`: told of work that takes a while. `ranks`: processes that
 *   share each batch, default 1.
 * @throws {Error} naming what of the data, the model or the config does not fit, or that a batch does not fit into
 *   memory.
 */
export async function openTask(
  config: RunConfig,
  { fn = 'openTask', onProgress = () => {}, ranks = 1 }: { fn?: string; onProgress?: OnProgress; ranks?: number } = {},
): Promise<Task> {
  const data = await openData(config, { fn, onProgress });
  const known = config.model.file === undefined ? MODELS[config.model.name] : null;
  if (known !== null && !known.predictsNumbers) {
    const others = Object.keys(MODELS).filter((name) => MODELS[name].predictsNumbers);
    checkTargets(fn, data, config.model.name, others);
  }
  const model = await buildModel(fn, config, data.preprocessing);
  const kind = loopOf(model);
  checkLoop(fn, config, kind);
  const { batchSize } = config.training;
  // A Solver draws as many examples as it is told to, some of them twice.
  const drawn = kind === 'fit' ? Math.min(batchSize, data.train.length) : batchSize;
  checkStepMemory(model, {
    ...{ fn, arg: 'training.batchSize', batchSize, inputShape: data.inputShape, examples: Math.ceil(drawn / ranks) },
    ...(kind === 'fit' && { wayOut: 'training.accumulate adds up the gradients of several batches' }),
  });
  const trainer =
    model instanceof Module ? fitFor(config, model, data) : solverFor(fn, config, model as Model, data, onProgress);
  let isTrained = false;
  return {
    ...{ config, model, kind, data, total: trainer.total },
    train: async (options = {}) => {
      if (isTrained)
        throw new Error('train: it has been called before, expected a task for each call: openTask(config)');
      isTrained = true;
      return trainer.train(options);
    },
  };
}
