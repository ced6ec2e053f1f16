import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, type DType, dtypeOf, hostValues, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray, relError } from '../../src/gradient-check.js';
import { workspace } from '../../src/kernels/index.js';
import {
  type ConvGrads,
  type ConvParam,
  convBackward,
  convBackwardFast,
  convBackwardNaive,
  convBackwardWeights,
  convForward,
  convForwardFast,
  convForwardNaive,
} from '../../src/layers/index.js';
import { arraysOf, DTYPES, expectGolden, expectPrinted, type FixtureCase } from '../helpers/fixtures.js';
import { describeKernelSets, useKernels } from '../helpers/kernel-sets.js';
import { casesIn, valuesOf } from '../helpers/normalization.js';
import { pretend } from '../helpers/pretend.js';
import { expectSameOnViews } from '../helpers/views.js';

const CASES = casesIn<FixtureCase>(['conv2d', 'notebook_convnets'], 'conv2d');

const PAIRS = [
  { speed: 'Naive', forward: convForwardNaive, backward: convBackwardNaive },
  { speed: 'Fast', forward: convForwardFast, backward: convBackwardFast },
];

const GRADS = ['dx', 'dw', 'db'] as const;

/** Images, filters, biases and an upstream gradient. */
function operandsOf(x: readonly number[], w: readonly number[], param: ConvParam, dtype: DType, seed = 1) {
  const random = new Random(seed);
  const operands = [random.randn(x, dtype), random.randn(w, dtype), random.randn([w[0]], dtype)] as const;
  const out = convForwardFast(zeros(x), zeros(w), zeros([w[0]]), param)[0];
  return { operands, dout: random.randn(out.shape, dtype) };
}

const image = array([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]);
const filter = array([1, 2, 3, -1], [1, 1, 2, 2]);

test('convForward and convBackward are the fast ones', () => {
  const random = new Random(1);
  const operands = [random.randn([2, 3, 5, 5]), random.randn([4, 3, 3, 3]), random.randn([4])] as const;
  const param = { stride: 1, pad: 1 };
  const [out, cache] = convForward(...operands, param);
  expect(out).toEqualBits(convForwardFast(...operands, param)[0]);
  const [grads, expected] = [convBackward(out, cache), convBackwardFast(out, cache)];
  for (const name of ['dx', 'dw', 'db'] as const) expect(grads[name]).toEqualBits(expected[name]);
});

