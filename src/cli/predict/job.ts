import { resolve } from 'node:path';
import { array, hostValues, type NDArray } from '../../arrays/index.js';
import { readBytes } from '../../files/index.js';
import { headerOf } from '../../images/header.js';
import type { Trained } from '../../runs/index.js';
import { CliError } from '../errors.js';
import type { Io } from '../io.js';
import { renamed } from '../runs.js';
import { fieldsOf, type TextTable } from './csv.js';
import { isPicture, readStdin, STDIN } from './inputs.js';
import { csvColumns, csvFields, jsonOf, printPrediction } from './output.js';
import { type Prediction, predictionsOf } from './predictions.js';

/** What is to be predicted, and how it is told. */
export interface Job {
  readonly io: Io;
  /** What errors begin with. */
  readonly fn: string;
  readonly trained: Trained;
  /** The run, as the user named it. */
  readonly path: string;
  /** Classes to print of each example. */
  readonly top: number;
  /** Whether predictions go to a file too. */
  readonly isWritten: boolean;
}

/** What became of a job. */
export interface Done {
  /** All predictions, for a CSV file; null without any. */
  readonly table: TextTable | null;
  /** Files that could not be predicted. */
  readonly failed: number;
}

/** Examples that are predicted at a time. */
const BATCH = 100;

/** Examples that are printed at most where they are written to a file too. */
const FEW = 20;

/** The largest file that is read, in bytes. */
const MOST_BYTES = 2 ** 29;

/** An example that is predicted by itself. */
export interface Item {
  /** As the user named it. */
  readonly name: string;
  /** What is printed before its predictions: the name, and what is known beside it. */
  readonly title: string;
  /** A batch of one, prepared. */
  read(): NDArray | Promise<NDArray>;
}

/** Predicts examples one by one. One that cannot be read gets a line, and the others go on. */
export async function predictItems(job: Job, items: readonly Item[]): Promise<Done> {
  const { io, trained, top, isWritten } = job;
  const rows: string[][] = [];
  let columns: string[] | null = null;
  let failed = 0;
  // What is printed shows how far it is.
  const progress = isWritten && items.length > FEW ? io.progress(items.length, 'ex') : null;
  for (let start = 0; start < items.length; start += BATCH) {
    const inputs: NDArray[] = [];
    const read: Item[] = [];
    for (const item of items.slice(start, start + BATCH)) {
      try {
        inputs.push(await item.read());
        read.push(item);
      } catch (error) {
        failed++;
        progress?.clear();
        refuse(job, item.name, error);
      }
    }
    const predictions = inputs.length === 0 ? [] : predictionsOf(trained, trained.predict(joined(inputs)));
    for (const [i, prediction] of predictions.entries()) {
      const { name, title } = read[i];
      if (io.isJson) io.json({ file: name, ...jsonOf(prediction, top) });
      if (!isWritten || start + i < FEW) printPrediction(io, title, prediction, top);
      if (!isWritten) continue;
      columns ??= ['file', ...csvColumns(prediction, top)];
      rows.push([name, ...csvFields(prediction, top)]);
    }
    progress?.update(Math.min(items.length, start + BATCH));
  }
  progress?.clear();
  return { table: columns === null ? null : { columns, rows, delimiter: ',' }, failed };
}

/** Says that a file could not be predicted, in one line. */
function refuse({ io, fn }: Job, file: string, error: unknown): void {
  const said = renamed(error, fn);
  const message = said.includes(shownName(file)) ? said : said.replace(': ', `: ${shownName(file)}: `);
  if (io.isJson) io.json({ file, error: message });
  io.note(message);
}

/** The pictures in files. */
export function pictureItems(job: Job, files: readonly string[]): Item[] {
  const note = sizeNote(job);
  return files.map((name) => ({
    name,
    title: shownName(name),
    read: async () => {
      const bytes = await bytesOf(job, name);
      const input = job.trained.pictureInputs(bytes, shownName(name));
      note(bytes, name);
      return input;
    },
  }));
}

/** Says once that pictures of other sizes than those of the training are resized as these were. */
function sizeNote({ io, fn, trained }: Job): (bytes: Uint8Array, name: string) => void {
  const [, H, W] = trained.inputShape;
  let isSaid = false;
  return (bytes, name) => {
    if (isSaid) return;
    const { width, height } = headerOf(fn, name, bytes);
    if (height === H && width === W) return;
    isSaid = true;
    io.note(
      `note: ${shownName(name)} has ${width} × ${height} pixels; pictures are resized to ${W} × ${H}, as in training`,
    );
  };
}

