import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as optim from '../../src/optim/index.js';
import { CLASSES, golden, scalar } from '../helpers/optimizers.js';
import { pretend } from '../helpers/pretend.js';
import { damaged } from '../helpers/wrong-states.js';

const { lrScheduler, SGD, Adam, Adagrad } = optim;
const { StepLR, CosineAnnealingLR, OneCycleLR, LambdaLR } = lrScheduler;
const SCHEDULES = { StepLR, CosineAnnealingLR, OneCycleLR, LambdaLR };

/** Calls a schedule's constructor with whatever options. */
function make(name: keyof typeof SCHEDULES, optimizer: unknown, options: unknown) {
  return new SCHEDULES[name](pretend(optimizer), pretend(options));
}

const sgd = (lr = 0.5) => new SGD([scalar(1)], { lr, momentum: 0.9 });

describe('the rates of PyTorch', () => {
  test.each(golden.schedules.map((c) => [`${c.schedule} ${JSON.stringify(c.options)} of ${c.optimizer}`, c] as const))(
    '%s',
    (_, c) => {
      const optimizer = new CLASSES[c.optimizer]([scalar(1)], c.optimizerOptions);
      const schedule = make(c.schedule, optimizer, c.options);
      const [group] = optimizer.paramGroups;
      c.rates.forEach((rate, t) => {
        expect(schedule.lastEpoch).toBe(t);
        expect(schedule.getLastLr()).toEqual([group.lr]);
        expect(Math.abs(group.lr - rate), `rate ${t}: ${group.lr} and ${rate}`).toBeLessThanOrEqual(1e-14);
        const momentum = 'betas' in group ? group.betas[0] : group.momentum;
        expect(Math.abs(momentum - c.momenta[t]), `momentum ${t}`).toBeLessThanOrEqual(1e-14);
        if (t < c.rates.length - 1) schedule.step();
      });
    },
  );

  test('two schedules of one optimizer work together', () => {
    const optimizer = sgd(golden.chained.lr);
    const cosine = new lrScheduler.CosineAnnealingLR(optimizer, { TMax: 6 });
    const step = new lrScheduler.StepLR(optimizer, { stepSize: 3, gamma: 0.5 });
    for (const rate of golden.chained.rates) {
      expect(Math.abs(optimizer.paramGroups[0].lr - rate)).toBeLessThanOrEqual(1e-15);
      cosine.step();
      step.step();
    }
  });
});

describe('StepLR', () => {
  test('changes the rate of every group, from its own', () => {
    const optimizer = new SGD([{ params: [scalar(1)] }, { params: [scalar(2)], lr: 4 }], { lr: 1 });
    const schedule = new lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
    const seen = [0, 1, 2, 3, 4].map(() => {
      const rates = optimizer.paramGroups.map(({ lr }) => lr);
      schedule.step();
      return rates;
    });
    expect(seen).toEqual([
      [1, 4],
      [1, 4],
      [0.5, 2],
      [0.5, 2],
      [0.25, 1],
    ]);
  });

  test('a group that is added later joins in', () => {
    const optimizer = sgd(1);
    const schedule = new lrScheduler.StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
    schedule.step();
    optimizer.addParamGroup({ params: [scalar(2)], lr: 8 });
    schedule.step();
    expect(schedule.getLastLr()).toEqual([0.25, 4]);
    expect(schedule.baseLrs).toEqual([1, 8]);
  });
});

describe('CosineAnnealingLR', () => {
  test('is half way at half time, and at etaMin in the end', () => {
    const optimizer = sgd(1);
    const schedule = new lrScheduler.CosineAnnealingLR(optimizer, { TMax: 4, etaMin: 0.5 });
    schedule.step();
    schedule.step();
    expect(optimizer.paramGroups[0].lr).toBeCloseTo(0.75, 14);
    schedule.step();
    schedule.step();
    expect(optimizer.paramGroups[0].lr).toBe(0.5);
  });
});

