import { describe, expect, test } from 'vitest';
import { array, type DType, type NDArray, ones, Random, zeros } from '../../src/arrays/index.js';
import { hiddenForward } from '../../src/classifiers/hidden-layer.js';
import {
  FullyConnectedNet,
  type FullyConnectedNetOptions,
  type FullyConnectedParamName,
} from '../../src/classifiers/index.js';
import { checkModelGradients, evalNumericalGradient } from '../../src/gradient-check.js';
import { isResident, kernelInfo } from '../../src/kernels/index.js';
import { affineForward, type BatchnormParam, batchnormForward, reluForward } from '../../src/layers/index.js';
import { Solver } from '../../src/solver.js';
import { arraysOf, DTYPES, expectGolden, expectPrinted, labels } from '../helpers/fixtures.js';
import { describeKernelSets, switchKernels, useKernels } from '../helpers/kernel-sets.js';
import { blobs, copiesOf, randomBatch } from '../helpers/nets.js';
import { casesIn, type NormalizationCase, valuesOf } from '../helpers/normalization.js';
import { expectSameOnViews } from '../helpers/views.js';

const CASES = casesIn(['fully_connected_net', 'notebook_normalization', 'notebook_dropout'], 'fully_connected_net');

const COMBINATIONS = ([null, 'batchnorm', 'layernorm'] as const).flatMap((normalization) =>
  [1, 0.6].map((dropout) => ({ normalization, dropout })),
);

/** The net of a case: its parameters, running statistics and masks. */
function netOf(c: NormalizationCase, dtype: DType): FullyConnectedNet {
  const [params, inputs] = [arraysOf(c.params, dtype), arraysOf(c.inputs, dtype)];
  const hiddenDims = c.config.hidden_dims as number[];
  const p = Number(c.config.dropout_keep);
  const { normalization } = c.config;
  const net = new FullyConnectedNet(hiddenDims, {
    inputDim: params.W1.shape[0],
    numClasses: params[`b${hiddenDims.length + 1}`].shape[0],
    normalization: normalization === 'batchnorm' || normalization === 'layernorm' ? normalization : null,
    dropout: p,
    repeatMasks: true,
    reg: Number(c.config.reg),
    dtype,
  });
  expect(Object.keys(net.params).sort()).toEqual(Object.keys(params).sort());
  for (const [name, values] of Object.entries(params)) {
    const param = net.params[name as FullyConnectedParamName];
    expect(param.shape).toEqual(values.shape);
    param.data.set(values.data);
  }
  net.bnParams.forEach((param, i) => {
    param.runningMean = inputs[`running_mean${i + 1}`];
    param.runningVar = inputs[`running_var${i + 1}`];
  });
  net.dropoutParams.forEach((param, i) => {
    param.mask = inputs[`keep_mask${i + 1}`];
    param.mask.data.forEach((v, at, data) => {
      data[at] = v / p;
    });
  });
  return net;
}

/** The scores of a net by its layers, one after the other; no statistics change. */
function scoresByHand({ params, bnParams, dropoutParams }: FullyConnectedNet, X: NDArray, mode: 'train' | 'test') {
  const last = Object.keys(params).filter((name) => name.startsWith('W')).length;
  let h = X;
  for (let layer = 1; layer < last; layer++) {
    const [w, b] = [params[`W${layer}`], params[`b${layer}`]];
    const [bn, drop] = [bnParams[layer - 1], dropoutParams[layer - 1]];
    const affine = { w, b, gamma: params[`gamma${layer}`], beta: params[`beta${layer}`] };
    [h] = hiddenForward(h, affine, bn && { ...bn, mode }, drop && { ...drop, mode });
  }
  return affineForward(h, params[`W${last}`], params[`b${last}`])[0];
}

/** The running statistics, layer by layer. */
function statisticsOf({ bnParams }: FullyConnectedNet): Record<string, NDArray> {
  const entries = bnParams.flatMap(({ runningMean, runningVar }, i) => [
    [`running_mean${i + 1}`, runningMean],
    [`running_var${i + 1}`, runningVar],
  ]);
  return Object.fromEntries(entries);
}

/** Makes the masks of a net differ from call to call. */
function drawMasks({ dropoutParams }: FullyConnectedNet, random: Random): void {
  for (const param of dropoutParams) {
    delete param.seed;
    param.random = random;
  }
}

