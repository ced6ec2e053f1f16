import { checkAmount, checkCount, checkFlag, checkOptions, describe } from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions {
  /** The highest rate; one number for all groups, or one for each. */
  maxLr: number | readonly number[];
  /** Steps of the cycle; or give `epochs` and `stepsPerEpoch`, whose product it is. */
  totalSteps?: number;
  epochs?: number;
  stepsPerEpoch?: number;
  /** Share of the steps on the way up, in [0, 1]. Default 0.3. */
  pctStart?: number;
  /** The way between two rates: half a cosine, or a straight line. Default `'cos'`. */
  annealStrategy?: 'cos' | 'linear';
  /** Whether momentum, or Adam's first beta, goes the opposite way. Default true. */
  cycleMomentum?: boolean;
  /** The momentum where the rate is highest; for all groups, or for each. Default 0.85. */
  baseMomentum?: number | readonly number[];
  /** The momentum where the rate is lowest; for all groups, or for each. Default 0.95. */
  maxMomentum?: number | readonly number[];
  /** The first rate is `maxLr / divFactor`. Default 25. */
  divFactor?: number;
  /** The last rate is the first divided by this. Default 1e4. */
  finalDivFactor?: number;
  /** Whether to go down as fast as up, and to the last rate in a third phase. Default false. */
  threePhase?: boolean;
}

/** The numbers of a cycle; lists have an entry for each group. */
interface Cycle {
  readonly totalSteps: number;
  readonly pctStart: number;
  readonly annealStrategy: 'cos' | 'linear';
  readonly threePhase: boolean;
  readonly cycleMomentum: boolean;
  readonly maxLr: readonly number[];
  readonly baseMomentum: readonly number[];
  readonly maxMomentum: readonly number[];
  readonly divFactor: number;
  readonly finalDivFactor: number;
}

/** The corners of a cycle, by what is reached there. */
type Corner = 'initial' | 'max' | 'min';

const OPTIONS: readonly (keyof OneCycleLROptions)[] = [
  'maxLr',
  'totalSteps',
  'epochs',
  'stepsPerEpoch',
  'pctStart',
  'annealStrategy',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
  'divFactor',
  'finalDivFactor',
  'threePhase',
];

/**
 * One cycle over all batches of a training: the learning rate warms up from `maxLr / divFactor` to `maxLr` in the first
 * `pctStart` of the steps and goes down to `maxLr / divFactor / finalDivFactor` in the others, while momentum (Adam's
 * first beta) goes from `maxMomentum` to `baseMomentum` and back.
 *
 * With p from 0 to 1 in a phase, a rate goes from a to b as `b + ½ · (a − b) · (1 + cos(π · p))`, or linearly. The way up
 * ends at step `pctStart · totalSteps − 1`, the cycle at `totalSteps − 1`. With `threePhase` the rate is back at
 * `maxLr / divFactor` at step `2 · pctStart · totalSteps − 2`, and falls to the last rate from there at highest momentum.
 * Call `step()` after every batch.
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
   * @throws {TypeError | RangeError} naming an option that is unknown, missing or out of range; if `cycleMomentum` is true
   *   and the optimizer has neither momentum nor betas.
   */
  constructor(optimizer: ScheduledOptimizer, options: OneCycleLROptions) {
    checkOptions('OneCycleLR', options, OPTIONS);
    super('OneCycleLR', optimizer, cycleOf(options, optimizer?.paramGroups?.length));
    this.check('OneCycleLR', this.settings);
    optimizer.paramGroups.forEach((group, g) => {
      group.initialLr = this.#lrAt('initial', g);
      this.baseLrs[g] = group.initialLr;
    });
    this.advanceTo(0);
  }

  protected override advanceTo(t: number): void {
    const { paramGroups } = this.optimizer;
    const { totalSteps, maxLr, baseMomentum, maxMomentum, cycleMomentum } = this.settings;
    // A loop that steps after every batch takes one step beyond the last batch.
    if (t > totalSteps) {
      throw new RangeError(`OneCycleLR: step ${t} is beyond the cycle, which has totalSteps ${totalSteps}`);
    }
    if (paramGroups.length !== maxLr.length) {
      throw new RangeError(
        `OneCycleLR: the optimizer has ${paramGroups.length} groups, expected the ${maxLr.length} that the cycle is for`,
      );
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

  protected override check(fn: string, cycle: Cycle): void {
    checkCycle(fn, cycle, this.optimizer.paramGroups);
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

/** The cycle that the options ask for, for so many groups; not checked but for its length. */
function cycleOf(options: OneCycleLROptions, groups = 0): Cycle {
  const { epochs, stepsPerEpoch, pctStart = 0.3, annealStrategy = 'cos', threePhase = false } = options;
  const {
    cycleMomentum = true,
    baseMomentum = 0.85,
    maxMomentum = 0.95,
    divFactor = 25,
    finalDivFactor = 1e4,
  } = options;
  let { totalSteps } = options;
  if (totalSteps === undefined) {
    if (epochs === undefined || stepsPerEpoch === undefined) {
      throw new TypeError('OneCycleLR: totalSteps is missing, expected it, or epochs and stepsPerEpoch');
    }
    checkCount('OneCycleLR', 'epochs', epochs, 1);
    checkCount('OneCycleLR', 'stepsPerEpoch', stepsPerEpoch, 1);
    totalSteps = epochs * stepsPerEpoch;
  }
  const each = (value: number | readonly number[]): readonly number[] =>
    Array.isArray(value) ? [...value] : new Array(groups).fill(value);
  return {
    ...{ totalSteps, pctStart, annealStrategy, threePhase, cycleMomentum, divFactor, finalDivFactor },
    ...{ maxLr: each(options.maxLr), baseMomentum: each(baseMomentum), maxMomentum: each(maxMomentum) },
  };
}

function checkCycle(fn: string, cycle: Cycle, groups: readonly ScheduledGroup[]): void {
  checkCount(fn, 'totalSteps', cycle.totalSteps, 1);
  if (!(typeof cycle.pctStart === 'number' && cycle.pctStart >= 0 && cycle.pctStart <= 1)) {
    throw new RangeError(`${fn}: pctStart is ${describe(cycle.pctStart)}, expected a number from 0 to 1`);
  }
  if (cycle.annealStrategy !== 'cos' && cycle.annealStrategy !== 'linear') {
    throw new RangeError(`${fn}: annealStrategy is ${describe(cycle.annealStrategy)}, expected 'cos' or 'linear'`);
  }
  checkFlag(fn, 'threePhase', cycle.threePhase);
  checkFlag(fn, 'cycleMomentum', cycle.cycleMomentum);
  for (const name of ['divFactor', 'finalDivFactor'] as const) {
    checkAmount(fn, name, cycle[name]);
    if (cycle[name] === 0) throw new RangeError(`${fn}: ${name} is 0, expected a number > 0`);
  }
  for (const name of ['maxLr', 'baseMomentum', 'maxMomentum'] as const) {
    const values = cycle[name];
    if (!Array.isArray(values) || values.length !== groups.length) {
      throw new RangeError(
        `${fn}: ${name} is ${describe(values)}, expected a number, or one for each of ${groups.length} groups`,
      );
    }
    for (const value of values) checkAmount(fn, name, value);
  }
  if (cycle.cycleMomentum && !groups.every((group) => 'betas' in group || 'momentum' in group)) {
    throw new RangeError(`${fn}: cycleMomentum is true, and the optimizer has neither momentum nor betas: pass false`);
  }
}
