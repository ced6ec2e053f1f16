import ndarray from 'ndarray';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import {
  array,
  DataLoader,
  F,
  type FitHistory,
  type FitOptions,
  fit,
  fitAsync,
  fitSteps,
  type Metric,
  manualSeed,
  meanSquaredError,
  type NDArray,
  nn,
  optim,
  Random,
  r2Score,
  type Schedule,
  type Tensor,
  toNested,
  zeros,
} from '../../src/index.js';
import '../helpers/matchers.js';
import { bitsOf } from '../helpers/interruptible.js';
import { pretend } from '../helpers/pretend.js';

/** y = 2 a − b, of numbers in [−1, 1]. */
function line(N: number, seed: number, dtype: 'float32' | 'float64' = 'float32'): { X: NDArray; y: NDArray } {
  const X = new Random(seed).rand([N, 2], dtype);
  const y = zeros([N, 1], dtype);
  for (let n = 0; n < N; n++) y.set(n, 0, 2 * X.get(n, 0) - X.get(n, 1));
  return { X, y };
}

function linear(): { model: nn.Linear; optimizer: optim.SGD } {
  const model = new nn.Linear(2, 1, { random: new Random(3) });
  return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.3 }) };
}

const quiet = { verbose: false } as const;

describe('fit with numbers as targets', () => {
  test('fits a line, and compares epochs by the validation loss', () => {
    const { model, optimizer } = linear();
    const loader = new DataLoader(line(64, 1), { batchSize: 8, shuffle: true, seed: 0 });
    const valLoader = new DataLoader(line(20, 2), { batchSize: 8 });
    const history = fit(model, loader, { ...quiet, optimizer, epochs: 20, valLoader, loss: F.mseLoss });
    expect(history.trainAccHistory).toEqual([]);
    expect(history.valAccHistory).toEqual([]);
    expect(history.valLossHistory).toHaveLength(20);
    expect(history.valLossHistory.at(-1)).toBeLessThan(1e-4);
    expect(history.bestValue).toBe(Math.min(...history.valLossHistory));
    expect(history.valLossHistory[history.bestEpoch - 1]).toBe(history.bestValue);
    expect(model.weight.data).toBeAllClose(array([[2, -1]]), { atol: 0.05 });
  });

  test('the validation loss is the mean over examples, not over batches, in evaluation mode', () => {
    const { X, y } = line(10, 2);
    const { model, optimizer } = linear();
    const net = new nn.Sequential(new nn.Dropout(0.5), model);
    const valLoader = new DataLoader({ X, y }, { batchSize: 4 });
    const options = { ...quiet, optimizer, epochs: 1, valLoader, keepBest: false, loss: F.mseLoss };
    const history = fit(net, new DataLoader({ X, y }, { batchSize: 5 }), options);
    const expected = F.mseLoss(model.forward(X), y).item();
    expect(history.valLossHistory[0]).toBeCloseTo(expected, 6);
  });

  test('has metrics of all examples, of training and validation, and compares epochs by one', () => {
    const [train, val] = [line(12, 1), line(10, 2)];
    const seen: [number, number][] = [];
    const count: Metric<NDArray> & { n: number } = {
      n: 0,
      reset() {
        this.n = 0;
      },
      update(scores, y) {
        expect(scores.shape).toEqual(y.shape);
        this.n += y.shape[0];
      },
      compute() {
        return this.n;
      },
    };
    const error = (scores: NDArray, y: NDArray): number => {
      seen.push([scores.shape[0], y.shape[0]]);
      return meanSquaredError(scores, y);
    };
    const { model, optimizer } = linear();
    const history = fit(model, new DataLoader(train, { batchSize: 5 }), {
      ...{ ...quiet, optimizer, epochs: 3, loss: F.mseLoss, valLoader: new DataLoader(val, { batchSize: 4 }) },
      ...{ metrics: { error, r2: r2Score, count }, monitor: 'error', monitorMode: 'min' },
    });
    expect(seen.slice(0, 2)).toEqual([
      [12, 12],
      [10, 10],
    ]);
    expect(Object.keys(history.metrics)).toEqual(['error', 'r2', 'count']);
    expect(history.metrics.count).toEqual({ train: [12, 12, 12], val: [10, 10, 10] });
    expect(history.metrics.r2.val).toHaveLength(3);
    history.metrics.error.val.forEach((value, i) => {
      expect(value).toBeCloseTo(history.valLossHistory[i], 6);
    });
    expect(history.bestValue).toBe(Math.min(...history.metrics.error.val));
  });

  test('gives a schedule that takes one the loss, or the metric that is monitored', () => {
    const taken: (number | undefined)[][] = [];
    const go = (takesMetric: 'loss' | 'accuracy', options: Partial<FitOptions<NDArray>>) => {
      const { model, optimizer } = linear();
      const got: (number | undefined)[] = [];
      const schedule: Schedule = { takesMetric, step: (metric) => void got.push(metric) };
      taken.push(got);
      const loader = new DataLoader(line(8, 1), { batchSize: 4 });
      return fit(model, loader, { ...quiet, optimizer, epochs: 2, loss: F.mseLoss, schedule, ...options });
    };
    const valLoader = new DataLoader(line(6, 2), { batchSize: 4 });
    const { valLossHistory } = go('loss', { valLoader });
    expect(taken[0]).toEqual(valLossHistory);
    const { lossHistory } = go('loss', {});
    expect(taken[1]).toEqual([(lossHistory[0] + lossHistory[1]) / 2, (lossHistory[2] + lossHistory[3]) / 2]);
    const { metrics } = go('accuracy', { valLoader, metrics: { r2: r2Score }, monitor: 'r2' });
    expect(taken[2]).toEqual(metrics.r2.val);
    expect(() => go('accuracy', { valLoader })).toThrow(
      "fit: schedule takes an accuracy, expected mode: 'min', which takes the loss, or a metric to monitor: targets " +
        'are no labels, so there is no accuracy',
    );
  });

  test('prints losses and metrics', () => {
    const print = vi.spyOn(console, 'log').mockImplementation(() => {});
    const { model, optimizer } = linear();
    const loader = new DataLoader(line(8, 1), { batchSize: 8 });
    fit(model, loader, { optimizer, epochs: 1, loss: F.mseLoss, valLoader: loader, metrics: { r2: r2Score } });
    expect(print.mock.calls.at(-1)?.[0]).toMatch(
      /^\(Epoch 1 \/ 1\) train loss: [\d.]+; val_loss: [\d.]+; r2: -?[\d.]+$/,
    );
    print.mockRestore();
  });

  test('a target that is not finite is named', () => {
    const { X, y } = line(4, 1);
    y.set(2, 0, Number.NaN);
    const { model, optimizer } = linear();
    const call = () => fit(model, new DataLoader({ X, y }, { batchSize: 4 }), { ...quiet, optimizer, loss: F.mseLoss });
    expect(call).toThrow("the batch's y holds NaN");
  });
});

