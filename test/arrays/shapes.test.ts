import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  describe as account,
  checkLike,
  checkShapes,
  type NDArray,
  ShapeError,
  tuple,
  zeros,
} from '../../src/arrays/index.js';

test.each<[what: string, check: () => void, error: string]>([
  [
    'an array that reaches outside its memory',
    () => checkLike('f', 'dout', zeros([2]).hi(3), 'x', zeros([3])),
    'f: dout: an array of shape (3,) reaches outside its 2 values',
  ],
  ['a shape', () => checkLike('f', 'dout', zeros([3]), 'x', zeros([2])), 'f: dout has shape (3,), expected (2,)'],
  [
    'a stated shape',
    () => checkLike('f', 'dout', zeros([3]), 'x', zeros([2]), [4]),
    'f: dout has shape (3,), expected (4,)',
  ],
  [
    'a dtype',
    () => checkLike('f', 'dout', zeros([2]), 'x', zeros([2], 'float64')),
    'f: dout has dtype float32, expected float64, the dtype of x',
  ],
  [
    'what it is compared with',
    () => checkLike('f', 'dout', zeros([2]), 'x', 5 as never),
    'f: x is 5, expected an array of float32 or float64',
  ],
])('checkLike refuses %s', (_, check, error) => {
  expect(check).toThrow(error);
});

test('checkLike accepts arrays of one shape, and of a stated shape', () => {
  expect(() => checkLike('f', 'dout', zeros([2, 3]), 'x', zeros([2, 3]))).not.toThrow();
  expect(() => checkLike('f', 'dout', zeros([]), 'x', zeros([]))).not.toThrow();
  expect(() => checkLike('f', 'dout', zeros([4]), 'x', zeros([2, 3]), [4])).not.toThrow();
  expect(() => checkLike('f', 'dout', zeros([0, 3]), 'x', zeros([0, 3]))).not.toThrow();
});

