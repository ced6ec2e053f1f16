import { describe, expect, test } from 'vitest';
import { array, hostValues, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { logSoftmaxBackward, logSoftmaxForward, softmaxBackward, softmaxForward } from '../../src/layers/index.js';
import { arraysOf, casesOf, DTYPES, expectGolden } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { expectSameOnViews } from '../helpers/views.js';

describe.each([
  ['softmax', softmaxForward, softmaxBackward],
  ['logSoftmax', logSoftmaxForward, logSoftmaxBackward],
] as const)('%s', (name, forward, backward) => {
  const back = backward as (dout: unknown, cache: unknown) => ReturnType<typeof backward>;

  test.each<[args: unknown[], message: string]>([
    [[zeros([2, 3]), 2], 'axis is 2, expected a whole number from -2 to 1 for shape (2, 3)'],
    [[zeros([2, 3]), 0.5], 'axis is 0.5, expected a whole number from -2 to 1 for shape (2, 3)'],
    [[zeros([])], 'axis is -1, expected none for shape ()'],
    [[[1, 2]], 'x is [1, 2], expected an array of float32 or float64'],
  ])('refuses %j', (args, message) => {
    expect(() => (forward as (...args: unknown[]) => unknown)(...args)).toThrow(`${name}Forward: ${message}`);
  });

  test('names a dout that does not fit', () => {
    const [, cache] = forward(zeros([2, 3]));
    expect(() => back(zeros([3]), cache)).toThrow(`${name}Backward: dout has shape (3,), expected (2, 3)`);
  });

  test.each([-1, 0, 1, 2])('agrees with the numerical gradient along axis %i', (axis) => {
    const random = new Random(3);
    const [x, dout] = [random.randn([3, 4, 5], 'float64'), random.randn([3, 4, 5], 'float64')];
    const numerical = evalNumericalGradientArray((v) => forward(v, axis)[0], x, dout);
    expect(back(dout, forward(x, axis)[1])).toBeAllClose(numerical, { rtol: 1e-7, atol: 1e-9 });
  });

  describeKernelSets(name, () => {
    describe.each(DTYPES)('%s', (dtype) => {
      test.each(casesOf(name === 'softmax' ? 'softmax' : 'log_softmax'))('golden: $name', (c) => {
        const { x, dout } = arraysOf(c.inputs, dtype);
        const [out, cache] = forward(x, Number(c.config.dim));
        expectGolden(c, { out, dx: back(dout, cache) }, dtype);
      });

      test('takes any view, along any axis, and writes to none of its arguments', () => {
        const random = new Random(5);
        for (const axis of [0, 1, 2]) {
          expectSameOnViews([random.randn([4, 3, 5], dtype), random.randn([4, 3, 5], dtype)], (x, dout) => {
            const [out, cache] = forward(x, axis);
            return [out, back(dout, cache)];
          });
        }
      });

      test('does not overflow, and NaN stays in its row', () => {
        const inf = Number.POSITIVE_INFINITY;
        const rows = [
          [1e30, 1e30],
          [-1e30, -1e30],
          [0, -inf],
          [0, Number.NaN],
          [inf, 0],
          [-inf, -inf],
        ];
        const half = name === 'softmax' ? 0.5 : -Math.LN2;
        const expected = [[half, half], [half, half], name === 'softmax' ? [1, 0] : [0, -inf]];
        for (const [x, axis] of [
          [array(rows, undefined, dtype), 1],
          [array(rows, undefined, dtype).transpose(1, 0), 0],
        ] as const) {
          const [out] = forward(x, axis);
          const made = toNested(axis === 1 ? out : out.transpose(1, 0)) as number[][];
          expect(array(made.slice(0, 2), undefined, dtype)).toBeAllClose(
            array(expected.slice(0, 2), undefined, dtype),
            {
              rtol: 1e-6,
            },
          );
          expect(made[2].map((v) => v + 0)).toEqual(expected[2]);
          expect(made.slice(3).flat()).toEqual(Array(6).fill(Number.NaN));
        }
      });
    });
  });
});

describe('softmaxForward', () => {
  test('is e^x / Σ e^x', () => {
    const x = array(
      [
        [0, Math.log(3)],
        [Math.log(2), 0],
      ],
      undefined,
      'float64',
    );
    const expected = array(
      [
        [1 / 4, 3 / 4],
        [2 / 3, 1 / 3],
      ],
      undefined,
      'float64',
    );
    expect(softmaxForward(x)[0]).toBeAllClose(expected, { rtol: 1e-15 });
    const down = array(
      [
        [1 / 3, 3 / 4],
        [2 / 3, 1 / 4],
      ],
      undefined,
      'float64',
    );
    expect(softmaxForward(x, 0)[0]).toBeAllClose(down, { rtol: 1e-15 });
  });

  test('of many classes sums to 1', () => {
    const [out] = softmaxForward(new Random(1).randn([2, 30_000]));
    const [first, second] = [0, 1].map((n) => hostValues(out).slice(n * 30_000, (n + 1) * 30_000));
    for (const row of [first, second]) expect([...row].reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 5);
  });
});

describe('softmaxBackward', () => {
  test('is out · (dout − Σ dout · out)', () => {
    const [, cache] = softmaxForward(array([0, Math.log(3)], [2], 'float64'));
    const dx = softmaxBackward(array([4, 8], [2], 'float64'), cache);
    expect(dx).toBeAllClose(array([-0.75, 0.75], [2], 'float64'), { rtol: 1e-14 });
  });
});
