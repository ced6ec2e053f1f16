import ops from 'ndarray-ops';
import { describe, expect, test } from 'vitest';
import { array, type DType, dtypeOf, type Labels, type NDArray, zeros } from '../../src/arrays/index.js';
import {
  ThreeLayerConvNet,
  type ThreeLayerConvNetOptions,
  type ThreeLayerConvParamName,
} from '../../src/classifiers/index.js';
import { checkModelGradients } from '../../src/gradient-check.js';
import { kernelInfo, workspace } from '../../src/kernels/index.js';
import { softmaxLoss } from '../../src/layers/index.js';
import { Solver } from '../../src/solver.js';
import { arraysOf, DTYPES, expectGolden, type FixtureCase, labels } from '../helpers/fixtures.js';
import { describeKernelSets, switchKernels, useKernels } from '../helpers/kernel-sets.js';
import { copiesOf, randomBatch, spread } from '../helpers/nets.js';
import { casesIn, valuesOf } from '../helpers/normalization.js';
import { pretend } from '../helpers/pretend.js';
import { callPurely, expectSameOnViews } from '../helpers/views.js';

const NAMES: readonly ThreeLayerConvParamName[] = ['W1', 'b1', 'W2', 'b2', 'W3', 'b3'];
const FILES = ['three_layer_conv_net', 'notebook_convnets'];
const CASES = casesIn<FixtureCase>(FILES, 'three_layer_conv_net');

/** A case that expects numbers to lie near something, for any seed. */
interface SanityCase {
  readonly config: Readonly<Record<string, number>>;
  readonly expected: {
    readonly loss_reg_0: { readonly value: number; readonly max_deviation: number };
    readonly 'loss_reg_0.5_minus_loss_reg_0': { readonly value: number; readonly max_deviation: number };
    readonly num_weights: number;
    readonly num_parameters: number;
  };
  readonly printed: Readonly<Record<'loss_reg_0' | 'loss_reg_0.5', { readonly value: number }>>;
}
const [sanity] = casesIn<SanityCase & { op: string }>(FILES, 'loss_sanity_check');

const SMALL = { inputDim: [2, 6, 8], numFilters: 3, filterSize: 3, hiddenDim: 5, numClasses: 4 } as const;

function small(options: ThreeLayerConvNetOptions = {}): ThreeLayerConvNet {
  return new ThreeLayerConvNet({ ...SMALL, weightScale: 0.5, seed: 1, ...options });
}

/** A net with the parameters of a case. */
function netOf(c: FixtureCase, dtype: DType): ThreeLayerConvNet {
  const params = arraysOf(c.params, dtype);
  const [, C, H, W] = arraysOf({ X: c.inputs.X }, dtype).X.shape;
  const [numFilters, , filterSize] = params.W1.shape;
  const [hiddenDim, numClasses] = params.W3.shape;
  const reg = Number(c.config.reg);
  const net = new ThreeLayerConvNet({ inputDim: [C, H, W], numFilters, filterSize, hiddenDim, numClasses, dtype, reg });
  for (const name of NAMES) {
    expect(net.params[name].shape).toEqual(params[name].shape);
    net.params[name].data.set(params[name].data);
  }
  return net;
}

/** Images of four classes: which quarter of the image is bright. */
function quarters(N: number, [C, H, W]: readonly [number, number, number], seed: number) {
  const { X, y } = randomBatch(N, [C, H, W], 4, seed);
  for (let n = 0; n < N; n++) {
    const corner = [(y[n] >> 1) * (H / 2), (y[n] & 1) * (W / 2)] as const;
    ops.addseq(X.lo(n, 0, ...corner).hi(1, C, H / 2, W / 2), 3);
  }
  const split = Math.floor((3 * N) / 4);
  const [XTrain, XVal] = [X.hi(split, C, H, W), X.lo(split, 0, 0, 0)];
  return { XTrain, yTrain: y.subarray(0, split), XVal, yVal: y.subarray(split) };
}

