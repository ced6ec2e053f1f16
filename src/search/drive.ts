import type { SearchFolder } from './folder.js';
import type { Job, Metrics, Outcome, Plan, Runner } from './types.js';

/** Who is told of a search. */
export interface Listeners {
  /** A job is complete: now, or in an earlier start. */
  readonly onOutcome: (outcome: Outcome, isNew: boolean) => void;
  readonly onReport: (job: Job, epoch: number, metrics: Metrics) => void;
  /** Ends the search. */
  readonly signal: AbortSignal | null;
}

/**
 * Runs the jobs of a plan, as many at a time as the runner takes. What an earlier start of the search has completed is
 * told to the plan first.
 *
 * @throws What the runner rejects with, or the reason of the signal: no further job is started then.
 */
export async function drive(folder: SearchFolder, plan: Plan, runner: Runner, listeners: Listeners): Promise<void> {
  for (const outcome of folder.outcomes()) {
    for (const { epoch, metrics } of folder.reports(outcome.job)) plan.hear?.(outcome.job, epoch, metrics);
    plan.tell(outcome);
    listeners.onOutcome(outcome, false);
  }
  const { signal } = listeners;
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const driver = new Driver(folder, plan, runner, listeners, resolve, reject);
    const abort = (): void => driver.fail(signal?.reason);
    signal?.addEventListener('abort', abort);
    runner.onSlots = () => driver.fill();
    driver.onEnd = () => {
      runner.onSlots = undefined;
      signal?.removeEventListener('abort', abort);
    };
    driver.fill();
  });
}

/** Keeps a runner's slots filled. */
class Driver {
  onEnd = (): void => {};
  #running = 0;
  #isOver = false;

  constructor(
    readonly folder: SearchFolder,
    readonly plan: Plan,
    readonly runner: Runner,
    readonly listeners: Listeners,
    readonly resolve: () => void,
    readonly reject: (reason: unknown) => void,
  ) {}

  /** Starts as many jobs as there are slots and the plan has now. */
  fill(): void {
    try {
      while (!this.#isOver && this.#running < this.runner.slots) {
        const job = this.plan.next();
        if (job === 'wait') return;
        if (job === 'done') {
          if (this.#running === 0) this.#end(this.resolve);
          return;
        }
        this.#start(job);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  fail(reason: unknown): void {
    this.runner.halt?.();
    this.#end(() => this.reject(reason));
  }

  #start(job: Job): void {
    this.#running++;
    const hears = (epoch: number, metrics: Metrics): void => {
      try {
        // The trial finds a decision in its folder, be it on another machine.
        if (this.plan.hear?.(job, epoch, metrics) === false) this.folder.stop(job);
        this.listeners.onReport(job, epoch, metrics);
      } catch (error) {
        // Not the trial's.
        this.fail(error);
      }
    };
    const done = this.runner.run(job, hears).then((outcome) => this.#complete(outcome));
    done.catch((error: unknown) => this.fail(error));
  }

  #complete(outcome: Outcome): void {
    this.#running--;
    if (this.#isOver) return;
    this.plan.tell(outcome);
    this.folder.append(outcome);
    this.listeners.onOutcome(outcome, true);
    this.fill();
  }

  #end(act: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.onEnd();
    act();
  }
}
