import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, type DType, full, hostValues, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { F, Tensor } from '../../src/autograd/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { reference } from '../../src/kernels/index.js';
import {
  type AvgPoolParam,
  adaptiveMaxPoolBackward,
  adaptiveMaxPoolForward,
  avgPoolBackward,
  avgPoolForward,
  convReluBackward,
  convReluForward,
  convReluPoolBackward,
  convReluPoolForward,
  type MaxPoolParam,
  maxPoolBackward,
  maxPoolBackwardNaive,
  maxPoolForward,
  maxPoolForwardNaive,
  type PadMode,
  type PadOptions,
  padBackward,
  padForward,
} from '../../src/layers/index.js';
import * as nn from '../../src/nn/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { useKernels } from '../helpers/kernel-sets.js';
import { pretend } from '../helpers/pretend.js';
import { expectSameOnViews } from '../helpers/views.js';

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Golden {
  readonly op: string;
  // biome-ignore lint/suspicious/noExplicitAny: the options of one of several functions, as Python has them
  readonly config: any;
  readonly inputs: Readonly<Record<'x' | 'dout', Stored>>;
  readonly expected: Readonly<Record<'out' | 'dx', Stored>>;
}

const GOLDEN: readonly Golden[] = JSON.parse(
  fs.readFileSync(path.join(__dirname, '../fixtures/pooling_options.json'), 'utf8'),
).cases;

const FUNCTIONS: Readonly<Record<string, (x: Tensor, config: Golden['config']) => Tensor>> = {
  max_pool2d: (x, { kernel_size, stride, padding, dilation, ceil_mode: ceilMode }) =>
    F.maxPool2d(x, kernel_size, { stride, padding, dilation, ceilMode }),
  avg_pool2d: (x, { kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override }) =>
    F.avgPool2d(x, kernel_size, {
      stride,
      padding,
      ceilMode: ceil_mode,
      countIncludePad: count_include_pad,
      divisorOverride: divisor_override,
    }),
  adaptive_max_pool2d: (x, { output_size }) => F.adaptiveMaxPool2d(x, output_size),
  adaptive_avg_pool2d: (x, { output_size }) => F.adaptiveAvgPool2d(x, output_size),
  pad: (x, { pad, mode, value }) => F.pad(x, pad, { mode, value }),
};

test('every function of the file is run', () => {
  expect([...new Set(GOLDEN.map(({ op }) => op))].sort()).toEqual(Object.keys(FUNCTIONS).sort());
  expect(GOLDEN.length).toBeGreaterThan(80);
});

describe.each(['reference', 'wasm'] as const)('PyTorch (%s)', (kernels) => {
  useKernels(kernels, 1);

  test.each(DTYPES)('gives the same in %s', (dtype) => {
    for (const [i, { op, config, inputs, expected }] of GOLDEN.entries()) {
      const x = new Tensor(array(inputs.x.data, inputs.x.shape, dtype), { requiresGrad: true });
      const out = FUNCTIONS[op](x, config);
      out.backward(array(inputs.dout.data, inputs.dout.shape, dtype));
      const what = `case ${i}: ${op} ${JSON.stringify(config)} of ${inputs.x.shape}`;
      expectClose(out.data, expected.out, dtype, what);
      expectClose((x.grad as Tensor).data, expected.dx, dtype, what);
    }
  });
});

/** To 1e-10 of the largest value, in float32 to 1e-5. */
function expectClose(actual: NDArray, expected: Stored, dtype: DType, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  const bound = (dtype === 'float64' ? 1e-10 : 1e-5) * Math.max(1e-3, ...expected.data.map(Math.abs));
  hostValues(actual).forEach((v, i) => {
    if (!(Math.abs(v - expected.data[i]) <= bound)) expect(v, `${what}, value ${i}`).toBe(expected.data[i]);
  });
}

