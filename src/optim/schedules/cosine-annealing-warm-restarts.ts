import { AMOUNT, count, type OptionsOf, option, required, type Settings, settingsOf } from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

const WARM_RESTARTS = {
  /** Steps until the first restart. */
  T0: required<number>(count(1)),
  /** How many times longer each way is than the one before. Default 1. */
  TMult: option(1, count(1)),
  /** The lowest rate. Default 0. */
  etaMin: option(0, AMOUNT),
};

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends OptionsOf<typeof WARM_RESTARTS> {}

/**
 * Lowers the learning rate to `etaMin` along half a cosine, and begins again at the first rate: t steps after a
 * restart, on a way of T steps, it is `etaMin + ½ · (lr − etaMin) · (1 + cos(π · t / T))`. T is `T0` at first, and
 * `TMult` times as long after each restart.
 *
 * @see Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, equation 5
 *
 * @example
 * const schedule = new optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, { T0: 10, TMult: 2 });
 */
export class CosineAnnealingWarmRestarts extends LRScheduler<Settings<typeof WARM_RESTARTS>> {
  /**
   * A schedule that lowers the rates of `optimizer` along half a cosine, again and again.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(optimizer: ScheduledOptimizer, options: CosineAnnealingWarmRestartsOptions) {
    const fn = 'CosineAnnealingWarmRestarts';
    super(fn, optimizer, settingsOf(fn, WARM_RESTARTS, options), WARM_RESTARTS);
    this.advanceTo(0);
  }

  protected override rate(t: number, _: ScheduledGroup, g: number): number {
    const { T0, TMult, etaMin } = this.settings;
    let [since, length] = [t, T0];
    if (TMult === 1) since = t % T0;
    for (; since >= length; length *= TMult) since -= length;
    return etaMin + ((this.baseLrs[g] - etaMin) * (1 + Math.cos((Math.PI * since) / length))) / 2;
  }
}
