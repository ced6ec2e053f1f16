// What two settings of a config say that cannot be true together.

import { argumentError, tuple } from '../arrays/index.js';
import { MODELS } from './models.js';
import { OPTIMIZERS } from './settings.js';
import { classesOfKind, shapeOfKind } from './shapes.js';
import type { Loop, RunConfig } from './types.js';

/** @throws {RangeError} naming both settings of a contradiction. */
export function checkContradictions(fn: string, config: RunConfig, loop: Loop): void {
  const { model, data, training } = config;
  const refuse = (arg: string, found: string, expected?: string): never => {
    throw argumentError(RangeError, { fn, arg, found, expected });
  };
  const known = model.file === undefined ? MODELS[model.name] : null;
  if (known !== null && data.kind === 'csv' && !known.takesRows) {
    const others = Object.keys(MODELS).filter((name) => MODELS[name].takesRows);
    refuse(`model ${model.name}`, 'takes pictures, and csv data are rows', `${others.join(', ')} or a file of yours`);
  }
  const size = (data.size ?? null) as number | null;
  const shape = shapeOfKind(data.kind, size, data.channels as number | undefined);
  if (known?.side && shape !== null && !fits(shape[1], known.side, known.isSideLeast)) {
    const least = known.isSideLeast ? 'at least ' : '';
    const what = size === null ? `${data.kind} data` : `data.size=${size}`;
    const found = `takes pictures of ${least}${known.side} × ${known.side} pixels, and ${what} gives ${tuple(shape)}`;
    refuse(`model ${model.name}`, found);
  }
  checkClasses(fn, config, classesOfKind(data.kind), `${data.kind} data`);
  if (data.missing === 'nan' && data.standardize === false) {
    refuse('data.missing', 'is nan, and data.standardize false', "'mean' or 'drop': the mean comes with the scaling");
  }
  if (training.nesterov === true && training.momentum === 0) {
    refuse('training.nesterov', 'is true, and training.momentum 0', 'momentum > 0 with nesterov');
  }
  if (data.numValidation !== 0) return;
  if (loop === 'Solver') {
    refuse('data.numValidation', `is 0, and a Solver trains ${model.name}`, 'at least 1: it keeps the best parameters');
  }
  if (typeof training.patience === 'number') {
    refuse('training.patience', `is ${training.patience}, and data.numValidation 0`, 'validation examples to score');
  }
}

function fits(pixels: number, side: number, isLeast: boolean | undefined): boolean {
  return isLeast ? pixels >= side : pixels === side;
}

/** @throws {RangeError} if the model is to have other outputs than the data have classes. @param what - The data. */
export function checkClasses(fn: string, { model }: RunConfig, classes: number | null, what: string): void {
  const { numClasses } = model.options;
  if (typeof numClasses !== 'number' || classes === null || numClasses === classes) return;
  const found = `is ${numClasses}, and ${what} have ${classes} classes`;
  throw argumentError(RangeError, { fn, arg: 'model.numClasses', found, expected: `${classes}, or null` });
}

/** @throws {TypeError} if a file makes another kind of model than the settings are for. */
export function checkLoop(fn: string, { model, training }: RunConfig, loop: Loop): void {
  if (Object.hasOwn(OPTIMIZERS[loop], training.optimizer)) return;
  const [made, expected] = loop === 'fit' ? ['a module', 'a classifier'] : ['a classifier', 'a module'];
  const found = `is ${made}, and training.optimizer ${training.optimizer}`;
  const wayOut = 'make the config anew, from the data that it is for';
  const names = `${expected}, or one of ${Object.keys(OPTIMIZERS[loop]).join(', ')}`;
  throw argumentError(TypeError, { fn, arg: `the model ${model.name}`, found, expected: names, wayOut });
}
