import { badness, type Goal } from '../objective.js';
import type { Job, Metrics, Outcome, Plan } from '../types.js';

/** What a trial has reported: how bad it was after each epoch. */
type Curve = Map<number, number>;

/**
 * A plan whose trials stop early where they are worse than most: the best of a trial so far against the median of the
 * averages of the others up to the same epoch (Golovin et al. 2017, section 3.2.2). The others are those that have come
 * as far.
 */
export class MedianStop implements Plan {
  readonly #plan: Plan;
  readonly #goal: Goal;
  readonly #grace: number;
  readonly #curves = new Map<string, Curve>();

  /** @param grace - The first epoch after which a trial is stopped. */
  constructor(plan: Plan, goal: Goal, grace: number) {
    [this.#plan, this.#goal, this.#grace] = [plan, goal, grace];
  }

  next(): Job | 'wait' | 'done' {
    return this.#plan.next();
  }

  tell(outcome: Outcome): void {
    this.#plan.tell(outcome);
  }

  hear({ id }: Job, epoch: number, metrics: Metrics): boolean {
    const curve = this.#curves.get(id) ?? new Map<number, number>();
    this.#curves.set(id, curve.set(epoch, badness(this.#goal, metrics)));
    if (epoch < this.#grace) return true;
    const averages: number[] = [];
    for (const [other, values] of this.#curves) {
      if (other !== id && [...values.keys()].some((reached) => reached >= epoch)) averages.push(average(values, epoch));
    }
    return averages.length === 0 || Math.min(...upTo(curve, epoch)) <= median(averages);
  }
}

function upTo(curve: Curve, epoch: number): number[] {
  return [...curve].flatMap(([reached, value]) => (reached <= epoch ? [value] : []));
}

function average(curve: Curve, epoch: number): number {
  const values = upTo(curve, epoch);
  return values.length === 0 ? Number.POSITIVE_INFINITY : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of an even number the lower one of the middle: half of the others are better then. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}
