import { ANY, count, FLAG, option, type Settings } from '../arrays/index.js';
import { type Communicator, checkCommunicator } from './parallel/index.js';

/** The entries of both loops' tables of options. */
export const DISTRIBUTED_OPTIONS = {
  /**
   * The processes that train together, as `mpi()` of `layerwise/distributed`: all of them call this function with the
   * same arguments. Each computes its part of every batch, and the step that all take is that of the whole batch. Rank
   * 0 prints, logs, saves and shows; its weights and its state, also that of a checkpoint, are what all begin with.
   * Default: this process alone.
   */
  distributed: option<Communicator | undefined>(undefined, ANY),
  /**
   * Whether batch normalization takes mean and variance over the parts of all ranks, so that the result is that of one
   * process, by two small reductions a layer. Else over the part of each, and running statistics are averaged. Default
   * false.
   */
  syncBatchnorm: option(false, FLAG),
  /**
   * Steps between two checks that all ranks have the same parameters and buffers, to the bit; an error names the first
   * that differs. Default: none.
   */
  verify: option<number | undefined>(undefined, count(1)),
};

/** What they say. */
export interface CheckedDistributed {
  /** Null where this process is alone. */
  readonly distributed: Communicator | null;
  readonly syncBatchnorm: boolean;
  readonly verify: number | null;
}

/** @throws {TypeError} if `distributed` is no communicator. */
export function checkDistributed(
  fn: string,
  { distributed, syncBatchnorm, verify }: Settings<typeof DISTRIBUTED_OPTIONS>,
): CheckedDistributed {
  return { distributed: communicatorOf(fn, distributed), syncBatchnorm, verify: verify ?? null };
}

/** The option `distributed`, for what is to be done on all ranks before options are checked: null for one process. */
export function communicatorOf(fn: string, distributed: unknown): Communicator | null {
  if (distributed === undefined || distributed === null) return null;
  checkCommunicator(fn, 'distributed', distributed);
  return distributed.size === 1 ? null : distributed;
}
