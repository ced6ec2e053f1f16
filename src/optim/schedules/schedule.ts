import {
  argumentError,
  checkedIn,
  checkOptions,
  describe,
  type OptionTable,
  type Stateful,
} from '../../arrays/index.js';
import { noteRate } from '../rate-origin.js';

/** What a schedule writes to: an optimizer's groups. */
export interface ScheduledOptimizer {
  readonly paramGroups: readonly ScheduledGroup[];
}

/** A group's options that schedules change. */
export interface ScheduledGroup {
  lr: number;
  initialLr?: number;
  momentum?: number;
  betas?: [beta1: number, beta2: number];
}

/** A schedule's step and what its rates are computed from. */
export interface ScheduleStateDict {
  /** Steps taken. */
  lastEpoch: number;
  /** The initial learning rate of each group. */
  baseLrs: number[];
  /** The learning rate of each group after the last step. */
  lastLr: number[];
  /** The schedule's own settings. */
  [option: string]: unknown;
}

/** What changes the learning rates of an optimizer's groups, whatever it takes to step: its rates and its state. */
export abstract class RateSchedule<S extends object = object> implements Stateful<ScheduleStateDict> {
  readonly optimizer: ScheduledOptimizer;
  /** What `fit` steps it after: each epoch, or each step of the optimizer. */
  readonly every: 'epoch' | 'step' = 'epoch';
  /** The initial learning rate of each group. */
  readonly baseLrs: number[] = [];
  /** Steps taken: 0 before the first. */
  lastEpoch = 0;
  protected readonly fn: string;
  /**
   * The schedule's own settings.
   *
   * @internal
   */
  protected settings: S;
  /** The ranges of `settings`. */
  readonly #ranges: OptionTable;
  #lastLr: number[] = [];

  /**
   * Changes no rate: the class that extends it does, by `advanceTo(0)`, once all is checked.
   *
   * @param ranges - An entry for each of `settings`, by its name.
   */
  protected constructor(fn: string, optimizer: ScheduledOptimizer, settings: S, ranges: OptionTable) {
    if (!Array.isArray((optimizer as ScheduledOptimizer | null)?.paramGroups)) {
      const found = `is ${describe(optimizer)}`;
      throw argumentError(TypeError, { fn, arg: 'optimizer', found, expected: 'an optimizer' });
    }
    this.#ranges = ranges;
    this.fn = fn;
    this.optimizer = optimizer;
    this.settings = settings;
  }

  /** The learning rate of each group after the last step of the schedule. */
  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  /**
   * Scales the rates that the following ones are computed from, as somebody has scaled those of the groups: the
   * schedule keeps its form. Limits that it has for all groups, such as `etaMin`, stay.
   *
   * @param factor - A number > 0.
   */
  scaleRates(factor: number): void {
    this.baseLrs.forEach((lr, g) => {
      this.baseLrs[g] = lr * factor;
    });
  }

