import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { SearchView } from '../../search/report/index.js';
import { columnsOf } from '../../terminal/index.js';
import { CliError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { plain, UNKNOWN } from '../numbers.js';

/** `layerwise search list`: the searches in a folder. */
export function searchListCommand(io: Io): Command {
  const command = new Command('list')
    .summary('print the searches in a folder')
    .description('Prints the searches in a folder, and how far they are.')
    .argument('[folder]', 'the folder that holds them', 'searches')
    .action((folder: string) => list(io, folder));
  return examples(command, ['layerwise search list', 'layerwise search list searches --json']);
}

async function list(io: Io, parent: string): Promise<void> {
  const fn = 'search list';
  const { SearchFolder } = await import('../../search/folder.js');
  const { viewOf } = await import('../../search/report/index.js');
  const whole = resolve(io.cwd, parent);
  const names = existsSync(whole) ? readdirSync(whole).sort() : [];
  const found = names.filter((name) => existsSync(join(whole, name, 'search.json')));
  if (found.length === 0) {
    throw new CliError(`${fn}: there are no searches in ${parent}; ${io.program} search makes them`);
  }
  const views = found.map((name) => viewOf(fn, SearchFolder.open(fn, join(whole, name))));
  if (io.isJson) {
    io.json(views.map((view) => ({ name: view.name, ...summaryOf(view), strategy: view.strategy })));
    return;
  }
  const rows = views.map((view) => {
    const { metric, best, done, planned, isComplete } = summaryOf(view);
    const counts = isComplete ? `${done}` : `${done}/${planned}`;
    return [view.name, view.strategy, metric, best === null ? UNKNOWN : plain(best), counts];
  });
  const [head, ...lines] = columnsOf(['search', 'strategy', 'metric', 'best', 'trials'], rows, io.columns);
  io.print(io.style.dim(head));
  for (const line of lines) io.print(line);
}

function summaryOf({ metric, mode, trials, planned, isComplete }: SearchView) {
  const values = trials.flatMap(({ metrics }) => metrics?.[metric] ?? []).filter(Number.isFinite);
  const best = values.length === 0 ? null : mode === 'max' ? Math.max(...values) : Math.min(...values);
  const done = trials.filter(({ state }) => state !== 'unfinished').length;
  return { metric, mode, best, done, planned, isComplete };
}
