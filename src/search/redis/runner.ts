import type { Job as Entry } from 'bullmq';
import type { SearchFolder } from '../folder.js';
import type { Job, Metrics, Outcome, Runner } from '../types.js';
import { ATTEMPTS, countSlots, type SearchQueue } from './queue.js';
import { type Progress, type Task, taskId, taskMaker } from './tasks.js';

/** Milliseconds between two looks at what no event has told: workers that came or went, entries that were lost. */
const SWEEP = 1000;

/** A job that was given to the queue. */
interface Pending {
  readonly job: Job;
  readonly hears: (epoch: number, metrics: Metrics) => void;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs jobs by workers that take them from a queue of BullMQ on Redis.
 *
 * What is true stands in the folder of the search: a job is done when the file of its rung is there. The queue only
 * says who runs what, so Redis may lose any of it: what is missing in it and not done is put there again.
 */
export class QueueRunner implements Runner {
  onSlots?: () => void;
  /** At least one, so that a job waits for the first worker. */
  slots = 1;
  readonly #queue: SearchQueue;
  readonly #folder: SearchFolder;
  readonly #taskOf: (job: Job) => Task;
  readonly #pending = new Map<string, Pending>();
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | null = null;

  /**
   * @param folder - Of the search, which its workers see too.
   * @param trial - Its file, with the name behind `#`.
   */
  constructor(fn: string, queue: SearchQueue, folder: SearchFolder, trial: string) {
    this.#queue = queue;
    this.#folder = folder;
    this.#taskOf = taskMaker(fn, folder.dir, trial);
    const { events } = queue;
    events.on('completed', ({ jobId }) => this.#look(jobId));
    events.on('failed', () => void this.#sweep());
    events.on('progress', ({ jobId, data }) => {
      const { epoch, metrics } = data as Progress & object;
      // JSON has null for what is no finite number.
      const numbers = Object.entries(metrics).map(([name, value]) => [name, value ?? Number.NaN]);
      this.#pending.get(jobId)?.hears(epoch, Object.fromEntries(numbers));
    });
    this.#timer = setInterval(() => void this.#sweep(), SWEEP);
    this.#sweep();
  }

  async run(job: Job, hears: Pending['hears']): Promise<Outcome> {
    const id = taskId(this.#folder.dir, job);
    const done = new Promise<Outcome>((resolve, reject) => this.#pending.set(id, { job, hears, resolve, reject }));
    await this.#add(id, job);
    return done;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const given = [...this.#pending.keys()];
    this.#pending.clear();
    const { connection, jobs } = this.#queue;
    if (connection.client.status === 'ready') {
      await this.#sweeping;
      // Those that a worker is at are refused: they go on, and the next start of the search finds what they gave.
      await Promise.allSettled(given.map((id) => jobs.remove(id)));
    }
  }

  /** Looks at all that is pending, and at who works. One look at a time. */
  #sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepOnce()
      .catch(() => {}) // of a server that is away: the next look follows
      .finally(() => {
        this.#sweeping = null;
      });
    return this.#sweeping;
  }

  async #sweepOnce(): Promise<void> {
    const slots = Math.max(1, await countSlots(this.#queue));
    if (slots !== this.slots) {
      this.slots = slots;
      this.onSlots?.();
    }
    for (const [id, { job }] of [...this.#pending]) {
      // In this order: the file of the rung is written before the entry leaves the queue.
      const entry = await this.#queue.jobs.getJob(id);
      if (this.#look(id) || !this.#pending.has(id)) continue;
      if (entry === undefined) await this.#add(id, job);
      else if (await entry.isFailed()) await this.#failed(id, entry);
    }
  }

  /** The trial's processes died as often as they may. */
  async #failed(id: string, entry: Entry<Task>): Promise<void> {
    await entry.remove();
    const pending = this.#take(id);
    if (pending === undefined) return;
    try {
      pending.resolve(this.#folder.complete(failure(pending.job, entry.failedReason)));
    } catch (error) {
      pending.reject(error);
    }
  }

  /** Whether a job is done, as the folder says: then the search is told. */
  #look(id: string): boolean {
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    try {
      const outcome = this.#folder.outcome(pending.job);
      if (outcome === null) return false;
      this.#take(id)?.resolve(outcome);
    } catch (error) {
      this.#take(id)?.reject(error);
    }
    return true;
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  async #add(id: string, job: Job): Promise<void> {
    // An entry of that name that is there already, of an earlier start, stays as it is.
    const { process } = ATTEMPTS;
    await this.#queue.jobs.add('trial', this.#taskOf(job), { jobId: id, attempts: process, removeOnComplete: true });
  }
}

/** The outcome of a job whose processes, or workers, died again and again. */
function failure(job: Job, reason: string): Outcome {
  // BullMQ says it of an entry whose workers stopped renewing their claims.
  const error = reason.includes('stalled') ? `its worker died ${ATTEMPTS.worker} times` : reason;
  return { job, metrics: null, error, stopped: false, seconds: 0 };
}
