import {
  AMOUNT,
  argumentError,
  count,
  describe,
  type OptionsOf,
  oneOf,
  option,
  type Range,
  type Settings,
  SHARE,
  settingsOf,
} from '../../arrays/index.js';
import { RateSchedule, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

const RATES: Range = {
  allows: (value) => [value].flat().every((rate) => AMOUNT.allows(rate)),
  expected: 'a number ≥ 0, or one for each group',
  Kind: RangeError,
};

const PLATEAU = {
  /** Whether the metric should fall (`'min'`: a loss) or rise (`'max'`: an accuracy). Default `'min'`. */
  mode: option<'min' | 'max'>('min', oneOf('min', 'max')),
  /** What the rate is multiplied by. Default 0.1. */
  factor: option(0.1, SHARE),
  /** Steps without an improvement that are let pass. Default 10. */
  patience: option(10, count(0)),
  /** By how much a metric has to be better than the best one. Default 1e-4. */
  threshold: option(1e-4, AMOUNT),
  /** Whether `threshold` is a share of the best metric, or a difference. Default `'rel'`. */
  thresholdMode: option<'rel' | 'abs'>('rel', oneOf('rel', 'abs')),
  /** Steps after a reduction in which nothing is counted. Default 0. */
  cooldown: option(0, count(0)),
  /** The lowest rate; one number for all groups, or one for each. Default 0. */
  minLr: option<number | readonly number[]>(0, RATES),
  /** A reduction by no more than this is left out. Default 1e-8. */
  eps: option(1e-8, AMOUNT),
};

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions extends OptionsOf<typeof PLATEAU> {}

/** What changes from step to step. */
const PROGRESS = {
  /** The best metric; null before the first. */
  best: option<number | null>(null, {
    allows: (value) => value === null || (typeof value === 'number' && !Number.isNaN(value)),
    expected: 'a number, or null',
    Kind: TypeError,
  }),
  /** Steps without an improvement. */
  numBadEpochs: option(0, count(0)),
  /** Steps until they are counted again. */
  cooldownCounter: option(0, count(0)),
};

const STATE = { ...PLATEAU, ...PROGRESS };

/**
 * Multiplies the learning rate by `factor` when a metric has not improved for more than `patience` steps.
 *
 * A step is given the metric, as that of an epoch on the validation examples. It is an improvement if it is below `best
 * · (1 − threshold)`, with `thresholdMode: 'abs'` below `best − threshold`; in mode `'max'`, above the same with a
 * plus.
 *
 * @example
 * const schedule = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 3 });
 * fit(model, loader, { optimizer, schedule, valLoader }); // or schedule.step(loss) after each epoch
 */
export class ReduceLROnPlateau extends RateSchedule<Settings<typeof STATE>> {
  /** Whether the step that is being taken reduces the rates. */
  #reduces = false;

  /**
   * A schedule that lowers the rates of `optimizer` when a metric no longer improves. It changes none at first.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range.
   */
  constructor(optimizer: ScheduledOptimizer, options: ReduceLROnPlateauOptions = {}) {
    const fn = 'ReduceLROnPlateau';
    const settings = settingsOf(fn, PLATEAU, options);
    const progress = settingsOf(fn, PROGRESS, {});
    super(fn, optimizer, { ...structuredClone(settings), ...progress }, STATE);
    this.check(fn, this.settings, 0);
    this.advanceTo(0);
  }

  /** Which result of an epoch `fit` calls {@link step} with: its loss, or in mode `'max'` its accuracy. */
  get takesMetric(): 'loss' | 'accuracy' {
    return this.settings.mode === 'min' ? 'loss' : 'accuracy';
  }

  /**
   * Takes the metric of an epoch, and reduces the rates if it is time to. NaN is no improvement.
   *
   * @throws {TypeError} if `metric` is no number.
   * @throws {RangeError} if `minLr` is a list, and the optimizer has another number of groups. Nothing has changed
   *   then.
   */
  step(metric: number): void {
    const { fn, settings } = this;
    if (typeof metric !== 'number') {
      const expected = 'a number, the loss or the accuracy of the epoch';
      throw argumentError(TypeError, { fn, arg: 'metric', found: `is ${describe(metric)}`, expected });
    }
    this.check(fn, settings, this.lastEpoch);
    let { best, numBadEpochs, cooldownCounter } = settings;
    numBadEpochs++;
    if (this.#isBetter(metric)) [best, numBadEpochs] = [metric, 0];
    if (cooldownCounter > 0) [cooldownCounter, numBadEpochs] = [cooldownCounter - 1, 0];
    const reduces = numBadEpochs > settings.patience;
    if (reduces) [cooldownCounter, numBadEpochs] = [settings.cooldown, 0];
    this.#reduces = reduces;
    this.advanceTo(this.lastEpoch + 1);
    this.settings = { ...settings, best, numBadEpochs, cooldownCounter };
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode, best } = this.settings;
    const sign = mode === 'min' ? -1 : 1;
    const known = best ?? -sign * Number.POSITIVE_INFINITY;
    const bound = thresholdMode === 'rel' ? known * (1 + sign * threshold) : known + sign * threshold;
    return mode === 'min' ? metric < bound : metric > bound;
  }

  protected override rate(_t: number, { lr }: ScheduledGroup, g: number): number {
    if (!this.#reduces) return lr;
    const { factor, minLr, eps } = this.settings;
    const lower = Math.max(lr * factor, typeof minLr === 'number' ? minLr : minLr[g]);
    return lr - lower > eps ? lower : lr;
  }

  /** @internal */
  protected override check(fn: string, settings: Settings<typeof STATE>, t: number): void {
    super.check(fn, settings, t);
    const { minLr } = settings;
    const groups = this.optimizer.paramGroups.length;
    if (typeof minLr === 'number' || minLr.length === groups) return;
    const expected = `a number, or one for each of ${groups} groups`;
    throw argumentError(RangeError, { fn, arg: 'minLr', found: `is ${describe(minLr)}`, expected });
  }
}
