import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { openInBrowser } from '../open.js';
import { wholeNumber } from '../values.js';

interface Options {
  readonly best?: number;
  readonly report?: true | string;
  readonly open?: true;
}

/** `layerwise search show DIR`: the trials of a search. */
export function searchShowCommand(io: Io): Command {
  const command = new Command('show')
    .summary('print the trials of a search, the best first')
    .description('Prints the trials of a search, the best first; it may still be going on.')
    .argument('<dir>', 'the folder of the search')
    .option('--best <n>', 'so many trials; default: all', wholeNumber())
    .option('--report [file]', 'write the report; default: report.html in the folder of the search')
    .option('--open', 'write the report, and open it in the browser')
    .action((dir: string, options: Options) => show(io, dir, options));
  return examples(command, [
    'layerwise search show searches/lr --best 3',
    'layerwise search show searches/lr --report --json',
  ]);
}

async function show(io: Io, dir: string, { best, report, open }: Options): Promise<void> {
  const fn = 'search show';
  const { viewOf } = await import('../../search/report/index.js');
  const { openSearch } = await import('../search/options.js');
  const { jsonOf, shownFolder, writeReport } = await import('../search/run.js');
  const { printTrials } = await import('../search/table.js');
  const folder = await openSearch(io, fn, dir);
  const view = viewOf(fn, folder);
  const out = typeof report === 'string' ? resolve(io.cwd, report) : undefined;
  const file = report === undefined && open !== true ? null : await writeReport(fn, view, folder.dir, out);
  if (io.isJson) io.json(jsonOf(view, folder.dir, file));
  else {
    if (view.trials.length > 0) printTrials(io, view, best);
    const done = view.trials.filter(({ state }) => state !== 'unfinished').length;
    if (!view.isComplete) io.print(`${view.trials.length > 0 ? '\n' : ''}${done} of ${view.planned} trials are done`);
    if (file !== null) io.print(`\nReport written to ${shownFolder(io, file)}`);
  }
  if (open === true && file !== null) openInBrowser(pathToFileURL(file).href, io);
}
