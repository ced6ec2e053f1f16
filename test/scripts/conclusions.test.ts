// What the reports conclude follows the numbers, whichever way they fall.

import { describe, expect, test } from 'vitest';
import { influence } from '../../scripts/experiments/batch-size.js';
import { overfitting as fitted, verdict } from '../../scripts/experiments/best-fully-connected.js';
import { speed, validation } from '../../scripts/experiments/deep-batchnorm.js';
import { generalization, overfitting } from '../../scripts/experiments/dropout.js';
import { ease } from '../../scripts/experiments/initialization-sensitivity.js';
import type { Run, Trial } from '../../scripts/experiments/support/training.js';
import { adagrad, momentum, order } from '../../scripts/experiments/update-rules.js';
import { breadth, ends } from '../../scripts/experiments/weight-scale.js';

function run(trainAcc: number[], valAcc = trainAcc, divergedAt: number | null = null): Run {
  return { lossHistory: [1], trainAccHistory: trainAcc, valAccHistory: valAcc, epoch: trainAcc.length - 1, divergedAt };
}

function trial(name: string, ...runs: Run[]): Trial {
  return { name, runs };
}

test('update-rules: the lowest loss, those level with it, and those that diverged', () => {
  const of = (name: string, mean: number, error: number) => ({ name, loss: { values: [mean, mean], mean, error } });
  expect(order([of('Adam', 1, 0.01), of('SGD', 2, 0.01)])).toBe(
    'The lowest training loss of the last epoch is that of Adam (1.00); the highest is that of SGD (2.00).',
  );
  expect(order([of('Adam', 1, 0.1), of('Nesterov', 1.1, 0.1), of('SGD', 2, 0.1), of('big', Number.NaN, 0)])).toBe(
    'The lowest training losses of the last epoch, with Adam (1.00) and Nesterov (1.10), are less than twice the ' +
      'standard error of their difference apart; the highest is that of SGD (2.00). big diverged.',
  );
  expect(order([of('big', Number.NaN, 0)])).toBe('No rule got through the run. big diverged.');
});

test('update-rules: momentum is faster, or is not', () => {
  const sgd = trial('SGD', run([0.1, 0.2, 0.3]));
  const quick = trial('momentum', run([0.1, 0.35, 0.4]));
  const slow = trial('Nesterov', run([0.1, 0.15, 0.2]));
  expect(momentum([sgd, quick, { ...quick, name: 'Nesterov' }], 2)).toMatch(
    /30\.0%.*momentum reaches it in epoch 1 and Nesterov reaches it in epoch 1: momentum converges faster\.$/,
  );
  expect(momentum([sgd, quick, slow], 2)).toMatch(/Nesterov does not reach it: here momentum is not faster\.$/);
});

