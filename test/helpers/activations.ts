import { describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { arraysOf, DTYPES, expectGolden, type FixtureCase } from './fixtures.js';
import { describeKernelSets } from './kernel-sets.js';
import { expectSameOnViews } from './views.js';

/** An activation that works element by element. */
export interface Activation<Cache> {
  /** The functions' names, as errors have them. */
  readonly names: { readonly forward: string; readonly backward: string };
  readonly forward: (x: NDArray) => [out: NDArray, cache: Cache];
  readonly backward: (dout: NDArray, cache: Cache) => NDArray;
  /** What `dout` must fit. */
  readonly cached: 'x' | 'out';
  /** The fixtures, each with what it runs. */
  readonly golden: readonly {
    readonly c: FixtureCase;
    readonly forward: (x: NDArray) => [out: NDArray, cache: Cache];
  }[];
}

/** What every such layer keeps: shapes, views, errors, the golden values and the numerical gradient. */
export function describeActivation<Cache>({ names, forward, backward, cached, golden }: Activation<Cache>): void {
  describe(names.forward, () => {
    test.each([[[]], [[3]], [[2, 2]], [[2, 1, 3, 2]]])('takes any shape: %j', (shape) => {
      expect(forward(zeros(shape))[0].shape).toEqual(shape);
    });

    test.each<[what: string, x: unknown, message: string]>([
      ['a list', [1, 2], 'x is [1, 2], expected an array of float32 or float64'],
      ['null', null, 'x is null, expected an array of float32 or float64'],
    ])('refuses %s', (_, x, message) => {
      expect(() => forward(x as NDArray)).toThrow(`${names.forward}: ${message}`);
    });
  });

  describe(names.backward, () => {
    test('agrees with the numerical gradient', () => {
      const random = new Random(4);
      const x = random.randn([6, 5], 'float64');
      const dout = random.randn([6, 5], 'float64');
      // No element is near a kink.
      expect(Math.min(...hostValues(x).map(Math.abs))).toBeGreaterThan(1e-4);
      const numerical = evalNumericalGradientArray((v) => forward(v)[0], x, dout);
      expect(backward(dout, forward(x)[1])).toBeAllClose(numerical, { rtol: 1e-8, atol: 1e-9 });
    });

    test.each([
      [zeros([3, 2]), 'dout has shape (3, 2), expected (2, 3)'],
      [zeros([6]), 'dout has shape (6,), expected (2, 3)'],
      [zeros([2, 3], 'float64'), `dout has dtype float64, expected float32, the dtype of ${cached}`],
    ])('names a dout that does not fit', (dout, message) => {
      const [, cache] = forward(zeros([2, 3]));
      expect(() => backward(dout, cache)).toThrow(`${names.backward}: ${message}`);
    });
  });

  describeKernelSets(`${names.forward} and ${names.backward}`, () => {
    describe.each(DTYPES)('%s', (dtype) => {
      test.each(golden)('golden: $c.name', ({ c, forward: run }) => {
        const { x, dout } = arraysOf(c.inputs, dtype);
        const [out, cache] = run(x);
        expectGolden(c, { out, dx: backward(dout, cache) }, dtype);
      });

      test('take any view, write to none of their arguments, and return new arrays', () => {
        const random = new Random(5);
        expectSameOnViews([random.randn([4, 3, 5], dtype), random.randn([4, 3, 5], dtype)], (x, dout) => {
          const [out, cache] = forward(x);
          const dx = backward(dout, cache);
          expect([dtypeOf(out), dtypeOf(dx)]).toEqual([dtype, dtype]);
          return [out, dx];
        });
      });

      test('leave NaN as it is, alone', () => {
        const x = array([1, Number.NaN, -1, Number.NaN, 2], [5], dtype);
        expect([...hostValues(forward(x)[0])].map(Number.isNaN)).toEqual([false, true, false, true, false]);
      });
    });
  });
}
