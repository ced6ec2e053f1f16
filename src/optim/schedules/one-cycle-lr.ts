import {
  AMOUNT,
  ANY,
  argumentError,
  checkCount,
  checkedIn,
  count,
  describe,
  FLAG,
  FRACTION,
  type OptionsOf,
  oneOf,
  option,
  POSITIVE,
  required,
  type Settings,
  settingsOf,
} from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

type Each = number | readonly number[];

const ONE_CYCLE = {
  /** The highest rate; one number for all groups, or one for each. */
  maxLr: required<Each>(ANY),
  /** Steps of the cycle; or give `epochs` and `stepsPerEpoch`, whose product it is. */
  totalSteps: option<number | undefined>(undefined, count(1)),
  epochs: option<number | undefined>(undefined, count(1)),
  stepsPerEpoch: option<number | undefined>(undefined, count(1)),
  /** Share of the steps on the way up, in [0, 1]. Default 0.3. */
  pctStart: option(0.3, FRACTION),
  /** The way between two rates: half a cosine, or a straight line. Default `'cos'`. */
  annealStrategy: option<'cos' | 'linear'>('cos', oneOf('cos', 'linear')),
  /** Whether momentum, or Adam's first beta, goes the opposite way. Default true. */
  cycleMomentum: option(true, FLAG),
  /** The momentum where the rate is highest; for all groups, or for each. Default 0.85. */
  baseMomentum: option<Each>(0.85, ANY),
  /** The momentum where the rate is lowest; for all groups, or for each. Default 0.95. */
  maxMomentum: option<Each>(0.95, ANY),
  /** The first rate is `maxLr / divFactor`. Default 25. */
  divFactor: option(25, POSITIVE),
  /** The last rate is the first divided by this. Default 1e4. */
  finalDivFactor: option(1e4, POSITIVE),
  /** Whether to go down as fast as up, and to the last rate in a third phase. Default false. */
  threePhase: option(false, FLAG),
};

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions extends OptionsOf<typeof ONE_CYCLE> {}

const PER_GROUP = ['maxLr', 'baseMomentum', 'maxMomentum'] as const;
type PerGroup = (typeof PER_GROUP)[number];

/** The settings of a cycle, for each group where they may differ. */
type Cycle = Omit<Settings<typeof ONE_CYCLE>, 'totalSteps' | 'epochs' | 'stepsPerEpoch' | PerGroup> & {
  readonly totalSteps: number;
} & Readonly<Record<PerGroup, readonly number[]>>;

/** The corners of a cycle, by what is reached there. */
type Corner = 'initial' | 'max' | 'min';

/**
 * One cycle over all batches of a training: the learning rate warms up from `maxLr / divFactor` to `maxLr` in the first
 * `pctStart` of the steps and goes down to `maxLr / divFactor / finalDivFactor` in the others, while momentum (Adam's
 * first beta) goes from `maxMomentum` to `baseMomentum` and back.
 *
 * With p from 0 to 1 in a phase, a rate goes from a to b as `b + ½ · (a − b) · (1 + cos(π · p))`, or linearly. The way
 * up ends at step `pctStart · totalSteps − 1`, the cycle at `totalSteps − 1`. With `threePhase` the rate is back at
 * `maxLr / divFactor` at step `2 · pctStart · totalSteps − 2`, and falls to the last rate from there at highest
 * momentum. Call `step()` after every batch.
 *
 * @see Smith and Topin 2019, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates
 *
 * @example
 * const schedule = new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 0.1, epochs: 10, stepsPerEpoch: 500 });
 */
export class OneCycleLR extends LRScheduler<Cycle> {
  override readonly every = 'step';

  /**
   * A schedule that takes the rates of `optimizer` up to `maxLr` and down again; the first ones are set at once.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown, missing or out of range; if `cycleMomentum` is
   *   true and the optimizer has neither momentum nor betas.
   */
  constructor(optimizer: ScheduledOptimizer, options: OneCycleLROptions) {
    const settings = settingsOf('OneCycleLR', ONE_CYCLE, options);
    super('OneCycleLR', optimizer, cycleOf(settings, optimizer?.paramGroups?.length), ONE_CYCLE);
    this.check('OneCycleLR', this.settings, 0);
    optimizer.paramGroups.forEach((group, g) => {
      group.initialLr = this.#lrAt('initial', g);
      this.baseLrs[g] = group.initialLr;
    });
    this.advanceTo(0);
  }

  override scaleRates(factor: number): void {
    super.scaleRates(factor);
    this.settings = { ...this.settings, maxLr: this.settings.maxLr.map((lr) => lr * factor) };
  }

