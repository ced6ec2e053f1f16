import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, type DType, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { F, Tensor } from '../../src/autograd/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  type ConvParam,
  convBackward,
  convBackwardNaive,
  convBatchnormReluBackward,
  convBatchnormReluForward,
  convForward,
  convForwardNaive,
  convReluBackward,
  convReluForward,
  convReluPoolBackward,
  convReluPoolForward,
  maxPoolBackward,
  maxPoolForward,
  type Padding,
  reluBackward,
  reluForward,
  spatialBatchnormBackward,
  spatialBatchnormForward,
} from '../../src/layers/index.js';
import * as nn from '../../src/nn/index.js';
import { arraysOf, DTYPES, expectGolden, type FixtureCase } from '../helpers/fixtures.js';
import { describeKernelSets, useKernels } from '../helpers/kernel-sets.js';
import { casesIn, valuesOf } from '../helpers/normalization.js';
import { pretend } from '../helpers/pretend.js';

// What `groups`, `dilation` and the paddings 'same' and 'valid' do to a convolution; conv.test.ts has the rest.

const PAIRS = [
  { speed: 'Naive', forward: convForwardNaive, backward: convBackwardNaive },
  { speed: 'Fast', forward: convForward, backward: convBackward },
];

const GRADS = ['dx', 'dw', 'db'] as const;

function operandsOf(x: readonly number[], w: readonly number[], dtype: DType, seed = 1) {
  const random = new Random(seed);
  return [random.randn(x, dtype), random.randn(w, dtype), random.randn([w[0]], dtype)] as const;
}

describe.each(PAIRS)('convForward and convBackward, $speed', ({ forward, backward }) => {
  const image = array([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]);

  test('a dilation of 2 leaves out every second pixel', () => {
    const filter = array([1, 10, 100, 1000], [1, 1, 2, 2]);
    const [out, cache] = forward(image, filter, zeros([1]), { dilation: 2 });
    expect(out.shape).toEqual([1, 1, 1, 1]);
    expect(valuesOf(out)).toEqual([1 + 30 + 700 + 9000]);
    const { dx, dw } = backward(array([2], [1, 1, 1, 1]), cache);
    expect(valuesOf(dx)).toEqual([2, 0, 20, 0, 0, 0, 200, 0, 2000]);
    expect(valuesOf(dw)).toEqual([2, 6, 14, 18]);
  });

  test('a filter sees the channels of its group', () => {
    const x = array([1, 2, 3, 4], [1, 4, 1, 1]);
    const w = array([1, 10, 100, 1000, 1, 1], [3, 2, 1, 1]);
    expect(() => forward(x, w, zeros([3]), { groups: 2 })).toThrow('groups is 2, expected a divisor of 3, the filters');
    const [out, cache] = forward(x, array([1, 10, 100, 1000], [2, 2, 1, 1]), zeros([2]), { groups: 2 });
    expect(valuesOf(out)).toEqual([21, 4300]);
    const { dx, dw } = backward(array([1, 2], [1, 2, 1, 1]), cache);
    expect(valuesOf(dx)).toEqual([1, 10, 200, 2000]);
    expect(valuesOf(dw)).toEqual([1, 2, 6, 8]);
  });

  test("'same' with an even filter has its odd zero below and right", () => {
    const filter = array([1, 1, 1, 1], [1, 1, 2, 2]);
    const [out] = forward(image, filter, zeros([1]), { pad: 'same' });
    expect(valuesOf(out)).toEqual([12, 16, 9, 24, 28, 15, 15, 17, 9]);
    expect(valuesOf(forward(image, filter, zeros([1]), { pad: 'valid' })[0])).toEqual([12, 16, 24, 28]);
  });

  test.each<[x: number[], w: number[], param: ConvParam]>([
    [[2, 4, 5, 6], [6, 2, 3, 3], { pad: 1, groups: 2 }],
    [[2, 3, 7, 6], [3, 1, 3, 3], { pad: 1, groups: 3 }],
    [[2, 3, 7, 6], [6, 1, 3, 2], { pad: [1, 2], stride: 2, groups: 3 }],
    [[1, 2, 7, 8], [3, 2, 3, 3], { pad: 2, dilation: 2 }],
    [[1, 4, 8, 7], [4, 1, 3, 2], { pad: [0, 1], dilation: [3, 2], stride: [1, 2], groups: 4 }],
    [[1, 4, 4, 5], [2, 2, 2, 4], { pad: 'same', groups: 2 }],
    [[1, 2, 4, 5], [2, 1, 4, 2], { pad: 'same', dilation: [1, 3], groups: 2 }],
  ])('agree with the numerical gradients on %j with filters %j and %j', (x, w, param) => {
    const operands = operandsOf(x, w, 'float64');
    const [out, cache] = forward(...operands, param);
    const dout = new Random(2).randn(out.shape, 'float64');
    const grads = backward(dout, cache);
    for (const [i, name] of GRADS.entries()) {
      const expected = evalNumericalGradientArray(() => forward(...operands, param)[0], operands[i], dout);
      expect(grads[name], name).toBeAllClose(expected, { rtol: 1e-7, atol: 1e-8 });
    }
  });
});

