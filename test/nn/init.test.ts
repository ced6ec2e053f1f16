import { describe, expect, test } from 'vitest';
import {
  array,
  full,
  hostValues,
  type NDArray,
  Random,
  ShapeError,
  toNested,
  versionOf,
  zeros,
} from '../../src/arrays/index.js';
import { F, manualSeed, Tensor, tensor } from '../../src/autograd/index.js';
import * as nn from '../../src/nn/index.js';
import { DTYPES } from '../helpers/fixtures.js';

const { init } = nn;

/** Largest magnitude, mean and standard deviation. */
function measures(a: NDArray): { largest: number; mean: number; std: number } {
  const values = Float64Array.from(hostValues(a));
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  return { largest: Math.max(...values.map(Math.abs)), mean, std: Math.sqrt(square) };
}

/** fan in 36, fan out 360: 14,400 values. */
const SHAPE = [40, 4, 3, 3];
const random = () => new Random(2);

describe.each(DTYPES)('%s', (dtype) => {
  test.each<[string, (w: NDArray) => NDArray, number]>([
    ['kaimingNormal_', (w) => init.kaimingNormal_(w, { random: random() }), Math.sqrt(2 / 36)],
    ['kaimingNormal_ fan out', (w) => init.kaimingNormal_(w, { mode: 'fanOut', random: random() }), Math.sqrt(2 / 360)],
    [
      'kaimingNormal_ linear',
      (w) => init.kaimingNormal_(w, { nonlinearity: 'linear', random: random() }),
      Math.sqrt(1 / 36),
    ],
    ['kaimingNormal_ a', (w) => init.kaimingNormal_(w, { a: 2, random: random() }), Math.sqrt(2 / 5 / 36)],
    ['xavierNormal_', (w) => init.xavierNormal_(w, { random: random() }), Math.sqrt(2 / 396)],
    ['xavierNormal_ gain', (w) => init.xavierNormal_(w, { gain: 3, random: random() }), 3 * Math.sqrt(2 / 396)],
    ['normal_', (w) => init.normal_(w, 0, 0.3, { random: random() }), 0.3],
  ])('%s has the standard deviation of its formula', (_, fill, std) => {
    const w = zeros(SHAPE, dtype);
    expect(fill(w)).toBe(w);
    const found = measures(w);
    expect(found.std / std).toBeGreaterThan(0.95);
    expect(found.std / std).toBeLessThan(1.05);
    expect(Math.abs(found.mean)).toBeLessThan(0.1 * std);
    expect(found.largest).toBeGreaterThan(2.5 * std);
  });

  test.each<[string, (w: NDArray) => NDArray, number]>([
    ['kaimingUniform_', (w) => init.kaimingUniform_(w, { random: random() }), Math.sqrt(6 / 36)],
    [
      'kaimingUniform_ √5, as in Conv2d',
      (w) => init.kaimingUniform_(w, { a: Math.sqrt(5), random: random() }),
      1 / Math.sqrt(36),
    ],
    ['xavierUniform_', (w) => init.xavierUniform_(w, { random: random() }), Math.sqrt(6 / 396)],
    ['uniform_', (w) => init.uniform_(w, -0.2, 0.2, { random: random() }), 0.2],
    ['Conv2d', () => new nn.Conv2d(4, 40, 3, { random: random(), dtype }).weight.data, 1 / 6],
    ['Conv2d bias', () => new nn.Conv2d(4, 2000, 3, { random: random(), dtype }).bias?.data as NDArray, 1 / 6],
    ['Linear', () => new nn.Linear(25, 400, { random: random(), dtype }).weight.data, 1 / 5],
    ['Linear bias', () => new nn.Linear(25, 2000, { random: random(), dtype }).bias?.data as NDArray, 1 / 5],
  ])('%s fills the interval of its formula', (_, fill, bound) => {
    const { largest, mean, std } = measures(fill(zeros(SHAPE, dtype)));
    expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(largest).toBeGreaterThan(0.99 * bound);
    expect(Math.abs(mean)).toBeLessThan(0.05 * bound);
    expect(std * Math.sqrt(3)).toBeGreaterThan(0.95 * bound);
  });

  test('constant_, zeros_ and ones_ fill, uniform_ and normal_ shift', () => {
    const w = zeros([2, 3], dtype);
    expect([...hostValues(init.constant_(w, 2.5))]).toEqual(Array(6).fill(2.5));
    expect([...hostValues(init.ones_(w))]).toEqual(Array(6).fill(1));
    expect([...hostValues(init.zeros_(w))]).toEqual(Array(6).fill(0));
    const shifted = measures(init.normal_(zeros([5000], dtype), 7, 1, { random: random() }));
    expect(Math.abs(shifted.mean - 7)).toBeLessThan(0.1);
    const uniform = hostValues(init.uniform_(zeros([500], dtype), 3, 4, { random: random() }));
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...uniform)).toBeLessThanOrEqual(4);
  });
});

