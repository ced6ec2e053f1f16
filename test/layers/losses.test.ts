import { describe, expect, test } from 'vitest';
import {
  array,
  dtypeOf,
  full,
  hostValues,
  type Labels,
  type NDArray,
  Random,
  toNested,
  zeros,
} from '../../src/arrays/index.js';
import { evalNumericalGradient } from '../../src/gradient-check.js';
import { softmaxLoss, svmLoss } from '../../src/layers/index.js';
import { arraysOf, casesOf, DTYPES, expectGolden, expectPrinted, labels } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { expectSameOnViews } from '../helpers/views.js';

const LOSSES = [
  ['softmaxLoss', softmaxLoss, 'softmax_loss'],
  ['svmLoss', svmLoss, 'svm_loss'],
] as const;

describe('softmaxLoss', () => {
  test('is log C where all scores are equal', () => {
    const { loss, dx } = softmaxLoss(full([2, 4], 7, 'float64'), [1, 3]);
    expect(loss).toBeCloseTo(Math.log(4), 14);
    // (1/4 − onehot) / 2
    const [p, q] = [0.125, -0.375];
    expect(dx).toBeAllClose(
      array(
        [
          [p, q, p, p],
          [p, p, p, q],
        ],
        undefined,
        'float64',
      ),
      { rtol: 1e-14 },
    );
  });

  test('is the mean of −log p of the right classes', () => {
    // Powers 1, 2, 1 and 3, 1, 4: the right classes have the shares 2/4 and 3/8.
    const x = array(
      [
        [0, Math.log(2), 0],
        [Math.log(3), 0, Math.log(4)],
      ],
      undefined,
      'float64',
    );
    const { loss, dx } = softmaxLoss(x, [1, 0]);
    expect(loss).toBeCloseTo((Math.log(2) + Math.log(8 / 3)) / 2, 14);
    expect(dx).toBeAllClose(
      array(
        [
          [1 / 8, -1 / 4, 1 / 8],
          [-5 / 16, 1 / 16, 1 / 4],
        ],
        undefined,
        'float64',
      ),
      { rtol: 1e-13 },
    );
  });
});

describe('svmLoss', () => {
  test('sums the margins above zero', () => {
    const x = array([
      [3, 2.5, 1],
      [1, 0, 4],
    ]);
    // Example 0, class 0: 2.5 − 3 + 1 = 0.5. Example 1, class 1: 1 − 0 + 1 = 2, 4 − 0 + 1 = 5.
    const { loss, dx } = svmLoss(x, [0, 1]);
    expect(loss).toBe(7.5 / 2);
    expect(toNested(dx)).toEqual([
      [-0.5, 0.5, 0],
      [0.5, -1, 0.5],
    ]);
  });

  test('a margin of just zero has no gradient', () => {
    const { loss, dx } = svmLoss(array([[2, 1, 3]]), [0]);
    expect(loss).toBe(2);
    expect(toNested(dx)).toEqual([[-1, 0, 1]]);
  });
});

