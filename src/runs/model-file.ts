// A model that a user's file exports.

import { createHash } from 'node:crypto';
import { basename, dirname, extname } from 'node:path';
import { argumentError, describe, isPlainObject } from '../arrays/index.js';
import { manualSeed } from '../autograd/index.js';
import type { Model } from '../classifiers/index.js';
import { readBytes, statOf } from '../files/index.js';
import { Module } from '../nn/index.js';
import type { ModelInputs } from './models.js';
import { shownPath } from './places.js';
import type { ConfigSection, Loop } from './types.js';
import { type Exports, importUserFile, PROGRAM_ENDINGS } from './user-file.js';

/** The longest file of a model that is read. */
const MOST_BYTES = 2 ** 26;

/** Whether a model is named by a path rather than by its name. */
export function isModelFile(model: string): boolean {
  return /[\\/]/.test(model) || PROGRAM_ENDINGS.includes(extname(model));
}

/** What a file exports. */
export interface ModelFile {
  readonly name: string;
  readonly sha256: string;
  /** What its second export says. */
  readonly training: ConfigSection;
  /** @throws {TypeError} if it makes no model. */
  build(inputs: ModelInputs): Module | Model;
}

/** The SHA-256 of a file. @throws {Error} naming the argument, if there is no such file. */
export function hashOf(fn: string, arg: string, file: string): string {
  if (statOf(fn, file) === undefined) {
    const found = `: there is no file ${shownPath(file)}`;
    throw argumentError(Error, {
      fn,
      arg,
      found,
      expected: `the path of a file (${PROGRAM_ENDINGS.join(', ')}) or a name`,
    });
  }
  return createHash('sha256')
    .update(readBytes(fn, file, MOST_BYTES, 'name the file of a model'))
    .digest('hex');
}

/**
 * Runs a user's file and looks at what it exports: as `model`, `makeModel` or default a module, a classifier, or a
 * function that makes one of `{ classes, inputShape, seed }`; as `training`, or `recipe.training`, settings.
 *
 * @param arg - What errors call the file: `MODEL`.
 * @throws {Error} if there is no such file, it cannot be read, or it throws, naming the line.
 * @throws {TypeError} if it exports no model, or one of another copy of the library.
 */
export async function loadModelFile(fn: string, arg: string, file: string): Promise<ModelFile> {
  const sha256 = hashOf(fn, arg, file);
  const name = basename(file, extname(file));
  const all = await importUserFile(fn, arg, file);
  const model = all.model ?? all.makeModel ?? defaultOf(all);
  const shown = shownPath(file);
  if (typeof model !== 'function' && !isModel(model)) {
    const found = model === undefined ? `: ${shown} exports no model` : `: ${shown} exports ${describe(model)}`;
    throw notAModel(fn, arg, found, model);
  }
  return {
    ...{ name, sha256, training: trainingOf(fn, arg, shown, all) },
    build: (inputs) => {
      // Also for a class, which would be called without new: its error would say less.
      const isClass = typeof model === 'function' && /^class\b/.test(Function.prototype.toString.call(model));
      const made = typeof model !== 'function' ? model : isClass ? model : model({ ...inputs });
      if (isModel(made)) return made;
      const found = `: ${shown} ${isClass ? 'exports a class' : `exports a function that returns ${describe(made)}`}`;
      throw notAModel(fn, arg, found, made);
    },
  };
}

/** Which loop trains a model. */
export function loopOf(model: Module | Model): Loop {
  return model instanceof Module ? 'fit' : 'Solver';
}

/** Which loop trains what a file makes: of a function, what it makes for these inputs says it; fit, if that fails. */
export function loopOfFile(file: ModelFile, inputs: ModelInputs): Loop {
  manualSeed(inputs.seed);
  try {
    return loopOf(file.build(inputs));
  } catch {
    return 'fit';
  }
}

function defaultOf(all: Exports): unknown {
  // `module.exports = model`
  if (typeof all === 'function' || isModel(all)) return all;
  const { default: first } = all;
  // A CommonJS file that was compiled from `export default`.
  return isPlain(first) && 'default' in first ? first.default : first;
}

function isPlain(value: unknown): value is Exports {
  return typeof value === 'object' && value !== null && isPlainObject(value);
}

function isModel(value: unknown): value is Module | Model {
  if (value instanceof Module) return true;
  const { params, loss } = (value ?? {}) as Partial<Model>;
  return typeof params === 'object' && params !== null && typeof loss === 'function';
}

function trainingOf(fn: string, arg: string, shown: string, all: Exports): ConfigSection {
  const { recipe, training = isPlain(recipe) ? recipe.training : undefined } = all;
  if (training === undefined) return {};
  if (isPlain(training)) return training as ConfigSection;
  const found = `: ${shown} exports training as ${describe(training)}`;
  throw argumentError(TypeError, { fn, arg, found, expected: 'an object of settings, such as { lr: 0.1 }' });
}

/** The error of a file without a model of this copy of the library. */
function notAModel(fn: string, arg: string, found: string, model: unknown): Error {
  const { forward, namedParameters } = (model ?? {}) as Partial<Module>;
  if (typeof forward === 'function' && typeof namedParameters === 'function') {
    const other = `${found}, a module of another copy of layerwise than ${shownPath(dirname(__dirname))}`;
    const wayOut = 'run the command of the copy that the file imports, or install jiti, which gives it this one';
    return argumentError(TypeError, { fn, arg, found: other, wayOut });
  }
  const expected =
    'a module, a classifier (params, loss), or a function ({ classes, inputShape, seed }) that returns one, ' +
    'as model or default';
  return argumentError(TypeError, { fn, arg, found, expected });
}
