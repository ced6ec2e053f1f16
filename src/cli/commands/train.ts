import { Command } from 'commander';
import { EXIT, exitCodeOf, UsageError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import type { TrainFlags } from '../train/plan.js';
import type { Ranks } from '../train/ranks.js';
import { collected, portNumber, positive, wholeNumber } from '../values.js';

/** What the options of `train` give. */
interface Flags extends TrainFlags {
  readonly settings?: true;
  readonly checkpointEvery: number;
  readonly tensorboard?: true;
  readonly plot?: true;
  readonly quiet?: true;
  readonly ui?: true;
  readonly port?: number;
  readonly host?: string;
  readonly distributed?: true;
  readonly syncBatchnorm?: true;
  readonly verify?: number;
}

/** `layerwise train`: trains a model and keeps all of it in the folder of the run. */
export function trainCommand(io: Io): Command {
  const command = new Command('train')
    .description('train a model; the run is a folder that is written as it happens')
    .argument(
      '[model]',
      'twolayer, fc, convnet3, a network of the library such as resnet20, or a file that exports one',
    )
    .option('--data <path|name>', 'what to train on; default: CIFAR-10 where it is found, else synthetic pictures')
    .option('--config <file>', 'train as a config.json says: that of a run repeats it to the bit')
    .option('--set <key=value>', 'a setting, as often as needed; --settings lists them', collected)
    .option('--settings', 'list the settings that --set takes, and train nothing: of MODEL, or of all')
    .option('--epochs <n>', 'short for --set epochs=n')
    .option('--lr <x>', 'the learning rate: short for --set lr=x')
    .option('--batch-size <n>', 'short for --set batchSize=n')
    .option('--seed <s>', 'short for --set seed=s')
    .option('--run <dir>', 'the folder of the run; default: runs/<model>-<data>-<n>')
    .option('--resume <run>', 'go on with a run that was interrupted, to the same bits')
    .option('--checkpoint-every <seconds>', 'seconds between two checkpoints', positive, 60)
    .option('--tensorboard', 'write events for TensorBoard into the folder of the run')
    .option('--plot', 'draw loss and accuracies at the end')
    .option('--ui', 'show the run on a live page, which takes commands: pause, another learning rate, stop')
    .option('--port <n>', 'the port of the page; default: 8123, or the next one that is free', portNumber)
    .option('--host <name>', 'the address that the page is served at, for other machines; default: 127.0.0.1')
    .option('--distributed', "train on all ranks of mpiexec or srun: npx -c 'mpiexec -n 2 layerwise train …'")
    .option('--sync-batchnorm', 'batch normalization over whole batches, where each rank has a share of them')
    .option('--verify <steps>', 'steps between two checks that all ranks hold the same bits', wholeNumber(1))
    .option('--quiet', 'print the folder of the run at the end, and nothing else')
    .action((model: string | undefined, flags: Flags) => train(io, model, flags));
  return examples(command, [
    'layerwise train twolayer --data synthetic --plot',
    'layerwise train twolayer --data synthetic --settings',
    'layerwise train --resume runs/twolayer-synthetic-1 --epochs 12',
    'layerwise train --config runs/twolayer-synthetic-1/config.json --lr 5e-4 --epochs 2 --quiet',
  ]);
}

async function train(io: Io, model: string | undefined, flags: Flags): Promise<void> {
  const fn = 'train';
  checkFlags(fn, flags);
  if (flags.distributed !== true) return lead(io, fn, model, flags, null);
  const { joinRanks } = await import('../train/ranks.js');
  const ranks = await joinRanks(io, fn);
  if (ranks.comm.rank > 0) {
    const { follow } = await import('../train/follower.js');
    return follow(io, fn, ranks);
  }
  try {
    await lead(io, fn, model, flags, ranks);
  } catch (error) {
    ranks.meetAfter(io, error, () => ranks.end(exitCodeOf(error)));
    throw error;
  }
  ranks.end(EXIT.done);
}

/** @throws {UsageError} naming an option that needs another one beside it. */
function checkFlags(fn: string, { ui, port, host, distributed, syncBatchnorm, verify }: Flags): void {
  if (ui !== true && (port ?? host) !== undefined) {
    throw new UsageError(
      `${fn}: --${port === undefined ? 'host' : 'port'} is of the live page, expected --ui beside it`,
    );
  }
  if (distributed !== true && (syncBatchnorm ?? verify) !== undefined) {
    const name = syncBatchnorm === undefined ? 'verify' : 'sync-batchnorm';
    throw new UsageError(`${fn}: --${name} is for several ranks, expected --distributed beside it`);
  }
}

/** Trains, alone or as rank 0 of several. */
async function lead(io: Io, fn: string, model: string | undefined, flags: Flags, ranks: Ranks | null): Promise<void> {
  if (flags.settings === true) {
    const { listSettings } = await import('../train/settings.js');
    return listSettings(io, fn, model, flags);
  }
  const { dirInCommand, hasFixedLength, longerRun, planOf, shownDir } = await import('../train/plan.js');
  const plan = await planOf(io, fn, model, flags);
  const { folder, config } = plan;
  if (folder?.state === 'finished' && config === folder.config) {
    const dir = shownDir(io, folder.dir);
    const { epochs } = config.training;
    if (io.isJson) io.json({ kind: 'end', dir: folder.dir, ...folder.metrics().end });
    else if (flags.quiet) io.print(dir);
    else {
      const [count, at] = [epochs === 1 ? 'its epoch' : `its ${epochs} epochs`, dirInCommand(io, folder.dir)];
      const wayOut = hasFixedLength(config)
        ? `for a longer run: ${longerRun(io, dir, 2 * epochs)}`
        : `to go on: ${io.program} train --resume ${at} --epochs ${2 * epochs}`;
      io.print(`${dir} has finished ${count}; ${wayOut}`);
    }
    return;
  }
  const { port, host, syncBatchnorm, verify } = flags;
  const { trainRun } = await import('../train/session.js');
  await trainRun(io, fn, plan, {
    run: flags.run,
    isQuiet: flags.quiet === true,
    hasPlot: flags.plot === true,
    hasTensorBoard: flags.tensorboard === true,
    checkpointEvery: flags.checkpointEvery,
    ranks,
    following: { ...(syncBatchnorm && { syncBatchnorm }), ...(verify !== undefined && { verify }) },
    page: flags.ui === true ? { ...(port !== undefined && { port }), ...(host !== undefined && { host }) } : null,
  });
}