/** Shapes of images and filters, and parameters that fit them. */
const problems = fc
  .record({
    N: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 6 }),
    channels: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 4 })),
    filters: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 7 })),
    size: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    dilation: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.oneof(
      { weight: 4, arbitrary: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })) },
      { weight: 1, arbitrary: fc.constantFrom('same' as const, 'valid' as const) },
    ),
    more: fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })),
    seed: fc.nat(),
  })
  .map(({ N, groups, channels, filters, size, stride, dilation, pad, more, seed }) => {
    const [H, W] = size.map((n, axis) => {
      const zeros = typeof pad === 'string' ? 0 : 2 * pad[axis];
      return Math.max(1, dilation[axis] * (n - 1) + 1 - zeros) + more[axis];
    });
    const param: ConvParam = { stride: pad === 'same' ? 1 : stride, pad, dilation, groups };
    return { x: [N, groups * channels, H, W], w: [groups * filters, channels, ...size], param, seed };
  });

describe.each([1, 2] as const)('fast and naive on %d threads', (threads) => {
  useKernels('wasm', threads);

  test('agree in float64 on 80 random shapes', () => {
    fc.assert(
      fc.property(problems, ({ x, w, param, seed }) => {
        const operands = operandsOf(x, w, 'float64', seed);
        const [naive, naiveCache] = convForwardNaive(...operands, param);
        const [fast, fastCache] = convForward(...operands, param);
        const tolerance = { rtol: 1e-12, atol: 1e-12 };
        expect(fast).toBeAllClose(naive, tolerance);
        const dout = new Random(seed).randn(fast.shape, 'float64');
        const expected = convBackwardNaive(dout, naiveCache);
        const actual = convBackward(dout, fastCache);
        for (const name of GRADS) expect(actual[name], name).toBeAllClose(expected[name], tolerance);
      }),
      { numRuns: 80, seed: threads },
    );
  });
});

/** What an option of the fixture says. */
function pairOf(value: unknown): Padding {
  return value as Padding;
}

const CASES = casesIn<FixtureCase>(['convolution_options']);

test('there are these many cases in the fixture', () => {
  expect(CASES).toHaveLength(53);
});