test('changes are made in place, in tensors and views too, and announced', () => {
  const w = tensor([[1, 2]], { requiresGrad: true });
  const version = versionOf(w.data);
  expect(init.ones_(w)).toBe(w);
  expect(w.tolist()).toEqual([[1, 1]]);
  expect(versionOf(w.data)).toBe(version + 1);
  const whole = zeros([2, 2]);
  init.constant_(whole.pick(null, 1), 3);
  expect([...hostValues(whole)]).toEqual([0, 3, 0, 3]);
});

test('the same seed gives the same weights, with manualSeed and with a Random', () => {
  const bySeed = () => {
    manualSeed('s');
    return new nn.Sequential(new nn.Linear(3, 2), new nn.Conv2d(1, 2, 2)).stateDict();
  };
  expect(bySeed()).toEqual(bySeed());
  const given = (seed: number) => new nn.Linear(3, 2, { random: new Random(seed) }).stateDict();
  expect(given(1)).toEqual(given(1));
  expect(given(1)).not.toEqual(given(2));
});

test('calculateGain is that of PyTorch', () => {
  const gains = (['linear', 'conv2d', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'selu'] as const).map((name) =>
    init.calculateGain(name),
  );
  expect(gains).toEqual([1, 1, 1, 5 / 3, Math.SQRT2, Math.sqrt(2 / (1 + 0.01 ** 2)), 0.75]);
  expect(init.calculateGain('leaky_relu', 1)).toBe(1);
});

describe('refused', () => {
  const w = new Tensor(array([[1, 2]]));
  test.each<[string, () => unknown, string]>([
    ['vectors', () => init.kaimingNormal_(zeros([4])), 'kaimingNormal_: tensor has shape (4,), expected (out, in, …)'],
    ['vectors', () => init.xavierUniform_(zeros([4])), 'xavierUniform_: tensor has shape (4,), expected (out, in, …)'],
    ['no tensors', () => init.zeros_([1] as never), 'zeros_: tensor is [1], expected a tensor or an array'],
    [
      'modes',
      () => init.kaimingUniform_(w, { mode: 'fan' as never }),
      "kaimingUniform_: mode is 'fan', expected 'fanIn' or 'fanOut'",
    ],
    [
      'nonlinearities',
      () => init.kaimingUniform_(w, { nonlinearity: 'toString' as never }),
      "kaimingUniform_: nonlinearity is 'toString', expected one of 'linear', 'conv2d'",
    ],
    ['slopes', () => init.kaimingNormal_(w, { a: Number.NaN }), 'kaimingNormal_: a is NaN, expected a number'],
    ['gains', () => init.xavierNormal_(w, { gain: -1 }), 'xavierNormal_: gain is -1, expected a number ≥ 0'],
    ['options', () => init.xavierNormal_(w, { Gain: 1 } as never), "xavierNormal_: unknown option 'Gain'"],
    ['options', () => init.kaimingNormal_(w, { fan: 1 } as never), "kaimingNormal_: unknown option 'fan'"],
    ['generators', () => init.normal_(w, 0, 1, { random: 3 as never }), 'normal_: random is 3, expected a Random'],
    ['spreads', () => init.normal_(w, 0, -1), 'normal_: std is -1, expected a number ≥ 0'],
    ['bounds', () => init.uniform_(w, 2, 1), 'uniform_: low is 2, expected at most high=1'],
    ['constants', () => init.constant_(w, '1' as never), "constant_: value is '1', expected a number"],
  ])('%s: %#', (_, call, message) => {
    expect(call).toThrow(message);
    expect(w.tolist()).toEqual([[1, 2]]);
  });
  test('with a ShapeError where a shape is wrong', () => {
    expect(() => init.kaimingNormal_(zeros([0, 2]))).toThrow(ShapeError);
  });
});

describe('orthogonal_', () => {
  test.each([[[7, 7]], [[5, 12]], [[12, 5]], [[1, 6]], [[6, 1]], [[8, 3, 3, 3]], [[40, 2, 3, 3]]])(
    'of shape %j has orthogonal rows or columns of length gain',
    (shape) => {
      for (const gain of [1, 1.7]) {
        const w = init.orthogonal_(zeros(shape, 'float64'), { gain, random: random() });
        const values = hostValues(w);
        const [rows, columns] = [shape[0], w.size / shape[0]];
        const [count, length, at] =
          rows <= columns
            ? [rows, columns, (n: number, i: number) => values[n * columns + i]]
            : [columns, rows, (n: number, i: number) => values[i * columns + n]];
        for (let n = 0; n < count; n++) {
          for (let m = 0; m < count; m++) {
            let product = 0;
            for (let i = 0; i < length; i++) product += at(n, i) * at(m, i);
            expect(Math.abs(product - (n === m ? gain ** 2 : 0))).toBeLessThan(1e-13);
          }
        }
      }
    },
  );

  test('all orthogonal matrices are equally likely: reflections too, and columns of all directions', () => {
    const source = random();
    const signs = Array.from({ length: 200 }, () => hostValues(init.orthogonal_(zeros([1, 1]), { random: source }))[0]);
    expect(new Set(signs)).toEqual(new Set([1, -1]));
    let [orientations, quadrants] = [0, 0];
    for (let i = 0; i < 400; i++) {
      const [a, b, c, d] = hostValues(init.orthogonal_(zeros([2, 2], 'float64'), { random: source }));
      orientations += Math.sign(a * d - b * c);
      quadrants += Math.sign(a) + Math.sign(c);
    }
    expect(Math.abs(orientations)).toBeLessThan(80);
    expect(Math.abs(quadrants)).toBeLessThan(120);
  });

  test('the same seed gives the same weights; float32 are those of float64, rounded', () => {
    const [a, b] = [zeros([4, 6]), zeros([4, 6], 'float64')].map((w) => init.orthogonal_(w, { random: random() }));
    expect([...hostValues(a)]).toEqual([...Float32Array.from(hostValues(b))]);
  });
});

