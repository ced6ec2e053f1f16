import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as optim from '../../src/optim/index.js';
import { scalar } from '../helpers/optimizers.js';
import { pretend } from '../helpers/pretend.js';
import { damaged } from '../helpers/wrong-states.js';

const { lrScheduler, SGD } = optim;
const {
  StepLR,
  CosineAnnealingLR,
  OneCycleLR,
  MultiStepLR,
  ExponentialLR,
  LinearLR,
  ConstantLR,
  CosineAnnealingWarmRestarts,
  ReduceLROnPlateau,
  SequentialLR,
} = lrScheduler;

interface Trace {
  /** Of each group, before the first step and after each. */
  readonly rates: readonly (readonly number[])[];
  /** The parameters of the two groups after each step. */
  readonly values: readonly (readonly number[])[];
}

interface Part {
  readonly schedule: keyof typeof SCHEDULES | 'ReduceLROnPlateau';
  readonly options: object;
}

const file = path.join(__dirname, '..', 'fixtures', 'schedules.json');
const golden = JSON.parse(fs.readFileSync(file, 'utf8')) as {
  cases: (Part & Trace & { metrics: readonly number[] | null })[];
  sequences: (Trace & { parts: Part[]; milestones: number[] })[];
};

const SCHEDULES = {
  StepLR,
  CosineAnnealingLR,
  MultiStepLR,
  ExponentialLR,
  LinearLR,
  ConstantLR,
  CosineAnnealingWarmRestarts,
};

function make({ schedule, options }: Part, optimizer: unknown) {
  const Kind = { ...SCHEDULES, ReduceLROnPlateau }[schedule] as new (
    optimizer: unknown,
    options: unknown,
  ) => {
    step: (metric?: number) => void;
    getLastLr: () => number[];
    stateDict: () => object;
    loadStateDict: (state: unknown) => void;
  };
  return new Kind(optimizer, options);
}

/** The optimizer of the fixtures. */
function twoGroups() {
  const params = [scalar(1), scalar(-2)];
  const groups = [
    { params: [params[0]], lr: 0.5 },
    { params: [params[1]], lr: 0.05, momentum: 0.5 },
  ];
  return { params, optimizer: new SGD(groups, { lr: 1, momentum: 0.9 }) };
}

const sgd = (lr = 0.5) => new SGD([scalar(1)], { lr, momentum: 0.9 });

/** Trains as the fixture did, and compares rates and parameters. */
function expectTrace(
  { rates, values }: Trace,
  made: (optimizer: optim.SGD) => { step(metric?: number): void; getLastLr(): number[] },
  metrics: readonly number[] | null = null,
): void {
  const { params, optimizer } = twoGroups();
  const schedule = made(optimizer);
  const rateNow = (): number[] => optimizer.paramGroups.map(({ lr }) => lr);
  const seen = { rates: [rateNow()], values: [] as number[][] };
  for (let t = 0; t < values.length; t++) {
    const gradients = [Math.sin(t + 1), Math.cos(t + 1)];
    params.forEach((param, i) => {
      param.grad = scalar(1, gradients[i]).grad;
    });
    optimizer.step();
    schedule.step(...(metrics === null ? [] : [metrics[t]]));
    seen.rates.push(rateNow());
    seen.values.push(params.map(({ data }) => data.data[0]));
  }
  const worst = (ours: readonly (readonly number[])[], theirs: readonly (readonly number[])[]): number =>
    Math.max(...theirs.flatMap((row, t) => row.map((value, i) => Math.abs(ours[t][i] - value))));
  expect(seen.rates).toHaveLength(rates.length);
  expect(worst(seen.rates, rates)).toBeLessThanOrEqual(1e-15);
  expect(worst(seen.values, values)).toBeLessThanOrEqual(1e-14);
  expect(schedule.getLastLr()).toEqual(rateNow());
}

describe('training with the rates of PyTorch', () => {
  test.each(golden.cases.map((c) => [`${c.schedule} ${JSON.stringify(c.options)}`, c] as const))('%s', (_, c) => {
    expectTrace(c, (optimizer) => make(c, optimizer), c.metrics);
  });

  test.each(golden.sequences.map((c) => [c.parts.map(({ schedule }) => schedule).join(', '), c] as const))(
    'SequentialLR of %s',
    (_, { parts, milestones, ...trace }) => {
      expectTrace(trace, (optimizer) => {
        const schedulers = parts.map((part) => make(part, optimizer)) as unknown as optim.lrScheduler.LRScheduler[];
        return new SequentialLR(optimizer, { schedulers, milestones });
      });
    },
  );
});