describe('the parameters', () => {
  test.each(['batchnorm', 'layernorm'] as const)('of %s are a gamma of ones and a beta of zeros', (normalization) => {
    const net = new FullyConnectedNet([8, 5], { inputDim: 7, numClasses: 4, normalization, dtype: 'float64' });
    expect(Object.entries(net.params).map(([name, { shape }]) => `${name} ${shape.join('×')}`)).toEqual(
      'W1 7×8, b1 8, gamma1 8, beta1 8, W2 8×5, b2 5, gamma2 5, beta2 5, W3 5×4, b3 4'.split(', '),
    );
    for (const layer of [1, 2]) {
      const { shape } = net.params[`b${layer}`];
      expect(net.params[`gamma${layer}`]).toEqualBits(ones(shape, 'float64'));
      expect(net.params[`beta${layer}`]).toEqualBits(zeros(shape, 'float64'));
    }
    for (const param of Object.values(net.params)) expect(isResident(param)).toBe(kernelInfo().kernels === 'wasm');
  });

  test('the weights of a seed do not depend on normalization and dropout', () => {
    const [first, ...others] = COMBINATIONS.map((c) => new FullyConnectedNet([6, 5], { inputDim: 9, seed: 1, ...c }));
    for (const { params } of others) {
      for (const name of ['W1', 'W2', 'W3'] as const) expect(params[name]).toEqualBits(first.params[name]);
    }
  });

  test('bnParams and dropoutParams are there where they are asked for, one a hidden layer', () => {
    for (const { normalization, dropout } of COMBINATIONS) {
      const net = new FullyConnectedNet([6, 5, 4], {
        inputDim: 9,
        seed: 'a',
        normalization,
        dropout,
        repeatMasks: true,
      });
      expect(net.bnParams.map(({ mode }) => ({ mode }))).toEqual(
        normalization === 'batchnorm' ? new Array(3).fill({ mode: 'train' }) : [],
      );
      expect(net.dropoutParams.map(({ mode, p }) => ({ mode, p }))).toEqual(
        dropout < 1 ? new Array(3).fill({ mode: 'train', p: 0.6 }) : [],
      );
      expect(new Set(net.dropoutParams.map(({ seed }) => seed)).size).toBe(net.dropoutParams.length);
    }
  });

  const keeping = 'expected the probability of keeping a unit, in (0, 1]';
  test.each<[options: object, message: string]>([
    [{ normalization: 'instancenorm' }, "normalization is 'instancenorm', expected 'batchnorm', 'layernorm' or null"],
    [{ normalization: 'none' }, "normalization is 'none', expected 'batchnorm', 'layernorm' or null"],
    [{ dropout: 0 }, `dropout is 0, ${keeping}`],
    [{ dropout: 1.5 }, `dropout is 1.5, ${keeping}`],
    [{ dropout: Number.NaN }, `dropout is NaN, ${keeping}`],
    [{ dropout: '0.5' }, `dropout is '0.5', ${keeping}`],
  ])('refuses the options %j', (options, message) => {
    expect(() => new FullyConnectedNet([5], options as FullyConnectedNetOptions)).toThrow(
      expect.objectContaining({ name: 'RangeError', message: `FullyConnectedNet: ${message}` }),
    );
  });
});

