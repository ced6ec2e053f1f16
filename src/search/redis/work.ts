import type { Job as Entry } from 'bullmq';
import { LockLost } from '../../files/index.js';
import type { BullMQ } from '../peers.js';
import type { Connection } from './connect.js';
import { ATTEMPTS, closed, workerName } from './queue.js';
import { folderOf, MisplacedError, type Progress, type Task } from './tasks.js';
import { Trials } from './trials.js';
import type { WorkerSettings } from './worker-options.js';

/** Why a trial is ended before it is done: the worker ends, or another one has the trial now. */
type Reason = 'ends' | 'lost';

/** The work of a worker, from its first look at the queue to its end. */
export class Work {
  readonly #fn: string;
  readonly #connection: Connection;
  readonly #settings: WorkerSettings;
  readonly #trials: Trials;
  /** Aborted when the worker ends, with the error if there is one. */
  readonly #ends = new AbortController();
  #done = 0;
  #running = 0;
  /** When the last trial ended. */
  #since = performance.now();

  constructor(fn: string, connection: Connection, settings: WorkerSettings) {
    this.#fn = fn;
    this.#connection = connection;
    this.#settings = settings;
    this.#trials = new Trials(fn, settings.threads);
  }

  /** @returns How many calls of trials have ended here. */
  async run(bullmq: BullMQ, queue: string, address: string): Promise<number> {
    const { workers, lease, signal } = this.#settings;
    // Three parameters: of a function with fewer, BullMQ cancels nothing.
    const work = async (entry: Entry<Task>, token?: string, cancelled?: AbortSignal): Promise<void> => {
      if (!(await this.#process(entry, token as string, cancelled as AbortSignal))) throw new bullmq.WaitingError();
    };
    const worker = new bullmq.Worker<Task>(queue, work, {
      connection: this.#connection.client,
      name: workerName(workers),
      concurrency: workers,
      lockDuration: 1000 * lease,
      stalledInterval: 500 * lease,
      maxStalledCount: ATTEMPTS.worker - 1,
      // Milliseconds until it asks again where Redis was away.
      runRetryDelay: 1000,
    });
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) worker.cancelJob(id, 'lost' satisfies Reason);
    });
    worker.on('error', () => {}); // the client connects again, and what failed is tried again
    this.#tellOfRedis(address);
    const end = (): void => this.#ends.abort(null);
    signal?.addEventListener('abort', end);
    const timer = setInterval(() => this.#endIfIdle(), 100);
    this.#say(`waits for trials of ${address}`);
    if (!signal?.aborted) await new Promise((ended) => this.#ends.signal.addEventListener('abort', ended));
    clearInterval(timer);
    signal?.removeEventListener('abort', end);
    worker.cancelAllJobs('ends' satisfies Reason);
    // Where Redis is away it does not get the trials back: they are free when the claims have run out.
    await closed(this.#connection, () => worker.close());
    this.#trials.close();
    const { reason } = this.#ends.signal;
    if (reason instanceof Error) throw reason;
    return this.#done;
  }

  /** @returns Whether the job is done, so that it leaves the queue; else it is another worker's, now or soon. */
  async #process(entry: Entry<Task>, token: string, cancelled: AbortSignal): Promise<boolean> {
    this.#running++;
    const { job } = entry.data;
    const name = `trial ${job.trial}${job.rung === 0 ? '' : `, rung ${job.rung}`}`;
    try {
      const folder = folderOf(this.#fn, entry.data);
      this.#say(`${name} begins`);
      await this.#trials.run(folder, job, cancelled, (epoch, metrics) => {
        const progress: Progress = { epoch, metrics };
        entry.updateProgress(progress).catch(() => {}); // of a Redis that is away: the folder has it too
      });
      this.#done++;
      this.#say(`${name} has ended`);
      return true;
    } catch (error) {
      // Without its claim, which is not renewed any more, the queue gives the job to another worker.
      if (error instanceof LockLost || cancelled.reason === ('lost' satisfies Reason)) return false;
      if (error instanceof MisplacedError) this.#ends.abort(error);
      else if (!cancelled.aborted) throw error; // the queue tries once more
      this.#say(`${name} goes back to the queue`);
      await entry.moveToWait(token);
      return false;
    } finally {
      this.#running--;
      this.#since = performance.now();
    }
  }

  #endIfIdle(): void {
    const { idle } = this.#settings;
    if (idle === null || this.#running > 0) return;
    if (performance.now() - this.#since > 1000 * idle) this.#ends.abort(null);
  }

  #tellOfRedis(address: string): void {
    const { client } = this.#connection;
    let isAway = false;
    client.on('close', () => {
      if (!isAway && !this.#ends.signal.aborted) this.#say(`${address} is away: trials go on, and it is asked again`);
      isAway = true;
    });
    client.on('ready', () => {
      if (isAway) this.#say(`${address} is back`);
      isAway = false;
    });
  }

  #say(line: string): void {
    this.#settings.log?.(line);
  }
}
