import { join } from 'node:path';
import { argumentError, describe, type NDArray } from '../arrays/index.js';
import { loadCheckpoint } from '../checkpoints/index.js';
import { loadStateDict, type Model } from '../classifiers/index.js';
import { type CsvOptions, parseCsv } from '../data/index.js';
import { readBytes, statOf } from '../files/index.js';
import { load, type StateDict } from '../formats/index.js';
import { decoded, imageBytes } from '../images/index.js';
import { Module } from '../nn/index.js';
import { nearest } from '../terminal/index.js';
import { predict } from '../training/index.js';
import { buildModel, changeOfModelFile } from './build-model.js';
import { DATA_KINDS } from './data-sources.js';
import { MODELS } from './models.js';
import { openData } from './open-data.js';
import { shownPath } from './places.js';
import { batchOfOne, inUnits, prepared } from './prepare.js';
import { readPreprocessing } from './preprocessing.js';
import type { OnProgress, Preprocessing, RowPreprocessing, RunPlace, Trained } from './types.js';

/** The file of a run's folder that has the weights of the finished model. */
export const WEIGHTS_FILE = 'model.safetensors';

/** Options of {@link openTrained}. */
export interface OpenTrainedOptions {
  /** `'best'`: `model.safetensors`, else the best checkpoint; `'last'`: the last checkpoint. Default `'best'`. */
  readonly weights?: 'best' | 'last';
  /** What errors begin with. */
  readonly fn?: string;
  readonly onProgress?: OnProgress;
}

/**
 * A run's model with its weights, and what it takes.
 *
 * The data are read again only if the run has no `preprocessing.json`, or when they are asked for.
 *
 * @throws {RangeError} that lists all that differs, if the weights are those of another architecture.
 * @throws {Error} if the run has no weights yet, or a file is damaged.
 */
export async function openTrained(run: RunPlace, options: OpenTrainedOptions = {}): Promise<Trained> {
  const { weights = 'best', fn = 'openTrained', onProgress = () => {} } = options;
  const { config } = run;
  checkNames(fn, run);
  const kept = readPreprocessing(fn, run.dir);
  const preprocessing = kept ?? (await openData(config, { fn, onProgress })).preprocessing;
  const found = weightsOf(fn, run, weights);
  const model = await modelOf(fn, run, preprocessing);
  try {
    if (model instanceof Module) model.loadStateDict(found.state);
    else loadStateDict(model, found.state);
  } catch (cause) {
    const message = (cause as Error).message.replace(/^\w+: /, '');
    const what = `has weights of another model than ${config.model.name}: ${message}`;
    throw argumentError(RangeError, { fn, arg: found.from, found: what }, { cause });
  }
  if (model instanceof Module) model.eval();
  const change = changeOfModelFile(fn, config);
  const { classes, inputShape } = preprocessing;
  const picture = (bytes: Uint8Array, name: string): NDArray =>
    prepared(pictureOf(fn, bytes, name, preprocessing), preprocessing);
  const rows = (text: string, name: string): NDArray => prepared(rowsOf(fn, text, name, preprocessing), preprocessing);
  return {
    ...{ config, model, classes, inputShape, preprocessing, weights: found.from },
    notes: change === null ? [] : [change],
    predict: (X) => predictions(X, model, preprocessing),
    readInputs: (file) =>
      preprocessing.kind === 'images' ? picture(imageBytes(fn, file), file) : rows(textOf(fn, file), file),
    pictureInputs: picture,
    rowInputs: rows,
    prepare: (X) => prepared(X, preprocessing),
    data: (own = {}) => openData(config, { fn, ...own }),
  };
}

/** @throws {RangeError} with the nearest name, if a config has a model or data that this version does not know. */
function checkNames(fn: string, { dir, config: { model, data } }: RunPlace): void {
  const check = (part: string, name: string, names: readonly string[]): void => {
    if (names.includes(name)) return;
    const arg = `${shownPath(join(dir, 'config.json'))}: ${part}`;
    const near = nearest(name, names);
    const wayOut = near === undefined ? undefined : `did you mean ${near}?`;
    throw argumentError(RangeError, { fn, arg, found: `is ${describe(name)}`, expected: 'one that is known', wayOut });
  };
  if (model.file === undefined) check('model.name', model.name, Object.keys(MODELS));
  check('data.kind', data.kind, DATA_KINDS);
}