describe.each(LOSSES)('%s', (name, lossOf) => {
  test('agrees with the numerical gradient', () => {
    const x = new Random(10).randn([6, 5], 'float64');
    const y = [0, 4, 2, 2, 1, 3];
    expect(lossOf(x, y).dx).toBeAllClose(
      evalNumericalGradient((x) => lossOf(x, y).loss, x),
      { rtol: 1e-7, atol: 1e-10 },
    );
  });

  test('takes labels as anything indexable, or as a 1-d array', () => {
    const x = new Random(11).randn([4, 3]);
    const list = [2, 0, 1, 1];
    const { loss, dx } = lossOf(x, list);
    const held = array([9, 2, 9, 0, 9, 1, 9, 1], [4, 2], 'float64');
    const kinds: Labels[] = [
      Int32Array.from(list),
      Uint8Array.from(list),
      Float64Array.from(list),
      { length: 4, 0: 2, 1: 0, 2: 1, 3: 1 },
      array(list),
      held.pick(null, 1),
      array([1, 1, 0, 2]).step(-1),
    ];
    for (const y of kinds) {
      const other = lossOf(x, y);
      expect(other.loss).toBe(loss);
      expect(other.dx).toEqualBits(dx);
    }
  });

  test.each<[what: string, x: NDArray, y: Labels, message: string]>([
    ['scores of rank 1', zeros([3]), [0, 1, 2], 'x has shape (3,), expected (N, C)'],
    ['scores of rank 3', zeros([3, 2, 2]), [0, 1, 1], 'x has shape (3, 2, 2), expected (N, C)'],
    ['no classes', zeros([3, 0]), [0, 0, 0], 'x has shape (3, 0), expected (N, C) with every size but N at least 1'],
    ['too few labels', zeros([3, 2]), [0, 1], 'y has shape (2,), expected (N=3,)'],
    ['too many labels', zeros([3, 2]), Int32Array.of(0, 1, 0, 1), 'y has shape (4,), expected (N=3,)'],
    ['labels of rank 2', zeros([3, 2]), zeros([3, 1]), 'y has shape (3, 1), expected (N,)'],
  ])('names %s', (_, x, y, message) => {
    expect(() => lossOf(x, y)).toThrow(expect.objectContaining({ name: 'ShapeError', message: `${name}: ${message}` }));
  });

  test.each<[what: string, y: Labels, message: string]>([
    ['a label of C', [0, 1, 2], 'y[2] is 2, expected an integer in [0, C=2)'],
    ['a negative label', [0, -1, 1], 'y[1] is -1, expected an integer in [0, C=2)'],
    ['a fraction', [0.5, 1, 1], 'y[0] is 0.5, expected an integer in [0, C=2)'],
    ['NaN', [1, Number.NaN, 1], 'y[1] is NaN, expected an integer in [0, C=2)'],
    ['a fraction in an array', array([0, 1, 1.25]), 'y[2] is 1.25, expected an integer in [0, C=2)'],
    ['a large label', Uint8Array.of(0, 255, 1), 'y[1] is 255, expected an integer in [0, C=2)'],
  ])('names %s', (_, y, message) => {
    const x = zeros([3, 2]);
    expect(() => lossOf(x, y)).toThrow(expect.objectContaining({ name: 'RangeError', message: `${name}: ${message}` }));
  });

  test.each<[what: string, x: unknown, y: unknown, message: string]>([
    ['no labels', zeros([3, 2]), undefined, 'y is undefined, expected a list of labels'],
    ['a number for labels', zeros([3, 2]), 1, 'y is 1, expected a list of labels'],
    ['a string for labels', zeros([3, 2]), '010', "y is '010', expected a list of labels"],
    ['a list for scores', [1, 2], [0], 'x is [1, 2], expected an array of float32 or float64: make it with array(x)'],
  ])('refuses %s', (_, x, y, message) => {
    expect(() => lossOf(x as NDArray, y as Labels)).toThrow(
      expect.objectContaining({ name: 'TypeError', message: `${name}: ${message}` }),
    );
  });

  test('of an empty batch is NaN', () => {
    const { loss, dx } = lossOf(zeros([0, 3]), []);
    expect(loss).toBeNaN();
    expect(dx.shape).toEqual([0, 3]);
  });

  test('leaves the labels alone', () => {
    const y = Int32Array.of(1, 0, 1);
    lossOf(new Random(12).randn([3, 2]), y);
    expect(y).toEqual(Int32Array.of(1, 0, 1));
  });
});

describeKernelSets('losses', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    describe.each(LOSSES)('%s', (_, lossOf, op) => {
      test.each(casesOf(op))('golden: $name', (c) => {
        const result = lossOf(arraysOf({ x: c.inputs.x }, dtype).x, labels(c.inputs.y));
        expectGolden(c, { ...result }, dtype);
        if (c.printed !== undefined && dtype === 'float64') expectPrinted(c, { loss: result.loss });
      });

      test('NaN in a score shows in the loss', () => {
        for (const [place, y] of [
          [0, [0, 2]],
          [1, [0, 2]],
          [5, [0, 2]],
          [5, [0, 1]],
        ] as const) {
          const x = new Random(13).randn([2, 3], dtype);
          x.data[place] = Number.NaN;
          expect(lossOf(x, y).loss).toBeNaN();
        }
      });

      test('does not mind a class that is out of the question', () => {
        const x = array([[1, 0.5, Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY]], undefined, dtype);
        const { loss, dx } = lossOf(x, [0]);
        const without = lossOf(array([[1, 0.5, 0]], undefined, dtype), [0]);
        expect(loss).toBeCloseTo(without.loss, dtype === 'float64' ? 14 : 6);
        expect([dx.get(0, 2), dx.get(0, 4)]).toEqual([0, 0]);
      });

      test('takes any view, writes to none of its arguments, and returns new arrays', () => {
        const y = [0, 6, 3, 3, 1];
        expectSameOnViews([new Random(14).randn([5, 7], dtype)], (x) => {
          const { loss, dx } = lossOf(x, y);
          expect(dtypeOf(dx)).toBe(dtype);
          return [array([loss], [1], 'float64'), dx];
        });
      });

      test('the gradient of every example sums to zero', () => {
        const { dx } = lossOf(new Random(15).randn([50, 10], dtype), new Random(16).randint(0, 10, 50));
        const [flat, bound] = [hostValues(dx), dtype === 'float64' ? 1e-15 : 1e-7];
        for (let n = 0; n < 50; n++) {
          const sum = [...flat.subarray(n * 10, n * 10 + 10)].reduce((total, g) => total + g, 0);
          expect(Math.abs(sum)).toBeLessThan(bound);
        }
      });
    });

    test('softmaxLoss neither overflows nor loses the loss for scores of any size', () => {
      const far = array([[1000, 0, -1000]], undefined, dtype);
      expect(softmaxLoss(far, [0]).loss).toBe(0);
      expect(softmaxLoss(far, [1]).loss).toBe(1000);
      expect(softmaxLoss(far, [2]).loss).toBe(2000);
      expect(toNested(softmaxLoss(far, [2]).dx)).toEqual([[1, 0, -1]]);
    });
  });
});
