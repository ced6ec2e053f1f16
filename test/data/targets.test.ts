import ndarray from 'ndarray';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  array,
  DataLoader,
  F,
  type NDArray,
  type Random,
  TensorDataset,
  type Transform,
  toNested,
  workspace,
  zeros,
} from '../../src/index.js';

const X = array([[1], [2], [3]]);

describe('targets', () => {
  test.each<[name: string, y: unknown, got: unknown]>([
    ['a list', [7, 8, 9], Int32Array.of(9, 7)],
    ['a typed array of integers', Uint8Array.of(7, 8, 9), Int32Array.of(9, 7)],
    ['a 1-d view of integers', ndarray(Int16Array.of(7, 8, 9)), Int32Array.of(9, 7)],
  ])('%s is labels', (_, y, got) => {
    const [[, labels]] = new DataLoader({ X, y: y as number[] }, { batchSize: 2, sampler: order([2, 0]) });
    expect(labels).toEqual(got);
  });

  test.each<[name: string, y: unknown, got: unknown]>([
    ['a 1-d array', array([7, 8, 9]), [9, 7]],
    ['a Float32Array', Float32Array.of(7, 8, 9), [9, 7]],
    ['an array', array([[7, 0], [8, 1], [9, 2]]), [[9, 2], [7, 0]]], // biome-ignore format: rows
    ['a strided view', array([[7, 8, 9], [0, 1, 2]]).transpose(1, 0), [[9, 2], [7, 0]]], // biome-ignore format: rows
    // biome-ignore format: rows
    ['a view of integers with several axes', ndarray(Int8Array.of(7, 0, 8, 1, 9, 2), [3, 2]), [[9, 2], [7, 0]]],
    ['an array with many axes', array([7, 8, 9]).pick(null), [9, 7]],
  ])('%s is numbers, whatever their values', (_, y, got) => {
    const [[, numbers]] = new DataLoader({ X, y: y as NDArray }, { batchSize: 2, sampler: order([2, 0]) });
    expect(toNested(numbers)).toEqual(got);
  });

  test('keep their dtype', () => {
    const [[, y]] = new DataLoader({ X, y: zeros([3, 1], 'float64') });
    expect(y.data).toBeInstanceOf(Float64Array);
  });

  test('may be missing', () => {
    expect([...new DataLoader({ X }, { batchSize: 2 })].map((batch) => batch.length)).toEqual([1, 1]);
    expect(new TensorDataset(X).get(1)).toEqual([expect.objectContaining({ shape: [1], offset: 1 })]);
    expect([...new DataLoader(new TensorDataset(X))].length).toBe(3);
    const [batch] = new DataLoader({ length: 2, get: () => [zeros([4])] }, { batchSize: 2 });
    expect([batch.length, batch[0].shape]).toEqual([1, [2, 4]]);
  });

  test('may be several, in an object or a tuple', () => {
    const y = { box: array([[0.5], [1.5], [2.5]]), kind: [4, 5, 6] };
    const [[, { box, kind }]] = new DataLoader({ X, y }, { batchSize: 2, sampler: order([2, 0]) });
    expect([toNested(box), kind]).toEqual([[[2.5], [0.5]], Int32Array.of(6, 4)]);
    const [[, pair]] = new DataLoader({ X, y: [y.box, y.kind] as const }, { batchSize: 3 });
    expect([toNested(pair[0]), pair[1]]).toEqual([[[0.5], [1.5], [2.5]], Int32Array.of(4, 5, 6)]);
  });
});

describe('inputs', () => {
  const [left, right] = [array([[1], [2], [3]]), array([[10, 11], [20, 21], [30, 31]])]; // biome-ignore format: rows

  test('may be several, in an object or a tuple', () => {
    const sampler = order([1, 2]);
    const [[x]] = new DataLoader({ X: { left, right }, y: [0, 1, 2] }, { batchSize: 2, sampler });
    expect(Object.keys(x)).toEqual(['left', 'right']);
    // biome-ignore format: rows
    expect([toNested(x.left), toNested(x.right)]).toEqual([[[2], [3]], [[20, 21], [30, 31]]]);
    const [[pair, y]] = new DataLoader(new TensorDataset([left, right] as const, [0, 1, 2]), { batchSize: 2, sampler });
    // biome-ignore format: rows
    expect([toNested(pair[0]), toNested(pair[1]), y]).toEqual([[[2], [3]], [[20, 21], [30, 31]], Int32Array.of(1, 2)]);
  });

  test('of a dataset of single examples are stacked part by part, in whichever order they come', () => {
    const get = (i: number) => {
      const [a, b] = [left.pick(i), right.pick(i)];
      const y = { kind: i, box: zeros([]) };
      return [i === 0 ? { a, b } : { b, a }, y] as [{ a: NDArray; b: NDArray }, { kind: number; box: NDArray }];
    };
    const [[x, y]] = new DataLoader({ length: 3, get }, { batchSize: 3 });
    expect([toNested(x.a), toNested(x.b)]).toEqual([toNested(left), toNested(right)]);
    expect([y.kind, y.box.shape]).toEqual([Int32Array.of(0, 1, 2), [3]]);
  });

  test('go through the transform together, within a workspace too', () => {
    let kept: unknown;
    const transform: Transform<{ left: NDArray; right: NDArray }> = (x) => {
      kept ??= x.left;
      return { left: x.right, right: x.left };
    };
    const loader = new DataLoader({ X: { left, right }, y: [0, 1, 2] }, { batchSize: 3, transform });
    for (const run of [<R>(fn: () => R) => fn(), workspace]) {
      kept = undefined;
      const values = run(() => {
        const [x] = loader.batch([0, 2]);
        return [toNested(x.left), toNested(x.right)];
      });
      expect(values).toEqual([[[10, 11], [30, 31]], [[1], [3]]]); // biome-ignore format: rows
      expect(toNested(kept as NDArray)).toEqual([[1], [3]]);
    }
  });
});