describeKernelSets('PyTorch', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(CASES)('$name', (c) => {
      const { dout, ...arrays } = arraysOf(c.inputs, dtype);
      const [x, weight, bias] = ['x', 'weight', 'bias'].map((name) => new Tensor(arrays[name], { requiresGrad: true }));
      const { stride, padding, dilation } = c.config;
      const options = { stride: pretend<number>(stride), dilation: pretend<number>(dilation) };
      const out = F.conv2d(x, weight, bias, { ...options, padding: pairOf(padding), groups: Number(c.config.groups) });
      out.backward(dout);
      const [dx, dweight, dbias] = [x, weight, bias].map(({ grad }) => (grad as Tensor).data);
      expectGolden(c, { out: out.data, dx, dweight, dbias }, dtype);
    });
  });

  describe.each(DTYPES)('%s', (dtype) => {
    const param = { stride: 1, pad: 1, dilation: 2, groups: 3 };
    const [x, w, b] = operandsOf([3, 3, 8, 9], [6, 1, 3, 3], dtype);
    const close = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-4 };

    function expectClose(actual: Readonly<Record<string, NDArray>>, expected: Readonly<Record<string, NDArray>>): void {
      for (const [name, value] of Object.entries(expected)) expect(actual[name], name).toBeAllClose(value, close);
    }

    test('a ReLU in one pass', () => {
      const [a, conv] = convForward(x, w, b, param);
      const [relu, reluCache] = reluForward(a);
      const [out, cache] = convReluForward(x, w, b, param);
      expect(out).toBeAllClose(relu, close);
      expectClose({ ...convReluBackward(out, cache) }, { ...convBackward(reluBackward(relu, reluCache), conv) });
    });

    test('a ReLU and a pooling', () => {
      const pool = { poolHeight: 2, poolWidth: 2 };
      const [a, conv] = convForward(x, w, b, param);
      const [relu, reluCache] = reluForward(a);
      const [pooled, poolCache] = maxPoolForward(relu, pool);
      const [out, cache] = convReluPoolForward(x, w, b, param, pool);
      expect(out).toBeAllClose(pooled, close);
      const da = reluBackward(maxPoolBackward(pooled, poolCache), reluCache);
      expectClose({ ...convReluPoolBackward(out, cache) }, { ...convBackward(da, conv) });
    });

    test('a batch normalization and a ReLU', () => {
      const [gamma, beta] = [new Random(3).rand([6], dtype), new Random(4).randn([6], dtype)];
      const [a, conv] = convForward(x, w, b, param);
      const [normal, bnCache] = spatialBatchnormForward(a, gamma, beta, { mode: 'train' });
      const [relu, reluCache] = reluForward(normal);
      const [out, cache] = convBatchnormReluForward(x, w, b, gamma, beta, param, { mode: 'train' });
      expect(out).toBeAllClose(relu, close);
      const { dx: da, dgamma, dbeta } = spatialBatchnormBackward(reluBackward(relu, reluCache), bnCache);
      const { dx, dw } = convBackward(da, conv);
      expectClose({ ...convBatchnormReluBackward(relu, cache) }, { dx, dw, dgamma, dbeta });
    });
  });
});

