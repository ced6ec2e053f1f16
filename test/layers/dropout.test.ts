import { describe, expect, test } from 'vitest';
import { array, type DType, dtypeOf, full, type NDArray, ones, Random, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  type DropoutParam,
  dropout2dBackward,
  dropout2dForward,
  dropoutBackward,
  dropoutForward,
} from '../../src/layers/index.js';
import { withShard } from '../../src/layers/shard.js';
import { arraysOf, DTYPES, expectGolden } from '../helpers/fixtures.js';
import { describeKernelSets, KERNEL_SETS, switchKernels, useKernels } from '../helpers/kernel-sets.js';
import { casesIn, valuesOf } from '../helpers/normalization.js';
import { expectSameOnViews } from '../helpers/views.js';

const FILES = ['dropout', 'notebook_dropout'];

/** A case that says how far from a value a statistic may be. */
interface StatisticsCase {
  readonly op: string;
  readonly config: { readonly p: number };
  readonly expected: Readonly<Record<string, { readonly value: number; readonly max_deviation: number }>>;
}

/** What a dropout multiplied a `shape` of ones by. */
function maskOf(shape: readonly number[], param: Omit<DropoutParam, 'mode'>, dtype: DType = 'float32'): NDArray {
  const [out, { mask }] = dropoutForward(ones(shape, dtype), { mode: 'train', ...param });
  expect(mask).toEqualBits(out);
  return out;
}

/** The share of a mask that is not zero. */
function keptShare(mask: NDArray): number {
  return valuesOf(mask).filter((v) => v !== 0).length / mask.size;
}

describe('dropoutForward', () => {
  test('keeps x/p or nothing', () => {
    const x = new Random(1).randn([40, 25]);
    for (const p of [0.125, 0.25, 0.5, 1]) {
      const [out, { mask }] = dropoutForward(x, { mode: 'train', p, seed: 1 });
      const factors = valuesOf(mask as NDArray);
      expect(new Set(factors)).toEqual(new Set(p === 1 ? [1] : [0, 1 / p]));
      // A dropped negative value is −0.
      expect(valuesOf(out).map((v) => v + 0)).toEqual(factors.map((f, i) => (f === 0 ? 0 : x.data[i] / p)));
    }
    const [third] = dropoutForward(array(x, x.shape, 'float64'), { mode: 'train', p: 1 / 3, seed: 1 });
    expect(valuesOf(third).every((v, i) => v === 0 || Math.abs(v / x.data[i] - 3) < 1e-14)).toBe(true);
  });

  test.each([
    ['without a seed', undefined],
    ['with a seed of 7', 7],
  ])('p of 1 keeps all, %s', (_, seed) => {
    const x = new Random(2).randn([50, 21]);
    expect(dropoutForward(x, { mode: 'train', p: 1, seed })[0]).toEqualBits(x);
  });

  test('in test mode it is a copy, whatever p', () => {
    const x = new Random(3).randn([4, 3, 2]);
    for (const p of [0.1, 0.5, 1]) {
      const [out, cache] = dropoutForward(x, { mode: 'test', p, seed: 1 });
      expect(out).toEqualBits(x);
      expect(out.data).not.toBe(x.data);
      expect(cache.mask).toBeNull();
      const dx = dropoutBackward(x, cache);
      expect(dx).toEqualBits(x);
      expect(dx.data).not.toBe(x.data);
    }
  });

  test('a given mask multiplies as it is', () => {
    const x = array([1, 2, 3, 4], [2, 2]);
    const mask = array([0, 3, 1, 0.5], [2, 2]);
    const [out, cache] = dropoutForward(x, { mode: 'train', p: 0.5, seed: 1, mask });
    expect(valuesOf(out)).toEqual([0, 6, 3, 2]);
    expect(cache.mask).toBe(mask);
    expect(valuesOf(dropoutBackward(ones([2, 2]), cache))).toEqual([0, 3, 1, 0.5]);
  });

  const keeping = 'expected the probability of keeping a unit, in (0, 1]';
  test.each<[kind: string, message: string, wrong: Record<string, unknown>]>([
    ['RangeError', `p is 0, ${keeping}`, { p: 0 }],
    ['RangeError', `p is -0.1, ${keeping}`, { p: -0.1 }],
    ['RangeError', `p is 1.001, ${keeping}`, { p: 1.001 }],
    ['RangeError', `p is NaN, ${keeping}`, { p: Number.NaN }],
    ['RangeError', `p is '0.5', ${keeping}`, { p: '0.5' }],
    ['RangeError', `p is undefined, ${keeping}`, { p: undefined }],
    ['RangeError', "mode is 'eval', expected 'train' or 'test'", { mode: 'eval' }],
    ['RangeError', "mode is undefined, expected 'train' or 'test'", { mode: undefined }],
    ['TypeError', "unknown option 'rate', expected mode, p, seed, random, mask", { rate: 0.5 }],
    ['ShapeError', 'mask has shape (3, 4), expected (4, 3)', { mask: ones([3, 4]) }],
    ['TypeError', 'mask has dtype float64, expected float32, the dtype of x', { mask: ones([4, 3], 'float64') }],
    [
      'TypeError',
      'mask is [1, 0], expected an array of float32 or float64: make it with array(mask)',
      { mask: [1, 0] },
    ],
    ['TypeError', 'x is [1, 2], expected an array of float32 or float64: make it with array(x)', { x: [1, 2] }],
  ])('throws a %s that says: %s, and draws nothing', (name, message, wrong) => {
    const random = new Random(1);
    const before = random.state();
    const { x, ...param } = { x: ones([4, 3]), mode: 'train', p: 0.5, random, ...wrong };
    const expected = expect.objectContaining({ name, message: `dropoutForward: ${message}` });
    expect(() => dropoutForward(x, param as DropoutParam)).toThrow(expected);
    expect(random.state()).toEqual(before);
  });
});

