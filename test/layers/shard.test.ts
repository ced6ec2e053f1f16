import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, type DType, heapCopy, type NDArray, ones, Random, wrap, zeros } from '../../src/arrays/index.js';
import { F, Tensor } from '../../src/autograd/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  affineBatchnormReluBackward,
  affineBatchnormReluForward,
  type BatchnormParam,
  batchnormBackward,
  batchnormBackwardAlt,
  batchnormForward,
  batchnormGeluBackward,
  batchnormGeluForward,
  batchnormReluBackward,
  batchnormReluForward,
  convBatchnormReluBackward,
  convBatchnormReluForward,
  currentShard,
  type Shard,
  spatialBatchnormBackward,
  spatialBatchnormForward,
  withShard,
} from '../../src/layers/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { type Cut, inParts } from '../helpers/in-parts.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { farFromZero, valuesOf } from '../helpers/normalization.js';

const TOLERANCE = { float32: { rtol: 2e-5, atol: 2e-5 }, float64: { rtol: 1e-12, atol: 1e-13 } };

/** Rows `start` … `start + size` of an array. */
function rowsOf(a: NDArray, start: number, size: number): NDArray {
  const length = a.size / a.shape[0];
  return wrap(a.data.slice(start * length, (start + size) * length), [size, ...a.shape.slice(1)]);
}

/** Arrays one below the other. */
function below(parts: readonly NDArray[]): NDArray {
  const values = parts.flatMap((part) => valuesOf(part));
  const shape = [parts.reduce((sum, part) => sum + part.shape[0], 0), ...parts[0].shape.slice(1)];
  return array(values, shape, parts[0].dtype as DType);
}

/** Σ factor · array. */
function weighted(parts: readonly NDArray[], factors: readonly number[]): NDArray {
  const sum = heapCopy(parts[0]);
  const values = parts.map((part) => valuesOf(part));
  for (let i = 0; i < sum.size; i++) {
    sum.data[i] = values.reduce((total, part, p) => total + factors[p] * part[i], 0);
  }
  return sum;
}

/** What a pass over a batch, or a part of it, gives: rows, gradients of parameters, running statistics. */
interface Passed {
  readonly rows: readonly NDArray[];
  readonly grads: readonly NDArray[];
  readonly statistics: readonly NDArray[];
}

type Pass = (x: NDArray, dout: NDArray, bnParam: BatchnormParam) => Passed;

/** Compares a pass over parts with one over the whole batch, whose upstream gradient is that of a mean. */
function expectAsWhole(pass: Pass, x: NDArray, dout: NDArray, cut: Cut, dtype: DType): void {
  const total = x.shape[0];
  const param = (): BatchnormParam => ({ mode: 'train', unbiased: true });
  const whole = pass(x, dout, param());
  const factors = cut.sizes.map((size) => (cut.scaled ? 1 : size / total));
  let part = 0;
  const found = inParts(cut, ({ start, size }: Shard) => {
    const own = rowsOf(dout, start, size);
    // The mean over the part: the gradient of an example is larger than in the mean over the batch.
    const factor = factors[part++ % factors.length];
    for (let i = 0; i < own.size; i++) own.data[i] /= factor;
    return pass(rowsOf(x, start, size), own, param());
  });
  const tolerance = TOLERANCE[dtype];
  whole.rows.forEach((rows, i) => {
    // Of the gradients the parts' are larger; the output is first.
    const parts = found.map(({ rows }, p) => (i === 0 ? rows[i] : weighted([rows[i]], [factors[p]])));
    expect(below(parts)).toBeAllClose(rows, tolerance);
  });
  whole.grads.forEach((grad, i) => {
    const parts = found.map(({ grads }) => grads[i]);
    expect(weighted(parts, factors)).toBeAllClose(grad, tolerance);
  });
  whole.statistics.forEach((statistic, i) => {
    for (const { statistics } of found) {
      expect(statistics[i]).toBeAllClose(statistic, tolerance);
      expect(statistics[i]).toEqualBits(found[0].statistics[i]);
    }
  });
}