describe('modules', () => {
  useKernels('wasm', 1);

  test('a depthwise convolution has filters of one channel, and weights and biases from its own fan-in', () => {
    const conv = new nn.Conv2d(64, 64, 3, { groups: 64, random: new Random(1) });
    expect(conv.weight.shape).toEqual([64, 1, 3, 3]);
    const largest = Math.max(...valuesOf(conv.weight.data).map(Math.abs));
    expect(largest).toBeGreaterThan(0.32);
    expect(largest).toBeLessThanOrEqual(1 / 3);
    expect(conv.groups).toBe(64);
    expect(conv.dilation).toEqual([1, 1]);
  });

  test('runs with a ReLU behind it, and folds a batch normalization', () => {
    const random = new Random(1);
    const conv = new nn.Conv2d(4, 8, [2, 3], { padding: 'same', dilation: [1, 2], groups: 4, random });
    const net = new nn.Sequential(conv, new nn.BatchNorm2d(8), new nn.ReLU());
    const x = new Tensor(random.randn([3, 4, 6, 7]));
    net.forward(x);
    net.eval();
    const expected = net.children().reduce<Tensor>((a, layer) => (layer as nn.ReLU).forward(a), x);
    expect(expected.shape).toEqual([3, 8, 6, 7]);
    expect(net.forward(x).data).toBeAllClose(expected.data, { rtol: 1e-4, atol: 1e-5 });
  });

  test('takes an empty batch, and an image without a batch', () => {
    const conv = new nn.Conv2d(4, 8, 3, { dilation: 2, groups: 4, random: new Random(1) });
    const x = new Tensor(zeros([0, 4, 6, 7]), { requiresGrad: true });
    const out = conv.forward(x);
    out.backward(zeros([0, 8, 2, 3]));
    expect(x.grad?.shape).toEqual([0, 4, 6, 7]);
    expect(valuesOf((conv.weight.grad as Tensor).data)).toEqual(new Array(72).fill(0));
    const image = new Random(2).randn([4, 6, 7]);
    const [alone, batch] = [image, array(valuesOf(image), [1, 4, 6, 7])].map((a) => conv.forward(a));
    expect(alone.shape).toEqual([8, 2, 3]);
    expect(valuesOf(alone.data)).toEqual(valuesOf(batch.data));
  });

  test('summary counts the products of a group', () => {
    const conv = new nn.Conv2d(8, 16, 3, { padding: 'same', groups: 8, bias: false });
    const { rows } = conv.summary([8, 5, 6]);
    expect(rows[0]).toMatchObject({ outputShape: [16, 5, 6], parameters: 144, flops: 16 * 30 * (9 + 8) });
  });

  test.each<[make: () => unknown, message: string]>([
    [
      () => new nn.Conv2d(2, 2, 3, { dilation: 2 }).forward(zeros([1, 2, 4, 6])),
      'Conv2d: x has shape (1, 2, 4, 6), expected (N, C=2, H≥5, W)',
    ],
    [
      () => F.conv2d(zeros([1, 4, 5, 5]), zeros([4, 3, 3, 3]), null, { groups: 2 }),
      'conv2d: weight has shape (4, 3, 3, 3), expected (F, C/groups=2, HH, WW)',
    ],
    [
      () => F.conv2d(zeros([1, 4, 5, 5]), zeros([4, 4, 3, 3]), null, { groups: 3 }),
      'conv2d: groups is 3, expected a divisor of 4, the channels',
    ],
    [
      () => F.conv2dRelu(zeros([1, 4, 5, 5]), zeros([3, 2, 3, 3]), null, { groups: 2 }),
      'conv2dRelu: groups is 2, expected a divisor of 3, the filters',
    ],
    [
      () => F.conv2d(zeros([1, 2, 5, 5]), zeros([2, 2, 3, 3]), null, { padding: 'same', stride: [1, 2] }),
      "conv2d: padding is 'same' at stride (1, 2), expected stride 1: give the padding in pixels",
    ],
    [
      () => F.conv2d(zeros([1, 2, 5, 5]), zeros([2, 2, 3, 3]), null, { padding: pretend('full') }),
      "conv2d: padding is 'full', expected a whole number ≥ 0, [vertical, horizontal] of such, 'same' or 'valid'",
    ],
    [
      () => F.conv2d(zeros([1, 2, 5, 5]), zeros([2, 2, 3, 3]), null, { dilation: [3, 1] }),
      'conv2d: weight has filters of (3, 3), dilated to (7, 3), expected at most (5, 5), the padded images',
    ],
    [
      () => F.conv2d(zeros([1, 2, 5, 5]), zeros([2, 2, 3, 3]), null, { dilation: 0 }),
      'conv2d: dilation is 0, expected a whole number ≥ 1, or [vertical, horizontal] of such',
    ],
    [
      () => F.conv2d(zeros([1, 2, 5, 5]), zeros([2, 2, 3, 3]), null, { groups: 0 }),
      'conv2d: groups is 0, expected a whole number ≥ 1',
    ],
  ])('what does not fit is named: case %#', (make, message) => {
    expect(make).toThrow(message);
  });
});

test('a cache whose groups or dilation were changed is refused', () => {
  const [out, cache] = convForward(...operandsOf([1, 4, 6, 6], [4, 2, 3, 3], 'float32'), { groups: 2 });
  for (const change of [{ dilationH: 2 }, { dilationW: 0 }, { groups: 0.5, C: 1 }, { OH: 3 }]) {
    const shape = { ...cache.shape, ...change };
    expect(() => convBackward(out, { ...cache, shape })).toThrow(/^convBackward: /);
  }
});
