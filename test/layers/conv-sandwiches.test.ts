import { describe, expect, test } from 'vitest';
import { array, type DType, dtypeOf, full, type NDArray, ones, Random, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  type BatchnormParam,
  type ConvGrads,
  type ConvParam,
  convBackward,
  convBackwardNaive,
  convBatchnormReluBackward,
  convBatchnormReluForward,
  convForward,
  convForwardNaive,
  convReluBackward,
  convReluBackwardWeights,
  convReluForward,
  convReluPoolBackward,
  convReluPoolBackwardWeights,
  convReluPoolForward,
  maxPoolBackward,
  maxPoolBackwardNaive,
  maxPoolForward,
  maxPoolForwardNaive,
  type PoolParam,
  reluBackward,
  reluForward,
  spatialBatchnormBackward,
  spatialBatchnormForward,
} from '../../src/layers/index.js';
import { arraysOf, DTYPES, expectGolden, type FixtureCase } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { casesIn, valuesOf } from '../helpers/normalization.js';
import { pretend } from '../helpers/pretend.js';
import { expectSameOnViews } from '../helpers/views.js';

/** x, w, b; gamma and beta where there is a normalization. */
type Operands = readonly [x: NDArray, w: NDArray, b: NDArray, gamma: NDArray, beta: NDArray];

/** Gradients by name. */
type Grads = Readonly<Record<string, NDArray>>;

/** What a forward pass gives, with the backward passes that belong to it. */
interface Run {
  readonly out: NDArray;
  readonly backward: (dout: NDArray) => Grads;
  readonly backwardWeights?: (dout: NDArray) => Grads;
}

interface Sandwich {
  readonly name: string;
  /** The operands that it takes. */
  readonly takes: number;
  readonly run: (operands: Operands, conv: ConvParam) => Run;
  /** The same, layer by layer. */
  readonly layers: (operands: Operands, conv: ConvParam) => Run;
}

const POOL: PoolParam = { poolHeight: 2, poolWidth: 2, stride: [2, 1] };
const NAMES = ['dx', 'dw', 'db', 'dgamma', 'dbeta'];

function batchnormSandwich(mode: 'train' | 'test'): Sandwich {
  const paramFor = (gamma: NDArray): BatchnormParam => {
    const statistics = (value: number) => full(gamma.shape, value, dtypeOf(gamma));
    return { mode, eps: 1e-2, runningMean: statistics(0.3), runningVar: statistics(0.8) };
  };
  return {
    name: `convBatchnormRelu in ${mode} mode`,
    takes: 5,
    run: (operands, conv) => {
      const [out, cache] = convBatchnormReluForward(...operands, conv, paramFor(operands[3]));
      return { out, backward: (dout) => ({ ...convBatchnormReluBackward(dout, cache) }) };
    },
    layers: ([x, w, b, gamma, beta], conv) => {
      const [a, convCache] = convForward(x, w, b, conv);
      const [h, batchnorm] = spatialBatchnormForward(a, gamma, beta, paramFor(gamma));
      const [out, relu] = reluForward(h);
      const backward = (dout: NDArray) => {
        const { dx, ...grads } = spatialBatchnormBackward(reluBackward(dout, relu), batchnorm);
        return { ...convBackward(dx, convCache), ...grads };
      };
      return { out, backward };
    },
  };
}

