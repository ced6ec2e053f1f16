import { AMOUNT, type OptionsOf, required, type Settings, settingsOf } from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

const EXPONENTIAL_LR = {
  /** What each step multiplies the rate by. */
  gamma: required<number>(AMOUNT),
};

/** Options of {@link ExponentialLR}. */
export interface ExponentialLROptions extends OptionsOf<typeof EXPONENTIAL_LR> {}

/**
 * Multiplies the learning rate by `gamma` at every step: after t steps it is `lr · gamma^t`.
 *
 * @example
 * const schedule = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.95 });
 */
export class ExponentialLR extends LRScheduler<Settings<typeof EXPONENTIAL_LR>> {
  /**
   * A schedule that multiplies the rates of `optimizer` by `gamma` at every step.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(optimizer: ScheduledOptimizer, options: ExponentialLROptions) {
    super('ExponentialLR', optimizer, settingsOf('ExponentialLR', EXPONENTIAL_LR, options), EXPONENTIAL_LR);
    this.advanceTo(0);
  }

  /** The rate is changed, not computed anew, so that several schedules can work together. */
  protected override rate(t: number, { lr }: ScheduledGroup): number {
    return t > 0 ? lr * this.settings.gamma : lr;
  }
}
