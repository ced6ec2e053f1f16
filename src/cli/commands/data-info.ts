import { Command } from 'commander';
import type { NDArray } from '../../arrays/index.js';
import type { channelStats } from '../../data/index.js';
import type { TaskData, TaskPart } from '../../runs/index.js';
import { columnsOf } from '../../terminal/index.js';
import { CliError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { renamed } from '../runs.js';
import { collected } from '../values.js';

/** `layerwise data info`: what a path holds; nothing is trained. */
export function dataInfoCommand(io: Io): Command {
  const command = new Command('info')
    .summary('say what a folder or file of data holds')
    .description('Says what data a path holds: kind, split, classes, shape of an example, mean of each channel.')
    .argument('<path>', 'a folder, a CSV file, or the name of a data set')
    .option('--set <key=value>', 'a setting of the data, as often as needed: categories=town for a CSV file', collected)
    .action((path: string, { set }: { set?: string[] }) => info(io, path, set));
  return examples(command, ['layerwise data info data/synthetic', 'layerwise data info data/synthetic --json']);
}

async function info(io: Io, path: string, set: readonly string[] = []): Promise<void> {
  const { makeConfig, openData } = await import('../../runs/index.js');
  // Of all models, one that takes pictures and rows: nothing is built.
  const config = await makeConfig('data info', { model: 'fc', data: path, set, cwd: io.cwd, env: io.env });
  const data = await openData(config, { fn: 'data info' }).catch((error: unknown) => {
    throw new CliError(renamed(error, 'data info'), undefined, { cause: error });
  });
  const parts = partsOf(data).map(([name, part]) => ({ name, examples: part.length, counts: countsOf(part, data) }));
  const { channelStats } = await import('../../data/index.js');
  const means = channelMeans(data, io, channelStats);
  const { classes, inputShape, source } = data;
  const { kind } = config.data;
  if (io.isJson) {
    io.json({ kind, source, inputShape, classes, parts, ...(means && { mean: means.mean, std: means.std }) });
    return;
  }
  const { style } = io;
  io.print(`${style.bold('source')}   ${source}`);
  io.print(`${style.bold('kind')}     ${kind}`);
  io.print(`${style.bold('example')}  ${inputShape.join(' × ')}`);
  if (means !== null) {
    const list = (numbers: readonly number[]): string => numbers.map((n) => n.toPrecision(4)).join(', ');
    io.print(
      `${style.bold('pixels')}   mean ${list(means.mean)}, standard deviation ${list(means.std)} (training set)`,
    );
  }
  io.print();
  const rows = (classes ?? []).map((name, label) => [name, ...parts.map(({ counts }) => String(counts?.[label] ?? 0))]);
  const totals = ['all', ...parts.map(({ examples: count }) => String(count))];
  for (const line of columnsOf(['class', ...parts.map(({ name }) => name)], [...rows, totals], io.columns)) {
    io.print(line);
  }
}

function partsOf({ train, val, test }: TaskData): [string, TaskPart][] {
  const parts: [string, TaskPart | null][] = [
    ['train', train],
    ['validation', val],
    ['test', test],
  ];
  return parts.filter((part): part is [string, TaskPart] => part[1] !== null);
}

/** The examples of each class. */
function countsOf({ labels }: TaskPart, { classes }: TaskData): number[] | null {
  if (labels === null || classes === null) return null;
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of labels) counts[label]++;
  return counts;
}

/** Mean and standard deviation of each channel over the training pictures, values 0 to 255; null of tables. */
function channelMeans({ train }: TaskData, io: Io, stats: typeof channelStats): ReturnType<typeof channelStats> | null {
  if (train.length === 0 || train.pictures(Int32Array.of(0)) === null) return null;
  const bar = io.progress(train.length, 'picture');
  const pictures = {
    length: train.length,
    get: (i: number) => {
      bar.update(i + 1);
      return [(train.pictures(Int32Array.of(i)) as NDArray).pick(0)] as const;
    },
  };
  try {
    return stats(pictures);
  } finally {
    bar.clear();
  }
}