describe('OneCycleLR', () => {
  test('warms up to maxLr, ends at the lowest rate, and takes momentum the other way', () => {
    const optimizer = sgd();
    const options = { maxLr: 1, totalSteps: 11, pctStart: 5 / 11, divFactor: 10, finalDivFactor: 100 };
    const schedule = new lrScheduler.OneCycleLR(optimizer, options);
    const [group] = optimizer.paramGroups;
    const seen = Array.from({ length: 11 }, (_, t) => {
      if (t > 0) schedule.step();
      return [group.lr, group.momentum];
    });
    expect(seen[0][0]).toBeCloseTo(0.1, 14);
    expect(seen[0][1]).toBe(0.95);
    expect(seen[4][0]).toBeCloseTo(1, 14);
    expect(seen[4][1]).toBeCloseTo(0.85, 14);
    expect(seen[10][0]).toBeCloseTo(0.001, 14);
    expect(seen[10][1]).toBeCloseTo(0.95, 14);
    expect(schedule.baseLrs).toEqual([0.1]);
    expect(group.initialLr).toBe(0.1);
  });

  test('every rate and momentum of a cycle lies between the lowest and the highest', () => {
    const share = fc.double({ min: 0, max: 0.5, noNaN: true });
    const strategy = fc.constantFrom('cos' as const, 'linear' as const);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), share, strategy, fc.boolean(), (totalSteps, pctStart, ...rest) => {
        const [annealStrategy, threePhase] = rest;
        const optimizer = sgd();
        const options = { maxLr: 1, totalSteps, pctStart, annealStrategy, threePhase };
        const schedule = new lrScheduler.OneCycleLR(optimizer, options);
        const [group] = optimizer.paramGroups;
        for (let t = 1; ; t++) {
          expect(group.lr).toBeGreaterThanOrEqual(4e-6 - 1e-15);
          expect(group.lr).toBeLessThanOrEqual(1 + 1e-15);
          expect(group.momentum).toBeGreaterThanOrEqual(0.85 - 1e-15);
          expect(group.momentum).toBeLessThanOrEqual(0.95 + 1e-15);
          if (t === totalSteps) break;
          schedule.step();
        }
        // After the last batch the rate is the lowest.
        expect(group.lr).toBeCloseTo(4e-6, 12);
      }),
    );
  });

  test('takes a number for each group', () => {
    const optimizer = new SGD([{ params: [scalar(1)] }, { params: [scalar(2)] }]);
    const schedule = new lrScheduler.OneCycleLR(optimizer, { maxLr: [1, 2], totalSteps: 10, maxMomentum: [0.9, 0.8] });
    expect(schedule.getLastLr()[0]).toBeCloseTo(1 / 25, 14);
    expect(schedule.getLastLr()[1]).toBeCloseTo(2 / 25, 14);
    expect(optimizer.paramGroups.map(({ momentum }) => momentum)).toEqual([0.9, 0.8]);
  });

  test('leaves the second beta of Adam alone', () => {
    const optimizer = new Adam([scalar(1)], { betas: [0.5, 0.75] });
    const schedule = new lrScheduler.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10 });
    expect(optimizer.paramGroups[0].betas).toEqual([0.95, 0.75]);
    schedule.step();
    expect(optimizer.paramGroups[0].betas[1]).toBe(0.75);
  });

  test('a warm-up of one step, where PyTorch divides by zero, is over where it begins', () => {
    const optimizer = sgd();
    new lrScheduler.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 10, pctStart: 0.1 });
    expect(optimizer.paramGroups[0].lr).toBe(1);
  });

  test('may be called after every batch, and no more', () => {
    const optimizer = sgd();
    const schedule = new lrScheduler.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 3 });
    for (let t = 0; t < 3; t++) schedule.step();
    const { lr } = optimizer.paramGroups[0];
    expect(() => schedule.step()).toThrow('OneCycleLR: step 4 is beyond the cycle, which has totalSteps 3');
    expect(schedule.lastEpoch).toBe(3);
    expect(optimizer.paramGroups[0].lr).toBe(lr);
  });

  test('leaves a rate that the optimizer saves and loads, and takes no step with', () => {
    const optimizer = new optim.SGD([scalar(0, 1)], { lr: 0.1 });
    const cycle = new OneCycleLR(optimizer, {
      maxLr: 1,
      totalSteps: 8,
      annealStrategy: 'linear',
      cycleMomentum: false,
    });
    for (let t = 0; t < 8; t++) cycle.step();
    const state = optimizer.stateDict();
    expect(state.paramGroups[0].lr).toBeLessThan(0);
    optimizer.loadStateDict(state);
    expect(optimizer.stateDict()).toEqual(state);
    expect(() => optimizer.step()).toThrow(/lr is -/);
  });

  test('refuses the state of a step beyond its end', () => {
    const schedule = new lrScheduler.OneCycleLR(sgd(), { maxLr: 1, totalSteps: 3 });
    const before = schedule.stateDict();
    expect(() => schedule.loadStateDict({ ...before, lastEpoch: 4 })).toThrow(
      'OneCycleLR.loadStateDict: lastEpoch is 4, expected a whole number from 0 to 3',
    );
    expect(schedule.stateDict()).toEqual(before);
  });

  test('refuses a group that was added since', () => {
    const optimizer = sgd();
    const schedule = new lrScheduler.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 3 });
    optimizer.addParamGroup({ params: [scalar(2)] });
    expect(() => schedule.step()).toThrow(
      'OneCycleLR: the optimizer has 2 groups, expected the 1 that the cycle is for',
    );
  });
});

