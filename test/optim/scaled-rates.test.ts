import { expect, test } from 'vitest';
import { nn, optim } from '../../src/index.js';
import { setLearningRate } from '../../src/training/learning-rate.js';

const { CosineAnnealingLR, LambdaLR, OneCycleLR, SequentialLR, StepLR } = optim.lrScheduler;

type Schedule = { step(): void; scaleRates(factor: number): void };
type Optimizer = optim.SGD;

/** The rates of ten steps, the rate being doubled before the fifth. */
function rates(make: (optimizer: Optimizer) => Schedule, isDoubled: boolean): number[] {
  const optimizer = new optim.SGD(new nn.Linear(2, 2).parameters(), { lr: 0.4 });
  const schedule = make(optimizer);
  return Array.from({ length: 10 }, (_, step) => {
    if (isDoubled && step === 4) setLearningRate(optimizer, schedule, 2 * optimizer.paramGroups[0].lr);
    const { lr } = optimizer.paramGroups[0];
    schedule.step();
    return lr;
  });
}

test.each<[string, (optimizer: Optimizer) => Schedule]>([
  ['StepLR', (optimizer) => new StepLR(optimizer, { stepSize: 3 })],
  ['CosineAnnealingLR', (optimizer) => new CosineAnnealingLR(optimizer, { TMax: 8 })],
  ['LambdaLR', (optimizer) => new LambdaLR(optimizer, { lrLambda: (t) => 1 / (1 + t) })],
  ['OneCycleLR', (optimizer) => new OneCycleLR(optimizer, { maxLr: 0.8, totalSteps: 12, cycleMomentum: false })],
  [
    'SequentialLR',
    (optimizer) => {
      const schedulers = [
        new LambdaLR(optimizer, { lrLambda: () => 0.5 }),
        new CosineAnnealingLR(optimizer, { TMax: 6 }),
      ];
      return new SequentialLR(optimizer, { schedulers, milestones: [6] });
    },
  ],
])('%s keeps its form when the rate is changed', (_, make) => {
  const plain = rates(make, false);
  const doubled = rates(make, true);
  const expected = plain.map((rate, step) => (step < 4 ? rate : 2 * rate));
  for (const [step, rate] of doubled.entries()) expect(rate).toBeCloseTo(expected[step], 12);
});

test('from a rate of almost zero there is a way back', () => {
  const optimizer = new optim.SGD(new nn.Linear(2, 2).parameters(), { lr: 0.4 });
  const schedule = new LambdaLR(optimizer, { lrLambda: (t) => 1 / (1 + t) });
  for (const rate of [1e-320, 0.3]) setLearningRate(optimizer, schedule, rate);
  expect(optimizer.paramGroups[0].lr).toBe(0.3);
  schedule.step();
  expect(optimizer.paramGroups[0].lr).toBeLessThan(0.4);
});

test('groups keep their ratio; from a rate of zero all get the new one', () => {
  const params = new nn.Linear(2, 2).parameters();
  const optimizer = new optim.SGD([{ params: [params[0]] }, { params: [params[1]], lr: 0.1 }], { lr: 0.4 });
  expect(setLearningRate(optimizer, undefined, 0.8)).toBe(true);
  expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.8, 0.2]);
  optimizer.paramGroups[0].lr = 0;
  setLearningRate(optimizer, undefined, 0.3);
  expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.3, 0.3]);
  expect(setLearningRate({ step: () => {}, zeroGrad: () => {} }, undefined, 1)).toBe(false);
});