/** The passes of all functions with a batch normalization, with parameters for 3 channels. */
function passesOf(dtype: DType): Record<string, { shape: number[]; out: number[]; pass: Pass }> {
  const random = new Random('shard');
  const some = (...shape: number[]) => random.randn(shape, dtype);
  const [gamma, beta] = [some(3), some(3)];
  const plain =
    (forward: typeof batchnormForward, backward: typeof batchnormBackward): Pass =>
    (x, dout, param) => {
      const [out, cache] = forward(x, gamma, beta, param);
      const { dx, dgamma, dbeta } = backward(dout, cache);
      return { rows: [out, dx], grads: [dgamma, dbeta], statistics: statisticsOf(param) };
    };
  const [w, b, filters] = [some(4, 3), some(3), some(3, 2, 3, 3)];
  return {
    batchnorm: { shape: [3], out: [3], pass: plain(batchnormForward, batchnormBackward) },
    batchnormAlt: { shape: [3], out: [3], pass: plain(batchnormForward, batchnormBackwardAlt) },
    batchnormRelu: { shape: [3], out: [3], pass: plain(batchnormReluForward, batchnormReluBackward) },
    spatialBatchnorm: {
      ...{ shape: [3, 2, 5], out: [3, 2, 5] },
      pass: plain(spatialBatchnormForward, spatialBatchnormBackward),
    },
    spatialBatchnormRelu: {
      ...{ shape: [3, 2, 5], out: [3, 2, 5] },
      pass: plain(batchnormReluForward, batchnormReluBackward),
    },
    batchnormGelu: { shape: [3], out: [3], pass: plain(batchnormGeluForward, batchnormGeluBackward) },
    spatialBatchnormGelu: {
      ...{ shape: [3, 2, 5], out: [3, 2, 5] },
      pass: plain(batchnormGeluForward, batchnormGeluBackward),
    },
    affineBatchnormRelu: {
      ...{ shape: [4], out: [3] },
      pass: (x, dout, param) => {
        const [out, cache] = affineBatchnormReluForward(x, w, b, gamma, beta, param);
        const { dx, ...grads } = affineBatchnormReluBackward(dout, cache);
        return { rows: [out, dx], grads: Object.values(grads), statistics: statisticsOf(param) };
      },
    },
    convBatchnormRelu: {
      ...{ shape: [2, 4, 5], out: [3, 4, 5] },
      pass: (x, dout, param) => {
        const [out, cache] = convBatchnormReluForward(x, filters, b, gamma, beta, { stride: 1, pad: 1 }, param);
        const { dx, ...grads } = convBatchnormReluBackward(dout, cache);
        return { rows: [out, dx], grads: Object.values(grads), statistics: statisticsOf(param) };
      },
    },
  };
}

function statisticsOf({ runningMean, runningVar }: BatchnormParam): NDArray[] {
  return [runningMean as NDArray, runningVar as NDArray];
}

describeKernelSets('batch normalization of a batch that processes share', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    const passes = passesOf(dtype);
    test.each(Object.keys(passes))('%s of its parts is that of the whole', (name) => {
      const { shape, out, pass } = passes[name];
      const random = new Random(name);
      const [x, dout] = [random.randn([9, ...shape], dtype), random.randn([9, ...out], dtype)];
      expectAsWhole(pass, x, dout, { sizes: [3, 1, 5] }, dtype);
      expectAsWhole(pass, x, dout, { sizes: [7, 2], scaled: true }, dtype);
    });

    test('the variance survives a mean far larger than the spread', () => {
      const x = farFromZero([12, 3], dtype);
      const [gamma, beta] = [ones([3], dtype), zeros([3], dtype)];
      const forward = (part: NDArray) => batchnormForward(part, gamma, beta, { mode: 'train' })[0];
      const parts = inParts({ sizes: [5, 7] }, ({ start, size }) => forward(rowsOf(x, start, size)));
      const atol = dtype === 'float32' ? 2e-3 : 1e-11;
      expect(below(parts)).toBeAllClose(forward(x), { rtol: 0, atol });
    });
  });
});

test('its gradient agrees with the numerical one', () => {
  const random = new Random('numerical');
  const [x, dout] = [random.randn([6, 3, 2, 1], 'float64'), random.randn([6, 3, 2, 1], 'float64')];
  const [gamma, beta] = [random.randn([3], 'float64'), random.randn([3], 'float64')];
  const run = (backward: boolean) =>
    below(
      inParts({ sizes: [1, 3, 2], scaled: true }, ({ start, size }) => {
        const [out, cache] = batchnormReluForward(rowsOf(x, start, size), gamma, beta, { mode: 'train' });
        return backward ? batchnormReluBackward(rowsOf(dout, start, size), cache).dx : out;
      }),
    );
  const expected = evalNumericalGradientArray(() => run(false), x, dout);
  expect(run(true)).toBeAllClose(expected, { rtol: 1e-7, atol: 1e-8 });
});