describe.each(PAIRS)('convForward$speed', ({ speed, forward }) => {
  test.each<[param: ConvParam, size: number[], out: number[]]>([
    // 1·1 + 2·2 + 3·4 − 5 + 10, …: the filter is not turned.
    [{}, [2, 2], [22, 27, 37, 42]],
    [{ stride: 1, pad: 0 }, [2, 2], [22, 27, 37, 42]],
    // The first window has one pixel of the image in its last corner.
    [{ stride: 2, pad: 1 }, [2, 2], [9, 13, 11, 42]],
    [{ stride: [2, 1], pad: [0, 1] }, [1, 4], [8, 22, 27, 31]],
    [{ stride: [1, 2] }, [2, 1], [22, 37]],
    [{ stride: 3, pad: 2 }, [2, 2], [10, 10, 10, 42]],
    [{ stride: 9 }, [1, 1], [22]],
  ])('with %j gives %j pixels, b + Σ x · w', (param, size, expected) => {
    const [out] = forward(image, filter, array([10]), param);
    expect(out.shape).toEqual([1, 1, ...size]);
    expect(valuesOf(out)).toEqual(expected);
  });

  test('adds the channels up, for each filter', () => {
    const x = array([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 1, 2]);
    const [out] = forward(x, array([1, 10, -1, 0.5], [2, 2, 1, 1]), array([0, 100]), {});
    expect(valuesOf(out)).toEqual([31, 42, 100.5, 100, 75, 86, 98.5, 98]);
  });

  test.each<[x: number[], w: number[], param: ConvParam, out: number[]]>([
    [[2, 3, 8, 8], [4, 3, 3, 3], { pad: 1 }, [2, 4, 8, 8]],
    [[1, 10, 64, 64], [10, 10, 6, 6], { stride: 2, pad: 1 }, [1, 10, 31, 31]],
    [[1, 1, 5, 9], [1, 1, 5, 3], { stride: [1, 4], pad: [3, 0] }, [1, 1, 7, 2]],
    [[3, 1, 1, 1], [1, 1, 7, 7], { pad: 3 }, [3, 1, 1, 1]],
  ])('on %j with filters %j and %j gives %j', (x, w, param, shape) => {
    expect(forward(zeros(x), zeros(w), zeros([w[0]]), param)[0].shape).toEqual(shape);
  });

  const strides = 'expected a whole number ≥ 1, or [vertical, horizontal] of such';
  const pads = "expected a whole number ≥ 0, [vertical, horizontal] of such, 'same' or 'valid'";
  const wide = zeros([2, 3, 3, 3], 'float64');
  test.each<[kind: string, message: string, wrong: Record<string, unknown>]>([
    ['ShapeError', 'w has filters of (6, 3), expected at most (5, 5), the padded images', { w: zeros([2, 3, 6, 3]) }],
    ['ShapeError', 'w has filters of (3, 6), expected at most (5, 5), the padded images', { w: zeros([2, 3, 3, 6]) }],
    [
      'ShapeError',
      'w has filters of (3, 8), expected at most (9, 7), the padded images',
      { w: zeros([2, 3, 3, 8]), pad: [2, 1] },
    ],
    ['ShapeError', 'w has shape (2, 4, 3, 3), expected (F, C=3, HH, WW)', { w: zeros([2, 4, 3, 3]) }],
    ['ShapeError', 'w has shape (2, 27), expected (F, C=3, HH, WW)', { w: zeros([2, 27]) }],
    ['ShapeError', 'x has shape (3, 5, 5), expected (N, C, H, W)', { x: zeros([3, 5, 5]) }],
    [
      'ShapeError',
      'x has shape (2, 3, 0, 5), expected (N, C, H, W) with every size but N at least 1',
      { x: zeros([2, 3, 0, 5]) },
    ],
    [
      'ShapeError',
      'w has shape (0, 3, 3, 3), expected (F, C, HH, WW) with every size at least 1',
      { w: zeros([0, 3, 3, 3]) },
    ],
    ['ShapeError', 'b has shape (3,), expected (F=2,)', { b: zeros([3]) }],
    ['ShapeError', 'b has shape (2, 1), expected (F,)', { b: zeros([2, 1]) }],
    ['TypeError', 'w has dtype float64, expected float32, the dtype of x', { w: wide }],
    ['TypeError', 'b has dtype float64, expected float32, the dtype of x', { b: zeros([2], 'float64') }],
    ['TypeError', 'x is [1, 2], expected an array of float32 or float64: make it with array(x)', { x: [1, 2] }],
    ['TypeError', 'b is undefined, expected an array of float32 or float64', { b: undefined }],
    ['RangeError', `stride is 0, ${strides}`, { stride: 0 }],
    ['RangeError', `stride is 1.5, ${strides}`, { stride: 1.5 }],
    ['RangeError', `stride is [2, 0], ${strides}`, { stride: [2, 0] }],
    ['RangeError', `stride is [1, 2, 3], ${strides}`, { stride: [1, 2, 3] }],
    ['RangeError', `stride is '2', ${strides}`, { stride: '2' }],
    ['RangeError', `stride is Infinity, ${strides}`, { stride: Number.POSITIVE_INFINITY }],
    ['RangeError', `pad is -1, ${pads}`, { pad: -1 }],
    ['RangeError', `pad is 0.5, ${pads}`, { pad: 0.5 }],
    ['RangeError', `pad is NaN, ${pads}`, { pad: Number.NaN }],
    ['RangeError', `pad is [1, -2], ${pads}`, { pad: [1, -2] }],
    ['RangeError', `pad is [1], ${pads}`, { pad: [1] }],
    ['TypeError', "unknown option 'padding', expected stride, pad, dilation, groups", { padding: 1 }],
  ])('throws a %s that says: %s', (name, message, wrong) => {
    const { x, w, b, ...param } = { x: zeros([2, 3, 5, 5]), w: zeros([2, 3, 3, 3]), b: zeros([2]), ...wrong };
    expect(() => forward(pretend(x), pretend(w), pretend(b), pretend(param))).toThrow(
      expect.objectContaining({ name, message: `convForward${speed}: ${message}` }),
    );
  });

  test('refuses a parameter that is no object', () => {
    for (const param of [undefined, 2]) {
      expect(() => forward(image, filter, zeros([1]), pretend(param))).toThrow(
        new TypeError(
          `convForward${speed}: options is ${param}, expected an object with any of stride, pad, dilation, groups`,
        ),
      );
    }
  });
});

