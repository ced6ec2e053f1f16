import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runsOf, smoothed, thinned } from '../../src/pictures/histories.js';

const run = { lossHistory: [3, 2, 1], trainAccHistory: [0.1, 0.5], valAccHistory: [0.2, 0.4] };

describe('runsOf', () => {
  test('takes one run, a list of runs, and runs by name', () => {
    expect(runsOf('f', run).map(({ name }) => name)).toEqual(['run']);
    expect(runsOf('f', [run, run]).map(({ name }) => name)).toEqual(['run 1', 'run 2']);
    expect(runsOf('f', { sgd: run, adam: run }).map(({ name }) => name)).toEqual(['sgd', 'adam']);
  });

  test('copies, so that training may go on', () => {
    const growing = { ...run, lossHistory: [3, 2, 1] };
    const [{ losses }] = runsOf('f', growing);
    growing.lossHistory.push(0);
    expect(losses).toEqual([3, 2, 1]);
  });

  test.each([
    ['after the first iteration and at the end of each epoch', 2, [0, 1, 2]],
    ['at the end of each epoch, where one is one iteration', 3, [1, 2, 3]],
    ['an unknown number of times', undefined, [0, 1, 2]],
  ])('places the evaluations of a run that was evaluated %s', (_, epoch, expected) => {
    const [{ epochs }] = runsOf('f', { ...run, valAccHistory: [0.1, 0.2, 0.3], epoch });
    expect(epochs).toEqual(expected);
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'f: solvers is undefined, expected a Solver, a list of them, or { name: Solver }'],
    ['a text', 'solver', "f: solvers is 'solver', expected a Solver"],
    ['an empty list', [], 'f: solvers is empty, expected at least one Solver'],
    ['an empty object', {}, 'f: solvers is empty, expected at least one Solver'],
    ['a run before training', { ...run, lossHistory: [] }, 'f: solvers.lossHistory is empty: call train() first'],
    ['one of several before training', [run, { ...run, lossHistory: [] }], 'f: solvers[1].lossHistory is empty'],
    ['only NaN', { ...run, lossHistory: [Number.NaN] }, 'f: solvers.lossHistory has no finite number'],
    ['no solver in a list', [run, null], 'f: solvers[1] is null, expected a Solver'],
    ['no solver by name', { adam: 3 }, "f: solvers['adam'] is 3, expected a Solver"],
    ['no accuracies', { lossHistory: [1] }, 'f: solvers.trainAccHistory is undefined, expected a list of numbers'],
    [
      'a text among the losses',
      { a: { ...run, lossHistory: ['1'] } },
      "f: solvers['a'].lossHistory[0] is '1', expected a number",
    ],
  ])('refuses %s', (_, solvers, message) => {
    expect(() => runsOf('f', solvers)).toThrow(message);
  });
});

describe('smoothed', () => {
  test('is the mean over 2 % of the run to either side, over less at the ends', () => {
    // 100 iterations: two to either side.
    const losses = Array.from({ length: 100 }, (_, i) => i * i);
    const { x, y } = smoothed(losses);
    expect(x).toEqual(losses.map((_, i) => i + 1));
    expect(y[0]).toBeCloseTo((0 + 1 + 4) / 3, 12);
    expect(y[1]).toBeCloseTo((0 + 1 + 4 + 9) / 4, 12);
    expect(y[50]).toBeCloseTo((48 ** 2 + 49 ** 2 + 50 ** 2 + 51 ** 2 + 52 ** 2) / 5, 12);
    expect(y[99]).toBeCloseTo((97 ** 2 + 98 ** 2 + 99 ** 2) / 3, 9);
  });

  test('is the run itself where it is short', () => {
    const losses = Array.from({ length: 49 }, (_, i) => Math.sin(i));
    expect(smoothed(losses).y).toEqual(losses);
  });

  test('leaves what is not finite out of the means, as a gap', () => {
    const losses = Array.from({ length: 100 }, () => 2);
    losses[50] = Number.NaN;
    losses[99] = Number.POSITIVE_INFINITY;
    const { y } = smoothed(losses);
    expect(y.filter(Number.isNaN)).toHaveLength(2);
    expect(y[50]).toBeNaN();
    expect(y[51]).toBe(2);
  });
});

describe('thinned', () => {
  test('is the run itself up to a thousand iterations', () => {
    const losses = Array.from({ length: 1000 }, (_, i) => Math.cos(i));
    expect(thinned(losses)).toEqual({ x: losses.map((_, i) => i + 1), y: losses });
  });

  test('keeps order, extremes and gaps of any longer run', () => {
    const loss = fc.oneof(
      { weight: 200, arbitrary: fc.double({ min: -10, max: 10, noNaN: true }) },
      fc.constant(Number.NaN),
    );
    fc.assert(
      fc.property(fc.array(loss, { minLength: 1001, maxLength: 3000 }), (losses) => {
        const { x, y } = thinned(losses);
        expect(x.length).toBeLessThanOrEqual(1000);
        expect(x.every((at, i) => i === 0 || at > x[i - 1])).toBe(true);
        expect(y).toEqual(x.map((at) => losses[at - 1]));
        // In each of the 500 parts, what is kept spans what is there.
        for (let part = 0; part < 500; part++) {
          const from = Math.floor((part * losses.length) / 500);
          const to = Math.floor(((part + 1) * losses.length) / 500);
          const there = losses.slice(from, to);
          const kept = y.filter((_, i) => x[i] > from && x[i] <= to);
          if (there.some(Number.isNaN)) expect(kept.some(Number.isNaN)).toBe(true);
          else expect([Math.min(...kept), Math.max(...kept)]).toEqual([Math.min(...there), Math.max(...there)]);
        }
      }),
      { seed: 231, numRuns: 20 },
    );
  });
});