describe('dropoutBackward', () => {
  test('uses the mask of the forward pass', () => {
    const x = new Random(4).randn([30, 11]);
    const [out, cache] = dropoutForward(x, { mode: 'train', p: 0.6 });
    expect(dropoutBackward(x, cache)).toEqualBits(out);
    expect(dropoutBackward(ones(x.shape), cache)).toEqualBits(cache.mask as NDArray);
  });

  test('agrees with the numerical gradient', () => {
    const random = new Random(5);
    const [x, dout] = [random.randn([5, 7], 'float64'), random.randn([5, 7], 'float64')];
    for (const param of [{ seed: 123 }, { mask: random.randn([5, 7], 'float64') }]) {
      const forward = () => dropoutForward(x, { mode: 'train', p: 0.3, ...param });
      const dx = dropoutBackward(dout, forward()[1]);
      const expected = evalNumericalGradientArray(() => forward()[0], x, dout);
      expect(dx).toBeAllClose(expected, { rtol: 1e-8, atol: 1e-9 });
    }
  });

  test.each([
    [zeros([4, 2]), 'ShapeError', 'dout has shape (4, 2), expected (4, 3)'],
    [zeros([12]), 'ShapeError', 'dout has shape (12,), expected (4, 3)'],
  ])('names a dout that does not fit', (dout, name, message) => {
    for (const mode of ['train', 'test'] as const) {
      const [, cache] = dropoutForward(zeros([4, 3]), { mode, p: 0.5 });
      const expected = expect.objectContaining({ name, message: `dropoutBackward: ${message}` });
      expect(() => dropoutBackward(dout, cache)).toThrow(expected);
    }
  });

  test('names a dout of another dtype', () => {
    const [, cache] = dropoutForward(zeros([4, 3]), { mode: 'train', p: 0.5 });
    const message = 'dropoutBackward: dout has dtype float64, expected float32, the dtype of mask';
    expect(() => dropoutBackward(zeros([4, 3], 'float64'), cache)).toThrow(
      expect.objectContaining({ name: 'TypeError', message }),
    );
  });
});

