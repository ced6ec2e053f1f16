import { checkAmount, checkCount, checkOptions } from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions {
  /** Steps from the first rate to the lowest. */
  TMax: number;
  /** The lowest rate. Default 0. */
  etaMin?: number;
}

/**
 * Lowers the learning rate to `etaMin` along half a cosine: after t steps it is
 * `etaMin + ½ · (lr − etaMin) · (1 + cos(π · t / TMax))`. Beyond `TMax` it rises again.
 *
 * @see Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, equation 5, without the restarts
 *
 * @example
 * const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, { TMax: epochs });
 */
export class CosineAnnealingLR extends LRScheduler<Required<CosineAnnealingLROptions>> {
  /**
   * A schedule that lowers the rates of `optimizer` to `etaMin` in `TMax` steps, along half a cosine.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(optimizer: ScheduledOptimizer, options: CosineAnnealingLROptions) {
    checkOptions('CosineAnnealingLR', options, ['TMax', 'etaMin']);
    const { TMax, etaMin = 0 } = options;
    const settings = { TMax, etaMin };
    checkCosine('CosineAnnealingLR', settings);
    super('CosineAnnealingLR', optimizer, settings);
    this.advanceTo(0);
  }

  /** The rate is changed by the ratio of two steps, not computed anew, so that several schedules can work together. */
  protected override rate(t: number, group: ScheduledGroup, g: number): number {
    const { TMax, etaMin } = this.settings;
    const { lr } = group;
    if (t === 0) return lr;
    const height = (s: number): number => 1 + Math.cos((Math.PI * s) / TMax);
    // From the lowest rate, where there is nothing to multiply, it goes up by a difference.
    if ((t - 1 - TMax) % (2 * TMax) === 0) return lr + ((this.baseLrs[g] - etaMin) * height(t)) / 2;
    return etaMin + ((lr - etaMin) * height(t)) / height(t - 1);
  }

  protected override check(fn: string, settings: Required<CosineAnnealingLROptions>): void {
    checkCosine(fn, settings);
  }
}

function checkCosine(fn: string, { TMax, etaMin }: Required<CosineAnnealingLROptions>): void {
  checkCount(fn, 'TMax', TMax, 1);
  checkAmount(fn, 'etaMin', etaMin);
}
