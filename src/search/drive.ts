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
 * @throws What the runner rejects with, or the reason of the signal; no further job is started then.
 */
export function drive(
  folder: SearchFolder,
  plan: Plan,
  runner: Runner,
  { onOutcome, onReport, signal }: Listeners,
): Promise<void> {
  for (const outcome of folder.outcomes()) {
    for (const { epoch, metrics } of folder.reports(outcome.job)) plan.hear?.(outcome.job, epoch, metrics);
    plan.tell(outcome);
    onOutcome(outcome, false);
  }
  return new Promise((resolve, reject) => {
    let running = 0;
    let isOver = false;
    const end = (act: () => void): void => {
      isOver = true;
      runner.onSlots = undefined;
      signal?.removeEventListener('abort', abort);
      act();
    };
    const fail = (error: unknown): void => {
      if (!isOver) end(() => reject(error));
    };
    const abort = (): void => fail(signal?.reason);
    const start = (job: Job): void => {
      running++;
      const hears = (epoch: number, metrics: Metrics): void => {
        // A plan's decision is in the trial's folder, where the trial finds it, be it on another machine.
        if (plan.hear?.(job, epoch, metrics) === false) folder.stop(job);
        onReport(job, epoch, metrics);
      };
      runner
        .run(job, hears)
        .then((outcome) => {
          running--;
          if (isOver) return;
          plan.tell(outcome);
          folder.append(outcome);
          onOutcome(outcome, true);
          fill();
        })
        .catch(fail);
    };
    const fill = (): void => {
      while (!isOver && running < runner.slots) {
        const job = plan.next();
        if (job === 'done' && running === 0) return end(resolve);
        if (job === 'wait' || job === 'done') return;
        start(job);
      }
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort);
    runner.onSlots = () => {
      try {
        fill();
      } catch (error) {
        fail(error);
      }
    };
    runner.onSlots();
  });
}
