import { Command, Option } from 'commander';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';
import type { SearchFlags } from '../search/options.js';
import { suggest } from '../suggestions.js';
import { wholeNumber } from '../values.js';

/** The strategies of `search()`; a test compares. */
export const STRATEGY_NAMES = ['grid', 'random', 'halving', 'asha', 'tpe'] as const;

const workers = wholeNumber(0, 1024);
const indexOf = wholeNumber(0);

/** What the options of `search` give. */
interface Flags extends SearchFlags {
  readonly workers?: number;
  readonly redis?: string;
  readonly queue?: string;
  readonly trialIndex?: number | true;
  readonly rung?: number;
  readonly threads?: number;
  readonly report?: true;
  readonly open?: true;
}

/** `layerwise search run`, or without `run`: tries configs of a space. */
export function searchRunCommand(io: Io): Command {
  const command = new Command('run')
    .summary('try configs of a space; `run` may be left out')
    .description(
      'try configs of a space by a function in a file, and say which is best; the same line again does what is missing',
    )
    .argument('[dir]', "the folder of the search; default: searches/ and the name of the trial's file")
    .option('--trial <file>', 'the file that exports the trial; FILE#NAME if it exports several')
    .option('--space <file|json>', 'the space, as JSON or a file of it; default: that of the trial')
    .addOption(new Option('--strategy <name>', 'how configs are chosen; default: random').choices(STRATEGY_NAMES))
    .option('--trials <n>', 'how many configs are tried', wholeNumber())
    .option('--epochs <n>', 'up to which epoch a trial trains; of halving and asha the best ones', wholeNumber())
    .option('--min-epochs <n>', 'of halving and asha: up to which epoch all train; default: 1', wholeNumber())
    .option('--eta <n>', 'of halving and asha: one of so many goes on; default: 3', wholeNumber(2))
    .option('--points <n>', 'of a grid: values of each range; default: 3', wholeNumber())
    .option('--startup <n>', 'of tpe: configs at random before the first choice; default: 10', wholeNumber())
    .option('--median-stop <epoch>', 'stop a trial from this epoch on if it is worse than the median', wholeNumber())
    .option('--metric <name>', 'what the trial returns that is made better; default: valAcc')
    .addOption(new Option('--mode <mode>', 'whether more of it is better; default: max').choices(['max', 'min']))
    .option('--seed <n>', 'of the draws and of each trial; default: 0', wholeNumber(0))
    .option('--workers <n>', 'processes of this machine that run trials; 0: none but this; default: 1', workers)
    .option('--redis <url>', 'run trials by workers that take them from this Redis: redis://host:6379')
    .option('--queue <name>', 'with --redis: the queue that they share; default: layerwise')
    .option('--trial-index [n]', 'run one trial: of this index, or that which Slurm or Kubernetes gives', indexOf)
    .option('--rung <n>', 'of halving, with --trial-index: the rung; default: 0', wholeNumber(0))
    .option('--threads <n>', 'threads of the kernels over all processes; default: all', wholeNumber())
    .option('--report', 'write report.html into the folder at the end')
    .option('--open', 'the same, and open it in the browser')
    .action((dir: string | undefined, flags: Flags) => runCommand(io, dir, flags));
  suggest(command, '--space', { words: [], files: true });
  return command;
}

async function runCommand(io: Io, dir: string | undefined, flags: Flags): Promise<void> {
  const { wantedOf } = await import('../search/options.js');
  checkTogether(flags);
  const wanted = await wantedOf(io, dir, flags);
  const { redis: url, queue, threads, trialIndex, rung, report = false, open = false } = flags;
  const own = threads !== undefined && { threads };
  if (trialIndex !== undefined) {
    const { runTrial } = await import('../search/run-trial.js');
    const index = trialIndex === true ? {} : { index: trialIndex };
    return runTrial(io, { ...wanted, ...index, ...own, ...(rung !== undefined && { rung }) });
  }
  const { runSearch } = await import('../search/run.js');
  const redis = url === undefined ? null : { url, ...(queue !== undefined && { queue }) };
  await runSearch(io, wanted, { workers: redis === null ? (flags.workers ?? 1) : 0, redis, ...own, report, open });
}

/** @throws {UsageError} naming options that exclude each other. */
function checkTogether({ trialIndex, rung, redis, queue, ...others }: Flags): void {
  if (redis === undefined && queue !== undefined) {
    throw new UsageError('search: --queue is of a Redis, expected --redis beside it');
  }
  if (redis !== undefined && others.workers !== undefined) {
    const wayOut = 'start layerwise search worker as often as you like';
    throw new UsageError(`search: --workers are of this machine, expected none beside --redis; ${wayOut}`);
  }
  if (trialIndex === undefined && rung !== undefined) {
    throw new UsageError('search: --rung is of one trial, expected --trial-index beside it');
  }
  const all = { ...others, redis };
  const [foreign] = (['workers', 'redis', 'report', 'open'] as const).filter((name) => all[name] !== undefined);
  if (trialIndex !== undefined && foreign !== undefined) {
    throw new UsageError(`search: --trial-index runs one trial in this process, expected no --${foreign} beside it`);
  }
}