test('by hand', () => {
  const rates = (schedule: { step(): void; getLastLr(): number[] }, count: number) =>
    Array.from({ length: count }, (_, t) => {
      if (t > 0) schedule.step();
      return schedule.getLastLr()[0];
    });
  expect(rates(new MultiStepLR(sgd(8), { milestones: [1, 3], gamma: 0.5 }), 5)).toEqual([8, 4, 4, 2, 2]);
  expect(rates(new ExponentialLR(sgd(8), { gamma: 0.5 }), 4)).toEqual([8, 4, 2, 1]);
  expect(rates(new LinearLR(sgd(8), { startFactor: 0.25, totalIters: 3 }), 5)).toEqual([2, 4, 6, 8, 8]);
  expect(rates(new ConstantLR(sgd(8), { factor: 0.5, totalIters: 2 }), 4)).toEqual([4, 4, 8, 8]);
  const restarts = rates(new CosineAnnealingWarmRestarts(sgd(8), { T0: 2, TMult: 2 }), 7);
  // cos ¼π is ½√2.
  const high = [8, 4, 8, 4 + 2 * Math.SQRT2, 4, 4 - 2 * Math.SQRT2, 8];
  restarts.forEach((rate, t) => void expect(rate).toBeCloseTo(high[t], 12));
});

describe('ReduceLROnPlateau', () => {
  test('says what fit gives it', () => {
    expect(new ReduceLROnPlateau(sgd()).takesMetric).toBe('loss');
    expect(new ReduceLROnPlateau(sgd(), { mode: 'max' }).takesMetric).toBe('accuracy');
    expect(new ReduceLROnPlateau(sgd()).every).toBe('epoch');
  });

  test('NaN is no improvement, and the first number is one', () => {
    const optimizer = sgd(1);
    const schedule = new ReduceLROnPlateau(optimizer, { patience: 1 });
    for (const loss of [Number.NaN, 5, Number.NaN, Number.NaN]) schedule.step(loss);
    expect(optimizer.paramGroups[0].lr).toBeCloseTo(0.1, 15);
    expect(schedule.stateDict()).toMatchObject({ best: 5, numBadEpochs: 0, lastEpoch: 4 });
  });

  test('refuses what is no metric, with nothing changed', () => {
    const schedule = new ReduceLROnPlateau(sgd());
    const before = schedule.stateDict();
    expect(() => (schedule.step as () => void)()).toThrow(
      'ReduceLROnPlateau: metric is undefined, expected a number, the loss or the accuracy of the epoch',
    );
    expect(schedule.stateDict()).toEqual(before);
  });

  test('a lowest rate for each group does not fit a group that was added', () => {
    const { optimizer } = twoGroups();
    const schedule = new ReduceLROnPlateau(optimizer, { minLr: [0.1, 0.2] });
    optimizer.addParamGroup({ params: [scalar(3)] });
    expect(() => schedule.step(1)).toThrow(
      'ReduceLROnPlateau: minLr is [0.1, 0.2], expected a number, or one for each of 3 groups',
    );
    expect(schedule.lastEpoch).toBe(0);
  });
});