describe('ThreeLayerConvNet', () => {
  test('by hand', () => {
    const sizes = { numFilters: 1, filterSize: 1, hiddenDim: 1, numClasses: 2 };
    const net = new ThreeLayerConvNet({ inputDim: [1, 2, 2], ...sizes, reg: 2, dtype: 'float64' });
    const params = { W1: [2], b1: [-1], W2: [2], b2: [-3], W3: [1, -1], b3: [0, 14] };
    for (const name of NAMES) net.params[name].data.set(params[name]);
    const X = array([1, 2, 3, -4], [1, 1, 2, 2], 'float64');
    // Convolution (1, 3; 5, −9), pooled 5; hidden 7; scores (7, 7).
    expect(valuesOf(net.loss(X))).toEqual([7, 7]);
    const { loss, grads } = net.loss(X, [0]);
    // log 2 + ½ · 2 · (4 + 4 + 1 + 1)
    expect(loss).toBeCloseTo(Math.log(2) + 10, 13);
    // dscores (−½, ½), dh −1, and −2 for the pixel of 3; each weight adds twice itself.
    const expected = {
      W1: [3 * -2 + 4],
      b1: [-2],
      W2: [5 * -1 + 4],
      b2: [-1],
      W3: [7 * -0.5 + 2, 7 * 0.5 - 2],
      b3: [-0.5, 0.5],
    };
    for (const name of NAMES) {
      const wanted = array(expected[name], net.params[name].shape, 'float64');
      expect(grads[name], name).toBeAllClose(wanted, { rtol: 1e-13 });
    }
    expect(Object.keys(grads)).toEqual(NAMES);
  });

  test('starts with small normal weights and zero biases', () => {
    const options = { inputDim: [3, 16, 12], numFilters: 20, filterSize: 5, hiddenDim: 30, numClasses: 40 } as const;
    const { params } = new ThreeLayerConvNet({ ...options, weightScale: 0.02, seed: 2 });
    expect(Object.keys(params)).toEqual(NAMES);
    const shapes = [[20, 3, 5, 5], [20], [20 * 8 * 6, 30], [30], [30, 40], [40]];
    expect(NAMES.map((name) => params[name].shape)).toEqual(shapes);
    for (const name of ['W1', 'W2', 'W3'] as const) {
      const { mean, deviation } = spread(params[name]);
      // Five standard errors.
      const { size } = params[name];
      expect(Math.abs(mean)).toBeLessThan((0.02 * 5) / Math.sqrt(size));
      expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(5 / Math.sqrt(2 * size));
    }
    for (const name of ['b1', 'b2', 'b3'] as const) expect(params[name]).toEqualBits(zeros(params[name].shape));
  });

  test('has the defaults of cs231n', () => {
    const net = new ThreeLayerConvNet();
    const shapes = [[32, 3, 7, 7], [32], [8192, 100], [100], [100, 10], [10]];
    expect(NAMES.map((name) => net.params[name].shape)).toEqual(shapes);
    expect(net.reg).toBe(0);
    expect(new Set(NAMES.map((name) => dtypeOf(net.params[name])))).toEqual(new Set(['float32']));
    expect(Math.abs(spread(net.params.W2).deviation / 1e-3 - 1)).toBeLessThan(0.01);
  });

  test.each([0, 0.3])('its gradients are those of its loss, with reg %d', { tags: 'slow' }, (reg) => {
    const { X, y } = randomBatch(3, SMALL.inputDim, 4, 3, 'float64');
    for (const filterSize of [1, 3, 5]) {
      const errors = checkModelGradients(small({ filterSize, weightScale: 0.2, reg, dtype: 'float64' }), X, y);
      expect(Object.keys(errors)).toEqual(NAMES);
      for (const name of NAMES) expect(errors[name], `${name}, filters of ${filterSize}`).toBeLessThan(1e-6);
    }
  });

  test('the same seed gives the same bits', () => {
    const make = (seed?: number | string) => small({ seed }).params;
    for (const name of NAMES) expect(make(231)[name]).toEqualBits(make(231)[name]);
    expect(make('a').W1).toEqualBits(make('a').W1);
    expect(make(231).W1.data).not.toEqual(make(232).W1.data);
    expect(make(231).W1.data).not.toEqual(make().W1.data);
    expect(make(231).W2).toBeAllClose(small({ seed: 231, dtype: 'float64' }).params.W2, { rtol: 2e-7 });
  });

  test('reg may be changed, and counts from the next call', () => {
    const { X, y } = randomBatch(3, SMALL.inputDim, 4, 4, 'float64');
    const net = small({ dtype: 'float64' });
    const plain = net.loss(X, y);
    net.reg = 0.5;
    const penalized = net.loss(X, y);
    const weights = [net.params.W1, net.params.W2, net.params.W3];
    const squares = weights.flatMap(valuesOf).reduce((sum, w) => sum + w * w, 0);
    expect(penalized.loss).toBeCloseTo(plain.loss + 0.25 * squares, 11);
    for (const name of ['b1', 'b2', 'b3'] as const) expect(penalized.grads[name]).toEqualBits(plain.grads[name]);
    const [before, after] = [plain, penalized].map(({ grads }) => grads.W1.get(2, 1, 0, 1));
    expect(after).toBeCloseTo(before + 0.5 * net.params.W1.get(2, 1, 0, 1), 13);
  });

  test('parameters may be replaced, by views too', () => {
    const { X, y } = randomBatch(3, SMALL.inputDim, 4, 5);
    const net = small({ reg: 0.1 });
    const expected = net.loss(X, y);
    net.params.W1 = array(net.params.W1.transpose(3, 2, 1, 0)).transpose(3, 2, 1, 0);
    net.params.b1 = array([...net.params.b1.data].reverse()).step(-1);
    const { loss, grads } = net.loss(X, y);
    expect(loss).toBe(expected.loss);
    for (const name of NAMES) expect(grads[name]).toEqualBits(expected.grads[name]);
  });

  test('what it returned is never written to again, in a workspace and outside', () => {
    const net = small({ reg: 0.1 });
    const { X, y } = randomBatch(5, SMALL.inputDim, 4, 6);
    const results = [net.loss(X, y), workspace(() => net.loss(X, y))].map(({ grads }) => grads);
    const before = results.map((grads) => copiesOf(grads));
    const scores = net.loss(X);
    const scoresBefore = array(scores);
    for (let i = 0; i < 30; i++) net.loss(randomBatch(5, SMALL.inputDim, 4, 100 + i).X, y);
    expect(scores).toEqualBits(scoresBefore);
    results.forEach((grads, i) => {
      for (const name of NAMES) expect(grads[name]).toEqualBits(before[i][name]);
    });
    for (const name of NAMES) expect(results[0][name]).toEqualBits(results[1][name]);
  });

  test('calls that differ in size follow one another', () => {
    const { X } = randomBatch(7, SMALL.inputDim, 4, 7);
    const net = small();
    const all = net.loss(X);
    for (let n = 1; n <= 7; n++) {
      expect(net.loss(X.hi(n, 2, 6, 8))).toBeAllClose(all.hi(n, 4), { rtol: 1e-5, atol: 1e-5 });
    }
  });

  test('learns in which quarter an image is bright', () => {
    const inputDim = [1, 8, 8] as const;
    const model = new ThreeLayerConvNet({ ...SMALL, inputDim, weightScale: 0.1, seed: 8 });
    const options = { updateRule: 'adam', optimConfig: { learningRate: 1e-2 }, numEpochs: 5, batchSize: 20 } as const;
    const solver = new Solver(model, quarters(200, inputDim, 9), { ...options, verbose: false, seed: 10 });
    solver.train();
    expect(solver.bestValAcc).toBeGreaterThan(0.9);
    expect(solver.lossHistory[0]).toBeGreaterThan(1);
    expect(solver.lossHistory.at(-1)).toBeLessThan(0.5);
  });

  test('summary: what the layers cost for one image, and the parameters', () => {
    expect(small({ filterSize: 5, hiddenDim: 10 }).summary()).toBe(
      [
        'ThreeLayerConvNet, 3 layers',
        'layer          output     parameters  multiplications  additions',
        '----------------------------------------------------------------',
        'conv – ReLU    (3, 6, 8)         153            7,200      7,200',
        'max pool       (3, 3, 4)           0                0          0',
        'affine – ReLU  (10,)             370              360        360',
        'affine         (4,)               44               40         40',
        '----------------------------------------------------------------',
        'total                            567            7,600      7,600',
        '',
        'Parameters',
        'parameter  shape         values   memory',
        '----------------------------------------',
        'W1         (3, 2, 5, 5)     150    600 B',
        'b1         (3,)               3     12 B',
        'W2         (36, 10)         360  1.4 KiB',
        'b2         (10,)             10     40 B',
        'W3         (10, 4)           40    160 B',
        'b3         (4,)               4     16 B',
        '----------------------------------------',
        'total                       567  2.2 KiB',
      ].join('\n'),
    );
    class Deep extends ThreeLayerConvNet {}
    expect(new Deep(SMALL).summary()).toMatch(/^Deep, 3 layers\n/);
  });

  const [least, ours] = ['with every size at least 1', 'the dtype of the parameters'];
  test.each<[what: string, X: unknown, name: string, message: string]>([
    ['size', zeros([2, 2, 6, 6]), 'ShapeError', 'X has shape (2, 2, 6, 6), expected (N, 2, 6, 8)'],
    ['channels', zeros([2, 3, 6, 8]), 'ShapeError', 'X has shape (2, 3, 6, 8), expected (N, 2, 6, 8)'],
    ['rank', zeros([2, 96]), 'ShapeError', 'X has shape (2, 96), expected (N, 2, 6, 8)'],
    ['no images', zeros([0, 2, 6, 8]), 'ShapeError', `X has shape (0, 2, 6, 8), expected (N, …) ${least}`],
    ['dtype', zeros([2, 2, 6, 8], 'float64'), 'TypeError', `X has dtype float64, expected float32, ${ours}`],
    ['kind', [1, 2], 'TypeError', 'X is [1, 2], expected an array of float32 or float64: make it with array(X)'],
  ])('names an X that does not fit: %s', (_, X, name, message) => {
    const net = small();
    const before = copiesOf(net.params);
    for (const y of [undefined, [0, 1]]) {
      expect(() => net.loss(pretend<NDArray>(X), pretend<Labels>(y))).toThrow(
        expect.objectContaining({ name, message: `ThreeLayerConvNet.loss: ${message}` }),
      );
    }
    for (const param of NAMES) expect(net.params[param]).toEqualBits(before[param]);
  });

  test.each<[y: unknown, message: string]>([
    [[0], 'softmaxLoss: y has shape (1,), expected (N=2,)'],
    [[0, 4], 'softmaxLoss: y[1] is 4, expected an integer in [0, C=4)'],
    [null, 'softmaxLoss: y is null, expected a list of labels'],
  ])('names labels that do not fit: case %#', (y, message) => {
    expect(() => small().loss(zeros([2, 2, 6, 8]), pretend<Labels>(y))).toThrow(message);
  });

  const triple = 'expected [C, H, W], whole numbers ≥ 1';
  const large = 'expected a height and width of at least 2, the size of a pooling window';
  test.each<[options: unknown, kind: string, message: string]>([
    [
      { hidden: 5 },
      'TypeError',
      "unknown option 'hidden', expected inputDim, numFilters, filterSize, hiddenDim, numClasses, weightScale, " +
        'reg, dtype, seed',
    ],
    [
      null,
      'TypeError',
      'options is null, expected an object with any of inputDim, numFilters, filterSize, hiddenDim, ' +
        'numClasses, weightScale, reg, dtype, seed',
    ],
    [{ inputDim: [3, 1, 32] }, 'RangeError', `inputDim is [3, 1, 32], ${large}`],
    [{ inputDim: [3, 32, 1] }, 'RangeError', `inputDim is [3, 32, 1], ${large}`],
    [{ inputDim: [1, 1, 1] }, 'RangeError', `inputDim is [1, 1, 1], ${large}`],
    [{ inputDim: 3072 }, 'RangeError', `inputDim is 3072, ${triple}`],
    [{ inputDim: [32, 32] }, 'RangeError', `inputDim is [32, 32], ${triple}`],
    [{ inputDim: [3, 0, 32] }, 'RangeError', `inputDim is [3, 0, 32], ${triple}`],
    [{ inputDim: [3, 32, 2.5] }, 'RangeError', `inputDim is [3, 32, 2.5], ${triple}`],
    [{ filterSize: 4 }, 'RangeError', 'filterSize is 4, expected an odd number: only such a filter keeps the size'],
    [{ filterSize: 0 }, 'RangeError', 'filterSize is 0, expected a whole number ≥ 1'],
    [{ filterSize: [3, 3] }, 'RangeError', 'filterSize is [3, 3], expected a whole number ≥ 1'],
    [{ numFilters: 1.5 }, 'RangeError', 'numFilters is 1.5, expected a whole number ≥ 1'],
    [{ hiddenDim: -1 }, 'RangeError', 'hiddenDim is -1, expected a whole number ≥ 1'],
    [{ numClasses: '10' }, 'RangeError', "numClasses is '10', expected a whole number ≥ 1"],
    [{ weightScale: Number.NaN }, 'RangeError', 'weightScale is NaN, expected a number ≥ 0'],
    [{ reg: -0.5 }, 'RangeError', 'reg is -0.5, expected a number ≥ 0'],
    [{ dtype: 'float16' }, 'RangeError', "dtype is 'float16', expected 'float32' or 'float64'"],
  ])('refuses the options %j', (options, name, message) => {
    expect(() => new ThreeLayerConvNet(pretend(options))).toThrow(
      expect.objectContaining({ name, message: `ThreeLayerConvNet: ${message}` }),
    );
  });

  test('keeps nothing of inputDim', () => {
    const inputDim: [number, number, number] = [2, 6, 8];
    const net = small({ inputDim });
    inputDim[0] = 7;
    expect(net.loss(zeros([1, 2, 6, 8])).shape).toEqual([1, 4]);
  });
});

