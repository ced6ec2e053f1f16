import { describe, expect, test } from 'vitest';
import { array, dtypeOf, type Labels, type NDArray, toNested, zeros } from '../../src/arrays/index.js';
import { TwoLayerNet, type TwoLayerNetOptions, type TwoLayerParamName } from '../../src/classifiers/index.js';
import { checkModelGradients } from '../../src/gradient-check.js';
import { workspace } from '../../src/kernels/index.js';
import {
  arraysOf,
  casesOf,
  DTYPES,
  expectGolden,
  expectPrinted,
  type FixtureCase,
  labels,
} from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { copiesOf, randomBatch, spread } from '../helpers/nets.js';
import { pretend } from '../helpers/pretend.js';
import { callPurely, expectSameOnViews } from '../helpers/views.js';

const NAMES: readonly TwoLayerParamName[] = ['W1', 'b1', 'W2', 'b2'];

/** A net with the parameters of a case. */
function netOf(c: FixtureCase, dtype: 'float32' | 'float64'): TwoLayerNet {
  const params = arraysOf(c.params, dtype);
  const [inputDim, hiddenDim] = params.W1.shape;
  const [numClasses] = params.b2.shape;
  const net = new TwoLayerNet({ inputDim, hiddenDim, numClasses, dtype, reg: Number(c.config.reg) });
  for (const name of NAMES) {
    expect(net.params[name].shape).toEqual(params[name].shape);
    net.params[name].data.set(params[name].data);
  }
  return net;
}

