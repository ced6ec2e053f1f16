import { join } from 'node:path';
import { type Holder, LockQueue } from '../../files/index.js';
import { TRIAL_LOCK } from '../folder.js';
import { keepAlive } from '../signs-of-life.js';

/** Milliseconds between two looks at the lock of another. */
const PAUSE = 100;

/** How a lock is waited for. */
export interface Waiting {
  /** Called once, when another process has the lock. */
  readonly onWait?: (holder: Holder) => void;
  /** Milliseconds without a sign of life after which the lock of another machine was left behind. Default 15,000. */
  readonly stale?: number;
}

/**
 * Runs `work` while no other process has the trial in `dir`, on this machine or on another with the same folder: waits
 * until it has ended, or its machine gives no sign of life.
 */
export async function withTrial<R>(
  fn: string,
  dir: string,
  work: () => Promise<R>,
  { onWait, stale }: Waiting = {},
): Promise<R> {
  const file = join(dir, TRIAL_LOCK);
  const queue = new LockQueue(fn, file, stale);
  let hasSaid = false;
  for (;;) {
    const lock = queue.try();
    if (lock !== null) {
      const thread = keepAlive(file, lock.text);
      try {
        return await work();
      } finally {
        await thread.terminate();
        lock.release();
      }
    }
    const { holder } = queue;
    if (!hasSaid && holder !== null) {
      hasSaid = true;
      onWait?.(holder);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
