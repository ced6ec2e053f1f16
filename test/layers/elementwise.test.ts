import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, dtypeOf, type NDArray, ones, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  addBackward,
  addForward,
  divBackward,
  divForward,
  type ElementwiseGrads,
  maximumBackward,
  maximumForward,
  minimumBackward,
  minimumForward,
  mulBackward,
  mulForward,
  subBackward,
  subForward,
} from '../../src/layers/index.js';
import { broadcastingShapes, indicesOf, placeOf, valuesOf } from '../helpers/broadcasting.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { expectSameOnViews } from '../helpers/views.js';

interface Operation {
  readonly name: string;
  readonly forward: (a: NDArray, b: NDArray) => [NDArray, { dout: (dout: NDArray) => ElementwiseGrads }];
  /** The function of two numbers, and its two derivatives. */
  readonly value: (a: number, b: number) => number;
  readonly derivatives: (a: number, b: number) => readonly [da: number, db: number];
}

function operation<Cache>(
  name: string,
  forward: (a: NDArray, b: NDArray) => [NDArray, Cache],
  backward: (dout: NDArray, cache: Cache) => ElementwiseGrads,
  value: Operation['value'],
  derivatives: Operation['derivatives'],
): Operation {
  return {
    name,
    forward: (a, b) => {
      const [out, cache] = forward(a, b);
      return [out, { dout: (dout) => backward(dout, cache) }];
    },
    value,
    derivatives,
  };
}

const half = (wins: boolean, loses: boolean): number => (wins ? 1 : loses ? 0 : 0.5);

const OPERATIONS = [
  operation(
    'add',
    addForward,
    addBackward,
    (a, b) => a + b,
    () => [1, 1],
  ),
  operation(
    'sub',
    subForward,
    subBackward,
    (a, b) => a - b,
    () => [1, -1],
  ),
  operation(
    'mul',
    mulForward,
    mulBackward,
    (a, b) => a * b,
    (a, b) => [b, a],
  ),
  operation(
    'div',
    divForward,
    divBackward,
    (a, b) => a / b,
    (a, b) => [1 / b, -a / b / b],
  ),
  operation('maximum', maximumForward, maximumBackward, Math.max, (a, b) => [half(a > b, a < b), half(b > a, b < a)]),
  operation('minimum', minimumForward, minimumBackward, Math.min, (a, b) => [half(a < b, a > b), half(b < a, b > a)]),
];