  /** A copy of the schedule's step, rates and settings. */
  stateDict(): ScheduleStateDict {
    const { lastEpoch, baseLrs } = this;
    return structuredClone({ ...this.settings, lastEpoch, baseLrs, lastLr: this.#lastLr });
  }

  /**
   * Takes over a copy of what {@link RateSchedule.stateDict} returned for a schedule of this class, so that the
   * following rates are the same to the last bit. The groups' current rates are part of the optimizer's state: load
   * that too.
   *
   * @throws {TypeError | RangeError} if something does not fit; nothing has changed then.
   */
  loadStateDict(stateDict: ScheduleStateDict): void {
    const fn = `${this.fn}.loadStateDict`;
    const own = Object.keys(this.settings);
    checkOptions(fn, stateDict, [...own, 'lastEpoch', 'baseLrs', 'lastLr']);
    const { lastEpoch, baseLrs, lastLr, ...settings } = stateDict;
    const groups = this.optimizer.paramGroups.length;
    const problems: string[] = [];
    if (!Number.isSafeInteger(lastEpoch) || lastEpoch < 0) {
      problems.push(`lastEpoch is ${describe(lastEpoch)}, expected a whole number ≥ 0`);
    }
    for (const [name, rates] of Object.entries({ baseLrs, lastLr })) {
      if (!Array.isArray(rates) || rates.length !== groups || !Array.from(rates).every(Number.isFinite)) {
        problems.push(`${name} is ${describe(rates)}, expected ${groups} numbers, one for each group`);
      }
    }
    for (const name of own) if (!Object.hasOwn(settings, name)) problems.push(`${name} is missing`);
    if (problems.length > 0) throw new RangeError(`${fn}: ${problems.join('; ')}`);
    this.check(fn, settings as S, lastEpoch);

    this.settings = structuredClone(settings) as S;
    this.lastEpoch = lastEpoch;
    // In place: it is read-only for others.
    baseLrs.forEach((lr, i) => {
      this.baseLrs[i] = lr;
    });
    this.baseLrs.length = baseLrs.length;
    this.#lastLr = [...lastLr];
  }

  /** Whether no step of the optimizer is expected after step `t`, so that any rate will do. */
  protected isOver(_t: number): boolean {
    return false;
  }

  /** @throws {RangeError} if the rate is not a number ≥ 0, and there is a step to take with it. */
  #checked(t: number, group: ScheduledGroup, g: number): number {
    const rate = this.rate(t, group, g);
    if (rate >= 0 && Number.isFinite(rate)) return rate;
    if (this.isOver(t)) {
      noteRate(group, rate, `${this.fn} at step ${t}, beyond its end`);
      return rate;
    }
    throw argumentError(RangeError, {
      fn: this.fn,
      arg: `the learning rate of group ${g}`,
      found: `is ${describe(rate)} at step ${t}, coming from ${group.lr}`,
      expected: 'a number ≥ 0; where several schedules change it, one may lead another out of its range',
    });
  }

  /** Moves to step `t` and sets the groups' rates. */
  protected advanceTo(t: number): void {
    const { paramGroups } = this.optimizer;
    this.noteGroups();
    const rates = paramGroups.map((group, g) => this.#checked(t, group, g));
    paramGroups.forEach((group, g) => {
      group.lr = rates[g];
    });
    this.#lastLr = rates;
    this.lastEpoch = t;
  }

  /** Notes the initial rates of the optimizer's groups: at first of all, later of those that were added since. */
  protected noteGroups(): void {
    const { paramGroups } = this.optimizer;
    for (let g = this.baseLrs.length; g < paramGroups.length; g++) this.baseLrs.push(initialLr(paramGroups[g]));
  }

  /** The learning rate of group number `g` in step `t`, from what it has been before. Changes nothing. */
  protected abstract rate(t: number, group: ScheduledGroup, g: number): number;

  /** @throws {TypeError | RangeError} naming a setting that is out of range, or does not go with step `t`. */
  protected check(fn: string, settings: S, _t: number): void {
    for (const [name, value] of Object.entries(settings)) checkedIn(fn, name, value, this.#ranges[name].range);
  }
}

/**
 * Changes the learning rates of an optimizer's groups, step by step: the base of the schedules, which are PyTorch's of
 * the same names. A step is whatever it is called after: an epoch, or for OneCycleLR a batch. Call it after the
 * optimizer's.
 */
export abstract class LRScheduler<S extends object = object> extends RateSchedule<S> {
  /**
   * Sets the rates of the next step.
   *
   * @throws {RangeError} if one would not be a number ≥ 0: a schedule whose rates another one changes too may leave its
   *   own range. Nothing has changed then.
   */
  step(): void {
    this.advanceTo(this.lastEpoch + 1);
  }

  /**
   * Begins anew: sets the rates of step 0, from the initial ones.
   *
   * @throws {RangeError} if one would not be a number ≥ 0. Nothing has changed then.
   */
  restart(): void {
    const { paramGroups } = this.optimizer;
    this.noteGroups();
    const before = paramGroups.map(({ lr }) => lr);
    const setRates = (rates: readonly number[]): void => {
      paramGroups.forEach((group, g) => {
        group.lr = rates[g];
      });
    };
    setRates(this.baseLrs);
    try {
      this.advanceTo(0);
    } catch (error) {
      setRates(before);
      throw error;
    }
  }
}

/** A group's learning rate when its first schedule was made. */
function initialLr(group: ScheduledGroup): number {
  group.initialLr ??= group.lr;
  return group.initialLr;
}
