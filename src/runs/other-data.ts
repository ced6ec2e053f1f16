import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argumentError, describe, isNDArray, type NDArray } from '../arrays/index.js';
import { type CsvOptions, csv, DataLoader, imageFolder } from '../data/index.js';
import { findData } from './data-sources.js';
import type { ScoredPart } from './evaluation.js';
import { openData } from './open-data.js';
import { shownPath } from './places.js';
import type { OnProgress, RowPreprocessing, RunConfig, TaskPart, Trained } from './types.js';

/** Data that a model is evaluated on beside its own. */
export interface OtherData {
  readonly part: ScoredPart;
  /** What they are, in a sentence. */
  readonly source: string;
}

/** What is needed of the world. */
export interface OtherDataOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: OnProgress;
}

/** Kinds of data in the same files. */
const ALIKE: readonly string[] = ['synthetic', 'cifar10'];

/**
 * Other data of the kind that a model was trained on, prepared as those were: of a CSV file all rows; of a folder of
 * pictures all, or those in its folder `train`, `val` or `test`; of other sets the part that a run would have.
 *
 * @throws {Error} if there are no such data, they are of another kind, or of classes that the model does not know.
 */
export async function otherData(
  fn: string,
  trained: Trained,
  path: string,
  split: 'train' | 'val' | 'test',
  { onProgress, ...place }: OtherDataOptions,
): Promise<OtherData> {
  const { data } = trained.config;
  const found = findData(fn, path, place);
  if (found.kind !== data.kind && !(ALIKE.includes(found.kind) && ALIKE.includes(data.kind))) {
    const [is, expected] = [`is ${path}, data of the kind ${found.kind}`, `the kind ${data.kind}, as of the run`];
    throw argumentError(RangeError, { fn, arg: '--data', found: is, expected });
  }
  const whole = found.path ?? resolve(place.cwd, path);
  if (found.kind === 'csv') return rowsOf(trained, whole);
  if (found.kind === 'folder') return picturesIn(fn, trained, whole, split);
  const config: RunConfig = { ...trained.config, data: { ...data, ...found } };
  const opened = await openData(config, { fn, ...(onProgress && { onProgress }) });
  const part: TaskPart | null = opened[split];
  if (part === null) throw argumentError(Error, { fn, arg: '--data', found: `has no ${split} examples` });
  return { source: opened.source, part: { ...part, batch: (indices) => prepared(trained, part.pictures(indices)) } };
}

function prepared({ prepare }: Trained, pictures: NDArray | null): NDArray {
  return prepare(pictures as NDArray);
}

function rowsOf(trained: Trained, path: string): OtherData {
  const { inputs, targets, categories, classes, reading, standardize } = trained.preprocessing as RowPreprocessing;
  // As rows to predict: a mean is that of the training rows.
  const missing = reading.missing === 'mean' && standardize !== null ? 'nan' : reading.missing;
  const options = {
    ...reading,
    missing,
    target: classes === null ? targets : targets[0],
    columns: inputs,
    categories: { ...categories, ...(classes !== null && { [targets[0]]: classes }) },
  } as CsvOptions & { target: string };
  const { X, y } = csv(path, options);
  const answers: Int32Array | NDArray = y;
  const loader = new DataLoader({ X: trained.prepare(X) });
  const part = {
    length: X.shape[0],
    labels: isNDArray(answers) ? null : answers,
    targets: isNDArray(answers) ? answers : null,
    batch: (indices: ArrayLike<number>) => loader.batch(indices)[0],
  };
  return { part, source: `${X.shape[0].toLocaleString('en-US')} rows of ${shownPath(path)}` };
}

function picturesIn(fn: string, trained: Trained, path: string, split: string): OtherData {
  const { inputShape, classes } = trained;
  const [channels, H, W] = inputShape as [1 | 3, number, number];
  const below = join(path, split);
  const dir = existsSync(below) && statSync(below).isDirectory() ? below : path;
  const folder = imageFolder(dir, { size: [H, W], channels });
  const known = (classes ?? []) as readonly string[];
  const odd = folder.classes.find((name) => !known.includes(name));
  if (odd !== undefined) {
    const found = `has the class ${describe(odd)}`;
    const expected = `classes of the run: ${known.slice(0, 20).join(', ')}`;
    throw argumentError(RangeError, { fn, arg: `--data ${shownPath(dir)}`, found, expected });
  }
  const loader = new DataLoader(folder);
  const part = {
    length: folder.length,
    labels: folder.labels.map((label) => known.indexOf(folder.classes[label])),
    targets: null,
    batch: (indices: ArrayLike<number>) => trained.prepare(loader.batch(indices)[0]),
  };
  return { part, source: `${folder.length.toLocaleString('en-US')} pictures in ${shownPath(dir)}` };
}