describe('LambdaLR', () => {
  test('multiplies the first rate', () => {
    const optimizer = sgd(2);
    const schedule = new lrScheduler.LambdaLR(optimizer, { lrLambda: (t) => 1 / (1 + t) });
    expect(schedule.getLastLr()).toEqual([2]);
    schedule.step();
    expect(schedule.getLastLr()).toEqual([1]);
    schedule.step();
    expect(optimizer.paramGroups[0].lr).toBe(2 / 3);
  });

  test('takes a function for each group', () => {
    const optimizer = new SGD([{ params: [scalar(1)] }, { params: [scalar(2)] }], { lr: 1 });
    const schedule = new lrScheduler.LambdaLR(optimizer, { lrLambda: [(t) => 1 + t, (t) => 0.5 ** t] });
    schedule.step();
    expect(schedule.getLastLr()).toEqual([2, 0.5]);
    optimizer.addParamGroup({ params: [scalar(3)] });
    expect(() => schedule.step()).toThrow('LambdaLR: group 2 was added, and has no function in lrLambda');
  });
});

describe.each([
  ['StepLR', { stepSize: 2 }],
  ['CosineAnnealingLR', { TMax: 5, etaMin: 0.01 }],
  ['OneCycleLR', { maxLr: 1, totalSteps: 12 }],
  ['LambdaLR', { lrLambda: (t: number) => 0.9 ** t }],
] as const)('the state of %s', (name, options) => {
  test('continues where it was saved, after any number of steps and a trip through JSON', () => {
    fc.assert(
      fc.property(fc.nat(8), (done) => {
        const [optimizer, other] = [sgd(), sgd()];
        const schedule = make(name, optimizer, options);
        for (let t = 0; t < done; t++) schedule.step();

        const resumed = make(name, other, options);
        resumed.loadStateDict(JSON.parse(JSON.stringify(schedule.stateDict())));
        other.loadStateDict(optimizer.stateDict());
        expect(resumed.stateDict()).toEqual(schedule.stateDict());
        expect(resumed.getLastLr()).toEqual(schedule.getLastLr());
        for (let t = done; t < 12; t++) {
          schedule.step();
          resumed.step();
          expect(other.paramGroups[0]).toMatchObject({
            lr: optimizer.paramGroups[0].lr,
            momentum: optimizer.paramGroups[0].momentum,
          });
        }
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  test('damaged anywhere, is refused with nothing changed, or loaded whole', () => {
    const state = make(name, sgd(), options).stateDict();
    fc.assert(
      fc.property(damaged(state), (wrong) => {
        const schedule = make(name, sgd(), options);
        schedule.step();
        let expected: unknown = schedule.stateDict();
        try {
          schedule.loadStateDict(pretend(wrong));
          expected = wrong;
        } catch (error) {
          expect(error).toMatchObject({ message: expect.stringMatching(`^${name}.loadStateDict: `) });
        }
        expect(schedule.stateDict()).toEqual(expected);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  test('is copied', () => {
    const schedule = make(name, sgd(), options);
    const state = schedule.stateDict();
    schedule.step();
    expect(state.lastEpoch).toBe(0);
    state.baseLrs[0] = 77;
    expect(schedule.baseLrs).not.toEqual([77]);
  });

  test('is refused whole where it does not fit', () => {
    const schedule = make(name, sgd(), options);
    const before = schedule.stateDict();
    const wrong = { ...before, lastEpoch: -1, baseLrs: [1, 2], lastLr: [Number.NaN] };
    expect(() => schedule.loadStateDict(wrong)).toThrow(
      `${name}.loadStateDict: lastEpoch is -1, expected a whole number ≥ 0; ` +
        'baseLrs is [1, 2], expected 1 numbers, one for each group; ' +
        'lastLr is [NaN], expected 1 numbers, one for each group',
    );
    expect(() => schedule.loadStateDict({ ...before, speed: 1 })).toThrow(
      `${name}.loadStateDict: unknown option 'speed'`,
    );
    expect(schedule.stateDict()).toEqual(before);
  });
});

describe('errors', () => {
  test.each<[name: Parameters<typeof make>[0], options: unknown, message: string]>([
    ['StepLR', { stepSize: 0 }, 'stepSize is 0, expected a whole number ≥ 1'],
    ['StepLR', {}, 'stepSize is undefined, expected a whole number ≥ 1'],
    ['StepLR', { stepSize: 1, gamma: -1 }, 'gamma is -1, expected a number ≥ 0'],
    ['StepLR', { stepsize: 1 }, "unknown option 'stepsize', expected stepSize, gamma"],
    ['StepLR', undefined, 'options is undefined, expected an object'],
    ['CosineAnnealingLR', { TMax: 1.5 }, 'TMax is 1.5, expected a whole number ≥ 1'],
    ['CosineAnnealingLR', { TMax: 2, etaMin: Number.NaN }, 'etaMin is NaN, expected a number ≥ 0'],
    ['CosineAnnealingLR', { T_max: 2 }, "unknown option 'T_max', expected TMax, etaMin"],
    ['OneCycleLR', { totalSteps: 5 }, 'maxLr is undefined, expected a number ≥ 0'],
    ['OneCycleLR', { maxLr: 1 }, 'totalSteps is missing, expected it, or epochs and stepsPerEpoch'],
    ['OneCycleLR', { maxLr: 1, epochs: 5 }, 'totalSteps is missing, expected it, or epochs and stepsPerEpoch'],
    ['OneCycleLR', { maxLr: 1, epochs: 0, stepsPerEpoch: 1 }, 'epochs is 0, expected a whole number ≥ 1'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 0 }, 'totalSteps is 0, expected a whole number ≥ 1'],
    ['OneCycleLR', { maxLr: -1, totalSteps: 5 }, 'maxLr is -1, expected a number ≥ 0'],
    ['OneCycleLR', { maxLr: [1, 2], totalSteps: 5 }, 'maxLr is [1, 2], expected a number, or one for each of 1 groups'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, pctStart: 1.1 }, 'pctStart is 1.1, expected a number from 0 to 1'],
    [
      'OneCycleLR',
      { maxLr: 1, totalSteps: 5, annealStrategy: 'sin' },
      "annealStrategy is 'sin', expected 'cos' or 'linear'",
    ],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, threePhase: 1 }, 'threePhase is 1, expected true or false'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, divFactor: 0 }, 'divFactor is 0, expected a number > 0'],
    ['OneCycleLR', { maxLr: 1, totalSteps: 5, lr: 1 }, "unknown option 'lr', expected maxLr, totalSteps, epochs"],
    ['LambdaLR', {}, 'lrLambda is undefined, expected a function, or one for each group'],
    ['LambdaLR', { lrLambda: [] }, 'lrLambda has 0 functions, expected 1, one for each group'],
    ['LambdaLR', { lrLambda: () => Number.NaN }, 'lrLambda(0) is NaN, expected a number ≥ 0'],
  ])('%s of %j', (name, options, message) => {
    const optimizer = sgd();
    const before = optimizer.stateDict();
    expect(() => make(name, optimizer, options)).toThrow(`${name}: ${message}`);
    expect({ ...optimizer.stateDict().paramGroups[0], initialLr: 0 }).toEqual({
      ...before.paramGroups[0],
      initialLr: 0,
    });
  });

  test('no optimizer', () => {
    for (const name of ['StepLR', 'CosineAnnealingLR', 'OneCycleLR', 'LambdaLR'] as const) {
      const options = { StepLR: { stepSize: 1 }, CosineAnnealingLR: { TMax: 1 } } as Record<string, object>;
      const own = options[name] ?? (name === 'LambdaLR' ? { lrLambda: () => 1 } : { maxLr: 1, totalSteps: 2 });
      expect(() => make(name, null, own)).toThrow(`${name}: optimizer is null, expected an optimizer`);
    }
  });

  test('a cycle of momentum that is not there', () => {
    const optimizer = new Adagrad([scalar(1)]);
    expect(() => new lrScheduler.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 5 })).toThrow(
      'OneCycleLR: cycleMomentum is true, and the optimizer has neither momentum nor betas: pass false',
    );
    expect(optimizer.paramGroups[0].initialLr).toBeUndefined();
    new lrScheduler.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 5, cycleMomentum: false });
    expect(optimizer.paramGroups[0].lr).toBeCloseTo(1 / 25, 14);
  });
});