/** Predicts the rows of CSV files. A file that cannot be read gets a line, and the others go on. */
export async function predictRows(job: Job, files: readonly string[]): Promise<Done> {
  let table: RowTable | null = null;
  let failed = 0;
  for (const name of files) {
    try {
      const text = await textOf(job, name);
      const predictions = predictedRows(job, job.trained.rowInputs(text, shownName(name)));
      const fields = matchingFields(job, name, text, predictions.length);
      if (job.isWritten && predictions.length > 0) table = withRows(job, name, table, fields, predictions);
      printRows(job, files.length > 1 ? `${shownName(name)} ` : '', name, predictions);
    } catch (error) {
      failed++;
      refuse(job, name, error);
    }
  }
  return { table, failed };
}

/** A table that grows. */
interface RowTable extends TextTable {
  readonly rows: string[][];
  /** The columns of the files, without those that were added. */
  readonly own: readonly string[];
}

/** The fields of a file as it has them. @throws {CliError} if rows were left out when they were prepared. */
function matchingFields({ fn, trained }: Job, name: string, text: string, count: number): TextTable {
  const { preprocessing } = trained;
  const fields = fieldsOf(text, preprocessing.kind === 'rows' ? preprocessing.reading : {});
  const missing = fields.rows.length - count;
  if (missing === 0) return fields;
  const found = `${missing} of ${fields.rows.length} rows have missing values`;
  throw new CliError(`${fn}: ${shownName(name)}: ${found}, and the model was trained on complete ones; drop them`);
}

/** @throws {CliError} if a file has a column of predictions already, or other columns than the first one. */
function withRows(
  { fn, top }: Job,
  name: string,
  table: RowTable | null,
  fields: TextTable,
  predictions: readonly Prediction[],
): RowTable {
  const added = csvColumns(predictions[0], top);
  const twice = fields.columns.find((column) => added.includes(column));
  if (twice !== undefined) {
    throw new CliError(`${fn}: ${shownName(name)} has a column '${twice}', which --out would add; rename it`);
  }
  if (table !== null && table.own.join('\n') !== fields.columns.join('\n')) {
    throw new CliError(
      `${fn}: ${shownName(name)} has other columns than the files before; give it an --out of its own`,
    );
  }
  const { delimiter, columns } = fields;
  const grown = table ?? { columns: [...columns, ...added], own: columns, rows: [], delimiter };
  for (const [i, row] of fields.rows.entries()) grown.rows.push([...row, ...csvFields(predictions[i], top)]);
  return grown;
}

function printRows(
  { io, top, isWritten }: Job,
  before: string,
  file: string,
  predictions: readonly Prediction[],
): void {
  const digits = String(predictions.length).length;
  for (const [i, prediction] of predictions.entries()) {
    if (io.isJson) io.json({ file, row: i + 1, ...jsonOf(prediction, top) });
    if (isWritten && i >= FEW) continue;
    printPrediction(io, `${before}row ${String(i + 1).padStart(digits)}`, prediction, top);
  }
  if (isWritten && predictions.length > FEW) io.print(`… and ${predictions.length - FEW} more`);
}

function predictedRows({ io, trained }: Job, X: NDArray): Prediction[] {
  const [N, D] = X.shape;
  const values = hostValues(X);
  const predictions: Prediction[] = [];
  const progress = N >= 100 * BATCH ? io.progress(N, 'rows') : null;
  for (let start = 0; start < N; start += BATCH) {
    const end = Math.min(N, start + BATCH);
    const part = array(values.slice(start * D, end * D), [end - start, D]);
    predictions.push(...predictionsOf(trained, trained.predict(part)));
    progress?.update(end);
  }
  progress?.clear();
  return predictions;
}

function shownName(name: string): string {
  return name === STDIN ? 'stdin' : name;
}

async function bytesOf({ io, fn }: Job, name: string): Promise<Uint8Array> {
  if (name === STDIN) return readStdin(fn);
  return readBytes(fn, placeIn(io, name), MOST_BYTES, 'name a smaller file');
}

async function textOf(job: Job, name: string): Promise<string> {
  const bytes = await bytesOf(job, name);
  if (isPicture(bytes)) {
    const { preprocessing } = job.trained;
    const columns = preprocessing.kind === 'rows' ? preprocessing.inputs.join(', ') : '';
    const wanted = `${job.path} takes rows of a CSV file with the columns ${columns}`;
    throw new CliError(`${job.fn}: ${shownName(name)} is a picture, and ${wanted}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliError(`${job.fn}: ${shownName(name)} is no text, expected a CSV file in UTF-8`);
  }
}

/** As the user wrote it where that is from here. */
function placeIn(io: Io, name: string): string {
  return io.cwd === process.cwd() ? name : resolve(io.cwd, name);
}

/** Batches of one as one. */
function joined(inputs: readonly NDArray[]): NDArray {
  const [, ...shape] = inputs[0].shape;
  const size = inputs[0].size;
  const values = new Float32Array(inputs.length * size);
  for (const [i, input] of inputs.entries()) values.set(hostValues(input), i * size);
  return array(values, [inputs.length, ...shape]);
}