  protected override advanceTo(t: number): void {
    const { paramGroups } = this.optimizer;
    const { totalSteps, maxLr, baseMomentum, maxMomentum, cycleMomentum } = this.settings;
    // A loop that steps after every batch takes one step beyond the last batch.
    if (t > totalSteps) {
      const found = `is beyond the cycle, which has totalSteps ${totalSteps}`;
      throw argumentError(RangeError, { fn: 'OneCycleLR', arg: `step ${t}`, found });
    }
    if (paramGroups.length !== maxLr.length) {
      const [found, expected] = [`has ${paramGroups.length} groups`, `the ${maxLr.length} that the cycle is for`];
      throw argumentError(RangeError, { fn: 'OneCycleLR', arg: 'the optimizer', found, expected });
    }
    super.advanceTo(t);
    if (!cycleMomentum) return;
    paramGroups.forEach((group, g) => {
      const at = (corner: Corner): number => (corner === 'max' ? baseMomentum[g] : maxMomentum[g]);
      const momentum = this.#between(t, at);
      if (group.betas !== undefined) group.betas = [momentum, group.betas[1]];
      else group.momentum = momentum;
    });
  }

  /** A loop that steps after every batch ends one step beyond the last, where PyTorch's rate may be below zero too. */
  protected override isOver(t: number): boolean {
    return t >= this.settings.totalSteps;
  }

  protected override rate(t: number, _: ScheduledGroup, g: number): number {
    return this.#between(t, (corner) => this.#lrAt(corner, g));
  }

  protected override check(fn: string, cycle: Cycle, t: number): void {
    super.check(fn, cycle, t);
    const groups = this.optimizer.paramGroups;
    for (const arg of PER_GROUP) {
      const values: unknown = cycle[arg];
      if (!Array.isArray(values) || values.length !== groups.length) {
        const expected = `a number, or one for each of ${groups.length} groups`;
        throw argumentError(RangeError, { fn, arg, found: `is ${describe(values)}`, expected });
      }
      for (const value of values) checkedIn(fn, arg, value, AMOUNT);
    }
    if (cycle.cycleMomentum && !groups.every((group) => 'betas' in group || 'momentum' in group)) {
      const found = 'is true, and the optimizer has neither momentum nor betas';
      throw argumentError(RangeError, { fn, arg: 'cycleMomentum', found, wayOut: 'pass false' });
    }
    checkCount(fn, 'lastEpoch', t, 0, cycle.totalSteps);
  }

  #lrAt(corner: Corner, g: number): number {
    const { maxLr, divFactor, finalDivFactor } = this.settings;
    if (corner === 'max') return maxLr[g];
    return maxLr[g] / divFactor / (corner === 'min' ? finalDivFactor : 1);
  }

  /** A value at step `t` on the way between the corners of its phase. */
  #between(t: number, at: (corner: Corner) => number): number {
    const { annealStrategy } = this.settings;
    let start = 0;
    const phases = phasesOf(this.settings);
    const current = phases.findIndex(({ end }, i) => t <= end || i === phases.length - 1);
    if (current > 0) start = phases[current - 1].end;
    const { end, from, to } = phases[current];
    // A phase without length is over where it begins.
    const p = end === start ? 1 : (t - start) / (end - start);
    const [a, b] = [at(from), at(to)];
    return annealStrategy === 'cos' ? b + ((a - b) / 2) * (1 + Math.cos(Math.PI * p)) : a + (b - a) * p;
  }
}

function phasesOf({ totalSteps, pctStart, threePhase }: Cycle): { end: number; from: Corner; to: Corner }[] {
  const up = { end: pctStart * totalSteps - 1, from: 'initial', to: 'max' } as const;
  const last = totalSteps - 1;
  if (!threePhase) return [up, { end: last, from: 'max', to: 'min' }];
  return [
    up,
    { end: 2 * pctStart * totalSteps - 2, from: 'max', to: 'initial' },
    { end: last, from: 'initial', to: 'min' },
  ];
}

/** The cycle that the settings ask for, for so many groups; the lists are not checked yet. */
function cycleOf({ epochs, stepsPerEpoch, ...rest }: Settings<typeof ONE_CYCLE>, groups = 0): Cycle {
  let { totalSteps } = rest;
  if (totalSteps === undefined) {
    if (epochs === undefined || stepsPerEpoch === undefined) {
      const [found, expected] = ['is missing', 'it, or epochs and stepsPerEpoch'];
      throw argumentError(TypeError, { fn: 'OneCycleLR', arg: 'totalSteps', found, expected });
    }
    totalSteps = epochs * stepsPerEpoch;
  }
  const each = (value: Each): readonly number[] => (Array.isArray(value) ? [...value] : new Array(groups).fill(value));
  const [maxLr, baseMomentum, maxMomentum] = PER_GROUP.map((name) => each(rest[name]));
  return { ...rest, totalSteps, maxLr, baseMomentum, maxMomentum };
}
