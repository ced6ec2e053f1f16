import { describe, expect, test } from 'vitest';
import { array, hostValues, Random, zeros } from '../../src/arrays/index.js';
import { defaultGenerator, F, manualSeed, type Tensor, type TensorLike } from '../../src/autograd/index.js';
import { FullyConnectedNet, type Model, ThreeLayerConvNet, TwoLayerNet } from '../../src/classifiers/index.js';
import {
  activationStatistics,
  filtersOf,
  layerTable,
  parameterSamples,
  parameterStatistics,
} from '../../src/insight/index.js';
import { convnet6 } from '../../src/models/index.js';
import * as nn from '../../src/nn/index.js';
import { SGD } from '../../src/optim/index.js';

/** A model of a user's own, of which only its parameters are known. */
const OWN: Model = { params: { w: array([1, 2]) }, loss: () => zeros([1, 2]) };

function smallNet(): nn.Sequential {
  manualSeed(7);
  return new nn.Sequential(
    new nn.Conv2d(3, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.5),
    new nn.Linear(4 * 4 * 4, 10),
  );
}

describe('layerTable', () => {
  test('of a module: its summary', () => {
    const rows = layerTable(smallNet(), [3, 8, 8]);
    expect(rows?.map(({ name, type }) => `${name} ${type}`).slice(0, 3)).toEqual([
      '0 Conv2d',
      '1 BatchNorm2d',
      '2 ReLU',
    ]);
    expect(rows?.[0]).toMatchObject({ outputShape: [4, 8, 8], parameters: 4 * 27 + 4 });
  });

  test('of a classifier: its layers', () => {
    const rows = layerTable(new TwoLayerNet({ inputDim: 12, hiddenDim: 5, numClasses: 3 }), [12]);
    expect(rows).toEqual([
      { name: '1', type: 'affine – ReLU', outputShape: [5], parameters: 65, flops: 12 * 5 * 2 },
      { name: '2', type: 'affine', outputShape: [3], parameters: 18, flops: 5 * 3 * 2 },
    ]);
  });

  test('of another model: null', () => {
    expect(layerTable(OWN, [2])).toBeNull();
    expect(activationStatistics(OWN, zeros([1, 2]))).toBeNull();
    expect(filtersOf(OWN, { inputShape: [1, 1, 2] })).toBeNull();
  });
});

describe('activationStatistics', () => {
  test('a row for each run of a layer', () => {
    const X = new Random(1).randn([2, 3, 8, 8]);
    const rows = activationStatistics(smallNet(), X);
    expect(rows?.map(({ name, type, shape }) => [name, type, shape])).toEqual([
      ['0', 'Conv2d', [2, 4, 8, 8]],
      ['1', 'BatchNorm2d', [2, 4, 8, 8]],
      ['2', 'ReLU', [2, 4, 8, 8]],
      ['3', 'MaxPool2d', [2, 4, 4, 4]],
      ['4', 'Flatten', [2, 64]],
      ['5', 'Dropout', [2, 64]],
      ['6', 'Linear', [2, 10]],
    ]);
    expect(rows?.[2].values.min).toBe(0);
    expect(rows?.[2].values.zeros).toBeGreaterThan(0.2);
    // In evaluation mode nothing is dropped.
    expect(rows?.[5].values).toEqual(rows?.[4].values);
  });

  test('units that are zero for every example are dead', () => {
    const net = new TwoLayerNet({ inputDim: 3, hiddenDim: 4, numClasses: 2, seed: 1 });
    hostValues(net.params.b1).set([-100, -100, -100, 100]);
    const rows = activationStatistics(net, new Random(1).randn([5, 3]));
    expect(rows?.map(({ name, type, dead }) => [name, type, dead])).toEqual([
      ['1', 'affine – ReLU', 0.75],
      ['2', 'affine', 0],
    ]);
    expect(rows?.[0].values.zeros).toBe(0.75);
  });

  test.each([
    ['a convolutional one', () => new ThreeLayerConvNet({ inputDim: [3, 8, 8], numFilters: 2, hiddenDim: 5, seed: 0 })],
    ['a deep one', () => new FullyConnectedNet([5, 4], { inputDim: 192, normalization: 'batchnorm', seed: 0 })],
  ])('of %s', (_, make) => {
    const net = make();
    const rows = activationStatistics(net, new Random(1).randn([2, 3, 8, 8]));
    expect(rows?.map(({ shape }) => shape.slice(1))).toEqual(net.layers().map(({ outputShape }) => outputShape));
  });

  test('hooks, modes and generators are as before, also after an error', () => {
    class Noisy extends nn.Module {
      readonly linear = new nn.Linear(2, 2);
      forward(x: TensorLike): Tensor {
        return F.dropout(this.linear.forward(x), 0.5, { training: true });
      }
    }
    const model = new Noisy();
    const before = defaultGenerator().stateDict();
    expect(activationStatistics(model, zeros([3, 2]))).toHaveLength(1);
    expect(() => activationStatistics(model, zeros([3, 5]))).toThrow('has shape (3, 5)');
    expect(defaultGenerator().stateDict()).toEqual(before);
    expect(model.modules().map((module) => [module.training, Object.hasOwn(module, 'forward')])).toEqual([
      [true, false],
      [true, false],
    ]);
  });
});