describe('TwoLayerNet', () => {
  test('by hand', () => {
    const net = new TwoLayerNet({ inputDim: 2, hiddenDim: 2, numClasses: 2, dtype: 'float64', reg: 2 });
    net.params.W1.data.set([1, -1, 2, 1]);
    net.params.b1.data.set([0, -1]);
    net.params.W2.data.set([1, 0, 0, 1]);
    net.params.b2.data.set([0, 3]);
    const X = array([[1, 1]], undefined, 'float64');
    // Hidden (3, −1) → (3, 0); scores (3, 3).
    expect(toNested(net.loss(X))).toEqual([[3, 3]]);
    const { loss, grads } = net.loss(X, [0]);
    // log 2 + ½ · 2 · (1 + 1 + 4 + 1 + 1 + 1)
    expect(loss).toBeCloseTo(Math.log(2) + 9, 14);
    // dscores (−½, ½); dh (−½, 0 behind the ReLU); each weight matrix adds twice itself.
    const expected = {
      W1: [
        [-0.5 + 2, -2],
        [-0.5 + 4, 2],
      ],
      b1: [-0.5, 0],
      W2: [
        [-1.5 + 2, 1.5],
        [0, 2],
      ],
      b2: [-0.5, 0.5],
    };
    for (const name of NAMES) {
      expect(grads[name]).toBeAllClose(array(expected[name], undefined, 'float64'), { rtol: 1e-14, atol: 1e-15 });
    }
    expect(Object.keys(grads)).toEqual(NAMES);
  });

  test('starts with small normal weights and zero biases', () => {
    const { params } = new TwoLayerNet({ inputDim: 300, hiddenDim: 50, numClasses: 40, weightScale: 0.02, seed: 1 });
    expect(Object.keys(params)).toEqual(NAMES);
    expect(NAMES.map((name) => params[name].shape)).toEqual([[300, 50], [50], [50, 40], [40]]);
    for (const [name, size] of [
      ['W1', 15_000],
      ['W2', 2000],
    ] as const) {
      const { mean, deviation } = spread(params[name]);
      // Five standard errors.
      expect(Math.abs(mean)).toBeLessThan((0.02 * 5) / Math.sqrt(size));
      expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(5 / Math.sqrt(2 * size));
    }
    expect(params.b1).toEqualBits(zeros([50]));
    expect(params.b2).toEqualBits(zeros([40]));
  });

  test('has the defaults of cs231n', () => {
    const net = new TwoLayerNet();
    expect(NAMES.map((name) => net.params[name].shape)).toEqual([[3072, 100], [100], [100, 10], [10]]);
    expect(net.reg).toBe(0);
    expect(NAMES.map((name) => dtypeOf(net.params[name]))).toEqual(['float32', 'float32', 'float32', 'float32']);
    expect(Math.abs(spread(net.params.W1).deviation / 1e-3 - 1)).toBeLessThan(0.01);
  });

  test('its first loss is about log C', () => {
    const { X, y } = randomBatch(50, [3, 8, 8], 10, 2);
    const net = new TwoLayerNet({ inputDim: 192, seed: 3 });
    expect(net.loss(X, y).loss).toBeCloseTo(Math.log(10), 2);
    net.reg = 1;
    expect(net.loss(X, y).loss).toBeGreaterThan(Math.log(10));
  });

  test('a weight scale of 0 gives zeros', () => {
    expect(new TwoLayerNet({ inputDim: 3, hiddenDim: 2, weightScale: 0, seed: 1 }).params.W1).toBeAllClose(
      zeros([3, 2]),
    );
  });

  test.each([0, 0.5])('its gradients are those of its loss, with reg %d', (reg) => {
    const { X, y } = randomBatch(5, [2, 3], 4, 4, 'float64');
    const net = new TwoLayerNet({
      inputDim: 6,
      hiddenDim: 7,
      numClasses: 4,
      weightScale: 0.5,
      reg,
      dtype: 'float64',
      seed: 5,
    });
    const errors = checkModelGradients(net, X, y);
    expect(Object.keys(errors)).toEqual(NAMES);
    for (const name of NAMES) expect(errors[name]).toBeLessThan(1e-6);
  });

  test('the same seed gives the same bits', () => {
    const make = (seed: number | string) => new TwoLayerNet({ inputDim: 20, hiddenDim: 8, seed }).params;
    for (const name of NAMES) expect(make(231)[name]).toEqualBits(make(231)[name]);
    expect(make('a').W1).toEqualBits(make('a').W1);
    expect(make(231).W1.data).not.toEqual(make(232).W1.data);
    expect(make(231).W1.data).not.toEqual(new TwoLayerNet({ inputDim: 20, hiddenDim: 8 }).params.W1.data);
  });

  test('the seed gives float64 the numbers of float32', () => {
    const wide = new TwoLayerNet({ inputDim: 20, hiddenDim: 8, seed: 1, dtype: 'float64' }).params.W1;
    const narrow = new TwoLayerNet({ inputDim: 20, hiddenDim: 8, seed: 1 }).params.W1;
    expect(narrow).toBeAllClose(wide, { rtol: 2e-7 });
  });

  test('reg may be changed, and counts from the next call', () => {
    const { X, y } = randomBatch(4, [6], 3, 6, 'float64');
    const net = new TwoLayerNet({
      inputDim: 6,
      hiddenDim: 5,
      numClasses: 3,
      weightScale: 1,
      dtype: 'float64',
      seed: 7,
    });
    const plain = net.loss(X, y);
    net.reg = 0.5;
    const penalized = net.loss(X, y);
    const squares = [net.params.W1, net.params.W2].flatMap((w) => [...w.data]).reduce((sum, w) => sum + w * w, 0);
    expect(penalized.loss).toBeCloseTo(plain.loss + 0.25 * squares, 12);
    expect(penalized.grads.b1).toEqualBits(plain.grads.b1);
    expect(penalized.grads.W2.get(1, 2)).toBeCloseTo(plain.grads.W2.get(1, 2) + 0.5 * net.params.W2.get(1, 2), 14);
    net.reg = 0;
    expect(net.loss(X, y).loss).toBe(plain.loss);
  });

  test('parameters may be replaced, by views too', () => {
    const { X, y } = randomBatch(4, [6], 3, 8);
    const net = new TwoLayerNet({ inputDim: 6, hiddenDim: 5, numClasses: 3, weightScale: 1, reg: 0.1, seed: 9 });
    const expected = net.loss(X, y);
    net.params.W1 = array(net.params.W1.transpose(1, 0)).transpose(1, 0);
    net.params.b2 = array([...net.params.b2.data].reverse()).step(-1);
    const { loss, grads } = net.loss(X, y);
    expect(loss).toBe(expected.loss);
    for (const name of NAMES) expect(grads[name]).toEqualBits(expected.grads[name]);
  });

  test('what it returned is never written to again', () => {
    const net = new TwoLayerNet({ inputDim: 12, hiddenDim: 9, weightScale: 0.1, reg: 0.1, seed: 10 });
    const first = randomBatch(7, [12], 10, 11);
    const scores = net.loss(first.X);
    const { grads } = net.loss(first.X, first.y);
    const before = copiesOf({ scores, ...grads });
    for (let i = 0; i < 50; i++) {
      const { X, y } = randomBatch(7, [12], 10, 100 + i);
      net.loss(X);
      net.loss(X, y);
    }
    for (const [name, a] of Object.entries({ scores, ...grads })) expect(a).toEqualBits(before[name as 'scores']);
  });

  test('what it returned in a workspace lives as long as that', () => {
    const net = new TwoLayerNet({ inputDim: 12, hiddenDim: 9, weightScale: 0.1, seed: 10 });
    const { X, y } = randomBatch(7, [12], 10, 12);
    const outside = net.loss(X, y);
    const kept = workspace(() => {
      const { grads } = net.loss(X, y);
      for (let i = 0; i < 5; i++) net.loss(randomBatch(7, [12], 10, 200 + i).X, y);
      expect(grads.W1).toEqualBits(outside.grads.W1);
      return grads;
    });
    for (const name of NAMES) expect(kept[name]).toEqualBits(outside.grads[name]);
  });

  test('changing what it returned does not change it', () => {
    const net = new TwoLayerNet({ inputDim: 4, hiddenDim: 3, numClasses: 2, weightScale: 1, reg: 1, seed: 13 });
    const { X, y } = randomBatch(3, [4], 2, 14);
    const expected = net.loss(X, y);
    const copies = copiesOf(expected.grads);
    for (const name of NAMES) expected.grads[name].data.fill(99);
    net.loss(X).data.fill(99);
    const { grads } = net.loss(X, y);
    for (const name of NAMES) expect(grads[name]).toEqualBits(copies[name]);
  });

  test('calls that differ in size follow one another', () => {
    const net = new TwoLayerNet({ inputDim: 6, hiddenDim: 5, numClasses: 3, weightScale: 1, seed: 15 });
    const { X, y } = randomBatch(9, [6], 3, 16);
    const all = net.loss(X);
    for (let n = 1; n <= 9; n++) {
      expect(net.loss(X.hi(n, 6))).toBeAllClose(all.hi(n, 3), { rtol: 1e-5, atol: 1e-6 });
      expect(net.loss(X.hi(n, 6), y.subarray(0, n)).loss).toBeGreaterThan(0);
    }
  });

  test.each<[what: string, X: unknown, message: string]>([
    ['values', zeros([2, 5]), 'X has shape (2, 5), expected (N, …) with 6 values to an example'],
    ['images', zeros([2, 3, 3]), 'X has shape (2, 3, 3), expected (N, …) with 6 values to an example'],
    ['rank', zeros([6]), 'X has shape (6,), expected (N, …)'],
    ['no examples', zeros([0, 6]), 'X has shape (0, 6), expected (N, …) with every size at least 1'],
    ['dtype', zeros([2, 6], 'float64'), 'X has dtype float64, expected float32, the dtype of the parameters'],
    ['kind', [1, 2], 'X is [1, 2], expected an array of float32 or float64'],
  ])('names an X that does not fit: %s', (_, X, message) => {
    const net = new TwoLayerNet({ inputDim: 6, hiddenDim: 5, numClasses: 3 });
    expect(() => net.loss(X as NDArray)).toThrow(`TwoLayerNet.loss: ${message}`);
    expect(() => net.loss(X as NDArray, [0, 1])).toThrow(`TwoLayerNet.loss: ${message}`);
  });

  test.each<[y: unknown, message: string]>([
    [[0], 'softmaxLoss: y has shape (1,), expected (N=2,)'],
    [[0, 3], 'softmaxLoss: y[1] is 3, expected an integer in [0, C=3)'],
    [[0.5, 1], 'softmaxLoss: y[0] is 0.5, expected an integer in [0, C=3)'],
    [null, 'softmaxLoss: y is null, expected a list of labels'],
  ])('names labels that do not fit: case %#', (y, message) => {
    const net = new TwoLayerNet({ inputDim: 6, hiddenDim: 5, numClasses: 3 });
    expect(() => net.loss(zeros([2, 6]), y as Labels)).toThrow(message);
  });

  test.each<[options: unknown, kind: string, message: string]>([
    [
      { hidden: 5 },
      'TypeError',
      "unknown option 'hidden', expected inputDim, hiddenDim, numClasses, weightScale, reg, dtype, seed",
    ],
    [
      { dropout: 0.5 },
      'TypeError',
      "unknown option 'dropout', expected inputDim, hiddenDim, numClasses, weightScale, reg, dtype, seed",
    ],
    [
      null,
      'TypeError',
      'options is null, expected an object with any of inputDim, hiddenDim, numClasses, weightScale, reg, dtype, seed',
    ],
    [
      [100],
      'TypeError',
      'options is [100], expected an object with any of inputDim, hiddenDim, numClasses, weightScale, reg, dtype, seed',
    ],
    [{ inputDim: 0 }, 'RangeError', 'inputDim is 0, expected a whole number ≥ 1'],
    [{ inputDim: [3, 32, 32] }, 'RangeError', 'inputDim is [3, 32, 32], expected a whole number ≥ 1'],
    [{ hiddenDim: 2.5 }, 'RangeError', 'hiddenDim is 2.5, expected a whole number ≥ 1'],
    [{ numClasses: -1 }, 'RangeError', 'numClasses is -1, expected a whole number ≥ 1'],
    [{ numClasses: '10' }, 'RangeError', "numClasses is '10', expected a whole number ≥ 1"],
    [{ weightScale: -1 }, 'RangeError', 'weightScale is -1, expected a number ≥ 0'],
    [{ weightScale: Number.NaN }, 'RangeError', 'weightScale is NaN, expected a number ≥ 0'],
    [{ reg: -0.5 }, 'RangeError', 'reg is -0.5, expected a number ≥ 0'],
    [{ reg: Number.POSITIVE_INFINITY }, 'RangeError', 'reg is Infinity, expected a number ≥ 0'],
    [{ dtype: 'float16' }, 'RangeError', "dtype is 'float16', expected 'float32' or 'float64'"],
  ])('refuses the options %j', (options, name, message) => {
    expect(() => new TwoLayerNet(options as TwoLayerNetOptions)).toThrow(
      expect.objectContaining({ name, message: `TwoLayerNet: ${message}` }),
    );
  });

  test('refuses a seed that is none', () => {
    expect(() => new TwoLayerNet({ seed: pretend(true) })).toThrow(
      'Random: seed is true, expected a number or a string',
    );
  });
});