describe('fit with several inputs and outputs', () => {
  const left = new Random(1).randn([12, 2]);
  const right = new Random(2).randn([12, 3]);

  test('gives a tuple as arguments, and an object as it is', () => {
    class Two extends nn.Module {
      readonly a = new nn.Linear(2, 2, { random: new Random(1) });
      readonly b = new nn.Linear(3, 2, { random: new Random(2) });
      forward(x: NDArray | { x: NDArray; z: NDArray }, z?: NDArray): Tensor {
        if ('x' in x) return this.forward(x.x, x.z);
        return F.add(this.a.forward(x), this.b.forward(z as NDArray));
      }
    }
    const y = Array.from({ length: 12 }, (_, i) => i % 2);
    const losses = [[left, right] as const, { x: left, z: right }].map((X) => {
      const model = new Two();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const loader = new DataLoader({ X: X as { x: NDArray; z: NDArray }, y }, { batchSize: 4 });
      const history = fit(model, loader, { ...quiet, optimizer, epochs: 2, valLoader: loader });
      expect(history.valAccHistory).toHaveLength(2);
      return history.lossHistory;
    });
    expect(losses[0]).toEqual(losses[1]);
  });

  test('scores of any structure go to the loss and the metrics', () => {
    interface Outputs {
      readonly box: Tensor;
      readonly kind: Tensor;
    }
    class Heads extends nn.Module<Outputs> {
      readonly box = new nn.Linear(2, 4, { random: new Random(1) });
      readonly kind = new nn.Linear(2, 3, { random: new Random(2) });
      forward(x: NDArray): Outputs {
        return { box: this.box.forward(x), kind: this.kind.forward(x) };
      }
    }
    const y = { box: new Random(5).randn([12, 4]), kind: Array.from({ length: 12 }, (_, i) => i % 3) };
    const model = new Heads();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const loader = new DataLoader({ X: left, y }, { batchSize: 5 });
    const history = fit(model, loader, {
      ...{ ...quiet, optimizer, epochs: 2, valLoader: loader },
      loss: (scores, targets) => {
        expectTypeOf(scores).toEqualTypeOf<Outputs>();
        expectTypeOf(targets.kind).toEqualTypeOf<Int32Array>();
        return F.add(F.mseLoss(scores.box, targets.box), F.crossEntropy(scores.kind, targets.kind));
      },
      metrics: { box: (scores, targets) => meanSquaredError(scores.box, targets.box) },
    });
    expect(history.metrics.box.val).toHaveLength(2);
    expect(history.lossHistory.at(-1)).toBeLessThan(history.lossHistory[0]);
    expect(history.trainAccHistory).toEqual([]);
  });
});