describe('SequentialLR', () => {
  test('refuses schedules that do not go together, with nothing changed', () => {
    const [optimizer, other] = [sgd(1), sgd(1)];
    const [warmUp, decay] = [new LinearLR(optimizer), new ExponentialLR(optimizer, { gamma: 0.5 })];
    const before = optimizer.paramGroups[0].lr;
    const cycle = new OneCycleLR(other, { maxLr: 1, totalSteps: 5 });
    const of = (schedulers: unknown, milestones: unknown) => () =>
      new SequentialLR(optimizer, pretend({ schedulers, milestones }));
    const thrown = (message: string) => expect.objectContaining({ message: `SequentialLR: ${message}` });
    const listed = 'expected a list of schedules that step without a metric';
    expect(of([], [])).toThrow(thrown(`schedulers is [], ${listed}`));
    expect(of([new ReduceLROnPlateau(optimizer)], [])).toThrow(
      thrown(`schedulers is [a ReduceLROnPlateau], ${listed}`),
    );
    expect(of([warmUp, decay], [])).toThrow(thrown('milestones has 0 steps, expected 1, one less than schedulers'));
    const ascending = 'expected a list of whole numbers ≥ 1 in ascending order';
    expect(of([warmUp, decay, warmUp], [3, 3])).toThrow(thrown(`milestones is [3, 3], ${ascending}`));
    expect(of([warmUp, decay], [0])).toThrow(thrown(`milestones is [0], ${ascending}`));
    expect(of([warmUp, cycle], [3])).toThrow(thrown('schedulers[1] is of another optimizer, expected one of this'));
    const own = new OneCycleLR(optimizer, { maxLr: before, totalSteps: 5, divFactor: 1 });
    expect(of([warmUp, own], [3])).toThrow(
      thrown('schedulers[1] steps after each step, expected each epoch, as schedulers[0]'),
    );
    expect(optimizer.paramGroups[0].lr).toBe(before);
  });

  test('the first schedule begins from the initial rates, whatever the others did when they were made', () => {
    const optimizer = sgd(1);
    const schedulers = [new ConstantLR(optimizer, { factor: 0.5 }), new ConstantLR(optimizer, { factor: 0.1 })];
    expect(optimizer.paramGroups[0].lr).toBeCloseTo(0.05, 15);
    const schedule = new SequentialLR(optimizer, { schedulers, milestones: [2] });
    expect(schedule.getLastLr()).toEqual([0.5]);
    schedule.step();
    schedule.step();
    expect(optimizer.paramGroups[0].lr).toBeCloseTo(0.1, 15);
  });

  const sequence = (optimizer: optim.SGD) => {
    const schedulers = [new LinearLR(optimizer, { totalIters: 3 }), new ExponentialLR(optimizer, { gamma: 0.5 })];
    return new SequentialLR(optimizer, { schedulers, milestones: [4] });
  };

  test('continues where it was saved, after any number of steps and a trip through JSON', () => {
    for (let done = 0; done < 9; done++) {
      const [optimizer, other] = [sgd(1), sgd(1)];
      const schedule = sequence(optimizer);
      for (let t = 0; t < done; t++) schedule.step();
      const resumed = sequence(other);
      resumed.loadStateDict(JSON.parse(JSON.stringify(schedule.stateDict())));
      other.loadStateDict(optimizer.stateDict());
      for (let t = done; t < 10; t++) {
        schedule.step();
        resumed.step();
        expect(other.paramGroups[0].lr).toBe(optimizer.paramGroups[0].lr);
      }
      expect(resumed.stateDict()).toEqual(schedule.stateDict());
    }
  });

  test('a state that is damaged anywhere is refused with nothing changed, or loaded whole', () => {
    const state = sequence(sgd(1)).stateDict();
    fc.assert(
      fc.property(damaged(state), (wrong) => {
        const schedule = sequence(sgd(1));
        schedule.step();
        let expected: unknown = schedule.stateDict();
        try {
          schedule.loadStateDict(pretend(wrong));
          expected = wrong;
        } catch (error) {
          expect(error).toMatchObject({ message: expect.stringMatching('^SequentialLR.loadStateDict: ') });
        }
        expect(schedule.stateDict()).toEqual(expected);
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});

const STATES: readonly Part[] = [
  { schedule: 'MultiStepLR', options: { milestones: [3, 5] } },
  { schedule: 'ExponentialLR', options: { gamma: 0.9 } },
  { schedule: 'LinearLR', options: { totalIters: 6 } },
  { schedule: 'ConstantLR', options: { totalIters: 6 } },
  { schedule: 'CosineAnnealingWarmRestarts', options: { T0: 3, TMult: 2 } },
  { schedule: 'ReduceLROnPlateau', options: { patience: 1, cooldown: 1, minLr: [0.01] } },
];

describe.each(STATES)('the state of $schedule', (part) => {
  const { schedule: name } = part;

  test('continues where it was saved, after any number of steps and a trip through JSON', () => {
    for (let done = 0; done < 9; done++) {
      const [optimizer, other] = [sgd(), sgd()];
      const schedule = make(part, optimizer);
      for (let t = 0; t < done; t++) schedule.step(1);
      const resumed = make(part, other);
      resumed.loadStateDict(JSON.parse(JSON.stringify(schedule.stateDict())));
      other.loadStateDict(optimizer.stateDict());
      expect(resumed.stateDict()).toEqual(schedule.stateDict());
      for (let t = done; t < 12; t++) {
        schedule.step(1);
        resumed.step(1);
        expect(other.paramGroups[0].lr).toBe(optimizer.paramGroups[0].lr);
      }
    }
  });

  test('damaged anywhere, is refused with nothing changed, or loaded whole', () => {
    const state = make(part, sgd()).stateDict();
    fc.assert(
      fc.property(damaged(state), (wrong) => {
        const schedule = make(part, sgd());
        schedule.step(1);
        let expected: unknown = schedule.stateDict();
        try {
          schedule.loadStateDict(wrong);
          expected = wrong;
        } catch (error) {
          expect(error).toMatchObject({ message: expect.stringMatching(`^${name}.loadStateDict: `) });
        }
        expect(schedule.stateDict()).toEqual(expected);
      }),
      { seed: 4, numRuns: 60 },
    );
  });
});

describe('errors', () => {
  test.each<[schedule: Part['schedule'], options: unknown, message: string]>([
    ['MultiStepLR', {}, 'milestones is undefined, expected a list of whole numbers ≥ 1'],
    ['MultiStepLR', { milestones: [1, 0] }, 'milestones is [1, 0], expected a list of whole numbers ≥ 1'],
    ['MultiStepLR', { milestones: [1], gamma: -1 }, 'gamma is -1, expected a number ≥ 0'],
    ['ExponentialLR', {}, 'gamma is undefined, expected a number ≥ 0'],
    ['ExponentialLR', { gamma: 1, decay: 2 }, "unknown option 'decay', expected gamma"],
    ['LinearLR', { startFactor: 0 }, 'startFactor is 0, expected a number above 0, up to 1'],
    ['LinearLR', { endFactor: 1.5 }, 'endFactor is 1.5, expected a number from 0 to 1'],
    ['LinearLR', { totalIters: 0 }, 'totalIters is 0, expected a whole number ≥ 1'],
    ['ConstantLR', { factor: 2 }, 'factor is 2, expected a number above 0, up to 1'],
    ['CosineAnnealingWarmRestarts', { T0: 0 }, 'T0 is 0, expected a whole number ≥ 1'],
    ['CosineAnnealingWarmRestarts', { T0: 2, TMult: 1.5 }, 'TMult is 1.5, expected a whole number ≥ 1'],
    ['CosineAnnealingWarmRestarts', { T0: 2, etaMin: -1 }, 'etaMin is -1, expected a number ≥ 0'],
    ['ReduceLROnPlateau', { mode: 'low' }, "mode is 'low', expected 'min' or 'max'"],
    ['ReduceLROnPlateau', { factor: 1 }, 'factor is 1, expected a number in [0, 1)'],
    ['ReduceLROnPlateau', { patience: -1 }, 'patience is -1, expected a whole number ≥ 0'],
    ['ReduceLROnPlateau', { thresholdMode: 'none' }, "thresholdMode is 'none', expected 'rel' or 'abs'"],
    ['ReduceLROnPlateau', { cooldown: 0.5 }, 'cooldown is 0.5, expected a whole number ≥ 0'],
    ['ReduceLROnPlateau', { minLr: 'low' }, "minLr is 'low', expected a number ≥ 0, or one for each group"],
    ['ReduceLROnPlateau', { minLr: [0, 0] }, 'minLr is [0, 0], expected a number, or one for each of 1 groups'],
    ['ReduceLROnPlateau', { best: 1 }, "unknown option 'best', expected mode, factor, patience, threshold"],
  ])('%s of %j', (schedule, options, message) => {
    const optimizer = sgd();
    const { lr } = optimizer.paramGroups[0];
    expect(() => make({ schedule, options: pretend(options) }, optimizer)).toThrow(`${schedule}: ${message}`);
    expect(optimizer.paramGroups[0].lr).toBe(lr);
  });
});
