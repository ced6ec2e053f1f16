import { manualSeed } from '../autograd/index.js';
import type { Model } from '../classifiers/index.js';
import type { Module } from '../nn/index.js';
import { checkClasses } from './contradictions.js';
import { hashOf, loadModelFile } from './model-file.js';
import { MODELS } from './models.js';
import { shownPath } from './places.js';
import type { Preprocessing, RunConfig } from './types.js';

/** The model of a config, with its initial weights, which the seed draws, for what the data are. */
export async function buildModel(
  fn: string,
  config: RunConfig,
  { classes, inputShape, ...rest }: Preprocessing,
): Promise<Module | Model> {
  const { model, seed } = config;
  const numbers = rest.kind === 'rows' ? rest.targets.length : 0;
  const inputs = { classes: classes?.length ?? numbers, inputShape, seed };
  checkClasses(fn, config, classes?.length ?? null, 'the data');
  // A file may build its model while it is loaded.
  manualSeed(seed);
  if (model.file === undefined) return MODELS[model.name].build(model.options, inputs);
  const loaded = await loadModelFile(fn, 'config: model.file', model.file);
  return loaded.build(inputs);
}

/**
 * What to say of a run whose model's file has changed since its config was made; null where it has not.
 *
 * @throws {Error} if there is no such file any more.
 */
export function changeOfModelFile(fn: string, { model }: RunConfig): string | null {
  if (model.file === undefined || hashOf(fn, 'config: model.file', model.file) === model.sha256) return null;
  return `${shownPath(model.file)} has changed since the run was made: what it exports now is used`;
}