describe.each(PAIRS)('convBackward$speed', ({ speed, forward, backward }) => {
  test('hands every gradient to the pixels and weights that made its output', () => {
    const [, cache] = forward(image, filter, array([10]), {});
    const { dx, dw, db } = backward(array([1, 0, 0, 2], [1, 1, 2, 2]), cache);
    expect(valuesOf(dx)).toEqual([1, 2, 0, 3, 1, 4, 0, 6, -2]);
    expect(valuesOf(dw)).toEqual([11, 14, 20, 23]);
    expect(valuesOf(db)).toEqual([3]);
  });

  test('gives what no window reaches no gradient', () => {
    const [, cache] = forward(image, array([1, 1, 1, 1], [1, 1, 2, 2]), zeros([1]), { stride: 2 });
    const { dx, dw } = backward(array([5], [1, 1, 1, 1]), cache);
    expect(valuesOf(dx)).toEqual([5, 5, 0, 5, 5, 0, 0, 0, 0]);
    expect(valuesOf(dw)).toEqual([5, 10, 20, 25]);
  });

  test.each<[x: number[], w: number[], param: ConvParam]>([
    [[2, 3, 5, 6], [4, 3, 3, 3], { pad: 1 }],
    [[2, 2, 7, 5], [3, 2, 3, 2], { stride: 2, pad: 1 }],
    [[1, 3, 6, 7], [2, 3, 4, 3], { stride: [3, 2], pad: [2, 0] }],
    [[2, 1, 4, 4], [3, 1, 1, 1], {}],
    [[1, 2, 3, 3], [2, 2, 5, 5], { pad: [1, 3] }],
    [[1, 1, 4, 4], [1, 1, 2, 2], { stride: 1, pad: 3 }],
    [[2, 2, 4, 3], [2, 2, 4, 3], { stride: 2 }],
  ])('agrees with the numerical gradients on %j with filters %j and %j', (x, w, param) => {
    const { operands, dout } = operandsOf(x, w, param, 'float64');
    const [, cache] = forward(...operands, param);
    const grads = backward(dout, cache);
    for (const [i, name] of GRADS.entries()) {
      const expected = evalNumericalGradientArray(() => forward(...operands, param)[0], operands[i], dout);
      expect(grads[name], name).toBeAllClose(expected, { rtol: 1e-7, atol: 1e-8 });
    }
  });

  test.each([
    [zeros([2, 4, 3, 4]), 'ShapeError', 'dout has shape (2, 4, 3, 4), expected (2, 4, 3, 3)'],
    [zeros([2, 3, 3, 3]), 'ShapeError', 'dout has shape (2, 3, 3, 3), expected (2, 4, 3, 3)'],
    [zeros([2, 36]), 'ShapeError', 'dout has shape (2, 36), expected (2, 4, 3, 3)'],
    [zeros([2, 4, 3, 3], 'float64'), 'TypeError', 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit: case %#', (dout, name, message) => {
    const [, cache] = forward(zeros([2, 3, 5, 5]), zeros([4, 3, 3, 3]), zeros([4]), {});
    expect(() => backward(dout, cache)).toThrow(
      expect.objectContaining({ name, message: `convBackward${speed}: ${message}` }),
    );
    expect(() => convBackwardWeights(dout, cache)).toThrow(`convBackwardWeights: ${message}`);
  });
});

describe('a cache whose workspace has ended', () => {
  useKernels('wasm', 1);

  test('is refused, with the way out', () => {
    let cache = convForward(image, filter, zeros([1]), {})[1];
    workspace(() => {
      cache = convForward(array(image), filter, zeros([1]), {})[1];
    });
    expect(() => convBackward(zeros([1, 1, 2, 2]), cache)).toThrow(
      'convBackward: x: this array was made in a workspace that has ended: return it from the function given to ' +
        'workspace(), or copy it with resident(a)',
    );
  });
});

/** Shapes of images and filters with strides and pads that fit them, of every kind. */
const problems = fc
  .record({
    N: fc.integer({ min: 1, max: 4 }),
    C: fc.integer({ min: 1, max: 4 }),
    F: fc.integer({ min: 1, max: 13 }),
    filter: fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    more: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })),
    seed: fc.nat(),
  })
  .map(({ N, C, F, filter, stride, pad, more, seed }) => {
    const [H, W] = filter.map((size, axis) => Math.max(1, size - 2 * pad[axis]) + more[axis]);
    return { x: [N, C, H, W], w: [F, C, ...filter], param: { stride, pad }, seed };
  });

