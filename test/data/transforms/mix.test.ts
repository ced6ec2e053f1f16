import { describe, expect, test } from 'vitest';
import { drawBeta } from '../../../src/data/transforms/beta.js';
import { array, full, type MixOptions, type NDArray, Random, transforms, zeros } from '../../../src/index.js';
import { numbered } from './images.js';

const Y = Int32Array.of(0, 2, 1);

describe('mixup', () => {
  test('mixes each example with the one before it, and their targets by the same share', () => {
    const X = array([1, 10, 100], [3, 1], 'float64');
    const [out, y] = transforms.mixup({ numClasses: 3 })([X, Y], new Random(1));
    const lambda = y.get(0, 0);
    expect(lambda).toBeGreaterThan(0);
    expect(lambda).toBeLessThan(1);
    const rest = 1 - lambda;
    const expected = [lambda + 100 * rest, 10 * lambda + rest, 100 * lambda + 10 * rest];
    expect(out).toBeAllClose(array(expected, [3, 1], 'float64'), { rtol: 1e-14 });
    // Example 0 is of class 0 and followed the last, of class 1.
    const targets = [lambda, rest, 0, rest, 0, lambda, 0, lambda, rest];
    expect(y).toBeAllClose(array(targets, [3, 3], 'float64'), { atol: 1e-15 });
  });

  test('takes probabilities too, so that one mix follows another', () => {
    const X = numbered([3, 1, 2, 2]);
    const random = new Random(2);
    const once = transforms.mixup({ numClasses: 3 })([X, Y], random);
    const [, y] = transforms.cutmix({ numClasses: 3 })(once, random);
    for (let n = 0; n < 3; n++) expect(y.get(n, 0) + y.get(n, 1) + y.get(n, 2)).toBeCloseTo(1, 6);
  });

  test('of one example is that example', () => {
    const X = numbered([1, 4]);
    const [out, y] = transforms.mixup({ numClasses: 2 })([X, Int32Array.of(1)], new Random(0));
    expect(out).toBeAllClose(X);
    expect(y).toBeAllClose(array([0, 1], [1, 2]));
  });
});

describe('cutmix', () => {
  test('takes a rectangle from the image before, and mixes targets by its area', () => {
    for (let seed = 0; seed < 40; seed++) {
      const X = zeros([3, 2, 6, 7]);
      for (let p = 0; p < X.size; p++) X.data[p] = Math.floor(p / 84) + 1;
      const [out, y] = transforms.cutmix({ numClasses: 3 })([X, Y], new Random(seed));
      for (let n = 0; n < 3; n++) {
        const others = [...out.data.subarray(84 * n, 84 * (n + 1))].filter((v) => v !== n + 1);
        expect(new Set(others).size).toBeLessThan(2);
        if (others.length > 0) expect(others[0]).toBe(n === 0 ? 3 : n);
        expect(y.get(n, Y[n])).toBeCloseTo(1 - others.length / 84, 6);
      }
    }
  });
});

describe.each([
  ['mixup', transforms.mixup],
  ['cutmix', transforms.cutmix],
] as const)('%s', (name, make) => {
  test('repeats with the seed, writes to nothing, keeps dtype and shape', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const X = numbered([3, 2, 4, 5], dtype);
      const copy = array(X);
      const run = (seed: number) => make({ numClasses: 5, alpha: 0.2 })([X, Y], new Random(seed));
      const [[out, y], [again, yAgain]] = [run(7), run(7)];
      expect(out).toEqualBits(again);
      expect(y).toEqualBits(yAgain);
      expect(X).toEqualBits(copy);
      expect([out.shape, y.shape]).toEqual([X.shape, [3, 5]]);
      expect([out.data.constructor, y.data.constructor]).toEqual([X.data.constructor, X.data.constructor]);
    }
  });

  test.each<[options: unknown, message: string]>([
    [{}, 'numClasses is undefined, expected a whole number ≥ 1'],
    [{ numClasses: 10, alpha: 0 }, 'alpha is 0, expected a number > 0'],
    [{ numClasses: 10, p: 1 }, "unknown option 'p', expected numClasses, alpha"],
  ])('names the option that is wrong: %j', (options, message) => {
    expect(() => make(options as MixOptions)).toThrow(`${name}: ${message}`);
  });

  test.each<[y: unknown, message: string]>([
    [Int32Array.of(0, 3, 1), 'y[1] is 3, expected an integer in [0, C=3)'],
    [Int32Array.of(0, 1), 'y has shape (2,), expected (N=3,)'],
    [zeros([3, 4]), 'y has shape (3, 4), expected (3, 3)'],
  ])('refuses targets that do not fit: case %#', (y, message) => {
    const run = () => make({ numClasses: 3 })([zeros([3, 1, 2, 2]), y as NDArray], new Random(0));
    expect(run).toThrow(`${name}: ${message}`);
  });
});

test.each([0.01, 0.2, 1, 3])('numbers of Beta(%d) have its mean and variance, and lie in [0, 1]', (alpha) => {
  const random = new Random(5);
  const N = 5000;
  const drawn = Float64Array.from({ length: N }, () => drawBeta(random, alpha));
  expect(drawn.every((b) => b >= 0 && b <= 1)).toBe(true);
  const mean = drawn.reduce((sum, b) => sum + b) / N;
  const variance = drawn.reduce((sum, b) => sum + (b - mean) ** 2) / N;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
  expect(Math.abs(variance - 1 / (4 * (2 * alpha + 1)))).toBeLessThan(0.008);
});

test('a share of 1 changes nothing', () => {
  // An alpha so small that every share is 0 or 1.
  const X = full([2, 1, 1, 1], 3);
  const [out, y] = transforms.mixup({ numClasses: 2, alpha: 1e-6 })([X, Int32Array.of(1, 1)], new Random(0));
  expect(out).toEqualBits(X);
  expect([...y.data]).toEqual([0, 1, 0, 1]);
});