/** The model of a config. What an option that train would have refused leads to is said of the file. */
async function modelOf(fn: string, { dir, config }: RunPlace, preprocessing: Preprocessing): Promise<Module | Model> {
  try {
    return await buildModel(fn, config, preprocessing);
  } catch (cause) {
    if (config.model.file !== undefined) throw cause;
    const message = (cause as Error).message.replace(/^\w+: /, '');
    const found = `makes no model: ${message}`;
    throw argumentError(RangeError, { fn, arg: shownPath(join(dir, 'config.json')), found }, { cause });
  }
}

/** Probabilities of classes, or numbers in the units of the targets. */
function predictions(X: NDArray, model: Module | Model, preprocessing: Preprocessing): NDArray {
  if (preprocessing.classes !== null) return predict(X, model, { as: 'probabilities' });
  return inUnits(predict(X, model, { as: 'scores' }) as NDArray, preprocessing as RowPreprocessing);
}

/** The weights of a run, and where they are from. */
function weightsOf(
  fn: string,
  { dir, checkpoints }: RunPlace,
  weights: 'best' | 'last',
): { state: StateDict; from: string } {
  const file = join(dir, WEIGHTS_FILE);
  if (weights === 'best' && statOf(fn, file) !== undefined) return { state: load(file), from: shownPath(file) };
  const best = join(checkpoints, 'best.safetensors');
  const hasBest = weights === 'best' && statOf(fn, best) !== undefined;
  if (!hasBest && statOf(fn, checkpoints) === undefined) {
    const [found, expected] = [': it has no weights yet', `${WEIGHTS_FILE} or a checkpoint`];
    throw argumentError(Error, { fn, arg: shownPath(dir), found, expected });
  }
  const { model } = loadCheckpoint(hasBest ? best : checkpoints);
  return { state: model, from: `the ${hasBest ? 'best' : 'last'} checkpoint in ${shownPath(checkpoints)}` };
}

/** A picture of the data's size, values 0 to 255, in a batch of one. */
function pictureOf(fn: string, bytes: Uint8Array, name: string, { kind, inputShape }: Preprocessing): NDArray {
  if (kind !== 'images') {
    throw argumentError(TypeError, { fn, arg: name, found: 'is a picture', expected: 'rows of a CSV file' });
  }
  const [channels, H, W] = inputShape as [1 | 3, number, number];
  const settings = { size: [H, W] as const, channels, dtype: 'float32', maxPixels: 100_000_000 } as const;
  return batchOfOne(decoded(fn, name, bytes, settings));
}

/** Rows of a CSV text, encoded as those of the data. */
function rowsOf(fn: string, text: string, name: string, preprocessing: Preprocessing): NDArray {
  if (preprocessing.kind !== 'rows') {
    throw argumentError(TypeError, { fn, arg: name, found: 'is a table', expected: 'a PNG or JPEG picture' });
  }
  const { inputs, categories, reading, standardize } = preprocessing;
  // A row that is left out would shift the others; a mean is that of the training rows.
  const isFilled = (reading.missing === 'nan' || reading.missing === 'mean') && standardize !== null;
  const options = { ...reading, missing: isFilled ? 'nan' : 'error', columns: inputs, categories };
  try {
    return parseCsv(text, options as CsvOptions).X;
  } catch (cause) {
    throw new Error(`${fn}: ${name}${saidOfRows((cause as Error).message)}`, { cause });
  }
}

/** What is wrong with rows, without the ways out of a program. */
function saidOfRows(message: string): string {
  const text = message
    .replace(/^\w+: /, '')
    .replace(/^text(?=, line)/, '')
    .replace(/^text /, '')
    .replace(/^columns is (.*), expected a column of text: /s, 'has no column $1, it has ')
    .replace(/: name the column in categories.*$/s, '')
    .replace(/, or missing: .*$/s, '');
  if (text.startsWith(',')) return text;
  return /^(has|is)\b/.test(text) ? ` ${text}` : `: ${text}`;
}

/** The longest file of rows that is read. */
const MOST_BYTES = 2 ** 29 - 2 ** 20;

function textOf(fn: string, file: string): string {
  const bytes = readBytes(fn, file, MOST_BYTES, 'name a CSV file, a larger one in parts');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw argumentError(Error, { fn, arg: file, found: 'is no text', expected: 'a CSV file in UTF-8' }, { cause });
  }
}