describe('accumulate', () => {
  const { X, y } = line(24, 1, 'float64');
  const make = () => {
    const model = new nn.Sequential(
      new nn.Linear(2, 5, { random: new Random(3), dtype: 'float64' }),
      new nn.Tanh(),
      new nn.Linear(5, 1, { random: new Random(4), dtype: 'float64' }),
    );
    return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }) };
  };
  const run = (batchSize: number, accumulate: number, options: Partial<FitOptions<NDArray>> = {}) => {
    const { model, optimizer } = make();
    const loader = new DataLoader({ X, y }, { batchSize });
    const history = fit(model, loader, {
      ...{ ...quiet, optimizer, epochs: 3, loss: F.mseLoss, accumulate, ...options },
    });
    return { history, state: model.stateDict() };
  };
  const close = (a: Record<string, NDArray>, b: Record<string, NDArray>) => {
    for (const [name, value] of Object.entries(a)) expect(value).toBeAllClose(b[name], { rtol: 1e-12, atol: 1e-14 });
  };

  test.each([
    [4, 3, 12], // equal batches
    [8, 3, 24],
    [6, 4, 24],
    [4, 6, 24], // one step an epoch
  ])('batches of %d, %d at a time, are batches of %d', (small, n, large) => {
    close(run(small, n).state, run(large, 1).state);
    close(run(small, n, { clipGradNorm: 0.05 }).state, run(large, 1, { clipGradNorm: 0.05 }).state);
  });

  test.each([
    [5, 5], // 5, 5, 5, 5, 4: one step, whose last batch is smaller
    [7, 9], // fewer batches than a group has
  ])('batches of %d, the last one smaller, at most %d at a time, have the mean of the examples', (small, n) => {
    close(run(small, n).state, run(24, 1).state);
  });

  test('steps the optimizer, a schedule and the clipping once a group, also the last, incomplete one', () => {
    const steps: number[] = [];
    const { model, optimizer } = make();
    const schedule: Schedule = { every: 'step', step: () => void steps.push(history()) };
    const history = (): number => iterations;
    let iterations = 0;
    const step = vi.spyOn(optimizer, 'step');
    fit(model, new DataLoader({ X, y }, { batchSize: 4 }), {
      ...{ ...quiet, optimizer, epochs: 2, loss: F.mseLoss, accumulate: 4, schedule },
      onStep: ({ iteration }) => {
        iterations = iteration;
      },
    });
    // 6 batches: after 4 of them, and after the other 2, at the end of the epoch.
    expect(step).toHaveBeenCalledTimes(4);
    expect(steps).toEqual([3, 6, 9, 12]);
  });

  test('goes on from a state within a group, with metrics, to the bit', async () => {
    const setUp = () => {
      const { model, optimizer } = make();
      const loader = new DataLoader({ X, y }, { batchSize: 4, shuffle: true, seed: 3 });
      const options = {
        ...{ ...quiet, optimizer, epochs: 2, loss: F.mseLoss, accumulate: 4, valLoader: loader },
        ...{ metrics: { r2: r2Score }, weightAverage: 0.9 },
      };
      return { model, loader, options };
    };
    const whole = setUp();
    const expected = fit(whole.model, whole.loader, whole.options);
    for (const events of [1, 3, 4, 5, 6, 7, 8, 13]) {
      const first = setUp();
      const steps = fitSteps(first.model, first.loader, first.options);
      for (let event = 0; event < events; event++) steps.next();
      const state = structuredClone(steps.stateDict());
      const second = setUp();
      second.model.at(0).parameters()[0].data.data.fill(1);
      const history = await fitAsync(second.model, second.loader, { ...second.options, state });
      expect({ ...history, secondsHistory: 0 }).toEqual({ ...expected, secondsHistory: 0 });
      expect(bitsOf(second.model.stateDict())).toEqual(bitsOf(whole.model.stateDict()));
    }
  });

  test('goes on from a state of an earlier version, which had none of it', () => {
    const setUp = () => {
      const { model, optimizer } = make();
      return { model, options: { ...quiet, optimizer, epochs: 2, loss: F.mseLoss } };
    };
    const loader = [0, 8, 16].map((i) => [X.lo(i, 0).hi(8, 2), y.lo(i, 0).hi(8, 1)] as const);
    const first = setUp();
    const steps = fitSteps(first.model, loader, first.options);
    for (let event = 0; event < 5; event++) steps.next();
    const { history, inEpoch, ...rest } = steps.stateDict();
    const { valLossHistory: _, metrics: __, bestValue: ___, ...oldHistory } = history;
    const { group: ____, metrics: _____, ...oldEpoch } = inEpoch;
    const second = setUp();
    const state = pretend<typeof steps extends { stateDict(): infer S } ? S : never>({
      ...rest,
      history: oldHistory,
      inEpoch: oldEpoch,
    });
    const resumed = fit(second.model, loader, { ...second.options, state });
    const whole = setUp();
    expect(resumed.lossHistory).toEqual(fit(whole.model, loader, whole.options).lossHistory);
    expect(bitsOf(second.model.stateDict())).toEqual(bitsOf(whole.model.stateDict()));
  });
});

