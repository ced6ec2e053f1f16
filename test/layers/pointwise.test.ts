import { describe, expect, test } from 'vitest';
import { array, dtypeOf, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  absBackward,
  absForward,
  expBackward,
  expForward,
  logBackward,
  logForward,
  negBackward,
  negForward,
  powBackward,
  powForward,
  sqrtBackward,
  sqrtForward,
} from '../../src/layers/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { expectSameOnViews } from '../helpers/views.js';

interface Pointwise {
  readonly name: string;
  readonly forward: (x: NDArray) => [NDArray, (dout: NDArray) => NDArray];
  /** A value, by hand: of the function and of its derivative at 4. */
  readonly at4: readonly [value: number, derivative: number];
  readonly takesNegative: boolean;
}

function pointwise<Cache>(
  name: string,
  forward: (x: NDArray) => [NDArray, Cache],
  backward: (dout: NDArray, cache: Cache) => NDArray,
  at4: readonly [number, number],
  takesNegative: boolean,
): Pointwise {
  return {
    name,
    forward: (x) => {
      const [out, cache] = forward(x);
      return [out, (dout) => backward(dout, cache)];
    },
    at4,
    takesNegative,
  };
}

const power = (exponent: number, at4: readonly [number, number], takesNegative: boolean): Pointwise =>
  pointwise('pow', (x) => powForward(x, exponent), powBackward, at4, takesNegative);

const FUNCTIONS = [
  pointwise('exp', expForward, expBackward, [Math.exp(4), Math.exp(4)], true),
  pointwise('log', logForward, logBackward, [2 * Math.LN2, 0.25], false),
  pointwise('sqrt', sqrtForward, sqrtBackward, [2, 0.25], false),
  pointwise('neg', negForward, negBackward, [-4, -1], true),
  pointwise('abs', absForward, absBackward, [4, 1], true),
  power(2, [16, 8], true),
  power(3, [64, 48], true),
  power(-2, [0.0625, -0.03125], true),
  power(-1, [0.25, -0.0625], true),
  power(1.5, [8, 3], false),
  power(1, [4, 1], true),
  power(0, [1, 0], true),
];

describe.each(FUNCTIONS)('$name', ({ name, forward, at4: [value, derivative], takesNegative }) => {
  test('has the value and the derivative that are known, in an array without axes too', () => {
    for (const shape of [[], [1], [1, 1]]) {
      const [out, backward] = forward(array([4], shape, 'float64'));
      expect(out).toBeAllClose(array([value], shape, 'float64'), { rtol: 1e-15 });
      expect(backward(array([10], shape, 'float64'))).toBeAllClose(array([10 * derivative], shape, 'float64'), {
        rtol: 1e-15,
      });
    }
  });

  test('agrees with the numerical gradient', () => {
    const random = new Random(13);
    const x = random.rand([4, 5], 'float64');
    x.data.forEach((v, i) => {
      x.data[i] = (v + 0.5) * (takesNegative && i % 2 === 1 ? -1 : 1);
    });
    const dout = random.randn([4, 5], 'float64');
    const numerical = evalNumericalGradientArray((x) => forward(x)[0], x, dout);
    expect(forward(x)[1](dout)).toBeAllClose(numerical, { rtol: 1e-8, atol: 1e-9 });
  });

  test.each<[x: unknown, message: string]>([[3, 'x is 3, expected an array of float32 or float64']])(
    'refuses an x that is none',
    (x, message) => {
      expect(() => forward(x as NDArray)).toThrow(`${name}Forward: ${message}`);
    },
  );

  test.each([
    [zeros([3]), /dout has shape \(3,\), expected \(2, 3\)$/],
    [zeros([2, 3], 'float64'), /dout has dtype float64, expected float32, the dtype of (x|out)$/],
  ])('names a dout that does not fit', (dout, message) => {
    const [, backward] = forward(array([1, 1, 1, 1, 1, 1], [2, 3]));
    expect(() => backward(dout)).toThrow(message);
    expect(() => backward(dout)).toThrow(`${name}Backward: `);
  });
});

test('at the edges of their domains', () => {
  const x = array([-1, 0], undefined, 'float64');
  const ones = array([1, 1], undefined, 'float64');
  expect(toNested(logForward(x)[0])).toEqual([Number.NaN, Number.NEGATIVE_INFINITY]);
  expect(toNested(sqrtForward(x)[0])).toEqual([Number.NaN, 0]);
  expect(toNested(sqrtBackward(ones, sqrtForward(x)[1]))).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
  expect(toNested(absBackward(ones, absForward(x)[1]))).toEqual([-1, 0]);
  expect(toNested(powBackward(ones, powForward(x, 0)[1]))).toEqual([0, 0]);
  expect(toNested(powForward(x, 0.5)[0])).toEqual([Number.NaN, 0]);
});

test('an exponent that is no number is refused', () => {
  expect(() => powForward(zeros([2]), '2' as unknown as number)).toThrow(
    "powForward: exponent is '2', expected a number",
  );
});

describeKernelSets('functions of one array', () => {
  test.each(FUNCTIONS)('$name takes any view, and writes to none of its arguments', ({ forward, takesNegative }) => {
    for (const dtype of DTYPES) {
      const random = new Random(14);
      const x = takesNegative ? random.randn([4, 3, 5], dtype) : random.rand([4, 3, 5], dtype);
      expectSameOnViews([x, random.randn([4, 3, 5], dtype)], (x, dout) => {
        const [out, backward] = forward(x);
        const dx = backward(dout);
        expect([dtypeOf(out), dtypeOf(dx)]).toEqual([dtype, dtype]);
        return [out, dx];
      });
    }
  });
});
