import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  array,
  type Batches,
  checkAccuracy,
  DataLoader,
  evaluate,
  F,
  fit,
  type Labels,
  meanAbsoluteError,
  type NDArray,
  nn,
  optim,
  predict,
  r2Score,
  Tensor,
  type TensorLike,
  TwoLayerNet,
  toNested,
  zeros,
} from '../../src/index.js';
import '../helpers/matchers.js';
import { pretend } from '../helpers/pretend.js';

/** Scores that are its input, unless it is in training mode. */
class Echo extends nn.Module {
  readonly dropout = new nn.Dropout(0.9);

  override forward(x: TensorLike): Tensor {
    return this.dropout.forward(x);
  }
}

const X = array([[3, 1, 2], [0, 5, 1], [1, 1, 0], [0, 1, 9]]); // biome-ignore format: rows
const echo = new Echo();

describe('predict', () => {
  test('of an array gives scores, classes or probabilities', () => {
    for (const batchSize of [1, 3, 100]) {
      expect(predict(X, echo, { batchSize })).toEqualBits(X);
      expect(predict(X, echo, { as: 'scores', batchSize })).toEqualBits(X);
      expect(predict(X, echo, { as: 'classes', batchSize })).toEqual(Int32Array.of(0, 1, 0, 2));
    }
    expect(predict(array([[Math.log(3), 0]]), echo, { as: 'probabilities' })).toBeAllClose(array([[0.75, 0.25]]), {
      rtol: 1e-6,
    });
    expectTypeOf(predict(X, echo, { as: 'classes' })).toEqualTypeOf<Int32Array>();
    expectTypeOf(predict(X, echo)).toEqualTypeOf<NDArray>();
  });

  test('of one score: a logit', () => {
    const logits = array([[0], [2], [-1]]);
    expect(predict(logits, echo, { as: 'classes' })).toEqual(Int32Array.of(0, 1, 0));
    const expected = array([[0.5], [1 / (1 + Math.exp(-2))], [1 / (1 + Math.E)]]);
    expect(predict(logits, echo, { as: 'probabilities' })).toBeAllClose(expected, { rtol: 1e-6 });
  });

  test('of scores for each place of an image', () => {
    const scores = array([[[[1, 5]], [[4, 4]]]]);
    expect(predict(scores, echo, { as: 'classes' })).toEqual(Int32Array.of(1, 0));
    const p = predict(scores, echo, { as: 'probabilities' });
    expect(p.get(0, 0, 0, 0)).toBeCloseTo(1 / (1 + Math.exp(3)), 6);
    expect(p.get(0, 1, 0, 1)).toBeCloseTo(1 / (1 + Math.E), 6);
  });

  test('of a loader, with and without targets', () => {
    const labelled = new DataLoader({ X, y: [0, 1, 0, 2] }, { batchSize: 3 });
    const both = predict(labelled, echo);
    expectTypeOf(both.labels).toEqualTypeOf<Int32Array>();
    expect([toNested(both.scores), both.labels]).toEqual([toNested(X), Int32Array.of(0, 1, 0, 2)]);
    expect(predict(labelled, echo, { as: 'classes' })).toEqual(Int32Array.of(0, 1, 0, 2));
    const numbers = predict(new DataLoader({ X, y: zeros([4, 2]) }, { batchSize: 3 }), echo);
    expectTypeOf(numbers.labels).toEqualTypeOf<NDArray>();
    expect(numbers.labels.shape).toEqual([4, 2]);
    const plain = new DataLoader<NDArray, undefined>({ X }, { batchSize: 3 });
    expect(predict(plain, echo)).toEqualBits(X);
    expect(predict([[X], [X]] as const, echo, { as: 'scores' }).shape).toEqual([8, 3]);
  });

  test('of several inputs', () => {
    class Sum extends nn.Module {
      forward(a: NDArray, b: NDArray): Tensor {
        return F.add(a, b);
      }
    }
    expect(predict([X, X], new Sum(), { batchSize: 3 })).toBeAllClose(F.mul(X, 2).data);
    class Named extends nn.Module {
      forward({ a, b }: { a: NDArray; b: NDArray }): Tensor {
        return F.add(a, b);
      }
    }
    expect(predict({ a: X, b: X }, new Named())).toBeAllClose(F.mul(X, 2).data);
  });

  test.each([['a view', X.transpose(0, 1).step(-1, 1)]])('of %s', (_, view) => {
    expect(toNested(predict(view, echo, { batchSize: 3 }))).toEqual(toNested(view));
  });

  test('by a model of the Solver', () => {
    const model = new TwoLayerNet({ inputDim: 3, hiddenDim: 4, numClasses: 2, seed: 1 });
    expect(predict(X, model, { batchSize: 3 })).toBeAllClose(model.loss(X), { rtol: 1e-6 });
    const labels = predict(X, model, { as: 'classes' });
    expect(checkAccuracy(new DataLoader({ X, y: labels }), model)).toBe(1);
    const kept: NDArray[] = [];
    const keeping = { params: {}, loss: (x: NDArray) => kept[kept.push(x) - 1] };
    expect(predict(X, keeping)).toEqualBits(X);
    expect(toNested(kept[0])).toEqual(toNested(X));
  });

  test.each<[call: () => unknown, message: string]>([
    [
      () => predict(pretend(echo), pretend<nn.Module>(X)),
      'predict: loader is an Echo, expected an array X or a loader: the model is the second argument',
    ],
    [
      () => predict(pretend(new Tensor(X)), echo),
      'predict: X is a tensor of shape (4, 3), expected an array or a loader: give its data, X.data',
    ],
    [() => predict(X, pretend<nn.Module>(3)), 'predict: model is no Module: the loader comes first'],
    [() => predict(pretend(3), echo), 'predict: loader is 3, expected a DataLoader or an iterable of batches [X, y]'],
    [
      () => predict(X, echo, pretend({ as: 'labels' })),
      "predict: as is 'labels', expected 'scores', 'classes' or 'probabilities'",
    ],
    [() => predict({ a: X, b: zeros([3, 1]) }, echo), 'predict: X.b has shape (3, 1), expected (N=4, …)'],
    [
      () => predict([[zeros([2, 3])], [zeros([1, 2])]] as const, echo),
      'predict: model.forward(X) has shape (1, 2), expected (N, C=3), as of the first batch',
    ],
    [
      () => predict([[array([1, 2])]] as const, echo, { as: 'classes' }),
      'predict: model.forward(X) has shape (2,), expected scores (N, C) or (N, C, …)',
    ],
  ])('names what does not fit: case %#', (call, message) => {
    expect(call).toThrow(message);
  });
});