const SANDWICHES: readonly Sandwich[] = [
  {
    name: 'convRelu',
    takes: 3,
    run: ([x, w, b], conv) => {
      const [out, cache] = convReluForward(x, w, b, conv);
      return {
        out,
        backward: (dout) => ({ ...convReluBackward(dout, cache) }),
        backwardWeights: (dout) => ({ ...convReluBackwardWeights(dout, cache) }),
      };
    },
    layers: ([x, w, b], conv) => {
      const [a, convCache] = convForward(x, w, b, conv);
      const [out, relu] = reluForward(a);
      return { out, backward: (dout) => ({ ...convBackward(reluBackward(dout, relu), convCache) }) };
    },
  },
  {
    name: 'convReluPool',
    takes: 3,
    run: ([x, w, b], conv) => {
      const [out, cache] = convReluPoolForward(x, w, b, conv, POOL);
      return {
        out,
        backward: (dout) => ({ ...convReluPoolBackward(dout, cache) }),
        backwardWeights: (dout) => ({ ...convReluPoolBackwardWeights(dout, cache) }),
      };
    },
    layers: ([x, w, b], conv) => {
      const [a, convCache] = convForward(x, w, b, conv);
      const [h, relu] = reluForward(a);
      const [out, pool] = maxPoolForward(h, POOL);
      const backward = (dout: NDArray) => convBackward(reluBackward(maxPoolBackward(dout, pool), relu), convCache);
      return { out, backward: (dout) => ({ ...backward(dout) }) };
    },
  },
  batchnormSandwich('train'),
  batchnormSandwich('test'),
];

function operandsOf(x: readonly number[], w: readonly number[], dtype: DType): Operands {
  const random = new Random(`${x} ${w}`);
  const [F] = w;
  const [images, filters, b, gamma, beta] = [x, w, [F], [F], [F]].map((shape) => random.randn(shape, dtype));
  return [images, filters, b, gamma, beta];
}

describe('by hand', () => {
  const x = array([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]);
  // With it the convolution is (12, 17; 27, 32).
  const w = array([1, 2, 3, -1], [1, 1, 2, 2]);
  const expectGrads = ({ dx, dw, db }: ConvGrads, ...expected: number[][]) =>
    expect([dx, dw, db].map(valuesOf)).toEqual(expected);

  test('convRelu', () => {
    const [out, cache] = convReluForward(x, w, array([-20]), {});
    expect(valuesOf(out)).toEqual([0, 0, 7, 12]);
    const grads = convReluBackward(array([1, 2, 3, 4], [1, 1, 2, 2]), cache);
    expectGrads(grads, [0, 0, 0, 3, 10, 8, 9, 9, -4], [32, 39, 53, 60], [7]);
  });

  test('convReluPool', () => {
    const [out, cache] = convReluPoolForward(x, w, array([-20]), {}, { poolHeight: 2, poolWidth: 2 });
    expect(valuesOf(out)).toEqual([12]);
    const grads = convReluPoolBackward(array([5], [1, 1, 1, 1]), cache);
    expectGrads(grads, [0, 0, 0, 0, 5, 10, 0, 15, -5], [25, 30, 40, 45], [5]);
  });

  test('convBatchnormRelu, and its statistics', () => {
    // Mean 22 + 10 and variance 62.5; with ε = 1.5 the deviation is 8.
    const param: BatchnormParam = { mode: 'train', eps: 1.5 };
    const [out] = convBatchnormReluForward(x, w, array([10]), array([8]), array([2]), {}, param);
    expect(out).toBeAllClose(array([0, 0, 7, 12], [1, 1, 2, 2]), { rtol: 1e-6 });
    expect(param.runningMean).toBeAllClose(array([3.2]), { rtol: 1e-6 });
    expect(param.runningVar).toBeAllClose(array([6.25]), { rtol: 1e-6 });
  });

  test('a ReLU gives NaN where the convolution does', () => {
    const holed = array(x);
    holed.set(0, 0, 0, 0, Number.NaN);
    expect(valuesOf(convReluForward(holed, w, array([-20]), {})[0])).toEqual([Number.NaN, 0, 7, 12]);
  });
});