describe('fast and naive', () => {
  useKernels('wasm', 2);

  test.each([
    ['float64', { rtol: 1e-12, atol: 1e-12 }],
    ['float32', { rtol: 1e-5, atol: 1e-4 }],
  ] as const)('agree in %s on 120 random shapes', (dtype, tolerance) => {
    fc.assert(
      fc.property(problems, ({ x, w, param, seed }) => {
        const { operands, dout } = operandsOf(x, w, param, dtype, seed);
        const [naive, naiveCache] = convForwardNaive(...operands, param);
        const [fast, fastCache] = convForwardFast(...operands, param);
        expect(fast).toBeAllClose(naive, tolerance);
        const expected = convBackwardNaive(dout, naiveCache);
        const actual = convBackwardFast(dout, fastCache);
        for (const name of GRADS) expect(actual[name], name).toBeAllClose(expected[name], tolerance);
      }),
      { numRuns: 120, seed: 1 },
    );
  });
});

test('there are these many cases in the fixtures', () => {
  expect(CASES).toHaveLength(12);
});

describeKernelSets('convolution', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(CASES.flatMap((c) => PAIRS.map((pair) => ({ name: c.name, c, ...pair }))))(
      'golden: $name, $speed',
      ({ c, forward, backward }) => {
        const { x, dout } = arraysOf(c.inputs, dtype);
        const { w, b } = arraysOf(c.params, dtype);
        const [out, cache] = forward(x, w, b, { stride: Number(c.config.stride), pad: Number(c.config.pad) });
        expectGolden(c, { out, ...(dout && backward(dout, cache)) }, dtype);
        if (c.printed !== undefined && dtype === 'float64') expectPrinted(c, { out });
      },
    );

    const param = { stride: [2, 1], pad: [0, 2] } as const;
    const { operands, dout } = operandsOf([3, 2, 7, 5], [7, 2, 3, 4], param, dtype);

    test.each(PAIRS)('$speed takes any view, writes to none of its arguments, and returns new arrays', (pair) => {
      const { operands, dout } = operandsOf([2, 2, 4, 3], [3, 2, 3, 2], param, dtype);
      expectSameOnViews([...operands, dout], (x, w, b, dout) => {
        const [out, cache] = pair.forward(x, w, b, param);
        const { dx, dw, db } = pair.backward(dout, cache);
        const results = [out, dx, dw, db];
        expect(results.map(dtypeOf)).toEqual(results.map(() => dtype));
        return results;
      });
    });

    test('a cache of one pair is good for the other', () => {
      const [[, naive], [, fast]] = PAIRS.map(({ forward }) => forward(...operands, param));
      for (const { backward } of PAIRS) expectEqualGrads(backward(dout, fast), backward(dout, naive));
    });

    test('the variant without dx gives the same dw and db, and nothing else', () => {
      const [, cache] = convForward(...operands, param);
      const all = convBackward(dout, cache);
      const weights = convBackwardWeights(dout, cache);
      expect(Object.keys(weights)).toEqual(['dw', 'db']);
      expectEqualGrads({ dx: all.dx, ...weights }, all);
    });

    test('in a workspace everything is the same', () => {
      const run = () => {
        const [out, cache] = convForward(...operands, param);
        return { out, ...convBackward(dout, cache) };
      };
      const [outside, inside] = [run(), workspace(run)];
      expect(inside.out).toEqualBits(outside.out);
      expectEqualGrads(inside, outside);
    });

    test.each(PAIRS)('$speed: a pixel of NaN shows in its windows alone', ({ forward, backward }) => {
      const [x, w, b] = [array(operands[0]), ...operands.slice(1)];
      const before = forward(x, w, b, { pad: 1 });
      x.set(1, 1, 2, 0, Number.NaN);
      const [out, cache] = forward(x, w, b, { pad: 1 });
      // Filters of 3 × 4 around a pixel at the left edge: rows 1 to 3, and columns 0 and 1.
      const touched = [...hostValues(out).keys()].filter((at) => {
        const [n, h, v] = [Math.floor(at / (7 * 7 * 4)), Math.floor((at % 28) / 4), at % 4];
        return n === 1 && h >= 1 && h <= 3 && v <= 1;
      });
      expect(nanPlaces(out)).toEqual(touched);
      for (const at of nanPlaces(out)) out.data[at] = before[0].data[at];
      expect(out).toEqualBits(before[0]);
      const { dx, dw } = backward(zeros(out.shape, dtype), cache);
      expect(nanPlaces(dx)).toEqual([]);
      // The pixel meets the taps of columns 0 and 1 in its channel.
      const taps = Array.from({ length: 7 * 2 * 12 }, (_, at) => at).filter((at) => at % 24 >= 12 && at % 4 <= 1);
      expect(nanPlaces(dw)).toEqual(taps);
    });
  });
});

function nanPlaces(a: NDArray): number[] {
  return [...hostValues(a).keys()].filter((at) => Number.isNaN(hostValues(a)[at]));
}

function expectEqualGrads(actual: ConvGrads, expected: ConvGrads): void {
  for (const name of GRADS) expect(actual[name], name).toEqualBits(expected[name]);
}

test('what the documentation says to compare of the fast and the naive convolution in float32', () => {
  const random = new Random(231);
  const [x, w, b] = [random.randn([2, 16, 16, 16]), random.randn([8, 16, 3, 3]), random.randn([8])];
  const param = { stride: 1, pad: 1 };
  const [fast, naive] = [convForwardFast(x, w, b, param)[0], convForwardNaive(x, w, b, param)[0]];
  const differences = Array.from(fast.data, (value, i) => Math.abs(value - naive.data[i]));
  const largest = Math.max(...Array.from(naive.data, Math.abs));
  expect(Math.max(...differences)).toBeLessThan(1e-4 * largest);
  const exact = [x, w, b].map((a) => array(a, undefined, 'float64')) as [NDArray, NDArray, NDArray];
  expect(relError(convForwardFast(...exact, param)[0], convForwardNaive(...exact, param)[0])).toBeLessThan(1e-9);
});