test('predict and evaluate take a model that gives several outputs, with their types', () => {
  class Heads extends nn.Module<{ first: Tensor; sum: Tensor }> {
    override forward(x: NDArray): { first: Tensor; sum: Tensor } {
      return { first: new Tensor(x), sum: F.sum(x, 1) };
    }
  }
  const scores = predict(X, new Heads());
  expectTypeOf(scores).toEqualTypeOf<{ readonly first: NDArray; readonly sum: NDArray }>();
  expect(scores.first).toEqualBits(X);
  expect(toNested(scores.sum)).toEqual([6, 6, 2, 10]);
  const loss = (output: { sum: Tensor }, y: NDArray): Tensor => F.mseLoss(output.sum, y);
  expect(evaluate([[X, array([6, 6, 2, 12])]], new Heads(), { loss }).loss).toBe(1);
});

describe('checkAccuracy', () => {
  test('of scores for each place of an image', () => {
    const scores = array([
      [[[1, 5]], [[4, 4]]],
      [[[0, 0]], [[1, -1]]],
    ]); // (2, 2, 1, 2): classes 1, 0 and 1, 0
    const y = array([[[1, 1]], [[1, 0]]]);
    expect(checkAccuracy(new DataLoader({ X: scores, y }, { batchSize: 2 }), echo)).toBe(3 / 4);
    expect(() => checkAccuracy([[scores, zeros([2, 3, 2])]], echo)).toThrow(
      'checkAccuracy: model.forward(X) has shape (2, 2, 1, 2), expected (N=2, C, 3, 2), for labels of shape (2, 3, 2)',
    );
  });

  test('takes labels in an array of numbers', () => {
    expect(checkAccuracy([[X, array([0, 1, 0, 2])]], echo)).toBe(1);
    expect(checkAccuracy([[X, array([[0], [1], [0], [2]])]], echo)).toBe(1);
    const logits = array([[1], [-1], [2]]);
    expect(checkAccuracy([[logits, array([[1], [0], [0]])]], echo)).toBe(2 / 3);
    expect(() => checkAccuracy([[X, array([0, 1, 0, 0.5])]], echo)).toThrow(
      'checkAccuracy: y[3] is 0.5, expected an integer ≥ 0',
    );
  });
});

