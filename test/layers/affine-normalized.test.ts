import { describe, expect, test } from 'vitest';
import {
  array,
  type DType,
  dtypeOf,
  full,
  hostValues,
  type NDArray,
  ones,
  Random,
  zeros,
} from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  type AffineNormalizedGrads,
  type AffineNormalizedWeightGrads,
  affineBackward,
  affineBatchnormReluBackward,
  affineBatchnormReluBackwardWeights,
  affineBatchnormReluForward,
  affineForward,
  affineLayernormReluBackward,
  affineLayernormReluBackwardWeights,
  affineLayernormReluForward,
  type BatchnormParam,
  batchnormBackwardAlt,
  batchnormForward,
  layernormBackward,
  layernormForward,
  type NormalizationGrads,
  type NormalizationOptions,
  reluBackward,
  reluForward,
} from '../../src/layers/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { farFromZero, momentsOf, valuesOf } from '../helpers/normalization.js';
import { expectSameOnViews } from '../helpers/views.js';

type Operands = readonly [x: NDArray, w: NDArray, b: NDArray, gamma: NDArray, beta: NDArray];

/** What a sandwich gives, with its backward passes. */
interface Run {
  readonly out: NDArray;
  readonly backward: (dout: NDArray) => AffineNormalizedGrads;
  readonly backwardWeights: (dout: NDArray) => AffineNormalizedWeightGrads;
}

/** A sandwich, and the normalization in it, whose backward pass comes with the result. */
interface Sandwich {
  readonly name: string;
  readonly run: (...operands: Operands) => Run;
  readonly normalize: (a: NDArray, gamma: NDArray, beta: NDArray) => [NDArray, (dout: NDArray) => NormalizationGrads];
}

function batchnormSandwich(name: string, newParam: (like: NDArray) => BatchnormParam): Sandwich {
  return {
    name,
    run: (...operands) => {
      const [out, cache] = affineBatchnormReluForward(...operands, newParam(operands[3]));
      return {
        out,
        backward: (dout) => affineBatchnormReluBackward(dout, cache),
        backwardWeights: (dout) => affineBatchnormReluBackwardWeights(dout, cache),
      };
    },
    normalize: (a, gamma, beta) => {
      const [out, cache] = batchnormForward(a, gamma, beta, newParam(gamma));
      return [out, (dout) => batchnormBackwardAlt(dout, cache)];
    },
  };
}

const SANDWICHES: readonly Sandwich[] = [
  batchnormSandwich('affineBatchnormRelu in train mode', () => ({ mode: 'train', eps: 1e-2 })),
  batchnormSandwich('affineBatchnormRelu in test mode', (like) => {
    const statistics = (value: number) => full(like.shape, value, dtypeOf(like));
    return { mode: 'test', eps: 1e-2, runningMean: statistics(0.3), runningVar: statistics(0.8) };
  }),
  {
    name: 'affineLayernormRelu',
    run: (...operands) => {
      const [out, cache] = affineLayernormReluForward(...operands, { eps: 1e-2 });
      return {
        out,
        backward: (dout) => affineLayernormReluBackward(dout, cache),
        backwardWeights: (dout) => affineLayernormReluBackwardWeights(dout, cache),
      };
    },
    normalize: (a, gamma, beta) => {
      const [out, cache] = layernormForward(a, gamma, beta, { eps: 1e-2 });
      return [out, (dout) => layernormBackward(dout, cache)];
    },
  },
];

const GRADS = ['dx', 'dw', 'db', 'dgamma', 'dbeta'] as const;

function operandsOf(shape: readonly number[], M: number, dtype: DType): { operands: Operands; dout: NDArray } {
  const random = new Random(`${shape} ${M}`);
  const D = shape.slice(1).reduce((size, n) => size * n, 1);
  const [x, w, b, gamma, beta] = [shape, [D, M], [M], [M], [M]].map((size) => random.randn(size, dtype));
  return { operands: [x, w, b, gamma, beta], dout: random.randn([shape[0], M], dtype) };
}

test('affineBatchnormReluForward computes max(0, γ · (x·w + b − mean)/√(var + ε) + β), and updates bnParam', () => {
  // x·w + b is (0, 3, 6) + 1 and its negative; with ε = 3 the deviation is 3.
  const [x, w, b] = [array([[0], [3], [6]]), array([[1, -1]]), array([1, -1])];
  const param: BatchnormParam = { mode: 'train', eps: 3 };
  const [out] = affineBatchnormReluForward(x, w, b, array([2, 3]), array([1, -1]), param);
  expect(out).toBeAllClose(
    array([
      [0, 2],
      [1, 0],
      [3, 0],
    ]),
    { rtol: 1e-6, atol: 1e-6 },
  );
  expect(param.runningMean).toBeAllClose(array([0.4, -0.4]), { rtol: 1e-6 });
  expect(param.runningVar).toBeAllClose(array([0.6, 0.6]), { rtol: 1e-6 });
});