describe('masks', () => {
  test('the same seed gives the same mask at every call, another seed another one', () => {
    const masks = [1, 2, 'layer 1', 'layer 2'].map((seed) => [0, 1].map(() => maskOf([20, 30], { p: 0.5, seed })));
    masks.forEach(([first, second], i) => {
      expect(first).toEqualBits(second);
      // Two masks that know nothing of one another agree on half of their places.
      for (const [other] of masks.slice(0, i)) {
        const share = valuesOf(first).filter((v, at) => v === other.data[at]).length / 600;
        expect(Math.abs(share - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 600));
      }
    });
  });

  test('without a seed no two are alike', () => {
    const [first, second] = [0, 1].map(() => maskOf([100], { p: 0.5 }));
    expect(valuesOf(first)).not.toEqual(valuesOf(second));
  });

  test('a random moves on from call to call, and can be taken up again where its state was saved', () => {
    const random = new Random(9);
    const [first, second] = [0, 1].map(() => maskOf([300], { p: 0.5, random }));
    const state = random.state();
    const third = maskOf([300], { p: 0.5, random });
    expect(valuesOf(first)).not.toEqual(valuesOf(second));
    expect(valuesOf(second)).not.toEqual(valuesOf(third));
    expect(maskOf([300], { p: 0.5, random: Random.fromState(state) })).toEqualBits(third);
    expect(maskOf([300], { p: 0.5, random: new Random(9) })).toEqualBits(first);
  });

  test('a seed goes before a random, and neither is used in test mode or beside a given mask', () => {
    const random = new Random(10);
    const before = random.state();
    expect(maskOf([300], { p: 0.5, random, seed: 3 })).toEqualBits(maskOf([300], { p: 0.5, seed: 3 }));
    dropoutForward(ones([300]), { mode: 'test', p: 0.5, random });
    dropoutForward(ones([300]), { mode: 'train', p: 0.5, random, mask: ones([300]) });
    expect(random.state()).toEqual(before);
  });

  test.each([0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99])('keep a share of %d, seed by seed', (p) => {
    const n = 20_000;
    const shares = Array.from({ length: 40 }, (_, seed) => keptShare(maskOf([n], { p, seed })));
    const error = Math.sqrt((p * (1 - p)) / n);
    for (const share of shares) expect(Math.abs(share - p)).toBeLessThan(4 * error);
    const mean = shares.reduce((sum, v) => sum + v, 0) / 40;
    expect(Math.abs(mean - p)).toBeLessThan((4 * error) / Math.sqrt(40));
    // The shares scatter as they should: Σ ((share − p)/error)² is χ² with 40 degrees of freedom.
    const chiSquare = shares.reduce((sum, v) => sum + ((v - p) / error) ** 2, 0);
    expect(Math.abs(chiSquare - 40)).toBeLessThan(4.5 * Math.sqrt(80));
  });

  test('keep every place as often as any other over the seeds', () => {
    const [places, seeds, p] = [500, 2000, 0.3];
    const kept = new Float64Array(places);
    for (let seed = 0; seed < seeds; seed++) {
      valuesOf(maskOf([places], { p, seed })).forEach((v, i) => {
        if (v !== 0) kept[i]++;
      });
    }
    const chiSquare = kept.reduce((sum, count) => sum + (count - p * seeds) ** 2 / (seeds * p * (1 - p)), 0);
    expect(Math.abs(chiSquare - places)).toBeLessThan(4.5 * Math.sqrt(2 * places));
  });

  test.each([1, 2, 3, 4, 8, 16, 31, 32, 100, 256, 1024])('have no memory of the unit %i places before', (lag) => {
    const n = 100_000;
    const kept = valuesOf(maskOf([n + lag], { p: 0.5, seed: lag })).map((v) => (v === 0 ? -1 : 1));
    let sum = 0;
    for (let i = 0; i < n; i++) sum += kept[i] * kept[i + lag];
    expect(Math.abs(sum) / n).toBeLessThan(4 / Math.sqrt(n));
  });

  describe('on every kernel set', () => {
    useKernels('wasm', 2);

    test.each([0.02, 0.37, 0.5])('are the same, and in both formats, for a p of %d', (p) => {
      const kept = (dtype: DType): boolean[] =>
        valuesOf(maskOf([301, 233], { p, seed: 'here and there' }, dtype)).map((v) => v !== 0);
      const expected = kept('float32');
      for (const { kernels, threads } of KERNEL_SETS) {
        switchKernels(kernels, threads);
        for (const dtype of DTYPES) {
          const same = kept(dtype).every((v, i) => v === expected[i]);
          expect(same, `${kernels} on ${threads} threads, ${dtype}`).toBe(true);
        }
      }
    });
  });
});