test('update-rules: AdaGrad slows down, or does not', () => {
  expect(adagrad({ AdaGrad: [1, 0.1], Adam: [1, 0.5] })).toMatch(/to 10\.0%.*Adam's to 50\.0%: AdaGrad divides/);
  expect(adagrad({ AdaGrad: [1, 0.5], Adam: [1, 0.1] })).toMatch(/to 50\.0%.*Adam's to 10\.0%\. Here AdaGrad's/);
  expect(adagrad({ AdaGrad: [], Adam: [1] })).toBe('A run was too short to compare step lengths.');
});

test('deep-batchnorm: faster, not faster, never there', () => {
  const plain = trial('plain', run([0.1, 0.2, 0.3, 0.4]));
  expect(speed(trial('bn', run([0.1, 0.3, 0.4, 0.5])), plain)).toMatch(/3 of 3 epochs.*in epoch 2: .* makes this net/);
  expect(speed(trial('bn', run([0.1, 0.1, 0.2, 0.4])), plain)).toMatch(/0 of 3 epochs.*in epoch 3: .* does not make/);
  expect(speed(trial('bn', run([0.1, 0.1, 0.2, 0.3])), plain)).toMatch(/0 of 3.*does not reach the 40\.0%/);
});

test('deep-batchnorm: validation accuracies differ, or do not', () => {
  const of = (...accuracies: number[]) => trial('net', ...accuracies.map((accuracy) => run([accuracy])));
  expect(validation(of(0.5, 0.51), of(0.4, 0.41))).toMatch(/differ by 10\.0 percentage points .* net with it\.$/);
  expect(validation(of(0.4, 0.41), of(0.5, 0.51))).toMatch(/differ by 10\.0 percentage points .* net without it\.$/);
  expect(validation(of(0.4, 0.5), of(0.41, 0.52))).toMatch(/do not differ by more than/);
});

describe('weight-scale', () => {
  test('the normalized net works at more scales, or does not', () => {
    expect(breadth([0.01, 0.1], [0.1], 5)).toMatch(
      /2 of 5 .*between 0\.01 and 0\.1; .* 1 of 5 .* makes the net less sens/,
    );
    expect(breadth([0.1], [0.1], 5)).toMatch(/Here batch normalization does not make the net less sensitive/);
  });

  test('only the plain net fails to learn at some scales, or at none', () => {
    expect(ends([0.001, 0.1, 1], [0.3, 0.6, 0.3], [0.1, 0.6, 0.3])).toMatch(
      /^At 0\.001 .* 30\.0% with it and 10\.0% without; at 1 .*At 1 scale, up to 0\.001, the plain net learns next to/,
    );
    expect(ends([0.001, 1], [0.3, 0.3], [0.3, 0.3])).toMatch(/There is no scale at which only the plain net fails/);
  });
});

test('batch-size: which normalization depends less on it', () => {
  expect(influence(0.4, 0.1)).toMatch(/^layer normalization.* depends less/);
  expect(influence(0.1, 0.4)).toBe('here batch normalization depends less on it');
  expect(influence(0.4, 0.38)).toBe('here the two depend on it alike');
});

test('dropout: the gap, and what it is worth', () => {
  const without = trial('no dropout', run([0.9], [0.3]), run([0.9], [0.31]));
  const better = trial('keep 0.25', run([0.7], [0.35]), run([0.7], [0.36]));
  const worse = trial('keep 0.25', run([0.9], [0.2]), run([0.9], [0.21]));
  expect(overfitting(without, better, 0.25)).toMatch(
    /59\.5 percentage points without and 34\.5 .*fits its images less/,
  );
  expect(overfitting(without, worse, 0.25)).toMatch(/here dropout does not keep the net from fitting/);
  expect(generalization(without, better)).toMatch(/generalizes better\.$/);
  expect(generalization(without, worse)).toMatch(/costs more than it gains\.$/);
  expect(generalization(without, without)).toMatch(/neither helps nor harms measurably\.$/);
});

test('initialization-sensitivity: which depth is the more sensitive one', () => {
  const grids = [3, 5].map((layers) => ({ layers, runs: [[run([0.1]), run([0.1], [0.1], 2)]] }));
  const names = ['3 layers', '5 layers'];
  expect(ease(names, [2, 1], 2, grids)).toMatch(
    /2 work with 3 layers and 1 work .* 1 diverge .* The deeper net is the more/,
  );
  expect(ease(names, [1, 2], 2, grids)).toMatch(/Here the shallower net is the more sensitive one\.$/);
  expect(ease(names, [1, 1], 2, grids)).toMatch(/depth makes no difference/);
});

test('best-fully-connected: above or below what is asked for', () => {
  expect(verdict(0.6, 0.58, 10000)).toMatch(
    /60\.0% .* more than the 50\.0% .* 6\.7 percentage points above .* ± 0\.5%\.$/,
  );
  expect(verdict(0.45, 0.4, 100)).toMatch(/less than the 50\.0% .* 8\.3 percentage points below .* ± 4\.9%\.$/);
  expect(fitted(run([0.2, 0.7, 0.8], [0.2, 0.6, 0.5]))).toMatch(
    /epoch is 1 of 2\..* 10\.0 percentage points above .*even/,
  );
  expect(fitted(run([0.2, 0.58], [0.2, 0.6]))).toMatch(/2\.0 percentage points below .*hardly overfits\.$/);
});