describe('fit refuses', () => {
  const { X, y } = line(6, 1);
  const go = (targets: unknown, options: Record<string, unknown> = {}) => {
    manualSeed(1);
    const model = new nn.Sequential(new nn.BatchNorm1d(2), new nn.Linear(2, 1));
    const before = bitsOf(model.stateDict());
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const loader = new DataLoader({ X, y: targets as NDArray }, { batchSize: 6 });
    try {
      return fit(model, loader, { ...quiet, optimizer, epochs: 1, ...options } as FitOptions<NDArray>);
    } finally {
      expect(bitsOf(model.stateDict())).toEqual(before);
    }
  };
  const loader = new DataLoader({ X, y }, { batchSize: 6 });

  test.each<[what: string, call: () => unknown, message: string]>([
    [
      'numbers without a loss',
      () => go(y),
      'fit: y is numbers of shape (6, 1), expected labels for F.crossEntropy, the default loss: give loss, such as ' +
        'F.mseLoss',
    ],
    [
      'a list of numbers without a loss',
      () => go(Float32Array.of(0.5, 1, 2, 3, 4, 5)),
      'fit: y is numbers of shape (6,), expected labels for F.crossEntropy, the default loss: give loss, such as ' +
        'F.mseLoss',
    ],
    [
      'several targets without a loss',
      () => go({ a: y }),
      'fit: y is several targets, expected labels for F.crossEntropy, the default loss: give loss, such as ' +
        '(scores, y) => F.mseLoss(scores, y.box)',
    ],
    [
      'a monitor without validation',
      () => go(y, { loss: F.mseLoss, monitor: 'valLoss' }),
      'fit: valLoader is missing, expected one for monitor',
    ],
    [
      'an unknown monitor',
      () => go(y, { loss: F.mseLoss, valLoader: loader, monitor: 'f1', metrics: { r2: r2Score } }),
      "fit: monitor is 'f1', expected 'valAcc', 'valLoss' or 'r2'",
    ],
    [
      'a metric that is none',
      () => go(y, { loss: F.mseLoss, metrics: { r2: 1 } }),
      'fit: metrics is an object, expected an object of functions (scores, y) => number, or of objects with reset, ' +
        'update and compute',
    ],
    [
      'the name of a score',
      () => go(y, { loss: F.mseLoss, metrics: { valLoss: r2Score } }),
      'fit: metrics.valLoss has a name that is taken, expected another: monitor means the accuracy or the loss by it',
    ],
    ['no batch to a step', () => go(y, { accumulate: 0 }), 'fit: accumulate is 0, expected a whole number ≥ 1'],
    ['a mode that is none', () => go(y, { monitorMode: 'low' }), "fit: monitorMode is 'low', expected 'min' or 'max'"],
  ])('%s, before the model has changed', (_, call, message) => {
    expect(call).toThrow(message);
  });

  test('an accuracy to monitor that there is not, and a metric that gives no number', () => {
    const run = (options: Partial<FitOptions<NDArray>>) => () => {
      const { model, optimizer } = linear();
      return fit(model, loader, { ...quiet, optimizer, epochs: 1, loss: F.mseLoss, valLoader: loader, ...options });
    };
    expect(run({ monitor: 'valAcc' })).toThrow(
      "fit: monitor is 'valAcc', expected 'valLoss' or the name of a metric: targets are no labels",
    );
    expect(run({ metrics: { half: () => pretend('0.5') } })).toThrow(
      "fit: metrics.half returned '0.5', expected a number",
    );
  });

  test('to save metrics within an epoch that cannot be saved', () => {
    const { model, optimizer } = linear();
    const metric: Metric<NDArray> = { reset: () => {}, update: () => {}, compute: () => 1 };
    const options = { ...quiet, optimizer, epochs: 2, loss: F.mseLoss, metrics: { metric } };
    const run = fitSteps(model, new DataLoader({ X, y }, { batchSize: 6 }), options);
    run.next();
    expect(() => run.stateDict()).toThrow(
      'fitSteps: metrics.metric has no stateDict and loadStateDict, expected both, for a state within an epoch',
    );
    run.next();
    expect(run.stateDict().inEpoch.metrics).toBeNull();
  });
});

