import { checkAmount, checkCount, checkOptions } from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

/** Options of {@link StepLR}. */
export interface StepLROptions {
  /** Steps between two decays. */
  stepSize: number;
  /** What a decay multiplies the rate by. Default 0.1. */
  gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` steps: after t steps it is `lr · gamma^⌊t / stepSize⌋`.
 *
 * @example
 * const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 30 });
 */
export class StepLR extends LRScheduler<Required<StepLROptions>> {
  /**
   * A schedule that multiplies the rates of `optimizer` by `gamma` every `stepSize` steps.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(optimizer: ScheduledOptimizer, options: StepLROptions) {
    checkOptions('StepLR', options, ['stepSize', 'gamma']);
    const { stepSize, gamma = 0.1 } = options;
    const settings = { stepSize, gamma };
    checkStepLR('StepLR', settings);
    super('StepLR', optimizer, settings);
    this.advanceTo(0);
  }

  /** The rate is changed, not computed anew, so that several schedules can work together. */
  protected override rate(t: number, group: ScheduledGroup): number {
    const { stepSize, gamma } = this.settings;
    return t > 0 && t % stepSize === 0 ? group.lr * gamma : group.lr;
  }

  protected override check(fn: string, settings: Required<StepLROptions>): void {
    checkStepLR(fn, settings);
  }
}

function checkStepLR(fn: string, { stepSize, gamma }: Required<StepLROptions>): void {
  checkCount(fn, 'stepSize', stepSize, 1);
  checkAmount(fn, 'gamma', gamma);
}