test('affineLayernormReluForward computes max(0, γ · (x·w + b − mean)/√(var + ε) + β) row by row', () => {
  const w = array([[0, 3, 6]]);
  const [x, b] = [array([[1], [-1]]), array([4, 4, 4])];
  const [out] = affineLayernormReluForward(x, w, b, array([1, 2, 3]), array([2, 1, -1]), { eps: 3 });
  const expected = [
    [1, 1, 2],
    [3, 1, 0],
  ];
  expect(out).toBeAllClose(array(expected), { rtol: 1e-6, atol: 1e-6 });
});

describe.each(SANDWICHES)('$name', ({ run }) => {
  test.each<[shape: number[], M: number]>([
    [[5, 4], 3],
    [[3, 2, 3], 5],
    [[2, 1], 2],
  ])('agrees with the numerical gradients on %j to %i', (shape, M) => {
    const { operands, dout } = operandsOf(shape, M, 'float64');
    const forward = () => run(...operands).out;
    // Nothing lies at the kink of the ReLU.
    const [x, w, b, gamma, beta] = operands;
    expect(valuesOf(forward()).filter((v) => v > 0 && v < 1e-3)).toEqual([]);

    const { backward, backwardWeights } = run(...operands);
    const [grads, weightGrads] = [backward(dout), backwardWeights(dout)];

    [x, w, b, gamma, beta].forEach((operand, i) => {
      const expected = evalNumericalGradientArray(forward, operand, dout);
      expect(grads[GRADS[i]], GRADS[i]).toBeAllClose(expected, { rtol: 1e-6, atol: 1e-8 });
    });
    expect(Object.keys(grads).sort()).toEqual([...GRADS].sort());
    expect(Object.keys(weightGrads).sort()).toEqual(GRADS.slice(1).sort());
    for (const name of ['dw', 'db', 'dgamma', 'dbeta'] as const) expect(weightGrads[name]).toEqualBits(grads[name]);
  });
});

describe('what does not fit', () => {
  const good = { x: zeros([4, 3]), w: zeros([3, 5]), b: zeros([5]), gamma: ones([5]), beta: zeros([5]) };
  const call = {
    affineBatchnormReluForward: (o: typeof good, param: BatchnormParam): unknown =>
      affineBatchnormReluForward(o.x, o.w, o.b, o.gamma, o.beta, param),
    affineLayernormReluForward: (o: typeof good): unknown => affineLayernormReluForward(o.x, o.w, o.b, o.gamma, o.beta),
  };

  describe.each(Object.entries(call))('%s', (fn, forward) => {
    test.each<[kind: string, message: string, wrong: Partial<typeof good>]>([
      ['ShapeError', 'x has shape (4,), expected (N, …)', { x: zeros([4]) }],
      ['ShapeError', 'w has shape (2, 5), expected (3, M)', { w: zeros([2, 5]) }],
      ['ShapeError', 'b has shape (4,), expected (M=5,)', { b: zeros([4]) }],
      ['ShapeError', 'gamma has shape (4,), expected (M=5,)', { gamma: zeros([4]) }],
      ['ShapeError', 'gamma has shape (1, 5), expected (M=5,)', { gamma: zeros([1, 5]) }],
      ['ShapeError', 'beta has shape (6,), expected (M=5,)', { beta: zeros([6]) }],
    ])('throws a %s that says: %s, and leaves bnParam', (name, message, wrong) => {
      const param: BatchnormParam = { mode: 'train' };
      expect(() => forward({ ...good, ...wrong }, param)).toThrow(
        expect.objectContaining({ name, message: `${fn}: ${message}` }),
      );
      expect(param).toEqual({ mode: 'train' });
    });

    test.each(['x', 'w', 'b', 'gamma', 'beta'] as const)('refuses %s of another dtype than the others', (operand) => {
      const param: BatchnormParam = { mode: 'train' };
      const wrong = { ...good, [operand]: array(good[operand], undefined, 'float64') };
      expect(() => forward(wrong, param)).toThrow(
        expect.objectContaining({
          name: 'TypeError',
          message: expect.stringMatching(new RegExp(`^${fn}: .* has dtype`)),
        }),
      );
      expect(param).toEqual({ mode: 'train' });
    });
  });

  test.each<[kind: string, message: string, wrong: Record<string, unknown>]>([
    ['RangeError', "mode is 'eval', expected 'train' or 'test'", { mode: 'eval' }],
    ['RangeError', 'eps is 0, expected a number > 0', { eps: 0 }],
    ['ShapeError', 'runningMean has shape (3,), expected (5,)', { runningMean: zeros([3]) }],
    ['TypeError', "unknown option 'p', expected mode, eps, momentum, unbiased, runningMean, runningVar", { p: 1 }],
  ])('of bnParam: a %s that says: %s', (name, message, wrong) => {
    const param = { mode: 'train', ...wrong };
    expect(() => call.affineBatchnormReluForward(good, param as BatchnormParam)).toThrow(
      expect.objectContaining({ name, message: `affineBatchnormReluForward: ${message}` }),
    );
    expect(Object.keys(param)).toEqual(['mode', ...Object.keys(wrong).filter((key) => key !== 'mode')]);
  });

  test.each<[options: object, message: string]>([
    [{ eps: 0 }, 'eps is 0, expected a number > 0'],
    [{ mode: 'train' }, "unknown option 'mode', expected eps"],
  ])('of the options of layer normalization: %j', (options, message) => {
    const { x, w, b, gamma, beta } = good;
    expect(() => affineLayernormReluForward(x, w, b, gamma, beta, options as NormalizationOptions)).toThrow(
      `affineLayernormReluForward: ${message}`,
    );
  });

  test.each<[dout: NDArray, kind: string, message: string]>([
    [zeros([4, 4]), 'ShapeError', 'dout has shape (4, 4), expected (4, 5)'],
    [zeros([5]), 'ShapeError', 'dout has shape (5,), expected (4, 5)'],
    [zeros([4, 5], 'float64'), 'TypeError', 'dout has dtype float64, expected float32, the dtype of x'],
  ])('of a dout', (dout, name, message) => {
    const { x, w, b, gamma, beta } = good;
    const [, batch] = affineBatchnormReluForward(x, w, b, gamma, beta, { mode: 'train' });
    const [, layer] = affineLayernormReluForward(x, w, b, gamma, beta);
    const backwards: Record<string, () => unknown> = {
      affineBatchnormReluBackward: () => affineBatchnormReluBackward(dout, batch),
      affineBatchnormReluBackwardWeights: () => affineBatchnormReluBackwardWeights(dout, batch),
      affineLayernormReluBackward: () => affineLayernormReluBackward(dout, layer),
      affineLayernormReluBackwardWeights: () => affineLayernormReluBackwardWeights(dout, layer),
    };
    for (const [fn, backward] of Object.entries(backwards)) {
      expect(backward).toThrow(expect.objectContaining({ name, message: `${fn}: ${message}` }));
    }
  });
});

