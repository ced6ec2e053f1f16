// Options of the scripts that train on several ranks, save their runs and go on with them.

import { join } from 'node:path';
import type { Command } from 'commander';
import { mpi } from '../src/distributed/index.js';
import type { Communicator } from '../src/training/parallel/index.js';

/** Options of their command lines. */
export interface RankOptions {
  readonly distributed?: true;
  readonly checkpoints?: string;
  readonly resume?: true;
}

/** Adds them to a command. */
export function withRankOptions(command: Command): Command {
  return command
    .option('--distributed', "train on all ranks: npx -c 'mpiexec -n 2 ts-node scripts/… --distributed'")
    .option('--checkpoints <dir>', 'where the run is saved, once a minute (default: nowhere)')
    .option('--resume', 'go on from the last checkpoint in that folder');
}

/** What both loops take of these options. */
interface LoopOptions {
  readonly distributed?: Communicator;
  readonly checkpoint?: { readonly dir: string; readonly every: { readonly seconds: number } };
  readonly resume?: true;
}

/**
 * Joins the ranks, if the options say so, of which rank 0 alone prints. To be called before there are arrays: the ranks
 * of a machine share its threads.
 *
 * @returns Whether this is the one that prints.
 */
export function leads({ distributed }: RankOptions): boolean {
  if (!distributed) return true;
  const comm = mpi();
  if (comm.rank > 0) console.log = () => {};
  return comm.rank === 0;
}

/** @param run - Of several runs of a script, the one that is trained: each has a folder of its own. */
export function loopOptions({ distributed, checkpoints, resume }: RankOptions, run = ''): LoopOptions {
  if (resume && checkpoints === undefined) throw new Error('--resume: expected --checkpoints DIR beside it');
  return {
    ...(distributed && { distributed: mpi() }),
    ...(checkpoints !== undefined && { checkpoint: { dir: join(checkpoints, run), every: { seconds: 60 } } }),
    ...(resume && { resume }),
  };
}