describe.each(SANDWICHES)('$name', ({ run, takes }) => {
  test.each<[x: number[], w: number[], conv: ConvParam]>([
    [[2, 2, 4, 5], [3, 2, 3, 3], { pad: 1 }],
    [[2, 3, 5, 6], [2, 3, 2, 3], { stride: [1, 2] }],
    [[1, 1, 3, 4], [2, 1, 5, 3], { stride: 2, pad: [3, 1] }],
  ])('agrees with the numerical gradients on %j with filters %j and %j', (x, w, conv) => {
    const operands = operandsOf(x, w, 'float64');
    const { out, backward } = run(operands, conv);
    // Nothing lies at the kink of the ReLU.
    expect(valuesOf(out).filter((v) => v > 0 && v < 1e-3)).toEqual([]);
    const dout = new Random(1).randn(out.shape, 'float64');
    const grads = backward(dout);
    expect(Object.keys(grads).sort()).toEqual(NAMES.slice(0, takes).sort());
    for (let i = 0; i < takes; i++) {
      const expected = evalNumericalGradientArray(() => run(operands, conv).out, operands[i], dout);
      expect(grads[NAMES[i]], NAMES[i]).toBeAllClose(expected, { rtol: 1e-6, atol: 1e-8 });
    }
  });
});

const GOOD = {
  x: zeros([2, 3, 5, 6]),
  w: zeros([4, 3, 3, 3]),
  b: zeros([4]),
  gamma: ones([4]),
  beta: zeros([4]),
  conv: { pad: 1 } as ConvParam,
  pool: { poolHeight: 2, poolWidth: 2 } as PoolParam,
};
type Arguments = typeof GOOD & { bn: BatchnormParam };

const FORWARD: Readonly<Record<string, (args: Arguments) => unknown>> = {
  convReluForward: ({ x, w, b, conv }) => convReluForward(x, w, b, conv),
  convReluPoolForward: ({ x, w, b, conv, pool }) => convReluPoolForward(x, w, b, conv, pool),
  convBatchnormReluForward: ({ x, w, b, gamma, beta, conv, bn }) =>
    convBatchnormReluForward(x, w, b, gamma, beta, conv, bn),
};