describe('of a part of a batch', () => {
  /** The masks of parts of 3, 1 and 4 examples, one below the other. */
  const inParts = (maskOf: (size: number) => NDArray): number[] =>
    [
      [0, 3],
      [3, 1],
      [4, 4],
    ].flatMap(([start, size]) =>
      valuesOf(withShard({ start, size, total: 8, weight: size / 8, sum: null }, () => maskOf(size))),
    );

  test.each([[[7]], [[]], [[3, 5, 2]]])(
    'are the rows of the mask of the whole, for examples of shape (%s)',
    (shape) => {
      const make = (size: number) => maskOf([size, ...shape], { p: 0.4, seed: 7 }, 'float64');
      expect(inParts(make)).toEqual(valuesOf(make(8)));
    },
  );

  test('are so where an example has several rows', () => {
    const make = (size: number) => maskOf([6 * size, 3], { p: 0.4, seed: 7 });
    expect(inParts(make)).toEqual(valuesOf(make(8)));
  });

  test('are the same in all parts for what is no batch, such as weights or one image', () => {
    const weights = () => maskOf([5, 4], { p: 0.4, seed: 7 });
    const image = () => dropout2dForward(ones([4, 1, 1]), { mode: 'train', p: 0.5, seed: 3 })[0];
    for (const make of [weights, image]) {
      const part = withShard({ start: 4, size: 4, total: 8, weight: 1, sum: null }, make);
      expect(part).toEqualBits(make());
    }
  });

  test('are so for channels', () => {
    const make = (size: number) => {
      const [, { mask }] = dropout2dForward(ones([size, 9, 2, 1]), { mode: 'train', p: 0.5, seed: 3 });
      return mask as NDArray;
    };
    expect(inParts(make)).toEqual(valuesOf(make(8)));
  });
});

test('there are these many cases in the fixtures', () => {
  expect(casesIn(FILES, 'dropout')).toHaveLength(5);
  expect(casesIn(FILES, 'dropout_statistics')).toHaveLength(3);
});

describeKernelSets('dropout', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(casesIn(FILES, 'dropout'))('golden: $name', (c) => {
      const { x, dout, keep_mask: mask } = arraysOf(c.inputs, dtype);
      const [mode, p] = [c.config.mode as DropoutParam['mode'], Number(c.config.p)];
      for (let i = 0; i < mask.size; i++) mask.data[i] /= p;
      const [out, cache] = dropoutForward(x, { mode, p, mask });
      expectGolden(c, { out, dx: dropoutBackward(dout, cache) }, dtype);
    });

    // What the notebook prints is of one draw, and belongs to its generator.
    test.each(casesIn<StatisticsCase>(FILES, 'dropout_statistics'))('statistics: $name', (c) => {
      const x = new Random(231).randn([500, 500], dtype);
      for (let i = 0; i < x.size; i++) x.data[i] += 10;
      const { p } = c.config;
      const [out] = dropoutForward(x, { mode: 'train', p, seed: 123 });
      const [tested] = dropoutForward(x, { mode: 'test', p, seed: 123 });
      const found: Record<string, number> = {
        zero_fraction: 1 - keptShare(out),
        train_output_mean: valuesOf(out).reduce((sum, v) => sum + v, 0) / out.size,
        test_zero_fraction: 1 - keptShare(tested),
      };
      expect(Object.keys(found).sort()).toEqual(Object.keys(c.expected).sort());
      for (const [name, { value, max_deviation }] of Object.entries(c.expected)) {
        expect(Math.abs(found[name] - value), name).toBeLessThanOrEqual(max_deviation);
      }
    });

    test('NaN is kept as NaN', () => {
      const x = full([200], Number.NaN, dtype);
      const [out] = dropoutForward(x, { mode: 'train', p: 0.5, seed: 1 });
      expect(valuesOf(out).every(Number.isNaN)).toBe(true);
    });

    test('takes any view, writes to none of its arguments, and returns new arrays', () => {
      const random = new Random(11);
      const args = [0, 1, 2].map(() => random.randn([3, 4, 5], dtype));
      for (const mode of ['train', 'test'] as const) {
        expectSameOnViews(args, (x, dout, mask) => {
          const results = [{ seed: 1 }, { mask }].flatMap((source) => {
            const [out, cache] = dropoutForward(x, { mode, p: 0.5, ...source });
            return [out, dropoutBackward(dout, cache)];
          });
          expect(results.map(dtypeOf)).toEqual(results.map(() => dtype));
          return results;
        });
      }
    });
  });
});

