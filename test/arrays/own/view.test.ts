import fc from 'fast-check';
import ndarray, { type NdArray } from 'ndarray';
import { describe, expect, test } from 'vitest';
import { orderOf } from '../../../src/arrays/own/order.js';
import { view } from '../../../src/arrays/own/view.js';
import { pretend } from '../../helpers/pretend.js';

type Make = (data: number[], shape?: number[], stride?: number[], offset?: number) => NdArray<number[]>;

/** Everything that can be asked of an array. */
function described(a: NdArray<number[]>) {
  const { shape, stride, offset, size, dimension, dtype } = a;
  return { shape, stride, offset, size, dimension, dtype, order: [...a.order], fields: Object.keys(a) };
}

/** The values of an array that holds them, in row-major order, as `get` gives them. */
function valuesOf(a: NdArray<number[]>): number[] {
  const values: number[] = [];
  const visit = (...indices: number[]): void => {
    if (indices.length === a.shape.length) values.push(a.get(...indices));
    else for (let i = 0; i < a.shape[indices.length]; i++) visit(...indices, i);
  };
  visit();
  return values;
}

const OPERATIONS = ['hi', 'lo', 'step', 'transpose', 'pick'] as const;
const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 });
const argument = fc.oneof(
  fc.integer({ min: -3, max: 4 }),
  fc.constantFrom(undefined, null, 0, 1, 1.5, Number.NaN),
) as fc.Arbitrary<number>;
const operation = fc.tuple(fc.constantFrom(...OPERATIONS), fc.array(argument, { maxLength: 7 }));

describe('an own array', () => {
  test('is what ndarray makes, after any operations on views', () => {
    fc.assert(
      fc.property(shapes, fc.array(operation, { maxLength: 5 }), (shape, operations) => {
        const data = Array.from({ length: 4 ** 6 }, (_, i) => i);
        let [ours, theirs] = [view(data, shape), ndarray(data, shape)];
        for (const [name, args] of operations) {
          // Of an array without axes the package's pick has -1 axes, and a step of 0 makes axes without end.
          if (ours.shape.length === 0 || (name === 'step' && args.some((step) => Math.trunc(step) === 0))) break;
          const last = ours.shape.length - 1;
          const given = name === 'transpose' ? args.map((axis) => axis && Math.abs(axis % (last + 1))) : args;
          [ours, theirs] = [ours[name](...given), theirs[name](...given)];
          const expected = described(theirs);
          expect(ours.data).toBe(data);
          if (expected.dimension === 0) expected.fields = Object.keys(ours);
          expect(described(ours)).toEqual(expected);
          expect(ours.index(1, 2, 0, 1, 1, 1)).toBe(theirs.index(1, 2, 0, 1, 1, 1));
        }
        if (ours.size < 500) expect(valuesOf(ours)).toEqual(valuesOf(theirs));
      }),
      { numRuns: 150, seed: 17 },
    );
  });

  test('has the defaults of ndarray', () => {
    const check = (...args: Parameters<Make>) => {
      const [ours, theirs] = [view as Make, ndarray as Make].map((make) => described(make(...args)));
      expect(ours).toEqual(theirs);
    };
    check([1, 2, 3]);
    check([1, 2, 3, 4], [2, 2]);
    check([1, 2, 3, 4], [2, 2], [-2, -1]);
    check([1, 2, 3, 4], [2, 2], [1, -2], 2);
    check([], [0, 3]);
    expect(view(pretend<number[]>(5)).get(0)).toBe(5);
    const scalar = view([7], []);
    expect([scalar.get(), Number(scalar), scalar.size, scalar.dimension, scalar.shape]).toEqual([7, 7, 1, 0, []]);
    const [shape, stride] = [
      [2, 2],
      [2, 1],
    ];
    const a = view([1, 2, 3, 4], shape, stride);
    [shape[0], stride[0]] = [9, 9];
    expect([a.shape, a.stride]).toEqual([
      [2, 2],
      [2, 1],
    ]);
  });

  test.each([
    ...[Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Uint8Array, Uint16Array, Uint32Array],
    ...[Uint8ClampedArray, Array],
  ])('writes into %o, at any place', (Values) => {
    const fill = (make: Make) => {
      const data = pretend<number[]>(new Values(48).fill(0));
      const written = [[48], [6, 8], [2, 3, 8], [2, 3, 2, 4], [2, 3, 2, 2, 2]].map((shape, i) =>
        make(data, shape).set(...shape.map((n) => n - 1 - (i % 2)), 200 + i),
      );
      return { data, written, dtype: make(data).dtype };
    };
    expect(fill(view as Make)).toEqual(fill(ndarray as Make));
  });

  test('names the dtypes of other data, and reads by get and set where they are all there is', () => {
    const kinds: unknown[] = [
      Buffer.alloc(1),
      new BigInt64Array(1),
      new BigUint64Array(1),
      { get: () => 3, length: 1 },
    ];
    for (const data of kinds) {
      expect(view(pretend<number[]>(data)).dtype).toBe(ndarray(pretend<number[]>(data)).dtype);
    }
    const written: unknown[] = [];
    const own = { get: (i: number) => 10 * i, set: (...args: number[]) => written.push(args), length: 4 };
    const a = view(pretend<number[]>(own), [2, 2]);
    expect([a.get(1, 1), a.set(1, 0, 5), written]).toEqual([30, 1, [[2, 5]]]);
  });
});

test('axes come in the order that ndarray gives them', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 5 }), (stride) => {
      expect(orderOf(stride)).toEqual([...ndarray([0], new Array(stride.length).fill(1), stride).order]);
    }),
    { numRuns: 500, seed: 1 },
  );
});
