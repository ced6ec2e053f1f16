import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostValues } from '../../src/arrays/index.js';
import { array, DataLoader, fit, manualSeed, nn, optim, Random, tensor, toNested } from '../../src/index.js';
import { randomBatch } from '../helpers/nets.js';
import { scalar } from '../helpers/optimizers.js';
import { pretend } from '../helpers/pretend.js';

const { Adam, Lookahead, SGD } = optim;
const value = ({ data }: optim.Trainable): number => hostValues(data)[0];

describe('Lookahead', () => {
  test('by hand: goes a part of the way every second step, and on from there', () => {
    const w = scalar(0, -1);
    const optimizer = new Lookahead(new SGD([w], { lr: 1 }), { k: 2, alpha: 0.25 });
    optimizer.step();
    expect(value(w)).toBe(1);
    optimizer.step();
    // From 0 a quarter of the way to 2.
    expect(value(w)).toBe(0.5);
    optimizer.step();
    expect(value(w)).toBe(1.5);
    optimizer.copyToModel();
    expect(value(w)).toBe(0.5);
  });

  test('takes buffers along, but for counts', () => {
    const w = scalar(0, -1);
    const [mean, count] = [tensor([0]), tensor(array([0], []))];
    const optimizer = new Lookahead(new SGD([w], { lr: 1 }), { k: 1, alpha: 0.5, buffers: [mean, count] });
    mean.data.set(0, 4);
    count.data.set(3);
    optimizer.step();
    expect([value(w), value(mean), value(count)]).toEqual([0.5, 2, 3]);
    optimizer.copyToModel();
    expect([value(w), value(mean), value(count)]).toEqual([0.5, 2, 3]);
  });

  test('that goes all the way is the optimizer within, and one that goes nowhere stays', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), (seed, k) => {
        const [plain, all, none] = [1, 1, 1].map((n) => scalar(n));
        const start = new Random(seed);
        const steps = start.randn([12]).data;
        const optimizers = [
          new Adam([plain], { lr: 0.1 }),
          new Lookahead(new Adam([all], { lr: 0.1 }), { k, alpha: 1 }),
          new Lookahead(new Adam([none], { lr: 0.1 }), { k, alpha: 0 }),
        ];
        for (const step of steps) {
          for (const w of [plain, all, none]) w.grad = { data: array([step], [1], 'float64') };
          for (const optimizer of optimizers) optimizer.step();
        }
        expect(value(all)).toBeCloseTo(value(plain), 5);
        if (12 % k === 0) expect(value(none)).toBe(1);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  test('trains a model with a schedule, and goes on from its state with the same bits', () => {
    const { X, y } = randomBatch(40, [6], 3, 1);
    const make = () => {
      manualSeed(1);
      const model = new nn.Sequential(new nn.Linear(6, 8), new nn.BatchNorm1d(8), new nn.ReLU(), new nn.Linear(8, 3));
      const optimizer = new Lookahead(new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }), {
        k: 3,
        buffers: model.buffers(),
      });
      const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
      const loader = new DataLoader({ X, y }, { batchSize: 8, shuffle: true, seed: 2 });
      return { model, loader, options: { optimizer, schedule, epochs: 4, verbose: false } };
    };
    const whole = make();
    let state: unknown;
    fit(whole.model, whole.loader, {
      ...whole.options,
      onStep: ({ lossHistory }, run) => {
        if (lossHistory.length === 7) state = structuredClone(run.stateDict());
      },
    });
    const rest = make();
    fit(rest.model, rest.loader, { ...rest.options, state: pretend(state) });
    expect(rest.model.stateDict()).toEqual(whole.model.stateDict());
    expect(rest.options.optimizer.stateDict()).toEqual(whole.options.optimizer.stateDict());
    expect(rest.options.optimizer.paramGroups[0].lr).toBeCloseTo(0.1 / 16, 12);
  });

  test('saves copies', () => {
    const w = scalar(0, -1);
    const optimizer = new Lookahead(new SGD([w], { lr: 1 }), { k: 1 });
    const saved = optimizer.stateDict();
    optimizer.step();
    expect(saved).toMatchObject({ steps: 0, alpha: 0.5 });
    expect(toNested(saved.slow[0])).toEqual([0]);
    optimizer.loadStateDict(saved);
    optimizer.copyToModel();
    expect(value(w)).toBe(0);
  });

  const sgd = () => new SGD([scalar(0)]);
  test.each<[make: () => unknown, error: string]>([
    [
      () => new Lookahead(pretend<optim.SGD>({})),
      'Lookahead: optimizer is an object, expected one of optim, such as new optim.SGD(…)',
    ],
    [() => new Lookahead(sgd(), { k: 0 }), 'Lookahead: k is 0, expected a whole number ≥ 1'],
    [() => new Lookahead(sgd(), { alpha: 1.5 }), 'Lookahead: alpha is 1.5, expected a number from 0 to 1'],
    [
      () => new Lookahead(sgd(), { buffers: pretend(3) }),
      'Lookahead: buffers is 3, expected a list of tensors, such as model.buffers()',
    ],
    [
      () => new Lookahead(sgd(), { buffers: pretend([3]) }),
      'Lookahead: buffers[0] is 3, expected a parameter: { data: an array, grad }',
    ],
    [
      () => {
        const w = scalar(0);
        return new Lookahead(new SGD([w]), { buffers: [w] });
      },
      'Lookahead: buffers[0] is there already, expected what is no parameter of the optimizer, once',
    ],
    [
      () => {
        const optimizer = new Lookahead(sgd());
        optimizer.alpha = 2;
        optimizer.step();
      },
      'Lookahead.step: alpha is 2, expected a number from 0 to 1',
    ],
    [
      () => {
        const optimizer = new Lookahead(sgd());
        optimizer.optimizer.addParamGroup({ params: [scalar(0)] });
        optimizer.step();
      },
      'Lookahead.step: optimizer has 2 parameters, expected the 1 that it had at first: make a new Lookahead after ' +
        'addParamGroup',
    ],
    [
      () => new Lookahead(sgd()).loadStateDict({ ...new Lookahead(sgd()).stateDict(), steps: -1 }),
      'Lookahead.loadStateDict: steps is -1, expected a whole number ≥ 0',
    ],
    [
      () => new Lookahead(sgd()).loadStateDict({ ...new Lookahead(sgd()).stateDict(), slow: {} }),
      "Lookahead.loadStateDict: slow has no entry '0', expected an object with 0",
    ],
  ])('refuses what does not fit: case %#', (make, message) => {
    expect(make).toThrow(message);
  });
});
