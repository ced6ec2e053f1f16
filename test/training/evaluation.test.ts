import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  array,
  checkAccuracy,
  ensemble,
  F,
  manualSeed,
  type NDArray,
  nn,
  predict,
  Random,
  Tensor,
  type TensorLike,
  WeightAverage,
} from '../../src/index.js';
import '../helpers/matchers.js';
import { pretend } from '../helpers/pretend.js';

/** Scores that are its input. */
class Echo extends nn.Module {
  readonly dropout = new nn.Dropout(0.9);

  override forward(x: TensorLike): Tensor {
    return this.dropout.forward(x);
  }
}

const X = array([
  [3, 1, 2],
  [0, 5, 1],
  [1, 1, 0],
  [0, 1, 9],
]);
const batches = (): [NDArray, number[]][] => [
  [X.hi(3, 3), [0, 2, 0]],
  [X.lo(3, 0), [2]],
];

afterEach(() => void vi.restoreAllMocks());

describe('checkAccuracy', () => {
  test('counts the highest scores, the first of equal ones, in evaluation mode', () => {
    expect(checkAccuracy(batches(), new Echo())).toBe(3 / 4);
  });

  test('says so when asked', () => {
    const print = vi.spyOn(console, 'log').mockImplementation(() => {});
    checkAccuracy(batches(), new Echo());
    expect(print).not.toHaveBeenCalled();
    checkAccuracy(batches(), new Echo(), { verbose: true });
    expect(print).toHaveBeenCalledWith('Got 3 / 4 correct (75.00%)');
  });

  test('puts the mode of every module back, also after an error', () => {
    const model = new nn.Sequential(new nn.Dropout(), new nn.BatchNorm1d(3));
    model.at(1).eval();
    checkAccuracy(batches(), model);
    expect([model.training, model.at(0).training, model.at(1).training]).toEqual([true, true, false]);
    expect(() => checkAccuracy([[array([[1, 2]]), [0]]], model)).toThrow('Sequential[1] (BatchNorm1d)');
    expect([model.training, model.at(0).training, model.at(1).training]).toEqual([true, true, false]);
  });

  test.each<[() => unknown, string]>([
    [
      () => checkAccuracy(pretend(new Echo()), pretend(batches())),
      'checkAccuracy: loader is an Echo, expected a DataLoader',
    ],
    [() => checkAccuracy(batches(), pretend({})), 'checkAccuracy: model is no Module: the loader comes first'],
    [() => checkAccuracy([], new Echo()), 'checkAccuracy: loader has no batches'],
    [() => checkAccuracy(batches(), new Echo(), pretend({ loud: 1 })), "checkAccuracy: unknown option 'loud'"],
    [
      () => checkAccuracy([[array([[[1]]]), [0]]], new Echo()),
      'checkAccuracy: model.forward(X) has shape (1, 1, 1), expected scores (N=1, C)',
    ],
  ])('refuses what does not fit: %#', (call, message) => {
    expect(call).toThrow(message);
  });
});

describe('predict', () => {
  test('gives all scores and labels, in the order of the loader', () => {
    const { scores, labels } = predict(batches(), new Echo());
    expect(scores).toBeAllClose(X);
    expect([...labels]).toEqual([0, 2, 0, 2]);
  });
});

describe('ensemble', () => {
  test('averages probabilities', () => {
    const [a, b] = [array([[Math.log(3), 0]]), array([[0, Math.log(7)]])];
    const constant = (value: NDArray): nn.Module =>
      new (class extends nn.Module {
        override forward(): Tensor {
          return new Tensor(value);
        }
      })();
    const out = ensemble([constant(a), constant(b)]).forward(X);
    // softmax: (3/4, 1/4) and (1/8, 7/8)
    expect(F.exp(out).data).toBeAllClose(array([[7 / 16, 9 / 16]]), { rtol: 1e-6 });
  });

  test('has its models as members', () => {
    const model = ensemble([new nn.Linear(3, 2), new nn.Linear(3, 2)]);
    expect(Object.keys(model.stateDict())).toEqual([
      'models.0.weight',
      'models.0.bias',
      'models.1.weight',
      'models.1.bias',
    ]);
    expect(() => ensemble([])).toThrow('ensemble: models is empty');
    expect(() => ensemble(pretend([3]))).toThrow('ensemble: models is [3], expected a list of modules');
  });
});

describe('WeightAverage', () => {
  const weights = (model: nn.Linear): number[] => Array.from(model.weight.data.data);

  test('is the moving average, with a smaller decay in the first steps', () => {
    manualSeed(1);
    const model = new nn.Linear(2, 1, { bias: false, dtype: 'float64' });
    model.weight.data.set(0, 0, 10);
    const average = new WeightAverage(model, { decay: 0.15 });
    for (const value of [20, 30, 40]) {
      model.weight.data.set(0, 0, value);
      average.update();
    }
    // Decays 1/10, 2/11 → 0.15, 3/12 → 0.15
    const expected = [20, 30, 40].reduce((mean, value, t) => {
      const decay = Math.min(0.15, (1 + t) / (10 + t));
      return decay * mean + (1 - decay) * value;
    }, 10);
    expect(average.during(() => weights(model)[0])).toBeCloseTo(expected, 12);
    expect(weights(model)[0]).toBe(40);
    average.copyToModel();
    expect(weights(model)[0]).toBeCloseTo(expected, 12);
  });

  test('takes the running statistics along, and counts as they are', () => {
    const model = new nn.BatchNorm1d(3);
    const average = new WeightAverage(model, { decay: 0.5 });
    model.forward(new Random(1).randn([8, 3]));
    average.update();
    const { runningMean, numBatchesTracked } = model;
    const now = runningMean?.data.get(0) ?? Number.NaN;
    average.copyToModel();
    expect(numBatchesTracked?.item()).toBe(1);
    // The first decay is 1/10, and the mean began at 0.
    expect(runningMean?.data.get(0)).toBeCloseTo(0.9 * now, 6);
  });

  test('puts the weights back when the function throws', () => {
    const model = new nn.Linear(2, 1);
    const before = weights(model);
    const average = new WeightAverage(model);
    model.weight.data.set(0, 0, 5);
    expect(() =>
      average.during(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(weights(model)).toEqual([5, before[1]]);
  });
});
