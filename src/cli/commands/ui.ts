import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Learned, RunFolder } from '../../runs/index.js';
import { CliError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { version } from '../version.js';

interface Options {
  readonly port?: number;
  readonly host: string;
}

/** `layerwise ui [RUNS_DIR]`: a page that compares the runs in a folder, finished and running. */
export function uiCommand(io: Io): Command {
  const command = new Command('ui')
    .summary('a page that compares runs')
    .description(
      'Serves a page that compares the runs in a folder, finished and running: curves over each other, settings in ' +
        'which they differ, what each has learned. Ctrl-C ends it.',
    )
    .argument('[dir]', 'the folder that holds the runs', 'runs')
    .option('--port <n>', 'the port (default: 8123, or the next one that is free)', portNumber)
    .option('--host <name>', 'where to listen; for other hosts than loopback the address has a token', '127.0.0.1')
    .action((dir: string, options: Options) => ui(io, dir, options));
  return examples(command, ['layerwise ui runs']);
}

async function ui(io: Io, path: string, { port, host }: Options): Promise<void> {
  const fn = 'ui';
  const dir = resolve(io.cwd, path);
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CliError(`${fn}: ${path} is no folder, expected one with runs in it; layerwise train makes them in runs`);
  }
  const { FolderSource } = await import('../../runs/index.js');
  const { addressOf, PageServer } = await import('../../ui/server/page-server.js');
  const { isLoopback, newToken } = await import('../../http/index.js');
  const { PAGE, PAGE_CSP } = await import('../../ui/assets.generated.js');
  const token = isLoopback(host) ? null : newToken();
  const source = new FolderSource(fn, dir, { title: path, version: version(), learn: learnedBy });
  const server = new PageServer({
    ...{ fn, source, host, token, port: port ?? null, page: PAGE, policy: PAGE_CSP },
    onError: (error) => io.note(`${fn}: ${error instanceof Error ? error.message : String(error)}`),
  });
  try {
    // Whoever reads the address may end it at once.
    const end = ended();
    const url = addressOf(host, await server.listen(), token);
    if (io.isJson) io.json({ dir, url });
    else io.print(`Live page: ${url}\nIt shows the runs in ${path}. Ctrl-C ends it.`);
    await end;
  } finally {
    source.close();
    await server.close();
  }
}

/** What a run's model shows; null where it has no weights yet. */
async function learnedBy(run: RunFolder): Promise<Learned | null> {
  const { hasWeights, openTrained, snapshotOf } = await import('../../runs/index.js');
  const weights = hasWeights(run, 'best') ? 'best' : hasWeights(run, 'last') ? 'last' : null;
  if (weights === null) return null;
  const { model, data } = await openTrained(run, { weights });
  const { info, insight } = snapshotOf(run, { model, data: await data() });
  return { classes: info.classes, layers: info.layers, insight };
}

function portNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
}

/** Waits for Ctrl-C or SIGTERM. */
function ended(): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      process.off('SIGINT', end).off('SIGTERM', end);
      resolve();
    };
    process.on('SIGINT', end).on('SIGTERM', end);
  });
}
