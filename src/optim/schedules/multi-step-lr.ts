import { AMOUNT, type OptionsOf, option, type Range, required, type Settings, settingsOf } from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

/** Steps, in any order. */
const MILESTONES: Range = {
  allows: (value) => Array.isArray(value) && Array.from(value).every((t) => Number.isSafeInteger(t) && t >= 1),
  expected: 'a list of whole numbers ≥ 1',
  Kind: RangeError,
};

const MULTI_STEP_LR = {
  /** The steps that decay the rate; one that is named twice decays it twice. */
  milestones: required<readonly number[]>(MILESTONES),
  /** What a decay multiplies the rate by. Default 0.1. */
  gamma: option(0.1, AMOUNT),
};

/** Options of {@link MultiStepLR}. */
export interface MultiStepLROptions extends OptionsOf<typeof MULTI_STEP_LR> {}

/**
 * Multiplies the learning rate by `gamma` at each of some steps: after t steps it is `lr · gamma^k`, with the number k
 * of milestones up to t.
 *
 * @example
 * const schedule = new optim.lrScheduler.MultiStepLR(optimizer, { milestones: [30, 80] });
 */
export class MultiStepLR extends LRScheduler<Settings<typeof MULTI_STEP_LR>> {
  /**
   * A schedule that multiplies the rates of `optimizer` by `gamma` at the milestones.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(optimizer: ScheduledOptimizer, options: MultiStepLROptions) {
    const settings = settingsOf('MultiStepLR', MULTI_STEP_LR, options);
    super('MultiStepLR', optimizer, { ...settings, milestones: [...settings.milestones] }, MULTI_STEP_LR);
    this.advanceTo(0);
  }

  /** The rate is changed, not computed anew, so that several schedules can work together. */
  protected override rate(t: number, { lr }: ScheduledGroup): number {
    const { milestones, gamma } = this.settings;
    const decays = milestones.filter((milestone) => milestone === t).length;
    return decays > 0 ? lr * gamma ** decays : lr;
  }
}
