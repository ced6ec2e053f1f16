import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, Option } from 'commander';
import { CliError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { openInBrowser } from '../open.js';
import { openModel, openRun, outOf, progressOf, type Weights } from '../runs.js';

interface Options {
  readonly out?: string;
  readonly open?: boolean;
  readonly weights: Weights;
  readonly split?: 'val' | 'test' | 'train';
}

/** `layerwise report RUN`: a run as one page. */
export function reportCommand(io: Io): Command {
  const command = new Command('report')
    .description('write report.html: curves, confusion matrix, most confident mistakes, filters, layers, settings')
    .argument('<run>', 'the folder of a run; it may still be going on')
    .option('--out <file>', 'the file to write (default: report.html in the folder of the run)')
    .addOption(
      new Option('--weights <which>', 'of the best epoch or the last').choices(['best', 'last']).default('best'),
    )
    .addOption(new Option('--split <part>', 'whose confusion and mistakes are shown').choices(['val', 'test', 'train']))
    .option('--open', 'open it in the browser')
    .action((run: string, options: Options) => report(io, run, options));
  return examples(command, [
    'layerwise report runs/twolayer-synthetic-1',
    'layerwise report runs/twolayer-synthetic-1 --out report.html',
  ]);
}

async function report(io: Io, path: string, { out, open, weights, split }: Options): Promise<void> {
  const fn = 'report';
  const { hasWeights, writeReport } = await import('../../runs/index.js');
  const run = await openRun(io, fn, path);
  const own = out === undefined ? {} : { file: outOf(io, fn, run, out) };
  const other = weights === 'best' ? 'last' : 'best';
  const which = hasWeights(run, weights) ? weights : hasWeights(run, other) ? other : null;
  if (which === null) io.note(`note: ${path} has no weights yet, so the report has curves and settings alone`);
  else if (which !== weights)
    io.note(`note: ${path} has no ${weights} weights yet: the report is of the ${which} ones`);
  const trained = which === null ? null : await openModel(io, fn, run, path, which);
  const data = trained && (await trained.data({ onProgress: progressOf(io) }));
  if (data !== null && split !== undefined && data[split] === null) {
    throw new CliError(`${fn}: ${path} has no ${split} examples; leave --split out`);
  }
  const seen = trained &&
    data &&
    which && { model: trained.model, data, weights: which, ...(split !== undefined && { part: split }) };
  let progress: ReturnType<Io['progress']> | null = null;
  const file = writeReport(fn, run, seen, {
    ...own,
    onProgress: (done, total) => {
      progress ??= io.progress(total, 'ex');
      progress.update(done);
    },
  });
  (progress as ReturnType<Io['progress']> | null)?.clear();
  if (io.isJson) io.json({ run: run.dir, file, state: run.state, weights: which });
  else io.print(`Report written to ${out ?? join(path, basename(file))}`);
  if (open === true) openInBrowser(pathToFileURL(file).href, io);
}