describeKernelSets('affine-normalized', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    const rounding = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-12 } : { rtol: 1e-5, atol: 2e-5 };

    describe.each(SANDWICHES)('$name', ({ run, normalize }) => {
      test.each<[shape: number[], M: number]>([
        [[13, 29], 17],
        [[4, 3, 2], 1],
        [[60, 5], 203],
      ])('does on %j to %i what its layers do one after the other', (shape, M) => {
        const { operands, dout } = operandsOf(shape, M, dtype);
        const [x, w, b, gamma, beta] = operands;
        const [a, affine] = affineForward(x, w, b);
        const [normalized, normalizeBackward] = normalize(a, gamma, beta);
        const [expected, relu] = reluForward(normalized);
        const { dx: da, dgamma, dbeta } = normalizeBackward(reluBackward(dout, relu));

        const { out, backward } = run(...operands);
        const grads = backward(dout);

        expect(out).toEqualBits(expected);
        const all = { ...affineBackward(da, affine), dgamma, dbeta };
        for (const name of GRADS) expect(grads[name], name).toBeAllClose(all[name], rounding);
      });

      test('NaN comes through', () => {
        const { operands } = operandsOf([4, 3], 5, dtype);
        operands[0].set(1, 1, Number.NaN);
        const { out } = run(...operands);
        expect(valuesOf(out.pick(1, null)).every(Number.isNaN)).toBe(true);
      });

      test('takes any view, writes to none of its arguments, and returns new arrays', () => {
        const { operands, dout } = operandsOf([4, 3, 5], 7, dtype);
        expectSameOnViews([dout, ...operands], (dout, x, w, b, gamma, beta) => {
          const { out, backward, backwardWeights } = run(x, w, b, gamma, beta);
          const [grads, { dw, db, dgamma, dbeta }] = [backward(dout), backwardWeights(dout)];
          const results = [out, ...GRADS.map((name) => grads[name]), dw, db, dgamma, dbeta];
          expect(results.map(dtypeOf)).toEqual(results.map(() => dtype));
          return results;
        });
      });
    });

    test('far from zero the outputs still have the mean and deviation that beta and gamma ask for', () => {
      const x = farFromZero([400, 1], dtype);
      const beta = full([3], 20, dtype); // so far up that the ReLU cuts nothing
      const w = ones([1, 3], dtype);
      const [out] = affineBatchnormReluForward(x, w, zeros([3], dtype), ones([3], dtype), beta, { mode: 'train' });
      const { mean, std } = momentsOf(out.transpose(1, 0), 3);
      expect(Math.min(...hostValues(out))).toBeGreaterThan(0);
      expect(mean).toBeAllClose(full([3], 20, 'float64'), { rtol: 0, atol: 1e-3 });
      expect(std).toBeAllClose(ones([3], 'float64'), { rtol: 0, atol: 1e-3 });
    });
  });
});
