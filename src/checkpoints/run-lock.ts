import { type Holder, type Lock, LockQueue } from '../files/index.js';
import { requireBuiltin } from '../node.js';

/** The name of the lock in the folder of a run. */
export const LOCK = '.checkpoints.lock';

/** Milliseconds between two looks at the lock of another machine. */
const PAUSE = 50;

/**
 * The lock of a run, so that two do not write to one folder.
 *
 * One that was left behind by a process of this machine is taken over at once. One of another machine is watched: for
 * up to two seconds until its holder gives a sign of life, or for 15 seconds without one, when it is taken over.
 *
 * @param name - The name of the lock in the folder. Default: that of a run's checkpoints.
 * @throws {Error} naming the process that has it.
 */
export function lockRun(fn: string, dir: string, name = LOCK): Lock {
  const queue = new LockQueue(fn, requireBuiltin(fn, 'node:path').join(dir, name));
  try {
    for (;;) {
      const lock = queue.try();
      if (lock !== null) return lock;
      const { holder } = queue;
      if (holder?.isHere || holder?.isSeenAlive) throw inUse(fn, dir, holder);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  } finally {
    queue.leave();
  }
}

/** The error for a folder that another run has. */
export function inUse(fn: string, dir: string, { pid, host, isHere }: Pick<Holder, 'pid' | 'host' | 'isHere'>): Error {
  const isOwn = isHere && pid === process.pid;
  const other = isOwn ? 'another run of this process' : `another process${isHere ? '' : ` on ${host}`}`;
  const wayOut = isOwn ? 'end that run (close it)' : 'wait until it has ended';
  return new Error(
    `${fn}: ${dir} is being written by ${other} (process id ${pid}); ${wayOut}, or choose another folder`,
  );
}