describe('dropout2d', () => {
  test('keeps or drops whole channels', () => {
    const x = ones([20, 30, 4, 5]);
    const [out, { mask }] = dropout2dForward(x, { mode: 'train', p: 0.25, seed: 3 });
    expect((mask as NDArray).shape).toEqual([20, 30]);
    const factors = valuesOf(mask as NDArray);
    expect(new Set(factors)).toEqual(new Set([0, 4]));
    expect(valuesOf(out)).toEqual(factors.flatMap((factor) => Array(20).fill(factor)));
    const share = keptShare(mask as NDArray);
    expect(Math.abs(share - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 600));
  });

  test('takes one image, and a given mask', () => {
    const x = new Random(1).randn([3, 2, 2]);
    const mask = array([2, 0, 3]);
    const [out, cache] = dropout2dForward(x, { mode: 'train', p: 0.5, mask });
    expect(valuesOf(out)).toEqual(valuesOf(x).map((v, i) => Math.fround([2, 0, 3][Math.floor(i / 4)] * v)));
    expect(valuesOf(dropout2dBackward(ones([3, 2, 2]), cache))).toEqual([2, 2, 2, 2, 0, 0, 0, 0, 3, 3, 3, 3]);
  });

  test('in test mode it is a copy', () => {
    const x = new Random(3).randn([2, 3, 2, 2]);
    const [out, cache] = dropout2dForward(x, { mode: 'test', p: 0.1 });
    expect(out).toEqualBits(x);
    expect(cache.mask).toBeNull();
    expect(dropout2dBackward(x, cache)).toEqualBits(x);
  });

  test('the same seed gives the same mask, and a generator the next one', () => {
    const x = ones([4, 50, 1, 1]);
    const run = (param: object) => dropout2dForward(x, { mode: 'train', p: 0.5, ...param })[0];
    expect(run({ seed: 5 })).toEqualBits(run({ seed: 5 }));
    const random = new Random(5);
    expect(valuesOf(run({ random }))).not.toEqual(valuesOf(run({ random })));
  });

  test('agrees with the numerical gradient', () => {
    const random = new Random(8);
    const [x, dout] = [random.randn([2, 3, 3, 2], 'float64'), random.randn([2, 3, 3, 2], 'float64')];
    const param: DropoutParam = { mode: 'train', p: 0.5, seed: 1 };
    const numerical = evalNumericalGradientArray((v) => dropout2dForward(v, param)[0], x, dout);
    expect(dropout2dBackward(dout, dropout2dForward(x, param)[1])).toBeAllClose(numerical, { rtol: 1e-8, atol: 1e-9 });
  });

  test.each<[x: NDArray, param: object, message: string]>([
    [zeros([2, 3]), {}, 'x has shape (2, 3), expected (N, C, H, W)'],
    [ones([2, 3, 1, 1]), { mask: ones([3]) }, 'mask has shape (3,), expected (2, 3)'],
    [ones([2, 3, 1, 1]), { p: 0 }, 'p is 0, expected the probability of keeping a unit, in (0, 1]'],
    [ones([2, 3, 1, 1]), { drop: 1 }, "unknown option 'drop', expected mode, p, seed, random, mask"],
  ])('refuses %#', (x, param, message) => {
    expect(() => dropout2dForward(x, { mode: 'train', p: 0.5, ...param })).toThrow(`dropout2dForward: ${message}`);
  });

  test('names a dout that does not fit', () => {
    const [, cache] = dropout2dForward(ones([1, 2, 2, 2]), { mode: 'train', p: 0.5, seed: 1 });
    expect(() => dropout2dBackward(ones([1, 2, 2]), cache)).toThrow(
      'dropout2dBackward: dout has shape (1, 2, 2), expected (1, 2, 2, 2)',
    );
  });

  describeKernelSets('on every set of kernels', () => {
    test.each(DTYPES)('%s, on views, with planes either side of a vector', (dtype) => {
      const random = new Random(2);
      for (const [H, W] of [
        [1, 1],
        [1, 3],
        [2, 2],
        [1, 5],
        [3, 3],
      ]) {
        expectSameOnViews([random.randn([2, 3, H, W], dtype), random.randn([2, 3, H, W], dtype)], (x, dout) => {
          const [out, cache] = dropout2dForward(x, { mode: 'train', p: 0.5, seed: 4 });
          const factors = valuesOf(cache.mask as NDArray);
          expect(valuesOf(out)).toEqual(valuesOf(x).map((v, i) => factors[Math.floor(i / (H * W))] * v));
          return [out, dropout2dBackward(dout, cache)];
        });
      }
    });

    test('planes larger than a work item', () => {
      const x = new Random(6).randn([2, 3, 130, 130]);
      const [out, { mask }] = dropout2dForward(x, { mode: 'train', p: 0.5, seed: 4 });
      const factors = valuesOf(mask as NDArray);
      const wrong = out.data.findIndex((v, i) => !Object.is(v, factors[Math.floor(i / 16_900)] * x.data[i]));
      expect(wrong).toBe(-1);
    });
  });
});