describe('what does not fit is named, with the function that was called', () => {
  const expectRefusal = (fn: string, wrong: object, name: string, message: string): void => {
    const bn: BatchnormParam = { mode: 'train', runningMean: full([4], 5), runningVar: full([4], 6) };
    const before = { ...bn };
    const args = { ...GOOD, bn, ...wrong };
    expect(() => FORWARD[fn](args)).toThrow(expect.objectContaining({ name, message: `${fn}: ${message}` }));
    expect(Object.keys(bn)).toEqual(Object.keys(before));
    expect(bn.runningMean).toBe(before.runningMean);
    expect(bn.runningVar).toBe(before.runningVar);
  };

  const wide = zeros([4, 3, 3, 3], 'float64');
  const wholes = 'or [vertical, horizontal] of such';
  describe.each(Object.keys(FORWARD))('%s', (fn) => {
    test.each<[kind: string, message: string, wrong: object]>([
      ['ShapeError', 'x has shape (3, 5, 6), expected (N, C, H, W)', { x: zeros([3, 5, 6]) }],
      ['ShapeError', 'w has shape (4, 2, 3, 3), expected (F, C=3, HH, WW)', { w: zeros([4, 2, 3, 3]) }],
      ['ShapeError', 'b has shape (5,), expected (F=4,)', { b: zeros([5]) }],
      ['TypeError', 'w has dtype float64, expected float32, the dtype of x', { w: wide }],
      ['ShapeError', 'w has filters of (3, 9), expected at most (7, 8), the padded images', { w: zeros([4, 3, 3, 9]) }],
      ['RangeError', `stride is 0, expected a whole number ≥ 1, ${wholes}`, { conv: { stride: 0 } }],
      [
        'RangeError',
        "pad is -1, expected a whole number ≥ 0, [vertical, horizontal] of such, 'same' or 'valid'",
        { conv: { pad: -1 } },
      ],
      ['TypeError', "unknown option 'padding', expected stride, pad, dilation, groups", { conv: { padding: 1 } }],
    ])('throws a %s that says: %s', (name, message, wrong) => {
      expectRefusal(fn, wrong, name, message);
    });
  });

  test.each<[kind: string, message: string, wrong: object]>([
    [
      'RangeError',
      "poolHeight is 6, expected a whole number from 1 to 5, the image's",
      { pool: { poolHeight: 6, poolWidth: 2 } },
    ],
    ['RangeError', `stride is 0, expected a whole number ≥ 1, ${wholes}`, { pool: { ...GOOD.pool, stride: 0 } }],
    [
      'TypeError',
      "unknown option 'size', expected poolHeight, poolWidth, stride, pad, ceilMode, dilation",
      { pool: { size: 2 } },
    ],
  ])('convReluPoolForward throws a %s that says: %s', (name, message, wrong) => {
    expectRefusal('convReluPoolForward', wrong, name, message);
  });

  test.each<[kind: string, message: string, wrong: object]>([
    ['ShapeError', 'gamma has shape (3,), expected (F=4,)', { gamma: ones([3]) }],
    ['ShapeError', 'beta has shape (1, 4, 1, 1), expected (F=4,)', { beta: ones([1, 4, 1, 1]) }],
    ['TypeError', 'gamma has dtype float64, expected float32, the dtype of x', { gamma: ones([4], 'float64') }],
    ['RangeError', "mode is 'eval', expected 'train' or 'test'", { bn: { mode: 'eval' } }],
    ['ShapeError', 'runningMean has shape (3,), expected (4,)', { bn: { mode: 'train', runningMean: zeros([3]) } }],
  ])('convBatchnormReluForward throws a %s that says: %s', (name, message, wrong) => {
    expectRefusal('convBatchnormReluForward', wrong, name, message);
  });

  const { x, w, b, gamma, beta, conv, pool } = GOOD;
  const [, relu] = convReluForward(x, w, b, conv);
  const [, reluPool] = convReluPoolForward(x, w, b, conv, pool);
  const [, batchnorm] = convBatchnormReluForward(x, w, b, gamma, beta, conv, { mode: 'train' });
  describe.each<[fn: string, backward: (dout: NDArray) => unknown, shape: number[], of: string]>([
    ['convReluBackward', (dout) => convReluBackward(dout, relu), [2, 4, 5, 6], 'out'],
    ['convReluBackwardWeights', (dout) => convReluBackwardWeights(dout, relu), [2, 4, 5, 6], 'out'],
    ['convReluPoolBackward', (dout) => convReluPoolBackward(dout, reluPool), [2, 4, 2, 3], 'out'],
    ['convReluPoolBackwardWeights', (dout) => convReluPoolBackwardWeights(dout, reluPool), [2, 4, 2, 3], 'out'],
    ['convBatchnormReluBackward', (dout) => convBatchnormReluBackward(dout, batchnorm), [2, 4, 5, 6], 'x'],
  ])('%s', (fn, backward, shape, of) => {
    const expected = `expected (${shape.join(', ')})`;
    test.each([
      ['of other pixels', zeros([2, 4, 3, 3]), 'ShapeError', `dout has shape (2, 4, 3, 3), ${expected}`],
      ['of other rank', zeros([2, 4]), 'ShapeError', `dout has shape (2, 4), ${expected}`],
      [
        'in float64',
        zeros(shape, 'float64'),
        'TypeError',
        `dout has dtype float64, expected float32, the dtype of ${of}`,
      ],
      ['that is none', pretend<NDArray>(3), 'TypeError', 'dout is 3, expected an array of float32 or float64'],
    ])('names a dout %s', (_, dout, name, message) => {
      expect(() => backward(dout)).toThrow(expect.objectContaining({ name, message: `${fn}: ${message}` }));
    });
  });
});

const CASES = ['conv_relu', 'conv_relu_pool'].flatMap((op) =>
  casesIn<FixtureCase>(['sandwich', 'notebook_convnets'], op),
);