describe('one score for each example', () => {
  const one = array([[-2], [0.4], [3]]);
  class Squeezed extends nn.Module {
    override forward(x: TensorLike): Tensor {
      return F.squeeze(x, 1);
    }
  }

  test('may be without the axis of the classes where examples are counted', () => {
    const model = new Squeezed();
    for (const y of [[0, 1, 0], array([0, 1, 0]), array([[0], [1], [0]])]) {
      expect(checkAccuracy([[one, y]] as Batches, model)).toBe(2 / 3);
    }
    const loss = (scores: Tensor, y: Labels): Tensor => F.binaryCrossEntropyWithLogits(scores, array(y as Int32Array));
    expect(evaluate([[one, Int32Array.of(0, 1, 0)]], model, { loss }).accuracy).toBe(2 / 3);
    const net = new nn.Sequential(new nn.Linear(1, 1), new Squeezed());
    const optimizer = new optim.SGD(net.parameters(), { lr: 0 });
    const history = fit(net, [[one, Int32Array.of(0, 1, 1)]], { optimizer, loss, verbose: false, epochs: 1 });
    expect(history.trainAccHistory).toEqual([checkAccuracy([[one, [0, 1, 1]]], net)]);
  });

  test('has two axes where it is returned, and with the default loss', () => {
    const wayOut = 'one score for each example is of shape (N, 1), as F.unsqueeze(scores, 1)';
    expect(() => predict(one, new Squeezed(), { as: 'classes' })).toThrow(
      `predict: model.forward(X) has shape (3,), expected scores (N, C) or (N, C, …): ${wayOut}`,
    );
    const optimizer = new optim.SGD(new nn.Linear(1, 1).parameters(), { lr: 1 });
    expect(() => fit(new Squeezed(), [[one, [0, 1, 0]]], { optimizer, verbose: false })).toThrow(
      `fit: model.forward(X) has shape (3,), expected scores (N=3, C): ${wayOut}`,
    );
  });

  test('after a sigmoid is a probability', () => {
    const model = new nn.Sequential(new nn.Sequential(new nn.Sigmoid()));
    expect(predict(one, model, { as: 'classes' })).toEqual(Int32Array.of(0, 1, 1));
    expect(predict(one, model, { as: 'probabilities' })).toEqualBits(F.sigmoid(one).data);
    expect(checkAccuracy([[one, [0, 1, 0]]], model)).toBe(2 / 3);
    expect(evaluate([[one, [0, 1, 1]]], model).accuracy).toBe(1);
    const softmax = new nn.Sequential(new nn.Softmax({ dim: 1 }));
    expect(predict(X, softmax, { as: 'probabilities' })).toEqualBits(F.softmax(X, 1).data);
  });
});

describe('checkAccuracy with labels that do not count', () => {
  const scores = array([[[[1, 5]], [[4, 4]]]]);
  const y = (labels: number[]) => [[scores, array([[labels]])] as const];

  test('leaves out −100, or what ignoreIndex says', () => {
    expect(checkAccuracy([[X, [0, 1, 9, 9]]], echo, { ignoreIndex: 9 })).toBe(1);
    expect(checkAccuracy([[X, array([0, -100, 1, -100])]], echo)).toBe(1 / 2);
    expect(checkAccuracy(y([1, 255]), echo, { ignoreIndex: 255 })).toBe(1);
    expect(checkAccuracy(y([-100, -100]), echo)).toBeNaN();
  });

  test('refuses other labels beyond the classes, and an ignoreIndex that is no whole number', () => {
    expect(() => checkAccuracy(y([1, 255]), echo)).toThrow(
      'checkAccuracy: y holds the label 255, expected labels in [0, 2): the model gives each example C=2 scores; a ' +
        'label that does not count is given as ignoreIndex',
    );
    expect(() => checkAccuracy(y([1, -1]), echo)).toThrow('checkAccuracy: y[1] is -1, expected an integer ≥ 0');
    expect(() => checkAccuracy(y([1, 1]), echo, { ignoreIndex: 0.5 })).toThrow(
      'checkAccuracy: ignoreIndex is 0.5, expected a whole number',
    );
  });
});

describe('evaluate', () => {
  test('gives accuracy, loss and metrics of all examples', () => {
    const loader = new DataLoader({ X, y: [0, 1, 2, 2] }, { batchSize: 3 });
    const { accuracy, loss, metrics } = evaluate(loader, echo, {
      loss: F.crossEntropy,
      metrics: { first: (scores, y) => scores.shape[0] + y.length },
    });
    expect(accuracy).toBe(3 / 4);
    expect(loss).toBeCloseTo(F.crossEntropy(X, [0, 1, 2, 2]).item(), 6);
    expect(metrics).toEqual({ first: 8 });
  });

  test('of scores for the places of images has their accuracy, without the places that do not count', () => {
    const scores = array([[[[1, 5]], [[4, 4]]]]); // (1, 2, 1, 2): classes 1 and 0
    const at = (y: number[], options = {}): number | null => evaluate([[scores, array([[y]])]], echo, options).accuracy;
    expect([at([1, 1]), at([1, -100]), at([0.5, 1]), at([-1, 1])]).toEqual([1 / 2, 1, null, null]);
    expect(at([255, 1], { ignoreIndex: 255 })).toBe(0);
    expect(() => at([255, 1])).toThrow(
      'evaluate: y holds the label 255, expected labels in [0, 2): the model gives each example C=2 scores; a label ' +
        'that does not count is given as ignoreIndex',
    );
    expect(evaluate([[X, [0, 1, 0, 9]]], echo, { ignoreIndex: 9 }).accuracy).toBe(1);
  });

  test('of numbers has no accuracy', () => {
    const y = array([[1, 1, 1], [0, 5, 1], [1, 1, 0], [0, 1, 9]]); // biome-ignore format: rows
    const results = evaluate(new DataLoader({ X, y }, { batchSize: 3 }), echo, {
      metrics: { error: meanAbsoluteError, r2: r2Score },
    });
    expect(results.accuracy).toBeNull();
    expect(results.loss).toBeNull();
    expect(results.metrics.error).toBeCloseTo(3 / 12, 6);
  });
});
