import { Command } from 'commander';
import { CliError } from '../errors.js';
import type { Io } from '../io.js';
import { renamed } from '../runs.js';
import { Interruption } from '../train/interruption.js';
import { positive, wholeNumber } from '../values.js';

interface Options {
  readonly redis: string;
  readonly queue?: string;
  readonly workers: number;
  readonly threads?: number;
  readonly idle?: number;
}

/** `layerwise search worker`: runs trials of searches on a Redis. */
export function searchWorkerCommand(io: Io): Command {
  return new Command('worker')
    .summary('run trials of searches on a Redis')
    .description('Runs trials of searches on a Redis, in folders that this machine shares with them, until Ctrl-C.')
    .requiredOption('--redis <url>', 'the Redis of the searches: redis://host:6379')
    .option('--queue <name>', 'the queue of the searches; default: layerwise')
    .option('--workers <n>', 'trials at a time, each in a process', wholeNumber(1, 1024), 1)
    .option('--threads <n>', 'threads of the kernels of each trial; default: its share of all', wholeNumber())
    .option('--idle <seconds>', 'end after so long without a trial; default: never', positive)
    .action((options: Options) => work(io, options));
}

async function work(io: Io, { redis: url, queue, workers, threads, idle }: Options): Promise<void> {
  const { searchWorker } = await import('../../search/index.js');
  const interruption = new Interruption(() => io.note('ending …'));
  try {
    const done = await searchWorker({
      redis: { url, ...(queue !== undefined && { queue }) },
      workers,
      ...(threads !== undefined && { threads }),
      ...(idle !== undefined && { idle }),
      signal: interruption.signal,
      log: (line) => io.print(line),
    }).catch((error: unknown) => {
      throw new CliError(renamed(error, 'search worker'), undefined, { cause: error });
    });
    if (io.isJson) io.json({ done });
  } finally {
    interruption.release();
  }
  if (interruption.received !== null) throw interruption.error('search worker: ended; its trials go on elsewhere');
}
