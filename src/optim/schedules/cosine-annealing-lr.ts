import { AMOUNT, count, type OptionsOf, option, required, type Settings, settingsOf } from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

const COSINE = {
  /** Steps from the first rate to the lowest. */
  TMax: required<number>(count(1)),
  /** The lowest rate. Default 0. */
  etaMin: option(0, AMOUNT),
};

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions extends OptionsOf<typeof COSINE> {}

/**
 * Lowers the learning rate to `etaMin` along half a cosine: after t steps it is
 * `etaMin + ½ · (lr − etaMin) · (1 + cos(π · t / TMax))`. Beyond `TMax` it rises again.
 *
 * @see Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, equation 5, without the
 *   restarts
 *
 * @example
 * const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, { TMax: epochs });
 */
export class CosineAnnealingLR extends LRScheduler<Settings<typeof COSINE>> {
  /**
   * A schedule that lowers the rates of `optimizer` to `etaMin` in `TMax` steps, along half a cosine.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(optimizer: ScheduledOptimizer, options: CosineAnnealingLROptions) {
    super('CosineAnnealingLR', optimizer, settingsOf('CosineAnnealingLR', COSINE, options), COSINE);
    this.advanceTo(0);
  }

  /**
   * The rate is multiplied by the ratio of two steps, not computed anew, so that several schedules can work together.
   */
  protected override rate(t: number, group: ScheduledGroup, g: number): number {
    const { TMax, etaMin } = this.settings;
    const { lr } = group;
    if (t === 0) return lr;
    const height = (s: number): number => 1 + Math.cos((Math.PI * s) / TMax);
    // At the lowest rate the ratio divides by zero: there the difference of two steps is added.
    if ((t - 1 - TMax) % (2 * TMax) === 0) return lr + ((this.baseLrs[g] - etaMin) * height(t)) / 2;
    return etaMin + ((lr - etaMin) * height(t)) / height(t - 1);
  }
}