test('the examples of a TensorDataset have its structure', () => {
  const dataset = new TensorDataset(
    { image: zeros([2, 3, 4]), age: array([[30], [40]]) },
    { kind: [1, 2], box: X.hi(2, 1) },
  );
  const [x, y] = dataset.get(1);
  expect([x.image.shape, toNested(x.age), y.kind, toNested(y.box)]).toEqual([[3, 4], [40], 2, [2]]);
  expect(dataset.length).toBe(2);
});

test('types follow from the dataset', () => {
  const labels = new DataLoader({ X, y: [0, 1, 2] });
  expectTypeOf(labels).toExtend<DataLoader>();
  expectTypeOf(labels.batch).returns.toEqualTypeOf<[X: NDArray, y: Int32Array]>();
  const numbers = new DataLoader(new TensorDataset(X, zeros([3, 1])));
  expectTypeOf(numbers.batch).returns.toEqualTypeOf<[X: NDArray, y: NDArray]>();
  const single = new DataLoader({ length: 1, get: () => [X, zeros([1])] as [NDArray, NDArray] });
  expectTypeOf(single.batch).returns.toEqualTypeOf<[X: NDArray, y: NDArray]>();
  const several = new DataLoader({ X: { a: X, b: X }, y: { kind: [0, 1, 2], box: Float32Array.of(1, 2, 3) } });
  expectTypeOf(several.batch).returns.toEqualTypeOf<
    [X: { a: NDArray; b: NDArray }, y: { readonly kind: Int32Array; readonly box: NDArray }]
  >();
  expectTypeOf<ReturnType<DataLoader<NDArray, undefined>['batch']>>().toEqualTypeOf<[X: NDArray]>();
  expectTypeOf(new TensorDataset(X, Int32Array.of(0, 1, 2)).get).returns.toEqualTypeOf<[x: NDArray, y: number]>();
});

test.each<[X: unknown, y: unknown, error: string, message: string]>([
  [X, array([[1], [2]]), 'ShapeError', 'TensorDataset: y has shape (2, 1), expected (N=3, …)'],
  [X, Float32Array.of(1, 2), 'ShapeError', 'TensorDataset: y has shape (2,), expected (N=3,)'],
  [X, { box: zeros([3, 1]), kind: [0, 1] }, 'ShapeError', 'TensorDataset: y.kind has shape (2,), expected (N=3,)'],
  [
    X,
    [0, 0.5, 1],
    'RangeError',
    'TensorDataset: y[1] is 0.5, expected an integer ≥ 0: numbers that are no labels are given as an array, array(y)',
  ],
  [
    X,
    [[0], [1], [1]],
    'RangeError',
    'TensorDataset: y[0] is [0], expected an integer ≥ 0: numbers that are no labels are given as an array, array(y)',
  ],
  [
    X,
    [0, -100, 1],
    'RangeError',
    'TensorDataset: y[1] is -100, expected an integer ≥ 0: numbers that are no labels are given as an array, array(y)',
  ],
  [
    X,
    F.oneHot([0, 1, 1], 2),
    'TypeError',
    'TensorDataset: y is a tensor of shape (3, 2), expected a list of labels: give its data, y.data',
  ],
  [{ a: X, b: zeros([2, 1]) }, [0, 1, 2], 'ShapeError', 'TensorDataset: X.b has shape (2, 1), expected (N=3, …)'],
  [[X, zeros([2])], [0, 1, 2], 'ShapeError', 'TensorDataset: X[1] has shape (2,), expected (N, …)'],
  [
    { a: X, b: [1, 2, 3] },
    [0, 1, 2],
    'TypeError',
    'TensorDataset: X.b is [1, 2, 3], expected an array of float32 or float64: make it with array(X.b)',
  ],
  [{}, [], 'TypeError', 'TensorDataset: X is an object, expected an array of float32 or float64'],
])('names what does not fit: case %#', (inputs, y, name, message) => {
  expect(() => new TensorDataset(inputs, y)).toThrow(expect.objectContaining({ name, message }));
});

test.each<[transform: (x: unknown, random: Random) => unknown, error: string, message: string]>([
  [
    (x) => ({ ...(x as object), b: zeros([1, 1]) }),
    'ShapeError',
    'DataLoader: what transform returned.b has shape (1, 1), expected (N=2, …)',
  ],
  [() => zeros([3, 1]), 'ShapeError', 'DataLoader: transform returned 3 examples, expected 2, as it was given'],
])('a transform of several inputs that returns something else: case %#', (transform, name, message) => {
  const loader = new DataLoader({ X: { a: X, b: X }, y: [0, 1, 2] }, { transform: transform as never });
  expect(() => loader.batch([0, 1])).toThrow(expect.objectContaining({ name, message }));
});

/** A sampler of these places. */
function order(places: number[]) {
  return { length: places.length, order: () => places };
}
