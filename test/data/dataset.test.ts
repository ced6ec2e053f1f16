import { describe, expect, onTestFinished, test } from 'vitest';
import {
  array,
  full,
  type Labels,
  type NDArray,
  Random,
  TensorDataset,
  toNested,
  workspace,
  zeros,
} from '../../src/index.js';
import { configureKernels, kernelInfo } from '../../src/kernels/index.js';
import { VIEWS } from '../helpers/views.js';

describe('TensorDataset', () => {
  test('has its examples and labels by place', () => {
    const dataset = new TensorDataset(
      array([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      [7, 8, 9],
    );
    expect(dataset.length).toBe(3);
    const [x, y] = dataset.get(1);
    expect([toNested(x), y]).toEqual([[3, 4], 8]);
  });

  test('keeps a dense array as it is, and copies the labels', () => {
    const [X, y] = [zeros([2, 3]), [0, 1]];
    const dataset = new TensorDataset(X, y);
    X.set(1, 2, 5);
    y[1] = 9;
    expect(dataset.X.get(1, 2)).toBe(5);
    expect(dataset.get(1)[1]).toBe(1);
  });

  test.each(Object.entries(VIEWS))('takes a %s view', (_, viewOf) => {
    const X = new Random(1).randn([4, 3, 2]);
    expect(new TensorDataset(viewOf(X), zeros([4])).X).toEqualBits(X);
  });

  test.each(['wasm', 'reference'] as const)('outlives the workspace that its array was made in: %s', (name) => {
    const { kernels } = kernelInfo();
    configureKernels({ kernels: name });
    onTestFinished(() => void configureKernels({ kernels }));
    let dataset: TensorDataset | undefined;
    workspace(() => {
      dataset = new TensorDataset(array([[1], [2]]), [0, 1]);
    });
    workspace(() => {
      full([2, 1], 7); // where the array was
    });
    expect(toNested((dataset as TensorDataset).X)).toEqual([[1], [2]]);
  });

  test.each<[X: NDArray, y: Labels, error: string, message: string]>([
    [zeros([3, 2]), [0, 1], 'ShapeError', 'TensorDataset: y has shape (2,), expected (N=3,)'],
    [zeros([3]), [0, 1, 2], 'ShapeError', 'TensorDataset: X has shape (3,), expected (N, …)'],
    [zeros([0, 2]), [], 'ShapeError', 'TensorDataset: X has shape (0, 2), expected (N, …) with every size at least 1'],
    [
      zeros([1, 2]),
      [-1],
      'RangeError',
      'TensorDataset: y[0] is -1, expected an integer ≥ 0: numbers that are no labels are given as an array, array(y)',
    ],
    [
      [1] as never,
      [0],
      'TypeError',
      'TensorDataset: X is [1], expected an array of float32 or float64: make it with array(X)',
    ],
  ])('names what does not fit: case %#', (X, y, name, message) => {
    expect(() => new TensorDataset(X, y)).toThrow(expect.objectContaining({ name, message }));
  });

  test('refuses a third argument, which PyTorch would take for the targets', () => {
    const [X, V] = [zeros([2, 1]), zeros([2, 3])];
    // @ts-expect-error: two arguments
    const make = () => new TensorDataset(X, V, [0, 1]);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(
      'TensorDataset: argument 3 is [0, 1], expected no more than X and y: ' +
        'several inputs are given in a tuple, new TensorDataset([X, V], y)',
    );
  });

  test.each([-1, 2, 0.5])('has no example %d of two', (i) => {
    expect(() => new TensorDataset(zeros([2, 1]), [0, 1]).get(i)).toThrow(
      new RangeError(`TensorDataset.get: i is ${i}, expected an index from 0 to 1`),
    );
  });
});