/** An axis with windows that reach beyond it, or have gaps. */
const axis = fc
  .record({
    size: fc.integer({ min: 1, max: 5 }),
    pad: fc.nat({ max: 2 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    more: fc.nat({ max: 20 }),
  })
  .map(({ size, pad, dilation, stride, more }) => {
    const padding = Math.min(pad, Math.floor(size / 2));
    const length = Math.max(1, (size - 1) * dilation + 1 - 2 * padding) + more;
    return { size, pad: padding, dilation, stride, length };
  });

const problems = fc
  .record({
    N: fc.integer({ min: 1, max: 2 }),
    C: fc.integer({ min: 1, max: 3 }),
    rows: axis,
    columns: axis,
    ceilMode: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ N, C, rows, columns, ceilMode, seed }) => ({
    shape: [N, C, rows.length, columns.length],
    param: {
      poolHeight: rows.size,
      poolWidth: columns.size,
      stride: [rows.stride, columns.stride] as const,
      pad: [rows.pad, columns.pad] as const,
      ceilMode,
    },
    dilation: [rows.dilation, columns.dilation] as const,
    seed,
  }));

describe('fast and naive pooling with padding, dilation and ceilMode', () => {
  useKernels('wasm', 2);

  test.each(DTYPES)('max pooling has equal bits in %s on 80 random shapes, with and without ties', (dtype) => {
    fc.assert(
      fc.property(problems, fc.boolean(), ({ shape, param, dilation, seed }, tied) => {
        const random = new Random(seed);
        const size = shape.reduce((a, b) => a * b);
        const x = tied ? array([...random.randint(-2, 3, size)], shape, dtype) : random.randn(shape, dtype);
        const [out, fast] = maxPoolForward(x, { ...param, dilation });
        const [expected, naive] = maxPoolForwardNaive(x, { ...param, dilation });
        expect(out).toEqualBits(expected);
        const dout = random.randn(out.shape, dtype);
        expect(maxPoolBackward(dout, fast)).toEqualBits(maxPoolBackwardNaive(dout, naive));
      }),
      { numRuns: 80, seed: 1 },
    );
  });

  // The readable loops of an average pooling are its reference kernels.
  test.each([
    ['float32', 1e-6],
    ['float64', 1e-14],
  ] as const)('average pooling agrees in %s on 80 random shapes', (dtype, tolerance) => {
    const means = fc.record({ countIncludePad: fc.boolean(), divisorOverride: fc.constantFrom(null, 3) });
    fc.assert(
      fc.property(problems, means, ({ shape, param, seed }, options) => {
        const random = new Random(seed);
        const x = random.randn(shape, dtype);
        const [out, cache] = avgPoolForward(x, { ...param, ...options });
        const expected = zeros(out.shape, dtype);
        reference.avgPool(x.data, expected.data, cache.shape);
        expect(out).toBeAllClose(expected, { rtol: 0, atol: 10 * tolerance });
        const dout = random.randn(out.shape, dtype);
        const dx = zeros(shape, dtype);
        reference.avgPoolBackward(dout.data, dx.data, cache.shape);
        expect(avgPoolBackward(dout, cache)).toBeAllClose(dx, { rtol: 0, atol: 30 * tolerance });
      }),
      { numRuns: 80, seed: 1 },
    );
  });
});

const PADDED: MaxPoolParam = { poolHeight: 3, poolWidth: 3, stride: 2, pad: 1 };

describe('pooling with options, by hand', () => {
  const image = array([1, 5, 2, 0, 3, 4, 8, 7, 9, 6, 1, 2], [1, 1, 3, 4]);
  const max = (param: MaxPoolParam) => maxPoolForward(image, param)[0];
  const avg = (param: AvgPoolParam) => avgPoolForward(image, param)[0];

  test('the padding of a max pooling is −∞, and gets no gradient', () => {
    const [out, cache] = maxPoolForward(image, PADDED);
    expect([...out.data]).toEqual([5, 8, 9, 8]);
    expect([...maxPoolBackward(array([1, 2, 4, 8], [1, 1, 2, 2]), cache).data]).toEqual([
      0, 1, 0, 0, 0, 0, 10, 0, 4, 0, 0, 0,
    ]);
    const none = full([1, 1, 3, 3], Number.NEGATIVE_INFINITY);
    const [low, lowCache] = maxPoolForward(none, PADDED);
    expect([...low.data]).toEqual(Array(4).fill(Number.NEGATIVE_INFINITY));
    // The first pixel of each window takes it, as in PyTorch.
    expect([...maxPoolBackward(full([1, 1, 2, 2], 1), lowCache).data]).toEqual([1, 1, 0, 1, 1, 0, 0, 0, 0]);
  });

  test('a window between the pixels of a small image is −∞, and its gradient goes nowhere', () => {
    const [out, cache] = maxPoolForward(full([1, 1, 1, 1], 7), {
      poolHeight: 2,
      poolWidth: 2,
      pad: 1,
      dilation: 2,
      stride: 1,
    });
    expect([...out.data]).toEqual([Number.NEGATIVE_INFINITY]);
    expect([...maxPoolBackward(full([1, 1, 1, 1], 1), cache).data]).toEqual([0]);
  });

  test('dilation leaves pixels out', () => {
    expect([...max({ poolHeight: 2, poolWidth: 2, dilation: 2, stride: 1 }).data]).toEqual([9, 6]);
  });

  test('ceilMode keeps a last window that is cut off, unless it begins beyond the image', () => {
    expect(max({ poolHeight: 2, poolWidth: 2, ceilMode: true }).shape).toEqual([1, 1, 2, 2]);
    expect(max({ poolHeight: 2, poolWidth: 3, stride: [2, 3], ceilMode: true }).shape).toEqual([1, 1, 2, 2]);
    expect(
      maxPoolForward(zeros([1, 1, 3, 3]), { poolHeight: 1, poolWidth: 1, stride: 3, ceilMode: true })[0].shape,
    ).toEqual([1, 1, 1, 1]);
    // A window larger than the image is cut off too.
    expect([...max({ poolHeight: 4, poolWidth: 4, ceilMode: true }).data]).toEqual([9]);
  });

  test('a mean counts the padding or not, and not what is beyond it', () => {
    const window = { poolHeight: 2, poolWidth: 2, pad: 1 };
    expect([...avg(window).data]).toEqual([0.25, 1.75, 0, 3, 4.75, 2.25]);
    expect([...avg({ ...window, countIncludePad: false }).data]).toEqual([1, 3.5, 0, 6, 4.75, 4.5]);
    expect([...avg({ ...window, divisorOverride: 2 }).data]).toEqual([0.5, 3.5, 0, 6, 9.5, 4.5]);
    expect([...avg({ poolHeight: 2, poolWidth: 2, ceilMode: true }).data]).toEqual([3.25, 4.25, 7.5, 1.5]);
  });

  test('adaptive max pooling takes the largest of each part', () => {
    const [out, cache] = adaptiveMaxPoolForward(image, [2, null]);
    expect([...out.data]).toEqual([3, 5, 8, 7, 9, 6, 8, 7]);
    expect(adaptiveMaxPoolBackward(full([1, 1, 2, 4], 1), cache)).toBeAllClose(
      array([0, 1, 0, 0, 1, 0, 2, 2, 1, 1, 0, 0], [1, 1, 3, 4]),
    );
    const hole = array([1, Number.NaN, 3, Number.NaN], [1, 1, 2, 2]);
    const [, holes] = adaptiveMaxPoolForward(hole, 1);
    expect([...adaptiveMaxPoolBackward(full([1, 1, 1, 1], 1), holes).data]).toEqual([0, 1, 0, 0]);
  });
});

describe('the numerical gradient of', () => {
  /** No two values are near each other. */
  const distinct = (shape: readonly number[]): NDArray =>
    array(Float64Array.from(new Random(1).permutation(shape.reduce((a, b) => a * b))), shape);

  const passes: Record<string, [x: NDArray, forward: (x: NDArray) => [NDArray, (dout: NDArray) => NDArray]]> = {};
  for (const param of [
    PADDED,
    { poolHeight: 2, poolWidth: 3, stride: 1, dilation: 2, pad: [1, 1] },
    { poolHeight: 3, poolWidth: 2, ceilMode: true },
  ] satisfies MaxPoolParam[]) {
    passes[`max pooling with ${JSON.stringify(param)}`] = [
      distinct([2, 2, 5, 7]),
      (x) => {
        const [out, cache] = maxPoolForward(x, param);
        return [out, (dout) => maxPoolBackward(dout, cache)];
      },
    ];
  }
  for (const param of [
    PADDED,
    { ...PADDED, countIncludePad: false, ceilMode: true },
    { poolHeight: 2, poolWidth: 3, pad: 1, divisorOverride: 5 },
  ] satisfies AvgPoolParam[]) {
    passes[`average pooling with ${JSON.stringify(param)}`] = [
      distinct([2, 2, 5, 7]),
      (x) => {
        const [out, cache] = avgPoolForward(x, param);
        return [out, (dout) => avgPoolBackward(dout, cache)];
      },
    ];
  }
  passes['adaptive max pooling'] = [
    distinct([2, 2, 5, 7]),
    (x) => {
      const [out, cache] = adaptiveMaxPoolForward(x, [3, 4]);
      return [out, (dout) => adaptiveMaxPoolBackward(dout, cache)];
    },
  ];
  for (const mode of ['constant', 'reflect', 'replicate', 'circular'] as const) {
    passes[`padding by '${mode}'`] = [
      distinct([1, 2, 4, 5]),
      (x) => {
        const [out, cache] = padForward(x, [3, 2, 1, 3], { mode });
        return [out, (dout) => padBackward(dout, cache)];
      },
    ];
  }

  test.each(Object.entries(passes))('%s', (_, [x, forward]) => {
    const [out, backward] = forward(x);
    const dout = new Random(2).randn(out.shape, 'float64');
    const expected = evalNumericalGradientArray((x) => forward(x)[0], x, dout);
    expect(backward(dout)).toBeAllClose(expected, { rtol: 1e-7, atol: 1e-8 });
  });

  test.each(Object.entries(passes))('%s is the same on views', (_, [x, forward]) => {
    const dout = new Random(3).randn(forward(x)[0].shape, 'float64');
    expectSameOnViews([x, dout], (x, dout) => {
      const [out, backward] = forward(x);
      return [out, backward(dout)];
    });
  });
});

describe('padForward', () => {
  const row = array([1, 2, 3, 4], [1, 4]);
  const padded = (pad: number[], options?: PadOptions, x = row) => [...padForward(x, pad, options)[0].data];

  test('puts values before and after, or takes some away', () => {
    expect(padded([1, 2])).toEqual([0, 1, 2, 3, 4, 0, 0]);
    expect(padded([1, -2], { value: 9 })).toEqual([9, 1, 2]);
    expect(padded([0, 0, 1, 0], { value: 9 })).toEqual([9, 9, 9, 9, 1, 2, 3, 4]);
    expect(padded([2, 3], { mode: 'reflect' })).toEqual([3, 2, 1, 2, 3, 4, 3, 2, 1]);
    expect(padded([2, 3], { mode: 'replicate' })).toEqual([1, 1, 1, 2, 3, 4, 4, 4, 4]);
    expect(padded([2, 3], { mode: 'circular' })).toEqual([3, 4, 1, 2, 3, 4, 1, 2, 3]);
    expect(padded([-1, 2], { mode: 'reflect' })).toEqual([2, 3, 4, 3, 2]);
    // As PyTorch: what is cut off does not come back on the other side.
    expect(padded([2, -1], { mode: 'circular' })).toEqual([2, 3, 1, 2, 3]);
    expect(padded([-1, 2], { mode: 'circular' })).toEqual([2, 3, 4, 2, 3]);
    expect(padded([-6, 9], { value: 5 })).toEqual([5, 5, 5, 5, 5, 5, 5]);
    expect(padded([], {}, array(3))).toEqual([3]);
  });

  test.each<[x: unknown, pad: unknown, options: unknown, message: string]>([
    [[1], [1, 1], {}, 'x is [1], expected an array of float32 or float64'],
    [row, [1], {}, 'pad is [1], expected pairs of whole numbers from the last axis on, [left, right, top, bottom]'],
    [row, 1, {}, 'pad is 1, expected pairs of whole numbers'],
    [row, [1, 0.5], {}, 'pad is [1, 0.5], expected pairs of whole numbers'],
    [row, [1, 1, 1, 1, 1, 1], {}, 'x has shape (1, 4), expected an axis for each of 3 pairs of pad'],
    [row, [-2, -2], {}, 'pad is [-2, -2] for axis 1 of shape (1, 4), expected numbers that leave at least one value'],
    [row, [1, 1], { mode: 'same' }, "mode is 'same', expected 'constant', 'reflect', 'replicate' or 'circular'"],
    [row, [1, 1], { value: '1' }, "value is '1', expected a number"],
    [row, [1, 1], { mode: 'reflect', value: 1 }, "value is 1, expected none beside mode 'reflect'"],
    [row, [1, 1], { fill: 1 }, "unknown option 'fill', expected mode, value"],
    [row, [4, 0], { mode: 'reflect' }, "x has shape (1, 4), expected at least 5 values on axis 1 for mode 'reflect'"],
    [row, [0, 5], { mode: 'circular' }, "x has shape (1, 4), expected at least 5 values on axis 1 for mode 'circular'"],
    [
      row,
      [4, -1],
      { mode: 'circular' },
      "x has shape (1, 4), expected at least 5 values on axis 1 for mode 'circular'",
    ],
    [
      zeros([2, 0]),
      [1, 1],
      { mode: 'replicate' },
      "x has shape (2, 0), expected at least 1 values on axis 1 for mode 'replicate'",
    ],
    [
      zeros([1, 2, 3, 4]),
      [1, 1],
      { mode: 'reflect' },
      "x has shape (1, 2, 3, 4), expected two or three axes for mode 'reflect' and [1, 1]",
    ],
    [
      zeros([1, 2, 3, 4]),
      [1, 1, 1, 1, 1, 1],
      { mode: 'circular' },
      "expected a pad of one or two pairs for mode 'circular' and [1, 1, 1, 1, 1, 1]",
    ],
  ])('names what does not fit: case %#', (x, pad, options, message) => {
    expect(() => padForward(pretend(x), pretend(pad), pretend(options))).toThrow(message);
  });

  test('names a dout that does not fit', () => {
    const [, cache] = padForward(row, [1, 1]);
    expect(() => padBackward(row, cache)).toThrow('padBackward: dout has shape (1, 4), expected (1, 6)');
  });

  test('a value goes to as many places as the mode says, whatever the axis', () => {
    for (const mode of ['reflect', 'replicate', 'circular'] satisfies PadMode[]) {
      const x = new Random(1).randn([1, 3, 4]);
      const turned = padForward(x.transpose(0, 2, 1), [0, 0, 1, 2], { mode })[0];
      expect(padForward(x, [1, 2], { mode })[0]).toEqualBits(array(turned.transpose(0, 2, 1)));
    }
  });
});

describe('a pooling with options', () => {
  test('follows a convolution and a ReLU in one sandwich', () => {
    const random = new Random(5);
    const [x, w, b] = [[2, 3, 8, 9], [4, 3, 3, 3], [4]].map((shape) => random.randn(shape, 'float64'));
    const [conv, pool] = [{ pad: 1 }, { ...PADDED, ceilMode: true }];
    const [out, cache] = convReluPoolForward(x, w, b, conv, pool);
    const [h, convCache] = convReluForward(x, w, b, conv);
    const [expected, poolCache] = maxPoolForward(h, pool);
    expect(out).toEqualBits(expected);
    const dout = random.randn(out.shape, 'float64');
    const grads = convReluPoolBackward(dout, cache);
    const separate = convReluBackward(maxPoolBackward(dout, poolCache), convCache);
    for (const name of ['dx', 'dw', 'db'] as const) {
      expect(grads[name]).toBeAllClose(separate[name], { rtol: 1e-10, atol: 1e-12 });
    }
  });

  test('has its output in the summary of a model: the stem of a ResNet', () => {
    const stem = new nn.Sequential(
      new nn.Conv2d(3, 8, 7, { stride: 2, padding: 3 }),
      new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
      new nn.AdaptiveMaxPool2d([null, 4]),
    );
    expect(stem.summary([3, 64, 64]).rows.map(({ outputShape }) => outputShape)).toEqual([
      [8, 32, 32],
      [8, 16, 16],
      [8, 16, 4],
    ]);
  });
});

describe('what poolings refuse', () => {
  const x = zeros([2, 3, 4, 5]);
  const pairs = (least: number) => `expected a whole number ≥ ${least}, or [vertical, horizontal] of such`;
  test.each<[message: string, wrong: Record<string, unknown>]>([
    [
      'poolHeight is 7, expected a whole number from 1 to 6, the most that the padded image holds',
      { poolHeight: 7, pad: 1 },
    ],
    [
      'poolWidth is 4, expected a whole number from 1 to 3, the most that the padded image holds',
      { poolWidth: 4, dilation: 2 },
    ],
    ['pad is 2, expected at most half the window, (1, 1)', { pad: 2 }],
    ['pad is [0, 2], expected at most half the window, (1, 1)', { pad: [0, 2] }],
    [`pad is -1, ${pairs(0)}`, { pad: -1 }],
    [`dilation is 0, ${pairs(1)}`, { dilation: 0 }],
    ['ceilMode is 1, expected true or false', { ceilMode: 1 }],
    [
      "unknown option 'countIncludePad', expected poolHeight, poolWidth, stride, pad, ceilMode, dilation",
      { countIncludePad: true },
    ],
  ])('max pooling: %s', (message, wrong) => {
    for (const [fn, forward] of Object.entries({ maxPoolForward, maxPoolForwardNaive })) {
      const param = { poolHeight: 2, poolWidth: 2, ...wrong };
      expect(() => forward(x, pretend(param))).toThrow(`${fn}: ${message}`);
    }
  });

  test.each<[message: string, wrong: Record<string, unknown>]>([
    ['countIncludePad is 1, expected true or false', { countIncludePad: 1 }],
    ['divisorOverride is 0, expected a whole number ≥ 1, or null', { divisorOverride: 0 }],
    ['pad is 2, expected at most half the window, (1, 1)', { pad: 2 }],
    [
      "unknown option 'dilation', expected poolHeight, poolWidth, stride, pad, ceilMode, countIncludePad, divisor",
      { dilation: 1 },
    ],
  ])('average pooling: %s', (message, wrong) => {
    expect(() => avgPoolForward(x, pretend({ poolHeight: 2, poolWidth: 2, ...wrong }))).toThrow(
      `avgPoolForward: ${message}`,
    );
  });

  test.each<[message: string, size: unknown]>([
    ['outputSize is 0, expected a whole number ≥ 1, or null for the size of the input, or [vertical, horizontal]', 0],
    ['outputSize is [1, 2, 3], expected', [1, 2, 3]],
    ['outputSize is undefined, expected', undefined],
  ])('adaptive max pooling: %s', (message, size) => {
    expect(() => adaptiveMaxPoolForward(x, pretend(size))).toThrow(`adaptiveMaxPoolForward: ${message}`);
  });

  test('names a dout and a cache that do not fit', () => {
    const [, cache] = maxPoolForward(x, PADDED);
    expect(() => maxPoolBackward(zeros([2, 3, 2, 2]), cache)).toThrow(
      'dout has shape (2, 3, 2, 2), expected (2, 3, 2, 3)',
    );
    for (const wrong of [{ padH: 2 }, { padW: 0.5 }, { dilationH: 0 }, { strideH: 0 }]) {
      const broken = { ...cache, shape: { ...cache.shape, ...wrong } };
      expect(() => maxPoolBackward(zeros([2, 3, 2, 3]), broken)).toThrow('cache.shape is');
    }
    const [, mean] = avgPoolForward(x, PADDED);
    expect(() => avgPoolBackward(zeros([2, 3, 2, 3]), { ...mean, shape: { ...mean.shape, divisor: 0 } })).toThrow(
      'avgPoolBackward: cache.shape is',
    );
    const [, adaptive] = adaptiveMaxPoolForward(x, 2);
    expect(() => adaptiveMaxPoolBackward(zeros([2, 3, 2, 3]), adaptive)).toThrow(
      'dout has shape (2, 3, 2, 3), expected',
    );
  });
});