test('there are these many cases in the fixtures', () => {
  expect(CASES.map(({ op }) => op)).toEqual(['conv_relu', 'conv_relu', 'conv_relu_pool', 'conv_relu_pool']);
});

describeKernelSets('sandwiches of a convolution', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(CASES)('golden: $name', (c) => {
      const { x, dout } = arraysOf(c.inputs, dtype);
      const { w, b } = arraysOf(c.params, dtype);
      const { stride, pad, pool_height, pool_width, pool_stride } = c.config;
      const conv = { stride: Number(stride), pad: Number(pad) };
      const pool = { poolHeight: Number(pool_height), poolWidth: Number(pool_width), stride: Number(pool_stride) };
      // Naive, layer by layer.
      const [a, convCache] = convForwardNaive(x, w, b, conv);
      const [h, reluCache] = reluForward(a);
      if (c.op === 'conv_relu') {
        const [out, cache] = convReluForward(x, w, b, conv);
        expectGolden(c, { out, ...convReluBackward(dout, cache) }, dtype);
        expectGolden(c, { out: h, ...convBackwardNaive(reluBackward(dout, reluCache), convCache) }, dtype);
      } else {
        const [out, cache] = convReluPoolForward(x, w, b, conv, pool);
        expectGolden(c, { out, ...convReluPoolBackward(dout, cache) }, dtype);
        const [naive, poolCache] = maxPoolForwardNaive(h, pool);
        const dh = reluBackward(maxPoolBackwardNaive(dout, poolCache), reluCache);
        expectGolden(c, { out: naive, ...convBackwardNaive(dh, convCache) }, dtype);
      }
    });

    describe.each(SANDWICHES)('$name', ({ takes, run, layers }) => {
      const conv = { stride: [1, 2], pad: [1, 0] } as const;

      test('does what its layers do one after the other', () => {
        const operands = operandsOf([3, 2, 7, 9], [7, 2, 3, 2], dtype);
        const [fused, apart] = [run(operands, conv), layers(operands, conv)];
        const dout = new Random(2).randn(fused.out.shape, dtype);
        const [actual, expected] = [fused.backward(dout), apart.backward(dout)];
        expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
        if (takes === 3) expect(fused.out).toEqualBits(apart.out);
        for (const [name, e] of Object.entries({ out: apart.out, ...expected })) {
          const a = name === 'out' ? fused.out : actual[name];
          // Under a ReLU, the gradient of the biases is summed over windows or pixels: in another order.
          if (takes === 3 && name !== 'db') expect(a, name).toEqualBits(e);
          else
            expect(a).toBeAllClose(e, dtype === 'float64' ? { rtol: 1e-11, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-4 });
        }
      });

      test('the variant without dx gives the same, and nothing else', () => {
        const operands = operandsOf([3, 2, 5, 6], [7, 2, 3, 2], dtype);
        const { out, backward, backwardWeights } = run(operands, conv);
        const dout = new Random(3).randn(out.shape, dtype);
        const { dx, ...expected } = backward(dout);
        expect(dx.shape).toEqual([3, 2, 5, 6]);
        if (backwardWeights === undefined) return;
        const weights = backwardWeights(dout);
        expect(Object.keys(weights)).toEqual(Object.keys(expected));
        for (const name of Object.keys(expected)) expect(weights[name], name).toEqualBits(expected[name]);
      });

      test('takes any view, writes to none of its arguments, and returns new arrays', () => {
        const operands = operandsOf([2, 2, 4, 4], [3, 2, 3, 2], dtype);
        const dout = new Random(4).randn(run(operands, conv).out.shape, dtype);
        expectSameOnViews([...operands, dout], (x, w, b, gamma, beta, dout) => {
          const { out, backward } = run([x, w, b, gamma, beta], conv);
          const results = [out, ...Object.values(backward(dout))];
          expect(results.map(dtypeOf)).toEqual(results.map(() => dtype));
          return results;
        });
      });
    });
  });
});
