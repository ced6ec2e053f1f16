import type { Metrics, Outcome } from './types.js';

/** What a search makes better. */
export interface Goal {
  /** The name of a metric. */
  readonly metric: string;
  /** Whether more of it is better, or less. */
  readonly mode: 'max' | 'min';
}

/** How bad metrics are: the less, the better; infinity where the metric is missing or not a number. */
export function badness({ metric, mode }: Goal, metrics: Metrics | null): number {
  const value = metrics?.[metric];
  if (value === undefined || Number.isNaN(value)) return Number.POSITIVE_INFINITY;
  return mode === 'min' ? value : -value;
}

/**
 * The best of some outcomes: of each trial the last counts, since it has trained the furthest. Where several are as
 * good, the first trial.
 *
 * @returns Null where none has the metric.
 */
export function bestOf(goal: Goal, outcomes: Iterable<Outcome>): Outcome | null {
  const last = new Map<number, Outcome>();
  for (const outcome of outcomes) {
    const before = last.get(outcome.job.trial);
    if (before === undefined || before.job.rung <= outcome.job.rung) last.set(outcome.job.trial, outcome);
  }
  const [best] = ranked(goal, [...last.values()]);
  return best === undefined || badness(goal, best.metrics) === Number.POSITIVE_INFINITY ? null : best;
}

/** Outcomes, the best first; where several are as good, by the number of the trial. */
export function ranked(goal: Goal, outcomes: readonly Outcome[]): Outcome[] {
  const worth = (outcome: Outcome): number => badness(goal, outcome.error === null ? outcome.metrics : null);
  return [...outcomes].sort((a, b) => {
    const [x, y] = [worth(a), worth(b)];
    return x === y ? a.job.trial - b.job.trial : x < y ? -1 : 1;
  });
}