describeKernelSets('TwoLayerNet', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(casesOf('two_layer_net'))('golden: $name', (c) => {
      const net = netOf(c, dtype);
      const { X } = arraysOf({ X: c.inputs.X }, dtype);
      const y = labels(c.inputs.y);
      const scores = net.loss(X);
      const { loss, grads } = net.loss(X, y);
      const gradients = Object.fromEntries(NAMES.map((name) => [`d${name}`, grads[name]]));
      expectGolden(c, { scores, loss, ...gradients }, dtype);
      if (c.printed === undefined || dtype === 'float32') return;
      const first = scores.hi(scores.shape[0], 6);
      expectPrinted(c, { scores_first_6_columns: first, ...('loss' in c.printed && { loss }) });
    });

    test('takes any view, writes to no argument, and returns new arrays', () => {
      const net = new TwoLayerNet({ inputDim: 12, hiddenDim: 9, weightScale: 1, reg: 0.1, dtype, seed: 17 });
      const { X, y } = randomBatch(5, [3, 4], 10, 18, dtype);
      const before = copiesOf(net.params);
      expectSameOnViews([X], (X) => [net.loss(X), ...Object.values(net.loss(X, y).grads)]);
      // Nor do results lie in the parameters.
      callPurely(Object.values(net.params), () => Object.values(net.loss(X, y).grads));
      for (const name of NAMES) expect(net.params[name]).toEqualBits(before[name]);
    });

    test('NaN in an image shows in the loss', () => {
      const net = new TwoLayerNet({ inputDim: 12, hiddenDim: 9, weightScale: 1, dtype, seed: 19 });
      const { X, y } = randomBatch(5, [12], 10, 20, dtype);
      X.set(3, 7, Number.NaN);
      expect(net.loss(X, y).loss).toBeNaN();
    });
  });
});