describe('training it', () => {
  useKernels('wasm', 2);

  test.each(DTYPES)('has the same bits in %s with 1, 2 and 3 threads, and twice', (dtype) => {
    const inputDim = [3, 16, 16] as const;
    const { X: XTrain, y: yTrain } = randomBatch(60, inputDim, 10, 11, dtype);
    const { X: XVal, y: yVal } = randomBatch(10, inputDim, 10, 12, dtype);
    const run = (threads: number) => {
      switchKernels('wasm', threads);
      const options = { inputDim, numFilters: 9, filterSize: 5, hiddenDim: 40, weightScale: 0.05, reg: 0.1 };
      const model = new ThreeLayerConvNet({ ...options, dtype, seed: 13 });
      const settings = { updateRule: 'adam', optimConfig: { learningRate: 1e-2 }, batchSize: 20 } as const;
      const solver = new Solver(model, { XTrain, yTrain, XVal, yVal }, { ...settings, verbose: false, seed: 14 });
      const losses = Array.from({ length: 5 }, () => solver.step());
      return { losses, params: model.params };
    };
    const [first, ...others] = [1, 1, 2, 3].map(run);
    expect(new Set(first.losses).size).toBe(5);
    for (const { losses, params } of others) {
      expect(losses).toEqual(first.losses);
      for (const name of NAMES) expect(params[name], name).toEqualBits(first.params[name]);
    }
  });

  test('for fifty steps takes no more memory than for three', () => {
    switchKernels('wasm', 2);
    const model = new ThreeLayerConvNet({ ...SMALL, inputDim: [3, 8, 8], reg: 0.1, seed: 15 });
    const options = { updateRule: 'adam', batchSize: 20, verbose: false, seed: 16 } as const;
    const solver = new Solver(model, quarters(80, [3, 8, 8], 17), options);
    const sizes = Array.from({ length: 50 }, () => {
      solver.step();
      const { memory } = kernelInfo();
      return [memory?.used ?? 0, memory?.size ?? 0];
    });
    expect(sizes[2][0]).toBeGreaterThan(0);
    expect(Math.max(...sizes.slice(3).map(([used]) => used))).toBeLessThanOrEqual(sizes[2][0]);
    expect(Math.max(...sizes.slice(3).map(([, size]) => size))).toBe(sizes[2][1]);
  });
});

