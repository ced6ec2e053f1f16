import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { RunFolder, Trained } from '../../runs/index.js';
import { CliError, UsageError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import type { Job } from '../predict/job.js';
import { openModel, openRun, outOf, type Weights } from '../runs.js';

interface Options {
  readonly top?: number;
  readonly out?: string;
  readonly weights: Weights;
}

/** Classes that are printed of a picture, and of a row. */
const TOP = { images: 3, rows: 1 } as const;

/** `layerwise predict RUN FILE…`: what the model of a run says of pictures, or of rows of a CSV file. */
export function predictCommand(io: Io): Command {
  const command = new Command('predict')
    .description('predict what is in pictures, or what belongs to the rows of CSV files')
    .argument('<run>', 'the folder of a run')
    .argument(
      '<files...>',
      'PNG or JPEG files or folders of them, or CSV files; - for stdin; test:0 for data of the run',
    )
    .option('--top <n>', 'classes to print of each (default: 3 of a picture, 1 of a row)', wholeNumber)
    .option('--out <file.csv>', 'write all predictions to a CSV file, beside the columns of a CSV file')
    .addOption(
      new Option('--weights <which>', 'of the best epoch or the last').choices(['best', 'last']).default('best'),
    )
    .action((run: string, files: string[], options: Options) => predict(io, run, files, options));
  return examples(command, [
    'layerwise predict runs/twolayer-synthetic-1 test:0 test:1',
    'layerwise predict runs/twolayer-synthetic-1 test:0 --top 10 --json',
  ]);
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 1 on');
}

async function predict(io: Io, path: string, names: readonly string[], { top, out, weights }: Options): Promise<void> {
  const fn = 'predict';
  const { filesOf } = await import('../predict/inputs.js');
  const { ownItems } = await import('../predict/own.js');
  const { pictureItems, predictItems, predictRows } = await import('../predict/job.js');
  const { writeCsv } = await import('../predict/csv.js');
  const run: RunFolder = await openRun(io, fn, path);
  if (out !== undefined && names.some((name) => resolve(io.cwd, name) === resolve(io.cwd, out))) {
    throw new UsageError(`${fn}: --out is ${out}, which is read; name another file`);
  }
  const written = out === undefined ? null : outOf(io, fn, run, out);
  const { own, files } = filesOf(fn, io.cwd, names);
  const trained: Trained = await openModel(io, fn, run, path, weights);
  const { kind } = trained.preprocessing;
  const job: Job = { io, fn, trained, path, top: top ?? TOP[kind], isWritten: out !== undefined };
  const isOfRows = kind === 'rows' && files.length > 0;
  if (isOfRows && own.length > 0) {
    throw new UsageError(`${fn}: ${own[0].name} and ${files[0]} have other columns; predict them one after the other`);
  }
  const items = [...(own.length > 0 ? await ownItems(job, own) : []), ...(isOfRows ? [] : pictureItems(job, files))];
  const { table, failed } = isOfRows ? await predictRows(job, files) : await predictItems(job, items);
  if (written !== null && table !== null) {
    writeCsv(fn, written, table);
    io.note(`${table.rows.length.toLocaleString('en-US')} predictions written to ${out}`);
  }
  const count = own.length + files.length;
  if (failed > 0) throw new CliError(`${fn}: ${failed} of ${count} files could not be predicted`);
}
