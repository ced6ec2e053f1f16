import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, dtypeOf, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { type SliceRange, sliceBackward, sliceForward } from '../../src/layers/index.js';
import { indicesOf, placeOf, valuesOf } from '../helpers/broadcasting.js';
import { expectSameOnViews } from '../helpers/views.js';

const x = array([
  [1, 2, 3, 4],
  [5, 6, 7, 8],
  [9, 10, 11, 12],
]);

describe('sliceForward', () => {
  test.each<[numpy: string, ranges: SliceRange[], expected: unknown]>([
    ['x[1]', [1], [5, 6, 7, 8]],
    ['x[-1, 0]', [-1, 0], 9],
    ['x[:, 2]', [null, 2], [3, 7, 11]],
    [
      'x[0:1, 1:3]',
      [
        [0, 1],
        [1, 3],
      ],
      [[2, 3]],
    ],
    [
      'x[1:, -2:]',
      [
        [1, null],
        [-2, null],
      ],
      [
        [7, 8],
        [11, 12],
      ],
    ],
    ['x[0, :-1]', [0, [null, -1]], [1, 2, 3]],
    ['x[0, ::2]', [0, [null, null, 2]], [1, 3]],
    ['x[0, ::-1]', [0, [null, null, -1]], [4, 3, 2, 1]],
    ['x[0, 3:0:-2]', [0, [3, 0, -2]], [4, 2]],
    ['x[0, -100:100]', [0, [-100, 100]], [1, 2, 3, 4]],
    ['x[0, 100::-3]', [0, [100, null, -3]], [4, 1]],
  ])('is %s', (_, ranges, expected) => {
    expect(toNested(sliceForward(x, ranges)[0])).toEqual(expected);
  });

  test('takes the whole without ranges, as a copy', () => {
    const [out] = sliceForward(x, []);
    expect(toNested(out)).toEqual(toNested(x));
    expect(out.data).not.toBe(x.data);
    expect(toNested(sliceForward(array(3), [])[0])).toBe(3);
  });

  test.each<[ranges: unknown, message: string]>([
    [[null, 4], 'ranges[1] is 4, expected a whole number from -4 to 3'],
    [[-4], 'ranges[0] is -4, expected a whole number from -3 to 2'],
    [[0.5], 'ranges[0] is 0.5, expected a whole number from -3 to 2'],
    [[[1, 1]], 'ranges[0] is [1, 1], which takes nothing of an axis of size 3'],
    [[[2, 0]], 'ranges[0] is [2, 0], which takes nothing of an axis of size 3'],
    [[[0, 2, 0]], 'ranges[0] is [0, 2, 0], expected whole numbers or null, and a step that is not 0'],
    [[[0, 1.5]], 'ranges[0] is [0, 1.5], expected whole numbers or null, and a step that is not 0'],
    [[[0]], 'ranges[0] is [0], expected null, an index, or [start, stop, step]'],
    [['0:2'], "ranges[0] is '0:2', expected null, an index, or [start, stop, step]"],
    [[null, null, 0], 'x has shape (3, 4), expected an axis for each of 3 ranges'],
    [1, 'ranges is 1, expected a list of ranges'],
  ])('refuses %j', (ranges, message) => {
    expect(() => sliceForward(x, ranges as SliceRange[])).toThrow(`sliceForward: ${message}`);
  });
});

describe('sliceBackward', () => {
  test('puts the gradient where the slice was taken, among zeros', () => {
    const [, cache] = sliceForward(x, [[0, 2], -1]);
    expect(toNested(sliceBackward(array([10, 20]), cache))).toEqual([
      [0, 0, 0, 10],
      [0, 0, 0, 20],
      [0, 0, 0, 0],
    ]);
  });

  test('names a dout that does not fit', () => {
    const [, cache] = sliceForward(x, [0]);
    expect(() => sliceBackward(zeros([3]), cache)).toThrow('sliceBackward: dout has shape (3,), expected (4,)');
    expect(() => sliceBackward(zeros([4], 'float64'), cache)).toThrow(
      'sliceBackward: dout has dtype float64, expected float32, the dtype of out',
    );
  });
});

test('does what lists of indices do', () => {
  const end = fc.option(fc.integer({ min: -7, max: 7 }));
  const range = fc.oneof(
    fc.constant(null),
    fc.integer({ min: -2, max: 1 }),
    fc.tuple(end, end, fc.constantFrom(-3, -2, -1, 1, 2, 3)),
  );
  const axis = fc.record({ size: fc.integer({ min: 2, max: 5 }), range });
  /** The indices that are taken, by walking from the start. */
  const taken = (size: number, range: SliceRange): number[] => {
    const all = Array.from({ length: size }, (_, i) => i);
    if (range === null) return all;
    if (typeof range === 'number') return all.slice(range).slice(0, 1);
    const [start, stop, step = 1] = range;
    const place = (index: number) => (index < 0 ? index + size : index);
    const ahead = all.filter((i) => start === null || (step > 0 ? i >= place(start) : i <= place(start)));
    const between = ahead.filter((i) => stop === null || (step > 0 ? i < place(stop) : i > place(stop)));
    return (step > 0 ? between : between.reverse()).filter((_, i) => i % step === 0);
  };
  fc.assert(
    fc.property(fc.array(axis, { maxLength: 3 }), fc.integer(), (axes, seed) => {
      const a = new Random(seed).randn(
        axes.map(({ size }) => size),
        'float64',
      );
      const indices = axes.map(({ size, range }) => taken(size, range));
      const slice = () =>
        sliceForward(
          a,
          axes.map(({ range }) => range),
        );
      if (indices.some((list) => list.length === 0)) {
        expect(slice).toThrow('which takes nothing');
        return;
      }
      const [out, cache] = slice();
      const places = indicesOf(indices.map((list) => list.length)).map((index) =>
        placeOf(
          index.map((i, axis) => indices[axis][i]),
          a.shape,
        ),
      );
      expect(valuesOf(out)).toEqual(places.map((place) => a.data[place]));
      expect(out.shape).toEqual(indices.map((list) => list.length).filter((_, i) => typeof axes[i].range !== 'number'));
      const expected = zeros(a.shape, 'float64');
      for (const [i, place] of places.entries()) expected.data[place] = out.data[i];
      expect(sliceBackward(out, cache)).toEqualBits(expected);
    }),
    { numRuns: 300 },
  );
});

test('takes any view, writes to none of its arguments, and returns new arrays', () => {
  for (const dtype of ['float32', 'float64'] as const) {
    const random = new Random(28);
    expectSameOnViews([random.randn([4, 3, 5], dtype), random.randn([2, 5], dtype)], (x: NDArray, dout: NDArray) => {
      const [out, cache] = sliceForward(x, [[3, 0, -2], 1]);
      const dx = sliceBackward(dout, cache);
      expect([dtypeOf(out), dtypeOf(dx)]).toEqual([dtype, dtype]);
      return [out, dx];
    });
  }
});
