import { count, type OptionsOf, option, type Settings, settingsOf } from '../../arrays/index.js';
import { FACTOR } from './factor.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

const CONSTANT_LR = {
  /** What the rate is multiplied by at first. Default 1/3. */
  factor: option(1 / 3, FACTOR),
  /** Steps until it is the whole rate. Default 5. */
  totalIters: option(5, count(1)),
};

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions extends OptionsOf<typeof CONSTANT_LR> {}

/**
 * Multiplies the learning rate by `factor` until `totalIters` steps are taken: before, it is `lr · factor`, then `lr`.
 *
 * @example
 * const schedule = new optim.lrScheduler.ConstantLR(optimizer, { factor: 0.1, totalIters: 3 });
 */
export class ConstantLR extends LRScheduler<Settings<typeof CONSTANT_LR>> {
  /**
   * A schedule that multiplies the rates of `optimizer` by `factor` for `totalIters` steps.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(optimizer: ScheduledOptimizer, options: ConstantLROptions = {}) {
    super('ConstantLR', optimizer, settingsOf('ConstantLR', CONSTANT_LR, options), CONSTANT_LR);
    this.advanceTo(0);
  }

  /** The rate is changed, not computed anew, so that several schedules can work together. */
  protected override rate(t: number, { lr }: ScheduledGroup): number {
    const { factor, totalIters } = this.settings;
    if (t === 0) return lr * factor;
    return t === totalIters ? lr * (1 / factor) : lr;
  }
}