describe('truncNormal_', () => {
  /** Φ by its series, which is exact enough for the middle. */
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const integral = (f: (x: number) => number, a: number, b: number) => {
    const n = 4000;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += f(a + ((i + 0.5) * (b - a)) / n);
    return (sum * (b - a)) / n;
  };

  test.each([
    [0, 1, -2, 2],
    [0, 1, -0.5, 3],
    [1, 2, 0, 2],
    [0, 1, 1, 4],
    [0, 1, 6, 8],
    [0, 1, -9, -6],
    [0, 0.02, -2, 2],
  ])('of mean %d, std %d in [%d, %d] has the distribution cut there', (mean, std, a, b) => {
    const w = init.truncNormal_(zeros([20_000], 'float64'), mean, std, a, b, { random: random() });
    const values = Float64Array.from(hostValues(w)).sort();
    expect(values[0]).toBeGreaterThanOrEqual(a);
    expect(values[values.length - 1]).toBeLessThanOrEqual(b);
    const [low, high] = [Math.max((a - mean) / std, -40), Math.min((b - mean) / std, 40)];
    const [from, to] = [Math.max(low, Math.min(-8, high - 3)), Math.min(high, Math.max(8, low + 3))];
    const whole = integral(density, from, to);
    // Kolmogorov and Smirnov: the largest distance between the two distributions, at a ten-thousandth of chance.
    for (const share of [0.05, 0.25, 0.5, 0.75, 0.95]) {
      const x = (values[Math.floor(share * values.length)] - mean) / std;
      expect(Math.abs(integral(density, from, x) / whole - share)).toBeLessThan(2.2 / Math.sqrt(values.length));
    }
  });
});

describe('dirac_ and eye_', () => {
  test('dirac_ passes channels on', () => {
    const x = new Random(4).randn([2, 3, 5, 5]);
    const same = init.dirac_(zeros([3, 3, 3, 3]));
    expect(F.conv2d(x, same, null, { padding: 1 }).data).toEqualBits(x);
    expect(toNested(init.dirac_(zeros([3, 2, 3])))).toEqual([
      [
        [0, 1, 0],
        [0, 0, 0],
      ],
      [
        [0, 0, 0],
        [0, 1, 0],
      ],
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
    ]);
    expect(toNested(init.dirac_(zeros([4, 2, 2]), { groups: 2 }))).toEqual([
      [
        [0, 1],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 1],
      ],
      [
        [0, 1],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 1],
      ],
    ]);
    const w = hostValues(init.dirac_(zeros([2, 2, 3, 3, 3])));
    expect([...w.keys()].filter((i) => w[i] === 1)).toEqual([13, 2 * 27 + 27 + 13]);
  });

  test('eye_ is the identity', () => {
    expect(toNested(init.eye_(full([2, 3], 7)))).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(toNested(init.eye_(full([3, 2], 7)))).toEqual([
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
  });
});

test.each<[what: string, fn: () => unknown, message: string]>([
  [
    'orthogonal_ of a vector',
    () => init.orthogonal_(zeros([3])),
    'orthogonal_: tensor has shape (3,), expected (out, in',
  ],
  [
    'orthogonal_ gain',
    () => init.orthogonal_(zeros([3, 3]), { gain: -1 }),
    'orthogonal_: gain is -1, expected a number ≥ 0',
  ],
  ['truncNormal_ std', () => init.truncNormal_(zeros([3]), 0, 0), 'truncNormal_: std is 0, expected a number > 0'],
  [
    'truncNormal_ bounds',
    () => init.truncNormal_(zeros([3]), 0, 1, 2, 2),
    'truncNormal_: a is 2, expected a number below b=2',
  ],
  [
    'dirac_ of a matrix',
    () => init.dirac_(zeros([3, 3])),
    'dirac_: tensor has shape (3, 3), expected (out, in, …) with 3,',
  ],
  [
    'dirac_ groups',
    () => init.dirac_(zeros([3, 3, 1]), { groups: 2 }),
    'dirac_: tensor has shape (3, 3, 1), expected (out, in, …) with out divisible by groups=2',
  ],
  ['eye_ of images', () => init.eye_(zeros([3, 3, 1])), 'eye_: tensor has shape (3, 3, 1), expected (N, M)'],
  ['eye_ of a list', () => init.eye_([1] as never), 'eye_: tensor is [1], expected a tensor or an array'],
])('refuses %s', (_, fn, message) => {
  expect(fn).toThrow(message);
});
