import { describe, expect, test } from 'vitest';
import {
  affineBackward,
  affineForward,
  array,
  checkModelGradients,
  type Dataset,
  type Labels,
  type Model,
  type NDArray,
  type Params,
  Random,
  Solver,
  zeros,
} from '../src/index.js';
import './helpers/matchers.js';

/** y = X · w + b, with the mean over all numbers of (prediction − target)². */
class LinearRegression implements Model {
  params: Params = { w: zeros([2, 2], 'float64'), b: zeros([2], 'float64') };
  readonly seen: unknown[] = [];

  loss(X: NDArray, y?: Labels) {
    const { w, b } = this.params;
    const [out, cache] = affineForward(X, w, b);
    if (y === undefined) return out;
    this.seen.push(y);
    const target = y as NDArray;
    const dout = zeros(out.shape, 'float64');
    let loss = 0;
    for (let i = 0; i < out.size; i++) {
      const difference = out.data[i] - target.data[i];
      loss += difference ** 2 / out.size;
      dout.data[i] = (2 * difference) / out.size;
    }
    const { dw, db } = affineBackward(dout, cache);
    return { loss, grads: { w: dw, b: db } };
  }
}

function data(): Dataset {
  const random = new Random(1);
  const draw = (N: number): [NDArray, NDArray] => {
    const X = random.randn([N, 2], 'float64');
    // biome-ignore format: rows
    const [y] = affineForward(X, array([[1, -1], [2, 0]], [2, 2], 'float64'), zeros([2], 'float64'));
    return [X, y];
  };
  const [[XTrain, yTrain], [XVal, yVal]] = [draw(40), draw(30)];
  return { XTrain, yTrain, XVal, yVal };
}

const options = { optimConfig: { learningRate: 0.2 }, batchSize: 10, numEpochs: 10, verbose: false, seed: 1 } as const;

describe('a Solver with numbers as targets', () => {
  test('fits a line, and keeps the parameters of the lowest validation loss', () => {
    const model = new LinearRegression();
    const solver = new Solver(model, data(), options);
    solver.train();
    expect([solver.trainAccHistory, solver.valAccHistory, solver.bestValAcc]).toEqual([[], [], 0]);
    expect(solver.valLossHistory).toHaveLength(11);
    expect(solver.bestValLoss).toBe(Math.min(...solver.valLossHistory));
    expect(solver.bestValLoss).toBeLessThan(1e-3);
    // biome-ignore format: rows
    expect(model.params.w).toBeAllClose(array([[1, -1], [2, 0]], [2, 2], 'float64'), { atol: 0.05 });
    expect((model.seen[0] as NDArray).shape).toEqual([10, 2]);
  });

  test('yields evaluations without accuracies', () => {
    const solver = new Solver(new LinearRegression(), data(), { ...options, numEpochs: 1 });
    const epochs = [...solver.steps()].filter(({ kind }) => kind === 'epoch');
    expect(epochs.at(-1)).toMatchObject({ trainAcc: null, valAcc: null, epoch: 1 });
  });

  test('goes on from a state to the same bits; one of an earlier version has no losses', () => {
    const whole = new Solver(new LinearRegression(), data(), options);
    whole.train();
    const first = new Solver(new LinearRegression(), data(), options);
    for (const { iteration } of first.steps()) if (iteration === 7) break;
    const second = new Solver(new LinearRegression(), data(), options);
    second.loadStateDict(first.stateDict());
    second.train();
    expect(second.valLossHistory).toEqual(whole.valLossHistory);
    expect(second.model.params.w).toEqualBits(whole.model.params.w);
    const {
      valLossHistory: _,
      bestValLoss: __,
      ...old
    } = new Solver(new LinearRegression(), data(), options).stateDict();
    first.loadStateDict(old as never);
    expect([first.valLossHistory, first.bestValLoss]).toEqual([[], null]);
  });

  test('checkModelGradients takes them', () => {
    const model = new LinearRegression();
    model.params.w = new Random(2).randn([2, 2], 'float64');
    const { XVal, yVal } = data();
    const errors = checkModelGradients(model, XVal, yVal);
    expect(Math.max(...Object.values(errors))).toBeLessThan(1e-6);
  });

  test.each<[change: Partial<Dataset>, error: string, message: string]>([
    [{ yTrain: zeros([39, 2], 'float64') }, 'ShapeError', 'Solver: yTrain has shape (39, 2), expected (N=40, …)'],
    [{ yVal: zeros([30, 3], 'float64') }, 'ShapeError', 'Solver: yVal has shape (30, 3), expected (30, 2)'],
    [
      { yVal: new Array(30).fill(0) },
      'TypeError',
      'Solver: yVal is labels, expected numbers of shape (N, 2), as yTrain',
    ],
  ])('names targets that do not fit: case %#', (change, name, message) => {
    const make = () => new Solver(new LinearRegression(), { ...data(), ...change });
    expect(make).toThrow(expect.objectContaining({ name, message: expect.stringContaining(message) }));
  });

  test('has no accuracy to check', () => {
    const { XVal, yVal } = data();
    const solver = new Solver(new LinearRegression(), data(), options);
    expect(() => solver.checkAccuracy(XVal, yVal)).toThrow('Solver.checkAccuracy: y has shape (30, 2), expected (N,)');
  });
});
