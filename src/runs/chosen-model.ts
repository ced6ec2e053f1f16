import { resolve } from 'node:path';
import { argumentError, printable } from '../arrays/index.js';
import { nearest } from '../terminal/index.js';
import type { BaseConfig } from './base-config.js';
import { isModelFile, loadModelFile, loopOfFile, type ModelFile } from './model-file.js';
import { MODELS, type ModelInputs, PLAIN_RECIPES, type Recipe } from './models.js';
import type { Loop } from './types.js';

/** The model of a config. */
export interface ChosenModel {
  readonly name: string;
  /** The path of a user's file, absolute, and what it exports; null of a model of the library's. */
  readonly file: string | null;
  readonly loaded: ModelFile | null;
  /** Whether it is that of the config that this one starts from. */
  readonly isOld: boolean;
}

/** @throws {RangeError} if there is no such model, with the nearest; {Error} naming what is wrong with a file. */
export async function chosenModel(
  fn: string,
  model: string | undefined,
  base: BaseConfig['model'],
  cwd: string,
): Promise<ChosenModel> {
  const name = model ?? base.file ?? base.name;
  const names = Object.keys(MODELS);
  if (name === undefined) {
    const expected = `one of ${names.join(', ')}, or the file of one`;
    throw argumentError(TypeError, { fn, arg: 'MODEL', found: 'is missing', expected });
  }
  const arg = model === undefined ? 'config: model' : `MODEL ${printable(model, 100)}`;
  const isFree = base.name === undefined && base.file === undefined;
  if (names.includes(name)) return { name, file: null, loaded: null, isOld: isFree || name === base.name };
  if (isModelFile(name)) {
    const file = resolve(cwd, name);
    const loaded = await loadModelFile(fn, arg, file);
    return {
      name: loaded.name,
      file,
      loaded,
      isOld: isFree || (base.file !== undefined && file === resolve(cwd, base.file)),
    };
  }
  const like = nearest(name, names);
  const expected = `one of ${names.join(', ')}, or a file as model.ts`;
  const wayOut = like === undefined ? undefined : `did you mean ${like}?`;
  throw argumentError(RangeError, { fn, arg, found: ': there is no such model', expected, wayOut });
}

/** Which loop trains it, and its recipe, without what a user's file says. */
export function loopAndRecipe({ name, loaded }: ChosenModel, inputs: ModelInputs): { loop: Loop; recipe: Recipe } {
  if (loaded === null) return MODELS[name];
  const loop = loopOfFile(loaded, inputs);
  return { loop, recipe: PLAIN_RECIPES[loop] };
}