test('probabilities as targets go to F.crossEntropy where it is given, and validation labels have an accuracy', () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const X = new Random(1).randn([6, 2]);
  const model = new nn.Linear(2, 3);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const soft = new DataLoader({ X, y: zeros([6, 3]) }, { batchSize: 3 });
  expect(() => fit(model, soft, { optimizer, epochs: 1 } as never)).toThrow(
    'give loss, such as F.mseLoss, or F.crossEntropy for probabilities and for labels of places',
  );
  const valLoader = new DataLoader({ X, y: [0, 1, 2, 0, 1, 2] }, { batchSize: 3 });
  const history = fit(model, soft, { optimizer, epochs: 1, valLoader, loss: F.crossEntropy });
  expect([history.trainAccHistory.length, history.valAccHistory.length]).toEqual([0, 1]);
  expect(print.mock.calls.at(-1)?.[0]).toMatch(/train loss: [\d.]+; val_acc: [\d.]+$/);
  print.mockRestore();
});

test('labels in a 1-d array are labels for the default loss', () => {
  const X = new Random(1).randn([6, 2]);
  const model = new nn.Linear(2, 3);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const history = fit(model, new DataLoader({ X, y: array([0, 1, 2, 0, 1, 2]) }), { ...quiet, optimizer, epochs: 1 });
  expect(history.trainAccHistory).toHaveLength(1);
  expect(toNested(X)).toHaveLength(6);
});

describe('fit with labels for the places of images', () => {
  const images = new Random(3).randn([8, 2, 3, 3]);
  const labels = Float32Array.from({ length: 72 }, (_, i) => (i % 9 === 0 ? 255 : Number(i % 2)));
  const plain = Float32Array.from(labels, (label) => (label === 255 ? 0 : label));
  const train = (y: Float32Array | Int32Array, options: object = {}): FitHistory => {
    const model = new nn.Conv2d(2, 2, 1, { random: new Random(1) });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const loader = new DataLoader({ X: images, y: ndarray(y, [8, 3, 3]) as unknown as NDArray }, { batchSize: 4 });
    return fit(model, loader, { ...quiet, optimizer, epochs: 2, valLoader: loader, ...options } as never);
  };

  test('has a default loss, accuracies of places and their best epoch', () => {
    const history = train(plain, { monitor: 'valAcc' });
    const given = train(plain, { loss: F.crossEntropy });
    expect(history.trainAccHistory).toHaveLength(2);
    expect(history.valAccHistory[1]).toBeGreaterThan(0);
    expect(history.bestValAcc).toBe(history.bestValue);
    expect(given).toEqual({ ...history, secondsHistory: given.secondsHistory });
    expect(train(Int32Array.from(plain)).lossHistory).toEqual(history.lossHistory);
  });

  test('leaves out those that do not count', () => {
    const history = train(labels, { ignoreIndex: 255 });
    const loss = (scores: Tensor, y: NDArray) => F.crossEntropy(scores, y, { ignoreIndex: 255 });
    const given = train(labels, { ignoreIndex: 255, loss });
    expect(given).toEqual({ ...history, secondsHistory: given.secondsHistory });
    expect((history.valAccHistory[1] * 64) % 1).toBeCloseTo(0, 9);
    const wrong = train(labels, { loss }).valAccHistory;
    expect(wrong[1]).toBeCloseTo((history.valAccHistory[1] * 64) / 72, 9);
    expect(() => train(labels)).toThrow('fit: y holds the label 255, expected labels in [0, 2)');
  });

  test('refuses scores of another shape', () => {
    const model = new nn.Sequential(new nn.Conv2d(2, 2, 1), new nn.Flatten());
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    expect(() => fit(model, [[images, array(plain, [8, 3, 3])]], { ...quiet, optimizer } as never)).toThrow(
      'fit: model.forward(X) has shape (8, 18), expected (N=8, C, 3, 3), for y of shape (8, 3, 3): for targets that ' +
        'are no labels give loss, such as F.mseLoss',
    );
  });
});
