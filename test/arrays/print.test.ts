import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { array, full, type Nested, zeros } from '../../src/arrays/index.js';
import { F, type NDArray, nn, Tensor, TwoLayerNet, tensor, workspace } from '../../src/index.js';

/** What NumPy 2.4 prints of the same numbers, `np.array2string(a, prefix='array(', separator=', ')`. */
const NUMPY: [dtype: 'float32' | 'float64', values: Nested, text: string][] = [
  [
    'float32',
    [
      [1, 2],
      [3, 4],
    ],
    '[[1., 2.],\n       [3., 4.]]',
  ],
  ['float32', [0.1, 0.25, -3], '[ 0.1 ,  0.25, -3.  ]'],
  ['float64', [1 / 3, 2 / 3, 1000 / 3], '[  0.33333333,   0.66666667, 333.33333333]'],
  ['float64', [1e-5, 0.123456789, 1], '[1.00000000e-05, 1.23456789e-01, 1.00000000e+00]'],
  ['float64', [1e-10, -1e20, 0], '[ 1.e-10, -1.e+20,  0.e+00]'],
  ['float64', [1e-300, 1], '[1.e-300, 1.e+000]'],
  ['float32', [0, 0, -0], '[ 0.,  0., -0.]'],
  ['float64', [Number.NaN, Number.POSITIVE_INFINITY, 1.5], '[nan, inf, 1.5]'],
  ['float32', [Number.NEGATIVE_INFINITY, 100000], '[   -inf, 100000.]'],
  [
    'float64',
    [
      [
        [0, 1],
        [2, 3],
      ],
      [
        [4, 5],
        [6, 7],
      ],
    ],
    '[[[0., 1.],\n        [2., 3.]],\n\n       [[4., 5.],\n        [6., 7.]]]',
  ],
  [
    'float32',
    Array.from({ length: 20 }, (_, i) => i),
    '[ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12.,\n       13., 14., 15., 16., 17., 18., 19.]',
  ],
  ['float64', Array.from({ length: 1001 }, (_, i) => i), '[   0.,    1.,    2., …,  998.,  999., 1000.]'],
];

describe('an array is printed', () => {
  test.each(NUMPY)('%s %j as NumPy does', (dtype, values, text) => {
    const a = array(values, undefined, dtype);
    const printed = String(a);
    expect(printed.startsWith(`array(${text},`)).toBe(true);
    expect(printed.slice(`array(${text},`.length).trim()).toBe(
      `shape (${a.shape.length === 1 ? `${a.shape},` : a.shape.join(', ')}), ${dtype})`,
    );
    expect(inspect(a)).toBe(printed);
  });

  test('with the edges of many values only', () => {
    const a = full([100, 3072], 0.5);
    expect(String(a)).toBe(
      [
        'array([[0.5, 0.5, 0.5, …, 0.5, 0.5, 0.5],',
        ...new Array(2).fill('       [0.5, 0.5, 0.5, …, 0.5, 0.5, 0.5],'),
        '       …,',
        ...new Array(2).fill('       [0.5, 0.5, 0.5, …, 0.5, 0.5, 0.5],'),
        '       [0.5, 0.5, 0.5, …, 0.5, 0.5, 0.5]], shape (100, 3072), float32)',
      ].join('\n'),
    );
  });

  test('without values, without axes, as a view and as a clone', () => {
    expect(String(zeros([0, 3]))).toBe('array([], shape (0, 3), float32)');
    expect(String(array(2.5))).toBe('array(2.5, shape (), float32)');
    const a = array([
      [1, 2],
      [3, 4],
    ]);
    expect(String(a.transpose(1, 0).pick(1, null))).toBe('array([2., 4.], shape (2,), float32)');
    expect(String(tensor(structuredClone(a)).data)).toBe(String(a));
    expect(a.valueOf()).toBe(a);
  });

  test('in one line, or by its shape alone, inside of others', () => {
    const small = array([
      [1, 2],
      [3, 4],
    ]);
    expect(inspect({ small, large: zeros([10, 10]) })).toBe(
      '{\n  small: array([[1., 2.], [3., 4.]], shape (2, 2), float32),\n  large: array(shape (10, 10), float32)\n}',
    );
    const model = new TwoLayerNet();
    expect(inspect(model, { depth: 10 })).toContain('W1: array(shape (3072, 100), float32)');
    expect(inspect({ w: new nn.Linear(50, 50).weight })).toBe('{ w: tensor(shape (50, 50), float32, requires grad) }');
  });

  test('also after its workspace has ended', () => {
    let lost: NDArray | undefined;
    workspace(() => {
      lost = zeros([2, 2]);
      return 0;
    });
    expect(inspect(lost)).toMatch(/^array\(shape \(2, 2\), float32; this array was made in a workspace that has ended/);
  });

  test('keeps its properties to itself', () => {
    expect(Object.keys(zeros([2]))).toEqual(['data', 'shape', 'stride', 'offset']);
    const names: string[] = [];
    for (const name in zeros([2])) names.push(name);
    expect(names).not.toContain('toString');
  });
});

test('a tensor says what becomes of its gradient', () => {
  const x = tensor(
    [
      [1, 2],
      [3, 4],
    ],
    { requiresGrad: true },
  );
  expect(inspect(x)).toBe('tensor([[1., 2.],\n        [3., 4.]], shape (2, 2), float32, requires grad)');
  expect(String(F.exp(tensor([0], { requiresGrad: true })))).toBe('tensor([1.], shape (1,), float32, from exp)');
  expect(String(new Tensor(zeros([2])))).toBe('tensor([0., 0.], shape (2,), float32)');
});