test('it does not matter how a batch is cut', () => {
  const { pass } = passesOf('float64').spatialBatchnorm;
  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(sizes, fc.integer(), (cut, seed) => {
      const N = cut.reduce((sum, size) => sum + size, 0);
      const random = new Random(seed);
      const [x, dout] = [random.randn([N, 3, 2, 5], 'float64'), random.randn([N, 3, 2, 5], 'float64')];
      expectAsWhole(pass, x, dout, { sizes: cut }, 'float64');
    }),
    { numRuns: 10, seed: 1 },
  );
});

describe('batch normalization', () => {
  const x = new Random(1).randn([4, 3]);
  const [gamma, beta] = [ones([3]), zeros([3])];
  const pass = (rows: NDArray) => {
    const param: BatchnormParam = { mode: 'train' };
    const [out, cache] = batchnormForward(rows, gamma, beta, param);
    return [out, ...Object.values(batchnormBackward(rows, cache)), ...statisticsOf(param)] as NDArray[];
  };

  test('is by the part alone where processes do not synchronize it', () => {
    const parts = inParts({ sizes: [2, 2], sync: false }, ({ start, size }) => pass(rowsOf(x, start, size)));
    parts.forEach((part, i) => {
      const alone = pass(rowsOf(x, 2 * i, 2));
      part.forEach((a, at) => {
        expect(a).toEqualBits(alone[at]);
      });
    });
  });

  test('asks nobody where one process has the whole batch', () => {
    const sum = (): void => {
      throw new Error('asked');
    };
    const found = withShard({ start: 0, size: 4, total: 4, weight: 1, sum }, () => pass(x));
    const alone = pass(x);
    found.forEach((a, at) => {
      expect(a).toEqualBits(alone[at]);
    });
  });

  test('in test mode asks nobody either', () => {
    const [param, sum] = [{ mode: 'test' as const }, () => expect.unreachable()];
    withShard({ start: 0, size: 4, total: 8, weight: 1, sum }, () => batchnormForward(x, gamma, beta, param));
  });
});

describe('F.batchNorm', () => {
  test.each([[[3]], [[3, 5]], [[3, 5, 2]]])('of parts of examples of shape (%s) is that of the whole', (shape) => {
    const random = new Random(2);
    const x = random.randn([5, ...shape], 'float64');
    const dout = random.randn([5, ...shape], 'float64');
    const run = (rows: NDArray, upstream: NDArray): NDArray[] => {
      const t = new Tensor(rows, { requiresGrad: true });
      const [mean, variance] = [zeros([3], 'float64'), ones([3], 'float64')];
      const out = F.batchNorm(t, mean, variance, null, null, { training: true });
      out.backward(upstream);
      return [out.data, (t.grad as Tensor).data, mean, variance];
    };
    const whole = run(x, dout);
    const parts = inParts({ sizes: [1, 4], scaled: true }, ({ start, size }) =>
      run(rowsOf(x, start, size), rowsOf(dout, start, size)),
    );
    const tolerance = TOLERANCE.float64;
    for (const at of [0, 1]) expect(below(parts.map((part) => part[at]))).toBeAllClose(whole[at], tolerance);
    for (const part of parts) for (const at of [2, 3]) expect(part[at]).toBeAllClose(whole[at], tolerance);
  });

  test('takes a part of one value a channel only where the batch has more', () => {
    const one = (shard: Shard | null) => withShard(shard, () => F.batchNorm(ones([1, 3]), null, null));
    const shard: Shard = { start: 0, size: 1, total: 2, weight: 0.5, sum: () => {} };
    expect(one(shard).shape).toEqual([1, 3]);
    for (const other of [null, { ...shard, sum: null }, { ...shard, total: 1 }]) {
      expect(() => one(other)).toThrow('batchNorm: x has shape (1, 3), expected more than one value a channel');
    }
    expect(() => one({ ...shard, sum: null })).toThrow('of which this rank has more, syncBatchnorm: true, or a');
  });
});

describe('withShard', () => {
  const shard: Shard = { start: 0, size: 1, total: 2, weight: 1, sum: null };

  test('brings back the part before it, also after an error', () => {
    expect(currentShard()).toBeNull();
    withShard(shard, () => {
      expect(withShard(null, currentShard)).toBeNull();
      expect(() =>
        withShard({ ...shard }, () => {
          throw new Error('inside');
        }),
      ).toThrow('inside');
      expect(currentShard()).toBe(shard);
    });
    expect(currentShard()).toBeNull();
  });
});