describe('parameterStatistics', () => {
  test('by hand', () => {
    const net = new TwoLayerNet({ inputDim: 2, hiddenDim: 2, numClasses: 2, dtype: 'float64' });
    hostValues(net.params.W1).set([3, 0, 0, 4]);
    const previous = parameterSamples(net);
    hostValues(net.params.W1).set([3, 0, 0, 5]);
    const grads = {
      W1: array(
        [
          [1, 1],
          [1, 1],
        ],
        undefined,
        'float64',
      ),
    };
    const [W1, b1] = parameterStatistics(net, { previous, grads });
    expect(W1).toMatchObject({ name: 'W1', shape: [2, 2], values: { mean: 2, max: 5, zeros: 0.5 } });
    expect(W1.updateRatio).toBeCloseTo(1 / Math.sqrt(34), 12);
    expect(W1.gradient).toMatchObject({ mean: 1, std: 0 });
    // All zero: no ratio.
    expect(b1).toMatchObject({ name: 'b1', gradient: null, updateRatio: null });
  });

  test('a module has its gradients itself', () => {
    const model = new nn.Linear(2, 1);
    expect(parameterStatistics(model)[0]).toMatchObject({ name: 'weight', gradient: null, updateRatio: null });
    model
      .forward(array([[3, 5]]))
      .sum()
      .backward();
    expect(parameterStatistics(model)[0].gradient).toMatchObject({ min: 3, max: 5 });
  });

  test("of a model of a user's own", () => {
    expect(parameterStatistics(OWN)).toMatchObject([{ name: 'w', values: { mean: 1.5 }, gradient: null }]);
  });
});

test('a training with insight between its steps ends with the same bits', () => {
  const [X, probe] = [new Random(1).randn([8, 3, 8, 8]), new Random(2).randn([4, 3, 8, 8])];
  const ends = [false, true].map((looks) => {
    const model = smallNet();
    const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    for (let step = 0; step < 3; step++) {
      optimizer.zeroGrad();
      F.crossEntropy(model.forward(X), [0, 1, 2, 3, 4, 5, 6, 7]).backward();
      const previous = looks ? parameterSamples(model) : undefined;
      optimizer.step();
      if (!looks) continue;
      activationStatistics(model, probe);
      parameterStatistics(model, { previous });
      filtersOf(model);
      layerTable(model, [3, 8, 8]);
    }
    return model.stateDict();
  });
  expect(ends[1]).toEqual(ends[0]);
});

test('the networks of models/ have all of it', () => {
  const model = convnet6();
  expect(filtersOf(model)).toMatchObject({ total: 32, height: 3, width: 3, channels: 3 });
  const rows = activationStatistics(model, new Random(1).randn([1, 3, 32, 32]));
  expect(rows?.map(({ name }) => name)).toEqual(layerTable(model, [3, 32, 32])?.map(({ name }) => name));
});
