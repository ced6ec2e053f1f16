import { openTask, type RunConfig, type TrainOptions } from '../../runs/index.js';
import { EXIT, Reported } from '../errors.js';
import type { Io } from '../io.js';
import { Interruption } from './interruption.js';
import { LeaderEnded, type Ranks } from './ranks.js';
import { testAccuracy } from './test-accuracy.js';

/** What the others make of a run, in words of rank 0. */
export type Following = Pick<TrainOptions, 'checkpoint' | 'syncBatchnorm' | 'verify'>;

/** For how long a rank that a signal has come to waits for rank 0 to end the run, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Trains as one of the ranks that are not rank 0: reads the data, computes its shares, and neither prints nor writes.
 *
 * @throws {Reported} with the exit code of rank 0, if that has failed: it has said why.
 */
export async function follow(io: Io, fn: string, ranks: Ranks): Promise<void> {
  const { comm } = ranks;
  // Launchers give signals to all ranks, and rank 0 decides.
  const interruption = new Interruption(() => {
    setTimeout(() => comm.abort(`ended by ${interruption.received}`), PATIENCE).unref();
  });
  let exitCode: number = EXIT.done;
  try {
    const config = ranks.hear() as RunConfig;
    const task = await ranks.together(fn, () => openTask(config, { fn }));
    const following = ranks.hear() as Following;
    await task.train({ ...following, resume: true, distributed: comm, verbose: false });
    await testAccuracy(task, ranks);
    exitCode = ranks.hearEnd();
  } catch (error) {
    // Errors are those of all ranks; rank 0 tells of them.
    exitCode = error instanceof LeaderEnded ? error.exitCode : ranks.meetAfter(io, error, () => ranks.hearEnd());
  } finally {
    interruption.release();
  }
  if (exitCode !== EXIT.done) throw new Reported(exitCode);
}
