import {
  argumentError,
  checkedIn,
  checkOptions,
  count,
  describe,
  isError,
  type OptionsOf,
  type Range,
  required,
  type Stateful,
  settingsOf,
} from '../../arrays/index.js';
import { LRScheduler, type ScheduledOptimizer, type ScheduleStateDict } from './schedule.js';

const SCHEDULES: Range = {
  allows: (value) => Array.isArray(value) && value.length > 0 && Array.from(value).every(isSchedule),
  expected: 'a list of schedules that step without a metric',
  Kind: TypeError,
};

const MILESTONES: Range = {
  allows: (value) => Array.isArray(value) && Array.from(value).every((t, i) => isAfter(t, i === 0 ? 0 : value[i - 1])),
  expected: 'a list of whole numbers ≥ 1 in ascending order',
  Kind: RangeError,
};

const SEQUENTIAL_LR = {
  /** Schedules of the same optimizer, in their order. */
  schedulers: required<readonly LRScheduler[]>(SCHEDULES),
  /** The steps at which the second and the following schedules begin. */
  milestones: required<readonly number[]>(MILESTONES),
};

/** Options of {@link SequentialLR}. */
export interface SequentialLROptions extends OptionsOf<typeof SEQUENTIAL_LR> {}

/** A sequence's step and the states of its schedules. */
export interface SequentialLRStateDict {
  /** Steps taken. */
  lastEpoch: number;
  milestones: number[];
  schedulers: ScheduleStateDict[];
}

/**
 * One schedule after the other: at each milestone the next one begins, from the initial rates, with its own step 0.
 *
 * @example
 * const { LinearLR, CosineAnnealingLR, SequentialLR } = optim.lrScheduler;
 * const warmUp = new LinearLR(optimizer, { startFactor: 0.1, totalIters: 5 });
 * const decay = new CosineAnnealingLR(optimizer, { TMax: 45 });
 * const schedule = new SequentialLR(optimizer, { schedulers: [warmUp, decay], milestones: [5] });
 */
export class SequentialLR implements Stateful<SequentialLRStateDict> {
  readonly optimizer: ScheduledOptimizer;
  /** What `fit` steps it after: what its schedules are stepped after. */
  readonly every: 'epoch' | 'step';
  /** Steps taken: 0 before the first. */
  lastEpoch = 0;
  readonly #schedulers: readonly LRScheduler[];
  #milestones: readonly number[];

  /**
   * A sequence of schedules, which begins with the first at once: the rates are set back to the initial ones.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range; if a schedule is another
   *   optimizer's, or steps after epochs where the first steps after batches. Nothing has changed then.
   */
  constructor(optimizer: ScheduledOptimizer, options: SequentialLROptions) {
    const fn = 'SequentialLR';
    const { schedulers, milestones } = settingsOf(fn, SEQUENTIAL_LR, options);
    schedulers.forEach((schedule, i) => {
      const arg = `schedulers[${i}]`;
      if (schedule.optimizer !== optimizer) {
        throw argumentError(RangeError, { fn, arg, found: 'is of another optimizer', expected: 'one of this' });
      }
      if (schedule.every !== schedulers[0].every) {
        const expected = `each ${schedulers[0].every}, as schedulers[0]`;
        throw argumentError(RangeError, { fn, arg, found: `steps after each ${schedule.every}`, expected });
      }
    });
    if (milestones.length !== schedulers.length - 1) {
      const [found, expected] = [
        `has ${milestones.length} steps`,
        `${schedulers.length - 1}, one less than schedulers`,
      ];
      throw argumentError(RangeError, { fn, arg: 'milestones', found, expected });
    }
    this.optimizer = optimizer;
    this.every = schedulers[0].every;
    this.#schedulers = [...schedulers];
    this.#milestones = [...milestones];
    this.#schedulers[0].restart();
  }

  /**
   * Sets the rates of the next step.
   *
   * @throws {RangeError} if one would not be a number ≥ 0. Nothing has changed then.
   */
  step(): void {
    const t = this.lastEpoch + 1;
    const schedule = this.#current(t);
    if (this.#milestones.includes(t)) schedule.restart();
    else schedule.step();
    this.lastEpoch = t;
  }

  /** Scales the rates of all its schedules: see `LRScheduler.scaleRates`. @param factor - A number > 0. */
  scaleRates(factor: number): void {
    for (const schedule of this.#schedulers) schedule.scaleRates(factor);
  }

  /** The learning rate of each group after the last step. */
  getLastLr(): number[] {
    return this.#current(this.lastEpoch).getLastLr();
  }

  /** A copy of the step and of the states of the schedules. */
  stateDict(): SequentialLRStateDict {
    return {
      lastEpoch: this.lastEpoch,
      milestones: [...this.#milestones],
      schedulers: this.#schedulers.map((schedule) => schedule.stateDict()),
    };
  }

  /**
   * Takes over a copy of what {@link SequentialLR.stateDict} returned for a sequence of such schedules. The groups'
   * current rates are part of the optimizer's state: load that too.
   *
   * @throws {TypeError | RangeError} if something does not fit; nothing has changed then.
   */
  loadStateDict(stateDict: SequentialLRStateDict): void {
    const fn = 'SequentialLR.loadStateDict';
    checkOptions(fn, stateDict, ['lastEpoch', 'milestones', 'schedulers']);
    const { lastEpoch, milestones, schedulers } = stateDict;
    checkedIn(fn, 'lastEpoch', lastEpoch, count(0));
    checkedIn(fn, 'milestones', milestones, MILESTONES);
    const own = this.#schedulers;
    for (const [arg, list, length] of [
      ['milestones', milestones, own.length - 1],
      ['schedulers', schedulers, own.length],
    ] as const) {
      if (Array.isArray(list) && list.length === length) continue;
      throw argumentError(RangeError, { fn, arg, found: `is ${describe(list)}`, expected: `a list of ${length}` });
    }
    const before = own.map((schedule) => schedule.stateDict());
    own.forEach((schedule, i) => {
      try {
        schedule.loadStateDict(schedulers[i]);
      } catch (error) {
        for (let j = 0; j < i; j++) own[j].loadStateDict(before[j]);
        const found = `: ${isError(error) ? error.message : describe(error)}`;
        throw argumentError(RangeError, { fn, arg: `schedulers[${i}]`, found }, { cause: error });
      }
    });
    this.lastEpoch = lastEpoch;
    this.#milestones = [...milestones];
  }

  /** The schedule of step `t`. */
  #current(t: number): LRScheduler {
    return this.#schedulers[this.#milestones.filter((milestone) => milestone <= t).length];
  }
}

function isSchedule(value: unknown): boolean {
  return value instanceof LRScheduler;
}

function isAfter(t: unknown, before: unknown): boolean {
  return Number.isSafeInteger(t) && (t as number) > (before as number);
}
