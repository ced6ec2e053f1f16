import { AMOUNT, count, type OptionsOf, option, required, type Settings, settingsOf } from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

const STEP_LR = {
  /** Steps between two decays. */
  stepSize: required<number>(count(1)),
  /** What a decay multiplies the rate by. Default 0.1. */
  gamma: option(0.1, AMOUNT),
};

/** Options of {@link StepLR}. */
export interface StepLROptions extends OptionsOf<typeof STEP_LR> {}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` steps: after t steps it is `lr · gamma^⌊t / stepSize⌋`.
 *
 * @example
 * const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 30 });
 */
export class StepLR extends LRScheduler<Settings<typeof STEP_LR>> {
  /**
   * A schedule that multiplies the rates of `optimizer` by `gamma` every `stepSize` steps.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(optimizer: ScheduledOptimizer, options: StepLROptions) {
    super('StepLR', optimizer, settingsOf('StepLR', STEP_LR, options), STEP_LR);
    this.advanceTo(0);
  }

  /** The rate is changed, not computed anew, so that several schedules can work together. */
  protected override rate(t: number, group: ScheduledGroup): number {
    const { stepSize, gamma } = this.settings;
    return t > 0 && t % stepSize === 0 ? group.lr * gamma : group.lr;
  }
}