describe.each(COMBINATIONS)('with normalization $normalization and keeping $dropout', (options) => {
  const make = (hiddenDims: number[], more: FullyConnectedNetOptions = {}): FullyConnectedNet => {
    const common = {
      inputDim: 6,
      numClasses: 4,
      weightScale: 0.7,
      dtype: 'float64',
      seed: 7,
      repeatMasks: true,
    } as const;
    const net = new FullyConnectedNet(hiddenDims, { ...common, ...options, ...more });
    const random = new Random(20);
    for (const [name, { shape, data }] of Object.entries(net.params)) {
      if (!name.startsWith('W')) data.set(random.rand(shape, 'float64').data.map((v) => v + 0.2));
    }
    return net;
  };

  test.each<[hiddenDims: number[], reg: number]>([
    [[6], 0],
    [[6, 5], 0.5],
    [[5, 6, 5, 6], 0],
    [[4, 7, 5], 3.14],
  ])('hidden layers of %j, reg %d: its gradients are those of its loss', (hiddenDims, reg) => {
    const { X, y } = randomBatch(5, [2, 3], 4, 6, 'float64');
    const net = make(hiddenDims, { reg });
    const errors = checkModelGradients(net, X, y);
    const { grads } = net.loss(X, y);
    expect(Object.keys(errors)).toEqual(Object.keys(net.params));
    const numerical = (param: NDArray): NDArray => evalNumericalGradient(() => net.loss(X, y).loss, param);
    for (const [name, error] of Object.entries(errors) as [FullyConnectedParamName, number][]) {
      // A gradient of zero has no relative error to speak of: that of a bias which a batch normalization takes away
      // again, or of a beta whose unit is on for every example. What is numerically there is rounding of the loss over
      // 2h.
      if (error < 1e-5) continue;
      expect(grads[name], name).toBeAllClose(numerical(net.params[name]), { rtol: 1e-5, atol: 2e-10 });
    }
    if (options.normalization !== 'batchnorm') return;
    hiddenDims.forEach((H, i) => {
      expect(grads[`b${i + 1}`]).toBeAllClose(zeros([H], 'float64'), { atol: 1e-14 });
    });
  });

  test('the training loss is that of the layers one after the other, and the same call after call', () => {
    const { X, y } = randomBatch(8, [6], 4, 3, 'float64');
    const net = make([9, 8]);
    const scores = scoresByHand(net, X, 'train');
    const mean = y.reduce((sum, label, n) => {
      const row = valuesOf(scores.pick(n, null));
      return sum + Math.log(row.reduce((total, v) => total + Math.exp(v), 0)) - row[label];
    }, 0);
    const { loss, grads } = net.loss(X, y);
    expect(loss).toBeCloseTo(mean / 8, 12);
    const again = net.loss(X, y);
    expect(again.loss).toBe(loss);
    for (const [name, grad] of Object.entries(grads)) {
      expect(again.grads[name as FullyConnectedParamName]).toEqualBits(grad);
    }
  });

  test('test mode uses the running statistics and no masks, changes nothing, and repeats itself', () => {
    const { X, y } = randomBatch(8, [6], 4, 4, 'float64');
    const net = make([9, 8]);
    for (let i = 0; i < 3; i++) net.loss(X, y);
    const before = statisticsOf(net);
    const scores = net.loss(X);
    expect(scores).toEqualBits(scoresByHand(net, X, 'test'));
    expect(net.loss(X)).toEqualBits(scores);
    expect(statisticsOf(net)).toEqual(before);
    // An example's scores do not depend on the others.
    expect(net.loss(X.lo(5, 0).hi(1, 6))).toBeAllClose(scores.lo(5, 0).hi(1, 4), { rtol: 1e-12, atol: 1e-13 });
  });
});

