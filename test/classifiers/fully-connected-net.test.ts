import { describe, expect, test } from 'vitest';
import { array, dtypeOf, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import {
  FullyConnectedNet,
  type FullyConnectedNetOptions,
  type FullyConnectedParamName,
  TwoLayerNet,
} from '../../src/classifiers/index.js';
import { checkModelGradients } from '../../src/gradient-check.js';
import {
  arraysOf,
  casesOf,
  DTYPES,
  expectGolden,
  expectPrinted,
  type FixtureCase,
  isPlain,
  labels,
} from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { copiesOf, randomBatch, spread } from '../helpers/nets.js';
import { callPurely, expectSameOnViews } from '../helpers/views.js';

/** A net with the parameters of a case. */
function netOf(c: FixtureCase, dtype: 'float32' | 'float64'): FullyConnectedNet {
  const params = arraysOf(c.params, dtype);
  const hiddenDims = c.config.hidden_dims as number[];
  const numClasses = params[`b${hiddenDims.length + 1}`].shape[0];
  const net = new FullyConnectedNet(hiddenDims, {
    inputDim: params.W1.shape[0],
    numClasses,
    dtype,
    reg: Number(c.config.reg),
  });
  expect(Object.keys(net.params).sort()).toEqual(Object.keys(params).sort());
  for (const [name, values] of Object.entries(params)) {
    const param = net.params[name as FullyConnectedParamName];
    expect(param.shape).toEqual(values.shape);
    param.data.set(values.data);
  }
  return net;
}

describe('FullyConnectedNet', () => {
  test('has a weight matrix and biases for each layer', () => {
    const { params } = new FullyConnectedNet([8, 5, 6], { inputDim: 7, numClasses: 4 });
    const shapes = Object.entries(params).map(([name, param]) => [name, param.shape]);
    expect(shapes).toEqual([
      ['W1', [7, 8]],
      ['b1', [8]],
      ['W2', [8, 5]],
      ['b2', [5]],
      ['W3', [5, 6]],
      ['b3', [6]],
      ['W4', [6, 4]],
      ['b4', [4]],
    ]);
  });

  test('has the defaults of cs231n', () => {
    const net = new FullyConnectedNet([100]);
    expect(net.params.W1.shape).toEqual([3072, 100]);
    expect(net.params.W2.shape).toEqual([100, 10]);
    expect(net.reg).toBe(0);
    expect(dtypeOf(net.params.W1)).toBe('float32');
    expect(Math.abs(spread(net.params.W1).deviation / 1e-2 - 1)).toBeLessThan(0.01);
  });

  test('starts with small normal weights and zero biases in every layer', () => {
    const { params } = new FullyConnectedNet([80, 60], { inputDim: 90, numClasses: 70, weightScale: 0.5, seed: 1 });
    for (const layer of [1, 2, 3]) {
      const { mean, deviation } = spread(params[`W${layer}`]);
      const size = params[`W${layer}`].size;
      expect(Math.abs(mean)).toBeLessThan((0.5 * 5) / Math.sqrt(size));
      expect(Math.abs(deviation / 0.5 - 1)).toBeLessThan(5 / Math.sqrt(2 * size));
      expect(params[`b${layer}`]).toEqualBits(zeros(params[`b${layer}`].shape));
    }
  });

  test('its first loss is about log C', () => {
    const { X, y } = randomBatch(50, [3, 4, 4], 10, 2);
    expect(new FullyConnectedNet([20, 20, 20], { inputDim: 48, seed: 3 }).loss(X, y).loss).toBeCloseTo(Math.log(10), 2);
  });

  test('with one hidden layer it is a two-layer net', () => {
    const options = { inputDim: 12, numClasses: 4, weightScale: 0.5, reg: 0.3, seed: 4 };
    const { X, y } = randomBatch(6, [12], 4, 5);
    const deep = new FullyConnectedNet([9], options).loss(X, y);
    const flat = new TwoLayerNet({ hiddenDim: 9, ...options }).loss(X, y);
    // The penalties are added up in another order.
    expect(deep.loss).toBeCloseTo(flat.loss, 12);
    for (const name of ['W1', 'b1', 'W2', 'b2'] as const) expect(deep.grads[name]).toEqualBits(flat.grads[name]);
  });

  describe.each([[[6]], [[6, 5]], [[4, 7, 5]], [[5, 4, 6, 5, 4]]])('with hidden layers of %j', (hiddenDims) => {
    test.each([0, 0.5])('its gradients are those of its loss, with reg %d', (reg) => {
      const { X, y } = randomBatch(4, [2, 3], 4, 6, 'float64');
      const options = { inputDim: 6, numClasses: 4, weightScale: 0.7, reg, dtype: 'float64' as const, seed: 7 };
      const net = new FullyConnectedNet(hiddenDims, options);
      // With biases of zero an example whose units are all off puts the next layer at the kink of its ReLU.
      const random = new Random(20);
      for (const [name, param] of Object.entries(net.params)) {
        if (name.startsWith('b')) param.data.set(random.rand(param.shape, 'float64').data);
      }
      const errors = checkModelGradients(net, X, y);
      expect(Object.keys(errors)).toEqual(Object.keys(net.params));
      for (const error of Object.values(errors)) expect(error).toBeLessThan(1e-6);
    });
  });

  test('the same seed gives the same bits', () => {
    const make = (seed: number | string) => new FullyConnectedNet([6, 5], { inputDim: 20, seed }).params;
    const [one, same, other] = [make(231), make(231), make(232)];
    for (const name of ['W1', 'W2', 'W3'] as const) {
      expect(one[name]).toEqualBits(same[name]);
      expect(one[name].data).not.toEqual(other[name].data);
    }
  });

  test('reg may be changed, and counts from the next call', () => {
    const { X, y } = randomBatch(4, [6], 3, 8, 'float64');
    const options = { inputDim: 6, numClasses: 3, weightScale: 1, dtype: 'float64' as const, seed: 9 };
    const net = new FullyConnectedNet([5, 4], options);
    const plain = net.loss(X, y);
    net.reg = 0.5;
    const penalized = net.loss(X, y);
    const weights = [net.params.W1, net.params.W2, net.params.W3].flatMap((w) => [...w.data]);
    expect(penalized.loss).toBeCloseTo(plain.loss + 0.25 * weights.reduce((sum, w) => sum + w * w, 0), 12);
    for (const layer of [1, 2, 3]) expect(penalized.grads[`b${layer}`]).toEqualBits(plain.grads[`b${layer}`]);
    net.reg = 0;
    expect(net.loss(X, y).loss).toBe(plain.loss);
  });

  test('what it returned is never written to again', () => {
    const net = new FullyConnectedNet([9, 8], { inputDim: 12, weightScale: 0.3, reg: 0.1, seed: 10 });
    const first = randomBatch(7, [12], 10, 11);
    const scores = net.loss(first.X);
    const { grads } = net.loss(first.X, first.y);
    const before = copiesOf<string>({ scores, ...grads });
    for (let i = 0; i < 50; i++) {
      const { X, y } = randomBatch(7, [12], 10, 100 + i);
      net.loss(X);
      net.loss(X, y);
    }
    for (const [name, a] of Object.entries({ scores, ...grads })) expect(a).toEqualBits(before[name]);
  });

  test.each<[what: string, X: NDArray, message: string]>([
    ['values', zeros([2, 5]), 'X has shape (2, 5), expected (N, …) with 6 values to an example'],
    ['rank', zeros([6]), 'X has shape (6,), expected (N, …)'],
    ['no examples', zeros([0, 6]), 'X has shape (0, 6), expected (N, …) with every size at least 1'],
    ['dtype', zeros([2, 6], 'float64'), 'X has dtype float64, expected float32, the dtype of the parameters'],
  ])('names an X that does not fit: %s', (_, X, message) => {
    const net = new FullyConnectedNet([5], { inputDim: 6, numClasses: 3 });
    expect(() => net.loss(X)).toThrow(`FullyConnectedNet.loss: ${message}`);
    expect(() => net.loss(X, [0, 1])).toThrow(`FullyConnectedNet.loss: ${message}`);
  });

  test.each<[hiddenDims: unknown, message: string]>([
    [[], 'hiddenDims is [], expected a list of at least one size'],
    [undefined, 'hiddenDims is undefined, expected a list of at least one size'],
    [100, 'hiddenDims is 100, expected a list of at least one size'],
    [[100, 0], 'hiddenDims[1] is 0, expected a whole number ≥ 1'],
    [[2.5], 'hiddenDims[0] is 2.5, expected a whole number ≥ 1'],
    [['100'], "hiddenDims[0] is '100', expected a whole number ≥ 1"],
    [[100, Number.NaN], 'hiddenDims[1] is NaN, expected a whole number ≥ 1'],
  ])('refuses hidden layers of %j', (hiddenDims, message) => {
    expect(() => new FullyConnectedNet(hiddenDims as number[])).toThrow(
      expect.objectContaining({ name: 'RangeError', message: `FullyConnectedNet: ${message}` }),
    );
  });

  const known = 'inputDim, numClasses, normalization, dropout, weightScale, reg, dtype, seed, repeatMasks';
  test.each<[options: unknown, kind: string, message: string]>([
    [{ hiddenDim: 5 }, 'TypeError', `unknown option 'hiddenDim', expected ${known}`],
    [{ useBatchnorm: true }, 'TypeError', `unknown option 'useBatchnorm', expected ${known}`],
    [null, 'TypeError', `options is null, expected an object with any of ${known}`],
    [{ inputDim: 0 }, 'RangeError', 'inputDim is 0, expected a whole number ≥ 1'],
    [{ numClasses: 1.5 }, 'RangeError', 'numClasses is 1.5, expected a whole number ≥ 1'],
    [{ weightScale: -1 }, 'RangeError', 'weightScale is -1, expected a number ≥ 0'],
    [{ reg: Number.NaN }, 'RangeError', 'reg is NaN, expected a number ≥ 0'],
    [{ dtype: 'double' }, 'RangeError', "dtype is 'double', expected 'float32' or 'float64'"],
    [
      { normalization: 'groupnorm' },
      'RangeError',
      "normalization is 'groupnorm', expected 'batchnorm', 'layernorm' or null",
    ],
    [{ dropout: 0 }, 'RangeError', 'dropout is 0, expected the probability of keeping a unit, in (0, 1]'],
    [{ dropout: 1.5 }, 'RangeError', 'dropout is 1.5, expected the probability of keeping a unit, in (0, 1]'],
  ])('refuses the options %j', (options, name, message) => {
    expect(() => new FullyConnectedNet([5], options as FullyConnectedNetOptions)).toThrow(
      expect.objectContaining({ name, message: `FullyConnectedNet: ${message}` }),
    );
  });

  test('takes the options that say that there is neither', () => {
    const net = new FullyConnectedNet([5], { normalization: null, dropout: 1, inputDim: 2 });
    expect(net.loss(zeros([1, 2])).shape).toEqual([1, 10]);
  });

  test('keeps nothing of hiddenDims', () => {
    const hiddenDims = [5, 4];
    const net = new FullyConnectedNet(hiddenDims, { inputDim: 3, seed: 1 });
    hiddenDims.length = 0;
    expect(net.loss(zeros([2, 3])).shape).toEqual([2, 10]);
  });
});

describeKernelSets('FullyConnectedNet', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(casesOf('fully_connected_net').filter(isPlain))('golden: $name', (c) => {
      const net = netOf(c, dtype);
      const { X } = arraysOf({ X: c.inputs.X }, dtype);
      const y = labels(c.inputs.y);
      const scores = net.loss(X);
      const { loss, grads } = net.loss(X, y);
      const gradients = Object.fromEntries(Object.entries(grads).map(([name, grad]) => [`d${name}`, grad]));
      expectGolden(c, { scores, loss, ...gradients }, dtype);
      if (c.printed !== undefined && dtype === 'float64') expectPrinted(c, { loss });
    });

    test('takes any view, writes to no argument, and returns new arrays', () => {
      const net = new FullyConnectedNet([9, 7], { inputDim: 12, weightScale: 1, reg: 0.1, dtype, seed: 12 });
      const { X, y } = randomBatch(5, [3, 4], 10, 13, dtype);
      const before = copiesOf<string>(net.params);
      expectSameOnViews([X], (X) => [net.loss(X), ...Object.values(net.loss(X, y).grads)]);
      callPurely(Object.values(net.params), () => Object.values(net.loss(X, y).grads));
      for (const [name, param] of Object.entries(net.params)) expect(param).toEqualBits(before[name]);
    });

    test('gives float64 the gradients of float32, and the other way round', () => {
      const make = (d: 'float32' | 'float64') =>
        new FullyConnectedNet([9, 7], { inputDim: 12, weightScale: 0.5, dtype: d, seed: 14 });
      const { X, y } = randomBatch(5, [12], 10, 15, dtype);
      const other = dtype === 'float32' ? 'float64' : 'float32';
      const there = make(other).loss(array(X, X.shape, other), y);
      const here = make(dtype).loss(X, y);
      expect(here.loss).toBeCloseTo(there.loss, 5);
      expect(here.grads.W1).toBeAllClose(there.grads.W1, { rtol: 1e-4, atol: 1e-6 });
    });
  });
});