describe('checkShapes', () => {
  test('binds each symbol where it first appears, and returns the sizes', () => {
    const sizes = checkShapes('f', {
      w: [zeros([3, 4]), ['D', 'M']],
      b: [zeros([4]), ['M']],
      x: [zeros([7, 3]), [7, 'D']],
    });
    expect(sizes).toEqual({ D: 3, M: 4 });
    expectTypeOf(sizes).toEqualTypeOf<Record<'D' | 'M', number>>();
  });

  test('`…` stands for one or more further axes', () => {
    expect(checkShapes('f', { x: [zeros([2, 3]), ['N', '…']] })).toEqual({ N: 2 });
    expect(checkShapes('f', { x: [zeros([2, 3, 4, 5]), ['N', 'C', '…']] })).toEqual({ N: 2, C: 3 });
    expect(checkShapes('f', { x: [zeros([2]), ['…']] })).toEqual({});
    expect(() => checkShapes('f', { x: [zeros([2]), ['N', '…']] })).toThrow('f: x has shape (2,), expected (N, …)');
    expect(() => checkShapes('f', { x: [zeros([]), ['…']] })).toThrow('f: x has shape (), expected (…,)');
  });

  test('gives the size of a symbol that an earlier argument bound', () => {
    const w = zeros([3, 4]);
    const check = (b: NDArray) => checkShapes('f', { w: [w, ['D', 'M']], b: [b, ['M', 'D']] });
    expect(() => check(zeros([4, 5]))).toThrow('f: b has shape (4, 5), expected (M, D=3)');
    expect(() => check(zeros([5, 5]))).toThrow('f: b has shape (5, 5), expected (M=4, D=3)');
    expect(() => check(zeros([1]))).toThrow('f: b has shape (1,), expected (M=4, D=3)');
  });

  test('holds one symbol to one size within an argument', () => {
    expect(checkShapes('f', { a: [zeros([3, 3]), ['N', 'N']] })).toEqual({ N: 3 });
    expect(() => checkShapes('f', { a: [zeros([3, 4]), ['N', 'N']] })).toThrow(
      'f: a has shape (3, 4), expected (N, N=3)',
    );
  });

  test('refuses an axis without length', () => {
    expect(() => checkShapes('f', { x: [zeros([0, 3]), ['N', 3]] })).toThrow(
      'f: x has shape (0, 3), expected (N, 3) with every size at least 1',
    );
    expect(() => checkShapes('f', { x: [zeros([2, 3, 0]), ['N', '…']] })).toThrow(
      'f: x has shape (2, 3, 0), expected (N, …) with every size at least 1',
    );
  });

  test('a symbol with a question mark may be 0, and is bound without it', () => {
    const sizes = checkShapes('f', { x: [zeros([0, 3]), ['N?', 'D']], dout: [zeros([0, 3]), ['N?', 'D']] });
    expect(sizes).toEqual({ N: 0, D: 3 });
    expectTypeOf(sizes).toEqualTypeOf<Record<'N' | 'D', number>>();
    expect(checkShapes('f', { x: [zeros([2, 0, 3]), ['…?']], y: [zeros([0, 3]), ['n?', 3]] })).toEqual({ n: 0 });
    expect(checkShapes('f', { x: [zeros([2, 0]), [2, 0]] })).toEqual({});
  });

  test('says which axes may be empty', () => {
    const check = (x: NDArray) => () => checkShapes('f', { x: [x, ['N?', 'D']], y: [x, [4, 'D']] });
    expect(check(zeros([0, 0]))).toThrow('f: x has shape (0, 0), expected (N, D) with every size but N at least 1');
    expect(check(zeros([0, 3]))).toThrow('f: y has shape (0, 3), expected (4, D) with every size at least 1');
    expect(check(zeros([0]))).toThrow('f: x has shape (0,), expected (N, D)');
    expect(() => checkShapes('f', { x: [zeros([2]), [0]] })).toThrow('f: x has shape (2,), expected (0,)');
    expect(() => checkShapes('f', { x: [zeros([0, 2, 0]), ['N?', '…']] })).toThrow(
      'f: x has shape (0, 2, 0), expected (N, …) with every size but N at least 1',
    );
  });

  test('holds all arguments to the dtype of the first', () => {
    const check = () => checkShapes('f', { a: [zeros([2]), ['N']], b: [zeros([2], 'float64'), ['N']] });
    expect(check).toThrow(TypeError);
    expect(check).toThrow('f: b has dtype float64, expected float32, the dtype of a');
  });

  test('refuses what is no array', () => {
    const check = (a: unknown) => checkShapes('f', { a: [a as NDArray, ['N']] });
    expect(() => check(undefined)).toThrow(new TypeError('f: a is undefined, expected an array of float32 or float64'));
    expect(() => check([1, 2])).toThrow(
      new TypeError('f: a is [1, 2], expected an array of float32 or float64: make it with array(a)'),
    );
  });
});

describe('ShapeError', () => {
  test('is a RangeError with a name of its own', () => {
    const error = new ShapeError('a message');
    expect(error).toBeInstanceOf(RangeError);
    expect(error.name).toBe('ShapeError');
    expect(String(error)).toBe('ShapeError: a message');
  });
});

test.each([
  [[], '()'],
  [[4], '(4,)'],
  [[2, 'M'], '(2, M)'],
])('tuple(%j) is %s', (shape, text) => {
  expect(tuple(shape)).toBe(text);
});

test.each<[value: unknown, text: string]>([
  [3, '3'],
  [Number.NaN, 'NaN'],
  ['word', "'word'"],
  [undefined, 'undefined'],
  [null, 'null'],
  [true, 'true'],
  [[1, 'a'], "[1, 'a']"],
  [() => 0, 'a function'],
  [new Map(), 'a Map'],
  [Symbol('s'), 'Symbol(s)'],
])('case %#: a value is described as %s', (value, text) => {
  expect(account(value)).toBe(text);
});

test.each<[what: string, value: unknown, text: string]>([
  [
    'a list of lists',
    [
      [1, 2],
      [3, 4],
    ],
    '[[1, 2], [3, 4]]',
  ],
  ['a list of words', ['a', 'b'], "['a', 'b']"],
  ['an array', zeros([2, 3]), 'an array of shape (2, 3)'],
  ['a large integer', 3n, '3n'],
])('%s is described so that a user knows it again', (_, value, text) => {
  expect(account(value)).toBe(text);
});

test('a thing without a prototype can be described', () => {
  expect(account(Object.create(null))).toMatch(/object/);
  expect(account([Object.create(null)])).toMatch(/object/);
});
