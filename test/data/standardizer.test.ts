import { describe, expect, test } from 'vitest';
import { array, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { Standardizer, standardize } from '../../src/data/index.js';

describe('Standardizer', () => {
  const X = array([
    [1, 10],
    [3, 10],
    [100, 10],
    [5, 10],
  ]);

  test('brings the training rows to mean 0 and deviation 1, and the others by the same numbers', () => {
    const scaler = new Standardizer().fit(X, [0, 1, 3]);
    const std = Math.sqrt(8 / 3);
    expect(scaler.stateDict()).toEqual({ mean: [3, 10], std: [std, 1] });
    expect(scaler.transform(X)).toBeAllClose(
      array([
        [-2 / std, 0],
        [0, 0],
        [97 / std, 0],
        [2 / std, 0],
      ]),
      { rtol: 1e-6 },
    );
    expect(toNested(X.pick(2))).toEqual([100, 10]);
  });

  test('of random columns of any shape, in either dtype', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const x = new Random(231).randn([50, 3, 2], dtype).transpose(0, 2, 1) as NDArray;
      const out = new Standardizer().fit(x).transform(x);
      expect(out.shape).toEqual([50, 2, 3]);
      expect(out.data.constructor).toBe(x.data.constructor);
      const again = new Standardizer().fit(out).stateDict();
      for (const mean of again.mean) expect(Math.abs(mean)).toBeLessThan(1e-6);
      for (const std of again.std) expect(std).toBeCloseTo(1, 6);
    }
  });

  test('NaN does not count, and becomes the mean', () => {
    const scaler = new Standardizer().fit(array([[1], [Number.NaN], [3]]));
    expect(scaler.stateDict()).toEqual({ mean: [2], std: [1] });
    expect(toNested(scaler.transform(array([[Number.NaN], [4]])))).toEqual([[0], [2]]);
  });

  test('a column of equal values has the deviation 1, whatever its mean rounds to', () => {
    const x = array(new Float64Array(7).fill(0.1), [7, 1], 'float64');
    expect(new Standardizer().fit(x).stateDict().std).toEqual([1]);
  });

  test('of numbers whose squares no double holds', () => {
    for (const size of [1e-200, 1e200]) {
      const X = array(Float64Array.of(size, -size), [2, 1]);
      expect(toNested(new Standardizer().fit(X).transform(X))).toEqual([[1], [-1]]);
    }
  });

  test('the inverse gives back what was', () => {
    const scaler = new Standardizer().fit(X);
    expect(scaler.mean).toEqual(scaler.stateDict().mean);
    expect(scaler.std).toEqual(scaler.stateDict().std);
    expect(scaler.inverseTransform(scaler.transform(X))).toBeAllClose(X, { rtol: 1e-5 });
  });

  test('is saved', () => {
    const scaler = new Standardizer().fit(X);
    const other = new Standardizer();
    other.loadStateDict(JSON.parse(JSON.stringify(scaler.stateDict())));
    expect(other.transform(X)).toEqualBits(scaler.transform(X));
  });

  test.each<[() => unknown, string]>([
    [() => new Standardizer().transform(X), 'Standardizer.transform: nothing is known yet; call fit(X) first'],
    [() => new Standardizer().stateDict(), 'Standardizer.stateDict: nothing is known yet; call fit(X) first'],
    [
      () => new Standardizer().fit(X).transform(zeros([2, 3])),
      'Standardizer.transform: X has shape (2, 3), expected 2 columns, as in fit',
    ],
    [
      () =>
        new Standardizer().fit(
          array([
            [1, 2],
            [Number.NaN, 3],
          ]),
          [1],
        ),
      'Standardizer.fit: X has NaN alone in column 0, expected a value at least in each',
    ],
    [
      () => new Standardizer().fit(array([[1], [Number.POSITIVE_INFINITY]])),
      'Standardizer.fit: X holds Infinity in row 1, expected finite numbers',
    ],
    [() => new Standardizer().fit(X, [0, 4]), 'Standardizer.fit: rows[1] is 4, expected a row from 0 to 3'],
    [() => new Standardizer().fit(X, []), 'Standardizer.fit: rows is [], expected a list of at least one row'],
    [
      () => new Standardizer().loadStateDict({ mean: [0], std: [0] }),
      'Standardizer.loadStateDict: std is [0], expected a list of numbers > 0',
    ],
    [
      () => new Standardizer().loadStateDict({ mean: [0], std: [1, 2] }),
      'Standardizer.loadStateDict: std has 2 numbers, expected 1, as mean has',
    ],
    [
      () => new Standardizer().loadStateDict({ mean: [0] } as never),
      "Standardizer.loadStateDict: state has no entry 'std'",
    ],
  ])('case %#: %s', (call, message) => {
    expect(call).toThrow(message);
  });
});

test('standardize learns of the first part alone', () => {
  const [train, test] = standardize(array([[0], [2]]), array([[3]]));
  expect([toNested(train), toNested(test)]).toEqual([[[-1], [1]], [[2]]]);
});
