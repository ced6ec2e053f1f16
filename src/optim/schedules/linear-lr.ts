import { count, FRACTION, type OptionsOf, option, type Settings, settingsOf } from '../../arrays/index.js';
import { FACTOR } from './factor.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

const LINEAR_LR = {
  /** What the rate is multiplied by at first. Default 1/3. */
  startFactor: option(1 / 3, FACTOR),
  /** What the rate is multiplied by in the end. Default 1. */
  endFactor: option(1, FRACTION),
  /** Steps from the first factor to the last. Default 5. */
  totalIters: option(5, count(1)),
};

/** Options of {@link LinearLR}. */
export interface LinearLROptions extends OptionsOf<typeof LINEAR_LR> {}

/**
 * Multiplies the learning rate by a factor that goes from `startFactor` to `endFactor` in equal steps: after t steps it
 * is `lr · (startFactor + (endFactor − startFactor) · min(t, totalIters) / totalIters)`. For a warm-up.
 *
 * @example
 * const schedule = new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.1, totalIters: 10 });
 */
export class LinearLR extends LRScheduler<Settings<typeof LINEAR_LR>> {
  /**
   * A schedule that multiplies the rates of `optimizer` by a factor that grows, or falls, linearly.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(optimizer: ScheduledOptimizer, options: LinearLROptions = {}) {
    super('LinearLR', optimizer, settingsOf('LinearLR', LINEAR_LR, options), LINEAR_LR);
    this.advanceTo(0);
  }

  /**
   * The rate is multiplied by the ratio of two steps, not computed anew, so that several schedules can work together.
   */
  protected override rate(t: number, { lr }: ScheduledGroup): number {
    const { startFactor, endFactor, totalIters } = this.settings;
    if (t === 0) return lr * startFactor;
    if (t > totalIters) return lr;
    const difference = endFactor - startFactor;
    return lr * (1 + difference / (totalIters * startFactor + (t - 1) * difference));
  }
}
