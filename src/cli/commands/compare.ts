import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { Command } from 'commander';
import type { ComparedRun, Difference, RunFolder } from '../../runs/index.js';
import { columnsOf, duration, hasBraille, plot } from '../../terminal/index.js';
import { CliError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { percent, plain, UNKNOWN } from '../numbers.js';
import { openRun, placeOf } from '../runs.js';

interface Options {
  readonly plot?: boolean;
}

/** `layerwise compare RUN…`: runs side by side, and the settings in which they differ. */
export function compareCommand(io: Io): Command {
  const command = new Command('compare')
    .description('compare runs: accuracies, losses, times, and the settings in which they differ')
    .argument('<runs...>', 'folders of runs, or folders that hold runs')
    .option('--plot', 'draw their losses and accuracies over each other')
    .action((paths: string[], options: Options) => compare(io, paths, options));
  return examples(command, [
    'layerwise compare runs',
    'layerwise compare runs --plot',
    'layerwise compare runs --json',
  ]);
}

async function compare(io: Io, paths: readonly string[], { plot: draws = false }: Options): Promise<void> {
  const { compareRuns, shownPath } = await import('../../runs/index.js');
  const runs = await allRuns(io, paths);
  const { runs: compared, differences } = compareRuns(runs);
  if (io.isJson) {
    io.json({ runs: compared, differences });
    return;
  }
  printRuns(io, compared);
  printDifferences(io, compared, differences, (file) => shownPath(file, io.cwd));
  for (const { name, state, message } of compared) {
    if (state === 'failed' && message !== null) io.print(`\n${name} failed: ${message}`);
  }
  if (draws) plotRuns(io, runs);
}

/** The runs of all folders, each once. */
async function allRuns(io: Io, paths: readonly string[]): Promise<RunFolder[]> {
  const { listRuns } = await import('../../runs/index.js');
  const found = new Map<string, RunFolder>();
  for (const path of paths) {
    const isParent = isFolder(resolve(io.cwd, path)) && !isFile(resolve(io.cwd, path, 'config.json'));
    const inside = isParent ? listRuns(placeOf(io, path), 'compare') : [];
    if (isParent && inside.length === 0) {
      throw new CliError(`compare: there are no runs in ${path}; layerwise train makes them in runs`);
    }
    for (const run of isParent ? inside : [await openRun(io, 'compare', path)]) found.set(run.dir, run);
  }
  return [...found.values()];
}

/** The columns of the table, and those that a narrow terminal goes without, the first ones first. */
const COLUMNS: readonly (readonly [name: string, cell: (run: ComparedRun) => string])[] = [
  ['run', ({ name }) => name],
  ['state', ({ state }) => state],
  ['val %', ({ bestValAcc }) => hundredths(bestValAcc)],
  ['last %', ({ lastValAcc }) => hundredths(lastValAcc)],
  ['test %', ({ testAcc }) => hundredths(testAcc)],
  ['val loss', ({ bestValLoss }) => plain(bestValLoss)],
  ['loss', ({ loss }) => plain(loss)],
  ['epochs', ({ state, epochs, totalEpochs }) => (state === 'finished' ? `${epochs}` : `${epochs}/${totalEpochs}`)],
  ['time', ({ seconds }) => duration(seconds)],
  ['parameters', ({ parameters }) => plain(parameters)],
];
const SPARED = ['last %', 'parameters', 'loss', 'time'];

function printRuns(io: Io, runs: readonly ComparedRun[]): void {
  const best = bestOf(runs);
  const hasLoss = runs.some(({ bestValLoss }) => bestValLoss !== null);
  let columns = COLUMNS.filter(([name]) => hasLoss || name !== 'val loss');
  const table = (): string[] =>
    columnsOf(
      columns.map(([name], i) => ({ name, align: i < 2 ? ('left' as const) : ('right' as const) })),
      runs.map((run) => columns.map(([, cell]) => cell(run))),
    );
  for (const spared of SPARED) {
    if (Math.max(...table().map((line) => line.length)) <= io.columns) break;
    columns = columns.filter(([name]) => name !== spared);
  }
  const [head, ...lines] = table();
  io.print(io.style.dim(head));
  for (const [i, line] of lines.entries()) io.print(i === best ? io.style.bold(line) : line);
}

/** A share in [0, 1] in per cent, without the sign. */
function hundredths(share: number | null): string {
  return percent(share).replace(' %', '');
}

/** The place of the run with the best validation accuracy, or the lowest validation loss; -1 where none has any. */
function bestOf(runs: readonly ComparedRun[]): number {
  const scores = runs.map(({ bestValAcc, bestValLoss }) => bestValAcc ?? (bestValLoss === null ? null : -bestValLoss));
  return scores.reduce<number>((best, score, i) => {
    if (score === null) return best;
    return best < 0 || score > (scores[best] as number) ? i : best;
  }, -1);
}

/** A row for each run and a column for each setting; where these are too many, a row for each setting. */
function printDifferences(
  io: Io,
  runs: readonly ComparedRun[],
  differences: readonly Difference[],
  shown: (file: string) => string,
): void {
  if (runs.length < 2) return;
  io.print();
  if (differences.length === 0) {
    io.print('Their settings are the same.');
    return;
  }
  const text = (value: unknown, key: string): string => {
    if (value === undefined) return UNKNOWN;
    // A hash is compared, not read.
    if (key === 'model.sha256') return String(value).slice(0, 12);
    if (typeof value !== 'string') return JSON.stringify(value);
    return isAbsolute(value) ? shown(value) : value;
  };
  io.print(io.style.bold('Settings in which they differ'));
  const names = runs.map(({ name }) => name);
  const upright = columnsOf(
    ['run', ...differences.map(({ key }) => shortKey(key, differences))],
    names.map((name, i) => [name, ...differences.map(({ key, values }) => text(values[i], key))]),
  );
  const fits = Math.max(...upright.map((line) => line.length)) <= io.columns;
  const lying = (): string[] =>
    columnsOf(
      ['setting', ...names],
      differences.map(({ key, values }) => [shortKey(key, differences), ...values.map((value) => text(value, key))]),
    );
  const [head, ...lines] = fits ? upright : lying();
  io.print(io.style.dim(head));
  for (const line of lines) io.print(line);
}

/** The last name of a key, as long as no other setting has it. */
function shortKey(key: string, differences: readonly Difference[]): string {
  const last = (one: string): string => one.slice(one.lastIndexOf('.') + 1);
  return differences.filter((other) => last(other.key) === last(key)).length === 1 ? last(key) : key;
}

/** The losses and the validation accuracies of all runs. Losses are means over parts of a run, since they jump. */
function plotRuns(io: Io, runs: readonly RunFolder[]): void {
  const { style } = io;
  const colours = [style.cyan, style.green, style.red, style.bold, style.dim];
  const paint = (text: string, curve: number): string => colours[curve % colours.length](text);
  const options = { width: io.columns, isPlain: !hasBraille(io.env), paint };
  const all = runs.map((run) => ({ name: run.name, metrics: run.metrics() }));
  const losses = all.map(({ name, metrics: { steps } }) => {
    return { name, x: means(steps.iteration, io.columns), y: means(steps.loss, io.columns) };
  });
  const accuracies = all.map(({ name, metrics: { epochs } }) => {
    const known = epochs.filter(({ valAcc }) => valAcc !== null);
    return { name, x: known.map(({ epoch }) => epoch), y: known.map(({ valAcc }) => 100 * (valAcc as number)) };
  });
  io.print();
  for (const line of plot('loss by iteration', losses, options)) io.print(line);
  if (!accuracies.some(({ y }) => y.length > 0)) return;
  io.print();
  for (const line of plot('validation accuracy in % by epoch', accuracies, options)) io.print(line);
}

/** Means of equal parts of a list, at most `most` of them; those of finite numbers. */
function means(values: Float64Array, most: number): number[] {
  const size = Math.max(1, Math.ceil(values.length / most));
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => {
    const part = values.subarray(i * size, (i + 1) * size).filter(Number.isFinite);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