describe('the running statistics', () => {
  test('of each layer are those of its batch normalization, batch after batch', () => {
    const net = new FullyConnectedNet([9, 7], { inputDim: 6, numClasses: 4, normalization: 'batchnorm', seed: 1 });
    const params: BatchnormParam[] = [{ mode: 'train' }, { mode: 'train' }];
    for (let batch = 0; batch < 4; batch++) {
      const { X, y } = randomBatch(8, [6], 4, batch);
      let h = X;
      for (const layer of [1, 2]) {
        const [a] = affineForward(h, net.params[`W${layer}`], net.params[`b${layer}`]);
        const [out] = batchnormForward(a, net.params[`gamma${layer}`], net.params[`beta${layer}`], params[layer - 1]);
        h = reluForward(out)[0];
      }
      net.loss(X, y);
      net.loss(X);
      params.forEach(({ runningMean, runningVar }, i) => {
        expect(net.bnParams[i].runningMean).toEqualBits(runningMean as NDArray);
        expect(net.bnParams[i].runningVar).toEqualBits(runningVar as NDArray);
      });
    }
  });

  test('of a batch of one are its values and no variance, and its gradients are finite', () => {
    const net = new FullyConnectedNet([5, 4], { inputDim: 6, numClasses: 4, normalization: 'batchnorm', seed: 1 });
    const { X, y } = randomBatch(1, [6], 4, 1);
    const { loss, grads } = net.loss(X, y);
    // What beta and the last layer make of it: zeros.
    expect(loss).toBeCloseTo(Math.log(4), 6);
    for (const grad of Object.values(grads)) expect(valuesOf(grad).every(Number.isFinite)).toBe(true);
    const [a] = affineForward(X, net.params.W1, net.params.b1);
    expect(net.bnParams[0].runningMean).toBeAllClose(array(a.data.map((v) => 0.1 * v)), { rtol: 1e-6 });
    expect(net.bnParams[0].runningVar).toEqualBits(zeros([5]));
  });

  test.each<[message: string, X: NDArray, y: number[]]>([
    ['y[1] is 4, expected an integer in [0, C=4)', ones([3, 6]), [0, 4, 1]],
    ['y[2] is 0.5, expected an integer in [0, C=4)', ones([3, 6]), [0, 1, 0.5]],
    ['y has shape (2,), expected (N=3,)', ones([3, 6]), [0, 1]],
    ['X has shape (3, 5), expected (N, …) with 6 values to an example', ones([3, 5]), [0, 1, 2]],
    ['X has dtype float64, expected float32, the dtype of the parameters', ones([3, 6], 'float64'), [0, 1, 2]],
  ])('stay as they are where %s', (message, X, y) => {
    const net = new FullyConnectedNet([5, 4], { inputDim: 6, numClasses: 4, normalization: 'batchnorm', seed: 1 });
    const good = randomBatch(3, [6], 4, 1);
    net.loss(good.X, good.y);
    const before = statisticsOf(net);
    expect(() => net.loss(X, y)).toThrow(message);
    const same = Object.entries(statisticsOf(net)).map(([name, statistic]) => statistic === before[name]);
    expect(same).toEqual([true, true, true, true]);
  });

  test('of a first layer stay as they are where those of the second do not fit', () => {
    const net = new FullyConnectedNet([5, 4], { inputDim: 6, numClasses: 4, normalization: 'batchnorm', seed: 1 });
    const { X, y } = randomBatch(3, [6], 4, 1);
    net.loss(X, y);
    net.bnParams[1].runningVar = zeros([5]);
    const [{ runningMean, runningVar }] = net.bnParams;
    expect(() => net.loss(X, y)).toThrow('runningVar has shape (5,), expected (4,)');
    expect(net.bnParams[0].runningMean === runningMean).toBe(true);
    expect(net.bnParams[0].runningVar === runningVar).toBe(true);
  });
});

describe('the masks', () => {
  const { X, y } = randomBatch(20, [6], 4, 5);
  const make = (seed?: number) =>
    new FullyConnectedNet([30, 30], {
      inputDim: 6,
      numClasses: 4,
      weightScale: 1,
      dropout: 0.5,
      seed,
      repeatMasks: true,
    });

  test('are those of the seed, or new ones at every call without a seed', () => {
    const net = make(1);
    const { loss } = net.loss(X, y);
    expect(make(1).loss(X, y).loss).toBe(loss);
    const unseeded = new FullyConnectedNet([30, 30], { inputDim: 6, numClasses: 4, weightScale: 1, dropout: 0.5 });
    expect(new Set([1, 2, 3, 4, 5].map(() => unseeded.loss(X, y).loss)).size).toBe(5);
    const seeds = net.dropoutParams.map(({ seed }) => seed);
    expect(make(2).dropoutParams.map(({ seed }) => seed)).not.toEqual(seeds);
  });

  test('with a random in place of the seed they differ, and can be repeated', () => {
    const losses = [1, 1, 2].map((seed) => {
      const net = make(1);
      drawMasks(net, new Random(seed));
      return Array.from({ length: 4 }, () => net.loss(X, y).loss);
    });
    expect(new Set([...losses[0], ...losses[2]]).size).toBe(8);
    expect(losses[1]).toEqual(losses[0]);
  });

  test('that are given are of training: test mode takes batches of any size', () => {
    const net = make(1);
    for (const param of net.dropoutParams) param.mask = ones([20, 30]);
    net.loss(X, y);
    expect(net.loss(X.hi(3, 6))).toEqualBits(net.loss(X).hi(3, 4));
  });
});