describe('by hand', () => {
  const a = array([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const row = array([10, 20, 30]);
  const dout = array([
    [1, 1, 2],
    [1, 3, 1],
  ]);

  test('a row is added to each row, and gets the sums of the columns', () => {
    const [out, cache] = addForward(a, row);
    expect(toNested(out)).toEqual([
      [11, 22, 33],
      [14, 25, 36],
    ]);
    const { da, db } = addBackward(dout, cache);
    expect(toNested(da)).toEqual(toNested(dout));
    expect(toNested(db)).toEqual([2, 4, 3]);
  });

  test('a difference, whose second gradient is negative', () => {
    const [out, cache] = subForward(a, row);
    expect(toNested(out)).toEqual([
      [-9, -18, -27],
      [-6, -15, -24],
    ]);
    expect(toNested(subBackward(dout, cache).db)).toEqual([-2, -4, -3]);
  });

  test('a product with one number', () => {
    const [out, cache] = mulForward(a, array(2));
    expect(toNested(out)).toEqual([
      [2, 4, 6],
      [8, 10, 12],
    ]);
    const { da, db } = mulBackward(dout, cache);
    expect(toNested(da)).toEqual([
      [2, 2, 4],
      [2, 6, 2],
    ]);
    // 1 + 2 + 6 + 4 + 15 + 6
    expect(db.shape).toEqual([]);
    expect(toNested(db)).toBe(34);
  });

  test('a quotient of a column and a row', () => {
    const [out, cache] = divForward(array([[4], [8]]), array([1, 2]));
    expect(toNested(out)).toEqual([
      [4, 2],
      [8, 4],
    ]);
    const { da, db } = divBackward(ones([2, 2]), cache);
    // 1/1 + 1/2, and −(4 + 8)/1², −(4 + 8)/2²
    expect(toNested(da)).toEqual([[1.5], [1.5]]);
    expect(toNested(db)).toEqual([-12, -3]);
  });

  test('the larger and the smaller of two, with half of the gradient for each of two equal ones', () => {
    const [x, y, d] = [array([1, 5, 3]), array([2, 4, 3]), array([10, 20, 30])];
    const [larger, first] = maximumForward(x, y);
    expect(toNested(larger)).toEqual([2, 5, 3]);
    const most = maximumBackward(d, first);
    expect([toNested(most.da), toNested(most.db)]).toEqual([
      [0, 20, 15],
      [10, 0, 15],
    ]);
    const [smaller, second] = minimumForward(x, y);
    expect(toNested(smaller)).toEqual([1, 4, 3]);
    const least = minimumBackward(d, second);
    expect([toNested(least.da), toNested(least.db)]).toEqual([
      [10, 0, 15],
      [0, 20, 15],
    ]);
  });

  test('NaN is the larger and the smaller', () => {
    const [x, y] = [array([Number.NaN, 1]), array([1, Number.NaN])];
    expect(toNested(maximumForward(x, y)[0])).toEqual([Number.NaN, Number.NaN]);
    expect(toNested(minimumForward(x, y)[0])).toEqual([Number.NaN, Number.NaN]);
  });
});

test('the gradient of a sum is handed on as it is to operands of its shape', () => {
  const dout = ones([2, 3]);
  const { da, db } = addBackward(dout, addForward(zeros([2, 3]), zeros([2, 3]))[1]);
  expect([da === dout, db === dout]).toEqual([true, true]);
  expect(subBackward(dout, subForward(zeros([2, 3]), zeros([3]))[1]).da).toBe(dout);
});

describe.each(OPERATIONS)('$name', ({ name, forward }) => {
  test.each<[a: unknown, b: unknown, message: string]>([
    [zeros([2, 3]), zeros([4]), 'a has shape (2, 3), b has shape (4,): the sizes 3 and 4 do not broadcast'],
    [zeros([2]), zeros([3, 1, 4]), 'a has shape (2,), b has shape (3, 1, 4): the sizes 2 and 4 do not broadcast'],
    [zeros([2, 3]), zeros([0]), 'a has shape (2, 3), b has shape (0,): the sizes 3 and 0 do not broadcast'],
    [zeros([]), zeros([3], 'float64'), 'b has dtype float64, expected float32, the dtype of a'],
    [2, zeros([3]), 'a is 2, expected an array of float32 or float64'],
    [zeros([2]), undefined, 'b is undefined, expected an array of float32 or float64'],
    [zeros([2]).hi(3), zeros([]), 'a: an array of shape (3,) reaches outside its 2 values'],
  ])('refuses what does not fit', (a, b, message) => {
    expect(() => forward(a as NDArray, b as NDArray)).toThrow(`${name}Forward: ${message}`);
  });

  test.each([
    [zeros([3]), 'dout has shape (3,), expected (2, 3)'],
    [zeros([2, 1]), 'dout has shape (2, 1), expected (2, 3)'],
    [
      zeros([2, 3], 'float64'),
      `dout has dtype float64, expected float32, the dtype of ${name === 'add' || name === 'sub' ? 'out' : 'a'}`,
    ],
  ])('names a dout that does not fit', (dout, message) => {
    const [, cache] = forward(zeros([2, 1]), zeros([3]));
    expect(() => cache.dout(dout)).toThrow(`${name}Backward: ${message}`);
  });

  test.each([
    [
      [2, 3],
      [2, 3],
    ],
    [
      [4, 1, 3],
      [2, 1],
    ],
    [[3], [2, 3]],
    [[1], [2, 2]],
  ])('agrees with the numerical gradient of %j and %j', (aShape, bShape) => {
    const random = new Random(11);
    // No b is near 0, and no pair near a tie.
    const a = random.randn(aShape, 'float64');
    const b = addForward(random.rand(bShape, 'float64'), array(4, [], 'float64'))[0];
    const [out, cache] = forward(a, b);
    const dout = random.randn(out.shape, 'float64');
    const { da, db } = cache.dout(dout);
    const value = () => forward(a, b)[0];
    expect(da).toBeAllClose(evalNumericalGradientArray(value, a, dout), { rtol: 1e-8, atol: 1e-9 });
    expect(db).toBeAllClose(evalNumericalGradientArray(value, b, dout), { rtol: 1e-8, atol: 1e-9 });
  });
});

describeKernelSets('functions of two arrays', () => {
  describe.each(OPERATIONS)('$name', ({ forward, value, derivatives }) => {
    test.each(DTYPES)('broadcasts as a loop over all indices does, in %s', (dtype) => {
      const rtol = dtype === 'float64' ? 1e-13 : 1e-6;
      fc.assert(
        fc.property(broadcastingShapes, fc.integer(), ({ a: aShape, b: bShape }, seed) => {
          const random = new Random(seed);
          // Few values, none of them 0, so that there are ties.
          const draw = (shape: readonly number[]): NDArray => {
            const made = zeros(shape, dtype);
            const drawn = random.randint(1, 6, made.size);
            made.data.forEach((_, i) => {
              made.data[i] = drawn[i] / 4;
            });
            return made;
          };
          const [a, b] = [draw(aShape), draw(bShape)];
          const [out, cache] = forward(a, b);
          const dout = draw(out.shape);
          const { da, db } = cache.dout(dout);

          const expected = [zeros(out.shape, dtype), zeros(aShape, dtype), zeros(bShape, dtype)];
          const [as, bs, ds] = [valuesOf(a), valuesOf(b), valuesOf(dout)];
          indicesOf(out.shape).forEach((index, i) => {
            const [p, q] = [placeOf(index, aShape), placeOf(index, bShape)];
            const [toA, toB] = derivatives(as[p], bs[q]);
            expected[0].data[i] = value(as[p], bs[q]);
            expected[1].data[p] += ds[i] * toA;
            expected[2].data[q] += ds[i] * toB;
          });
          expect(out.shape.length).toBe(Math.max(aShape.length, bShape.length));
          [out, da, db].forEach((result, i) => {
            expect(result).toBeAllClose(expected[i], { rtol });
            expect(dtypeOf(result)).toBe(dtype);
          });
        }),
        { numRuns: 60 },
      );
    });
  });

  test.each(OPERATIONS)('$name takes any view, and writes to none of its arguments', ({ forward }) => {
    const random = new Random(12);
    for (const bShape of [[4, 3, 5], [3, 1], [5]]) {
      const a = random.randn([4, 3, 5]);
      expectSameOnViews([a, random.randn(bShape), random.randn([4, 3, 5])], (a, b, dout) => {
        const [out, cache] = forward(a, b);
        const { da, db } = cache.dout(dout);
        return [out, da, db].filter((result) => result !== dout);
      });
    }
  });

  test('sums over thousands of places are exact to float32, whichever axes are summed', () => {
    const n = 4097;
    for (const shape of [
      [n, 2],
      [2, n],
      [n, 2, 3],
      [3, 2, n],
    ]) {
      const dout = zeros(shape);
      dout.data.fill(0.1);
      const bShape = shape.map((size) => (size === 2 ? 2 : 1));
      const { db } = addBackward(dout, addForward(zeros(shape), zeros(bShape))[1]);
      const expected = Math.fround(Math.fround(0.1) * (dout.size / 2));
      expect(valuesOf(db)).toEqual([expected, expected]);
    }
  });
});