test('there are these many cases in the fixtures', () => {
  expect(CASES).toHaveLength(4);
});

describeKernelSets('ThreeLayerConvNet', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(CASES)('golden: $name', (c) => {
      const net = netOf(c, dtype);
      const { X } = arraysOf({ X: c.inputs.X }, dtype);
      const { loss, grads } = net.loss(X, labels(c.inputs.y));
      const gradients = Object.fromEntries(NAMES.map((name) => [`d${name}`, grads[name]]));
      expectGolden(c, { scores: net.loss(X), loss, ...gradients }, dtype);
    });

    test('golden: its first loss is log C, and what reg adds', () => {
      const { num_filters, filter_size, hidden_dim, num_classes, weight_scale, N } = sanity.config;
      const { expected, printed } = sanity;
      const sizes = {
        numFilters: num_filters,
        filterSize: filter_size,
        hiddenDim: hidden_dim,
        numClasses: num_classes,
      };
      const net = new ThreeLayerConvNet({ ...sizes, weightScale: weight_scale, dtype, seed: 18 });
      const counts = NAMES.map((name) => net.params[name].size);
      expect(counts[0] + counts[2] + counts[4]).toBe(expected.num_weights);
      expect(counts.reduce((sum, size) => sum + size)).toBe(expected.num_parameters);

      // Two images are enough for the reference, which takes its time.
      const { X, y } = randomBatch(kernelInfo().kernels === 'wasm' ? N : 2, [3, 32, 32], num_classes, 19, dtype);
      const { loss } = net.loss(X, y);
      const { value, max_deviation } = expected.loss_reg_0;
      expect(Math.abs(loss - value)).toBeLessThan(max_deviation);
      expect(Math.abs(loss - printed.loss_reg_0.value)).toBeLessThan(max_deviation);
      expect(loss).toBe(softmaxLoss(net.loss(X), y).loss);

      net.reg = 0.5;
      const added = expected['loss_reg_0.5_minus_loss_reg_0'];
      const penalized = net.loss(X, y).loss;
      expect(Math.abs(penalized - loss - added.value)).toBeLessThan(added.max_deviation);
      expect(Math.abs(penalized - printed['loss_reg_0.5'].value)).toBeLessThan(added.max_deviation + max_deviation);
    });

    test('takes any view, writes to no argument, and returns new arrays', () => {
      const net = small({ reg: 0.1, dtype });
      const { X, y } = randomBatch(3, SMALL.inputDim, 4, 20, dtype);
      const before = copiesOf(net.params);
      expectSameOnViews([X], (X) => [net.loss(X), ...Object.values(net.loss(X, y).grads)]);
      // Nor do results lie in the parameters.
      callPurely(Object.values(net.params), () => Object.values(net.loss(X, y).grads));
      for (const name of NAMES) expect(net.params[name]).toEqualBits(before[name]);
    });

    test('NaN in an image shows in the loss', () => {
      const { X, y } = randomBatch(3, SMALL.inputDim, 4, 21, dtype);
      X.set(2, 1, 3, 4, Number.NaN);
      expect(small({ dtype }).loss(X, y).loss).toBeNaN();
    });
  });
});
