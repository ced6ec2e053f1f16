// Rows of a CSV file.

import { argumentError, array, hostRoom, hostValues, isNDArray, type NDArray } from '../arrays/index.js';
import { tableOf } from '../data/csv-table.js';
import { type CsvOptions, csv, DataLoader, Standardizer, TensorDataset } from '../data/index.js';
import { readText } from '../files/index.js';
import { shellWord } from '../terminal/index.js';
import { shownPath } from './places.js';
import { standardized } from './prepare.js';
import { countsOf, placesOf } from './split.js';
import type { ConfigSection, OnProgress, RowPreprocessing, RunConfig, TaskData, TaskPart } from './types.js';

/** The longest file that is read: texts of JavaScript are not much longer. */
const MOST_BYTES = 2 ** 29 - 2 ** 20;

/** Reads a CSV file, splits its rows by the seed, and learns of the training rows what they are prepared by. */
export function openRows(fn: string, config: RunConfig, onProgress: OnProgress): TaskData {
  const path = config.data.path as string;
  const { target, columns, categories, missing, encode, header, delimiter, standardize } = config.data;
  const shown = shownPath(path);
  const reading = `reading ${shown}`;
  onProgress(reading, 0, 1);
  const table = readTable(fn, path, categories as string[], {
    ...({ target, categories, missing, encode, header, delimiter } as CsvOptions & { target: string }),
    ...(columns !== null && { columns: columns as string[] }),
  });
  onProgress(reading, 1, 1);
  const { X, inputs, classes = null } = table;
  const N = X.shape[0];
  const y: Int32Array | NDArray = table.y;
  const labels = isNDArray(y) ? null : y;
  const places = placesOf(countsOf(fn, config.data, { train: N, test: null }, shown), N, config.seed, labels);
  const scaler = (of: NDArray): RowPreprocessing['standardize'] =>
    standardize === true ? new Standardizer().fit(of, places.train).stateDict() : null;
  const preprocessing: RowPreprocessing = {
    ...{ kind: 'rows', inputShape: [X.shape[1]], classes, inputs },
    targets: targetNames(fn, path, config.data),
    categories: Object.fromEntries(Object.entries(table.categories).filter(([name]) => inputs.includes(name))),
    standardize: scaler(X),
    standardizeTargets: isNDArray(y) ? scaler(y) : null,
    reading: { header, delimiter, missing, encode },
  };
  const prepared = standardized(X, preprocessing.standardize);
  const targets = isNDArray(y) ? standardized(y, preprocessing.standardizeTargets) : y;
  const part = (rows: Int32Array): TaskPart | null => {
    if (rows.length === 0) return null;
    const own = isNDArray(targets) ? rowsOf(targets, rows) : rows.map((i) => targets[i]);
    const dataset = new TensorDataset(rowsOf(prepared, rows), own as Int32Array);
    const loader = new DataLoader(dataset, { batchSize: 250 });
    return {
      length: rows.length,
      labels: labels === null ? null : rows.map((i) => labels[i]),
      targets: isNDArray(y) ? rowsOf(y, rows) : null,
      dataset: dataset as unknown as TaskPart['dataset'],
      loader: loader as unknown as TaskPart['loader'],
      batch: (indices) => loader.batch(indices)[0],
      pictures: () => null,
    };
  };
  const [train, val, test] = [part(places.train) as TaskPart, part(places.val), part(places.test)];
  const counts = `${train.length} to train on, ${val?.length ?? 0} to validate, ${test?.length ?? 0} to test`;
  const source = `rows of ${shown}, target ${preprocessing.targets.join(', ')}: ${counts}`;
  return { train, val, test, classes, inputShape: preprocessing.inputShape, source, preprocessing };
}

/** Reads a table. What is wrong with it is said by the settings of the command, in place of the options of `csv`. */
function readTable(fn: string, path: string, categories: readonly string[], options: CsvOptions & { target: string }) {
  try {
    return csv(path, options);
  } catch (error) {
    if (error instanceof Error) error.message = bySettings(fn, error.message, categories);
    throw error;
  }
}

function bySettings(fn: string, message: string, categories: readonly string[]): string {
  const [, column = 'NAME'] = /, column '([^']+)'/.exec(message) ?? [];
  const all = [...categories.filter((name) => name !== column), column].join(',');
  return message
    .replace(/^csv: /, `${fn}: `)
    .replace(/(or )?missing: '(drop)'(?:, '(nan)' or '(mean)')?/, (_, or = '', ...ways: (string | undefined)[]) => {
      const names = ways.slice(0, 3).filter((way) => typeof way === 'string');
      return `${or}--set missing=${names.join(' or ')}`;
    })
    .replace(
      /name the column in categories if it has texts, or .*$/,
      `--set ${shellWord(`categories=${all}`)} if it has texts`,
    );
}

/** The names of the columns to predict. */
function targetNames(fn: string, path: string, { target, header, delimiter }: ConfigSection): string[] {
  const columns = [target].flat() as readonly (string | number)[];
  if (columns.every((column) => typeof column === 'string')) return columns as string[];
  const text = readText(fn, path, MOST_BYTES, 'name a CSV file, a larger one in parts');
  const { names } = tableOf(fn, path, text, header as boolean, delimiter as string);
  return columns.map((column) => (typeof column === 'string' ? column : (names.at(column) as string)));
}

/** Some rows of an array, in a new one. */
function rowsOf(X: NDArray, rows: Int32Array): NDArray {
  const values = hostValues(X);
  const size = X.size / X.shape[0];
  const out = array(new Float32Array(rows.length * size), [rows.length, ...X.shape.slice(1)]);
  const room = hostRoom(out);
  rows.forEach((row, n) => {
    room.set(values.subarray(row * size, (row + 1) * size), n * size);
  });
  return out;
}

/** @throws {RangeError} naming the model and the target, if that is numbers and the model scores classes. */
export function checkTargets(fn: string, data: TaskData, model: string, others: readonly string[]): void {
  if (data.classes !== null) return;
  const { targets } = data.preprocessing as RowPreprocessing;
  const arg = `the target ${targets.join(', ')}`;
  const found = `is numbers, and the model ${model} scores classes`;
  const expected = `${others.join(', ')}, or a file of yours`;
  throw argumentError(RangeError, { fn, arg, found, expected, wayOut: 'or name the target in data.categories' });
}
