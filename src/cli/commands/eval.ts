import { Command, Option } from 'commander';
import type { LabelScores, NumberScores, ScoredPart, Trained } from '../../runs/index.js';
import { columnsOf } from '../../terminal/index.js';
import { CliError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { percent, plain } from '../numbers.js';
import { openModel, openRun, progressOf, type Weights } from '../runs.js';

type Split = 'test' | 'val' | 'train';

interface Options {
  readonly split: Split;
  readonly weights: Weights;
  readonly data?: string;
}

const SPLITS: Readonly<Record<Split, string>> = { test: 'test', val: 'validation', train: 'training' };

/** Pairs of classes that are listed where the confusion matrix is too wide. */
const PAIRS = 10;

/** `layerwise eval RUN`: the numbers of a run's model on its data, or on others. */
export function evalCommand(io: Io): Command {
  const command = new Command('eval')
    .description('evaluate the model of a run: loss, accuracy, precision and recall by class, confusion matrix')
    .argument('<run>', 'the folder of a run')
    .addOption(new Option('--split <part>', 'the part of the data').choices(Object.keys(SPLITS)).default('test'))
    .addOption(
      new Option('--weights <which>', 'of the best epoch or the last').choices(['best', 'last']).default('best'),
    )
    .option('--data <path>', 'other data of the same kind')
    .action((run: string, options: Options) => evaluate(io, run, options));
  return examples(command, [
    'layerwise eval runs/twolayer-synthetic-1',
    'layerwise eval runs/twolayer-synthetic-1 --split val --json',
  ]);
}

async function evaluate(io: Io, path: string, { split, weights, data }: Options): Promise<void> {
  const fn = 'eval';
  const { otherData, scoresOf } = await import('../../runs/index.js');
  const run = await openRun(io, fn, path);
  const trained = await openModel(io, fn, run, path, weights);
  const { part, source } =
    data === undefined
      ? await ownPart(io, fn, path, trained, split)
      : await otherData(fn, trained, data, split, { cwd: io.cwd, env: io.env, onProgress: progressOf(io) });
  const progress = io.progress(part.length, 'ex');
  const scores = scoresOf(trained, part, (done) => progress.update(done));
  progress.clear();
  if (io.isJson) {
    io.json({ run: run.dir, split, weights, source, ...scores });
    return;
  }
  const count = part.length.toLocaleString('en-US');
  io.print(
    `${io.style.bold(run.name)}, ${weights} weights, ${count} ${data === undefined ? `${SPLITS[split]} ` : ''}examples`,
  );
  io.print(source);
  io.print();
  if (scores.kind === 'numbers') printNumbers(io, scores);
  else printLabels(io, scores);
}

/** A part of the run's own data. @throws {CliError} if it is empty. */
async function ownPart(
  io: Io,
  fn: string,
  path: string,
  trained: Trained,
  split: Split,
): Promise<{ readonly part: ScoredPart; readonly source: string }> {
  const data = await trained.data({ onProgress: progressOf(io) });
  const part = data[split];
  if (part !== null) return { part, source: data.source };
  const others = (Object.keys(SPLITS) as Split[]).filter((name) => data[name] !== null);
  throw new CliError(`${fn}: ${path} has no ${SPLITS[split]} examples; give --split ${others.join(' or ')}`);
}

function printNumbers(io: Io, { r2, meanAbsoluteError, meanSquaredError }: NumberScores): void {
  facts(io, [
    ['R²', plain(r2)],
    ['mean absolute error', plain(meanAbsoluteError)],
    ['mean squared error', plain(meanSquaredError)],
  ]);
}

function printLabels(io: Io, scores: LabelScores): void {
  const { accuracy, topFive, loss, classes, mean, confusion } = scores;
  facts(io, [
    ['accuracy', percent(accuracy)],
    ...(topFive === null ? [] : [['top 5', percent(topFive)] as const]),
    ['loss', `${plain(loss)} (cross-entropy)`],
  ]);
  io.print();
  const share = (value: number): string => percent(value, 1);
  const rows = classes.map(({ name, examples: count, precision, recall, f1 }) => {
    return [name, count.toLocaleString('en-US'), share(precision), share(recall), share(f1)];
  });
  rows.push(['mean', '', share(mean.precision), share(mean.recall), share(mean.f1)]);
  const names = ['class', 'examples', 'precision', 'accuracy (recall)', 'F1'];
  const right = names.map((name, i) => ({ name, align: i === 0 ? ('left' as const) : ('right' as const) }));
  printTable(io, columnsOf(right, rows, io.columns));
  io.print();
  printConfusion(
    io,
    confusion,
    classes.map(({ name }) => name),
  );
}

/** The matrix where it fits into the terminal, else the classes that are taken for each other most often. */
function printConfusion(io: Io, confusion: LabelScores['confusion'], names: readonly string[]): void {
  const label = Math.max(...names.map((name) => name.length));
  const widest = Math.max(3, ...confusion.flat().map((count) => String(count).length));
  // As much of a name as there is room for above its column.
  const room = Math.floor((io.columns - label) / names.length) - 2;
  if (room >= widest) {
    const heads = names.map((name) => ({ name: name.slice(0, room), align: 'right' as const }));
    const rows = confusion.map((row, c) => [names[c], ...row.map(String)]);
    io.print('Confusion: a row for each true class, a column for each predicted one');
    printTable(io, columnsOf([{ name: '', align: 'left' }, ...heads], rows));
    return;
  }
  const pairs = confusion
    .flatMap((row, actual) => row.map((count, predicted) => ({ actual, predicted, count })))
    .filter(({ actual, predicted, count }) => actual !== predicted && count > 0)
    .sort((a, b) => b.count - a.count);
  io.print('Most frequent mistakes (the whole confusion matrix: --json)');
  const rows = pairs
    .slice(0, PAIRS)
    .map(({ actual, predicted, count }) => [names[actual], names[predicted], String(count)]);
  printTable(io, columnsOf(['class', 'taken for', 'times'], rows, io.columns));
}

function printTable(io: Io, [head, ...lines]: readonly string[]): void {
  io.print(io.style.dim(head));
  for (const line of lines) io.print(line);
}

function facts(io: Io, list: readonly (readonly [string, string])[]): void {
  const width = Math.max(...list.map(([name]) => name.length));
  for (const [name, text] of list) io.print(`${io.style.bold(name.padEnd(width))}  ${text}`);
}