describe('a Solver', () => {
  const data = blobs(240, 40, 5, 1);
  const train = (seed: number, onIteration?: (net: FullyConnectedNet) => void) => {
    const options = {
      inputDim: 40,
      numClasses: 5,
      weightScale: 0.05,
      normalization: 'batchnorm',
      dropout: 0.7,
    } as const;
    const net = new FullyConnectedNet([200, 150], { ...options, seed });
    drawMasks(net, new Random(seed));
    const solver = new Solver(net, data, {
      updateRule: 'adam',
      batchSize: 60,
      numEpochs: 5,
      verbose: false,
      seed,
      onIteration: () => onIteration?.(net),
    });
    solver.train();
    return { net, solver };
  };

  test('learns with batch normalization and dropout', () => {
    const { solver } = train(1);
    expect(solver.bestValAcc).toBeGreaterThan(0.95);
    expect(solver.lossHistory[solver.lossHistory.length - 1]).toBeLessThan(solver.lossHistory[0] / 3);
  });

  test('leaves the running statistics whole, those that were taken on the way too', () => {
    const taken: { mean: NDArray; copy: NDArray }[] = [];
    const { net } = train(2, ({ bnParams }) => {
      for (const { runningMean } of bnParams) {
        const mean = runningMean as NDArray;
        taken.push({ mean, copy: array(mean) });
      }
    });
    expect(taken).toHaveLength(2 * 15);
    for (const { mean, copy } of taken) expect(mean).toEqualBits(copy);
    expect(new Set(taken.map(({ mean }) => mean)).size).toBe(taken.length);
    [200, 150].forEach((H, i) => {
      for (const a of [net.bnParams[i].runningMean, net.bnParams[i].runningVar] as NDArray[]) {
        expect(a.shape).toEqual([H]);
        expect(valuesOf(a).every(Number.isFinite)).toBe(true);
      }
    });
  });

  describe('on WebAssembly kernels', () => {
    useKernels('wasm', 1);

    test('gives the same bits from the same seed on any number of threads, and others from another', () => {
      const outcome = (seed: number) => {
        const { net, solver } = train(seed);
        return { losses: solver.lossHistory, arrays: copiesOf<string>({ ...net.params, ...statisticsOf(net) }) };
      };
      const first = outcome(3);
      for (const threads of [1, 2, 3]) {
        switchKernels('wasm', threads);
        const again = outcome(3);
        expect(again.losses).toEqual(first.losses);
        for (const [name, a] of Object.entries(again.arrays)) expect(a, name).toEqualBits(first.arrays[name]);
      }
      expect(outcome(4).losses).not.toEqual(first.losses);
    });

    test('takes no memory in 200 steps that it had not after ten', { tags: 'slow' }, () => {
      const options = { inputDim: 40, numClasses: 5, normalization: 'batchnorm', dropout: 0.5 } as const;
      const net = new FullyConnectedNet([100, 100, 100], options);
      const solver = new Solver(net, data, { updateRule: 'adam', batchSize: 50, numEpochs: 1000, verbose: false });
      for (let i = 0; i < 10; i++) solver.step();
      const before = kernelInfo().memory;
      for (let i = 0; i < 200; i++) solver.step();
      expect(kernelInfo().memory).toEqual(before);
    });
  });
});

test('there are these many cases in the fixtures', () => {
  expect(CASES).toHaveLength(19);
});

describeKernelSets('FullyConnectedNet with normalization and dropout', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(CASES)('golden: $name', (c) => {
      const net = netOf(c, dtype);
      const { X } = arraysOf({ X: c.inputs.X }, dtype);
      const scores = scoresByHand(net, X, 'train');
      const { loss, grads } = net.loss(X, labels(c.inputs.y));
      const gradients = Object.fromEntries(Object.entries(grads).map(([name, grad]) => [`d${name}`, grad]));
      const results = { scores, loss, ...gradients, ...statisticsOf(net) };
      const tested = 'scores_test' in c.expected;
      expectGolden(c, tested ? { ...results, scores_test: net.loss(X) } : results, dtype);
      if (c.printed !== undefined && dtype === 'float64') expectPrinted(c, { loss });
    });

    test.each(COMBINATIONS)('takes any view and returns new arrays: $normalization, keeping $dropout', (options) => {
      const net = new FullyConnectedNet([9, 7], {
        inputDim: 12,
        weightScale: 1,
        dtype,
        seed: 12,
        repeatMasks: true,
        ...options,
      });
      const { X, y } = randomBatch(5, [3, 4], 10, 13, dtype);
      // The statistics are not to move on from call to call.
      for (const param of net.bnParams) param.momentum = 1;
      expectSameOnViews([X], (X) => [net.loss(X), ...Object.values(net.loss(X, y).grads)]);
    });
  });
});
