import { describe, expect, test } from 'vitest';
import { array, hostValues, Random, toNested, zeros } from '../src/arrays/index.js';
import { Solver } from '../src/solver.js';
import { pretend } from './helpers/pretend.js';
import { ScriptedModel, scriptedData } from './helpers/scripted-model.js';

describe('Solver.checkAccuracy', () => {
  const scores = [
    [1, 2, 0],
    [5, 5, 1],
    [0, 0, 0],
    [-3, -1, -2],
    [0, 1, 9],
  ];

  function solverOf(): { solver: Solver; model: ScriptedModel } {
    const model = new ScriptedModel();
    return { solver: new Solver(model, scriptedData(4, 4), { verbose: false, seed: 1 }), model };
  }

  test('counts examples whose highest score is that of their label; the first of equals counts', () => {
    const { solver } = solverOf();
    expect(solver.checkAccuracy(array(scores), [1, 0, 0, 1, 2])).toBe(1);
    expect(solver.checkAccuracy(array(scores), [1, 1, 1, 1, 1])).toBe(2 / 5);
    expect(solver.checkAccuracy(array(scores), [2, 2, 2, 0, 0])).toBe(0);
    expect(solver.checkAccuracy(array(scores), array([0, 0, 2, 2, 2]))).toBe(2 / 5);
  });

  test('goes in batches of batchSize, the last one smaller', () => {
    const { solver, model } = solverOf();
    expect(solver.checkAccuracy(array(scores), [1, 1, 1, 1, 1], { batchSize: 2 })).toBe(2 / 5);
    expect(model.scored).toEqual([2, 2, 1]);
    solver.checkAccuracy(zeros([205, 2]), new Uint8Array(205));
    expect(model.scored.slice(3)).toEqual([100, 100, 5]);
  });

  test('takes strided arrays', () => {
    const { solver } = solverOf();
    const X = array(array(scores).transpose(1, 0)).transpose(1, 0);
    expect(solver.checkAccuracy(X, [1, 0, 0, 1, 2], { batchSize: 2 })).toBe(1);
  });

  test('draws numSamples examples with their labels', () => {
    const { solver, model } = solverOf();
    const random = new Random(14);
    const X = random.randn([300, 4]);
    const y = Array.from({ length: 300 }, (_, n) => {
      const row = hostValues(array(X.pick(n)));
      return row.indexOf(Math.max(...row));
    });
    expect(solver.checkAccuracy(X, y, { numSamples: 50 })).toBe(1);
    expect(model.scored).toEqual([50]);
    const wrong = y.map((label) => (label + 1) % 4);
    expect(solver.checkAccuracy(X, wrong, { numSamples: 50 })).toBe(0);
    expect(solver.checkAccuracy(X, y, { numSamples: 5000 })).toBe(1);
    expect(model.scored.slice(2)).toEqual([100, 100, 100]);
  });

  test('changes nothing', () => {
    const { solver, model } = solverOf();
    const X = array(scores);
    solver.checkAccuracy(X, [1, 0, 0, 1, 2]);
    expect(toNested(X)).toEqual(scores);
    expect(model.params.w.get(0)).toBe(0);
    expect([solver.valAccHistory, solver.iteration, solver.bestValAcc]).toEqual([[], 0, 0]);
  });

  test.each<[what: string, X: unknown, y: unknown, options: object | undefined, message: string]>([
    ['rank', zeros([3]), [0, 0, 0], undefined, 'X has shape (3,), expected (N, …)'],
    ['no examples', zeros([0, 3]), [], undefined, 'X has shape (0, 3), expected (N, …) with every size at least 1'],
    ['kind', [1], [0], undefined, 'X is [1], expected an array of float32 or float64'],
    ['too few labels', zeros([3, 2]), [0], undefined, 'y has shape (1,), expected (N=3,)'],
    ['a label', zeros([1, 2]), [0.5], undefined, 'y[0] is 0.5, expected an integer ≥ 0'],
    ['numSamples', zeros([1, 2]), [0], { numSamples: 0 }, 'numSamples is 0, expected a whole number ≥ 1'],
    ['numSamples', zeros([1, 2]), [0], { numSamples: 1.5 }, 'numSamples is 1.5, expected a whole number ≥ 1'],
    ['batchSize', zeros([1, 2]), [0], { batchSize: 0 }, 'batchSize is 0, expected a whole number ≥ 1'],
    ['batchSize', zeros([1, 2]), [0], { batchSize: Number.NaN }, 'batchSize is NaN, expected a whole number ≥ 1'],
  ])('names what is wrong: %s', (_, X, y, options, message) => {
    const { solver } = solverOf();
    expect(() => solver.checkAccuracy(pretend(X), pretend(y), options)).toThrow(`Solver.checkAccuracy: ${message}`);
  });

  test('names an option that it does not know', () => {
    const { solver } = solverOf();
    expect(() => solver.checkAccuracy(array(scores), [1, 0, 0, 1, 2], { samples: 3 } as object)).toThrow(
      "Solver.checkAccuracy: unknown option 'samples', expected numSamples, batchSize",
    );
  });
});
