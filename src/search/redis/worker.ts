import { loadQueues } from '../peers.js';
import { allThreads, shareOf } from '../threads.js';
import { connectRedis } from './connect.js';
import { checkRedis, shownAddress } from './options.js';
import { Work } from './work.js';
import { checkWorker, type SearchWorkerOptions } from './worker-options.js';

export type { SearchWorkerOptions };

/**
 * Works for the searches on a Redis: takes their trials from the queue, and runs each in a process of its own, in the
 * folder of its search, which has to be here too (the same machine, or a shared folder).
 *
 * Paths that the search gave relative to the folder it was started in count from this process's folder. A process for
 * each trial, since a trial may be synchronous for hours: this one goes on to renew its claims (BullMQ's locks); and
 * what ends a process, such as too little memory, ends one trial and not the worker.
 *
 * @returns How many calls of trials have ended here, when `signal` or `idle` has ended the worker.
 * @throws {TypeError | RangeError} if an option is wrong.
 * @throws {Error} if there is no Redis at the address, it refuses, bullmq or ioredis are missing, or a search's folder,
 *   file of trials or version of the library is another here: the trial goes back to the queue.
 */
export async function searchWorker(options: SearchWorkerOptions): Promise<number> {
  const fn = 'searchWorker';
  const given = checkWorker(fn, options);
  const { url, queue } = checkRedis(fn, given.redis);
  const { bullmq } = await loadQueues(fn);
  const connection = await connectRedis(fn, url);
  const threads = given.threads ?? shareOf(allThreads(), given.workers);
  return new Work(fn, connection, { ...given, threads }).run(bullmq, queue, shownAddress(url));
}
