import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import { array, hostValues, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { F, gradCheck, tensor } from '../../src/autograd/index.js';
import { workspace } from '../../src/kernels/index.js';
import { pretend } from '../helpers/pretend.js';

const f64 = 'float64';
const random = new Random(14);
const leaf = (...shape: number[]) => tensor(random.randn(shape, f64), { requiresGrad: true });
const positive = (...shape: number[]) => tensor(F.add(random.rand(shape, f64), 0.2), { requiresGrad: true });

describe('have right gradients', () => {
  test('powers of tensors by tensors, and of numbers', () => {
    gradCheck(F.pow, [positive(3, 4), leaf(4)]);
    gradCheck((y) => F.pow(2.5, y), [leaf(3, 2)]);
    gradCheck((x) => F.pow(x, 3), [leaf(3, 2)]);
  });

  test('variances, deviations and norms over any axes', () => {
    for (const axis of [undefined, 0, -1, [0, 2]]) {
      gradCheck((x) => F.var(x, axis), [leaf(2, 3, 4)]);
      gradCheck((x) => F.std(x, axis, { unbiased: false, keepdims: true }), [leaf(2, 3, 4)]);
      for (const p of [1, 1.5, 2, 3]) gradCheck((x) => F.norm(x, p, axis), [positive(2, 3, 4)]);
    }
  });

  test('choices: largest, smallest, gathered, where and within bounds', () => {
    const x = tensor(
      array(
        [5, 1, 4, 2, 3, 6, 9, 7, 0.5, 8, 11, 10].map((v) => v / 4),
        [3, 4],
        f64,
      ),
      {
        requiresGrad: true,
      },
    );
    for (const axis of [0, 1]) {
      gradCheck((t) => F.max(t, axis).values, [x]);
      gradCheck((t) => F.min(t, axis, true).values, [x]);
      gradCheck((t) => F.amax(t, axis), [x]);
      gradCheck((t) => F.topk(t, 2, { axis }).values, [x]);
    }
    gradCheck((t) => F.amin(t), [x]);
    gradCheck(
      (t) =>
        F.gather(t, 1, [
          [0, 0, 3],
          [1, 2, 2],
        ]),
      [x],
    );
    gradCheck((a, b) => F.where(array([1, 0, 0, 1]), a, b), [x, leaf(4)]);
    gradCheck((t) => F.clamp(t, 0.9, 2.1), [x]);
  });

  test('shapes: split, expand, squeeze, turned', () => {
    const x = leaf(2, 1, 3);
    gradCheck((t) => F.mul(F.split(t, [1, 2], -1)[1], 3), [x]);
    gradCheck((t) => F.expand(t, [4, -1, 5, -1]), [x]);
    gradCheck((t) => F.mul(F.unsqueeze(F.squeeze(t), 1), 2), [x]);
    gradCheck((t) => F.flatten(F.transpose(t, 0, 2), 0, 1), [x]);
  });
});

test('the gradient of a cast comes back in the format of the input', () => {
  const x = tensor([1, 2], { requiresGrad: true });
  const y = F.double(x);
  expect([y.dtype, F.float(x), F.to(y, f64)]).toEqual([f64, x, y]);
  F.sum(F.mul(y, array([3, 4], undefined, f64))).backward();
  expect([x.grad?.dtype, x.grad?.tolist()]).toEqual(['float32', [3, 4]]);
});

test('a clone has memory of its own, a view the same', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(F.clone(x).data.data).not.toBe(x.data.data);
  for (const out of [F.view(x, [4]), F.squeeze(x), F.unsqueeze(x, 0), F.permute(x, [1, 0])]) {
    expect(out.data.data).toBe(x.data.data);
  }
});

test('places may be tensors, arrays of integers, lists and typed arrays', () => {
  const x = array([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const wanted = [[3], [4]];
  for (const index of [tensor([[2], [0]]), ndarray(Int32Array.of(2, 0), [2, 1]), [[2], [0]]]) {
    expect(F.gather(x, 1, index).tolist()).toEqual(wanted);
  }
  for (const labels of [tensor([2, 0]), Int32Array.of(2, 0), [2, 0]]) {
    expect(F.oneHot(labels).tolist()).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
  }
  expect(F.oneHot(1, 3, { dtype: f64 }).tolist()).toEqual([0, 1, 0]);
  expect(F.oneHot(F.argmax(x, 1), 3).dtype).toBe('float32');
});

test('comparisons take operands of either dtype, and numbers, and record nothing', () => {
  const x = tensor([1, 2, 3], { requiresGrad: true });
  const out = F.ge(x, array([3, 2, 1], undefined, f64));
  expect([out.tolist(), out.dtype, out.requiresGrad]).toEqual([[0, 1, 1], 'float32', false]);
  expect([F.lt(2, x).tolist(), F.ne(x, Number.NaN).tolist()]).toEqual([
    [0, 0, 1],
    [1, 1, 1],
  ]);
});

test('NaN is the largest and the smallest value', () => {
  const x = array([1, Number.NaN, 3, Number.NaN]);
  expect([F.argmax(x).item(), F.argmin(x).item(), F.max(x, 0).values.item()]).toEqual([1, 1, Number.NaN]);
  expect(F.topk(x, 3).indices.tolist()).toEqual([1, 3, 2]);
  expect(F.topk(x, 3, { largest: false }).indices.tolist()).toEqual([0, 2, 1]);
  expect(F.clamp(x, 2).tolist()).toEqual([2, Number.NaN, 3, Number.NaN]);
});

test('nothing has a variance of NaN, a norm of 0, and no place of the largest value', () => {
  const none = zeros([0, 3]);
  expect([F.var(none).item(), F.std(none, 0).tolist()]).toEqual([Number.NaN, Array(3).fill(Number.NaN)]);
  expect([F.norm(none).item(), F.argmax(none, 1).shape]).toEqual([0, [0]]);
  for (const axis of [undefined, 0]) {
    expect(() => F.argmax(none, axis)).toThrow(
      'argmax: x has shape (0, 3), expected at least one value along each axis',
    );
    expect(() => F.argmin(none, axis)).toThrow(
      'argmin: x has shape (0, 3), expected at least one value along each axis',
    );
  }
});

test('all of it stays inside of a workspace, and what is returned is whole', () => {
  const x = leaf(4, 5);
  const run = (): readonly NDArray[] => {
    const { values, indices } = F.topk(F.std(F.split(x, 2, 1)[0], 1, { keepdims: true }).add(x), 2);
    F.sum(F.gather(values, 1, F.argmax(values, 1, true)).norm()).backward();
    const { grad } = x;
    x.grad = null;
    return [values.data, indices.data, (grad as NonNullable<typeof grad>).data];
  };
  const [inside, outside] = [workspace(run), run()];
  inside.forEach((a, i) => {
    expect(Array.from(hostValues(a))).toEqual(Array.from(hostValues(outside[i])));
  });
});

describe('refuse', () => {
  const [row, square] = [zeros([3]), zeros([3, 3])];
  test.each<[string, () => unknown]>([
    ["pow: exponent is 'a', expected a tensor, an array or a number", () => F.pow(row, pretend('a'))],
    ['pow: x has shape (3,), b has shape (2,): the sizes 3 and 2 do not broadcast', () => F.pow(row, zeros([2]))],
    ['pow: exponent has dtype float64, expected float32, the dtype of x', () => F.pow(row, zeros([3], f64))],
    ['amax: axis is 2, expected a whole number from -2 to 1 for shape (3, 3)', () => F.amax(square, 2)],
    ['max: axis is [0, 1], expected the number of one axis: amax takes several', () => F.max(square, pretend([0, 1]))],
    ['min: axis is 1, expected a whole number from -1 to 0 for shape (3,)', () => F.min(row, 1)],
    ['argmax: axis is 1.5, expected a whole number', () => F.argmax(row, 1.5)],
    ['argmin: keepdims is 1, expected true or false', () => F.argmin(row, 0, pretend(1))],
    ['topk: k is 4, expected a whole number from 1 to 3', () => F.topk(row, 4)],
    ['topk: axis is 1, expected', () => F.topk(row, 1, { axis: 1 })],
    ["topk: unknown option 'dim', expected axis, largest", () => F.topk(row, 1, pretend({ dim: 0 }))],
    ["var: unknown option 'correction', expected unbiased, keepdims", () => F.var(row, 0, pretend({ correction: 0 }))],
    ['std: unbiased is 0, expected true or false', () => F.std(row, 0, pretend({ unbiased: 0 }))],
    ["norm: p is 'fro', expected a number, or Infinity", () => F.norm(row, pretend('fro'))],
    ['gather: index[1, 0] is 3, expected a whole number from 0 to 2', () => F.gather(square, 1, [[0], [3]])],
    ['gather: index[0] is -1, expected a whole number from 0 to 2', () => F.gather(row, 0, [-1])],
    ['gather: index[1] is 0.5, expected a whole number from 0 to 2', () => F.gather(row, 0, [0, 0.5])],
    [
      'gather: index has shape (4, 1), expected (≤ 3, any) for an x of shape (3, 3)',
      () => F.gather(square, 1, zeros([4, 1])),
    ],
    ['gather: index has shape (3,), expected (≤ 3, any)', () => F.gather(square, 1, row)],
    ['gather: axis is 1, expected', () => F.gather(row, 1, row)],
    [
      "gather: index is 'a', expected a tensor, an array or a list of whole numbers",
      () => F.gather(row, 0, pretend('a')),
    ],
    ['oneHot: labels[0, 1] is 3, expected a whole number from 0 to 2', () => F.oneHot([[1, 3]], 3)],
    ['oneHot: labels[1] is -1, expected a whole number', () => F.oneHot([1, -1])],
    ['oneHot: numClasses is 0, expected a whole number ≥ 1', () => F.oneHot([0], 0)],
    ["oneHot: dtype is 'int32', expected 'float32' or 'float64'", () => F.oneHot([0], 1, { dtype: pretend('int32') })],
    [
      'where: condition has shape (2,), expected one that broadcasts with (3,), that of a and b',
      () => F.where(zeros([2]), row, 0),
    ],
    ['where: a has shape (3,), b has shape (2,)', () => F.where(1, row, zeros([2]))],
    ['where: condition is true, expected a tensor, an array or a number', () => F.where(pretend(true), row, row)],
    ['clamp: min and max are null, expected a number for one of them', () => F.clamp(row, null)],
    ['clamp: max is NaN, expected a number, or null', () => F.clamp(row, 0, Number.NaN)],
    ['eq: a has shape (3,), b has shape (2,): the sizes 3 and 2 do not broadcast', () => F.eq(row, zeros([2]))],
    ["lt: b is 'a', expected a tensor, an array or a number", () => F.lt(row, pretend('a'))],
    [
      'view: x has strides (1, 3) for shape (3, 3), expected values in row-major order: use reshape, which copies them',
      () => F.view(square.transpose(1, 0), [9]),
    ],
    ['view: x has shape (3, 3), its 9 values do not fill (4, -1)', () => F.view(square, [4, -1])],
    [
      'transpose: axis1 is undefined, expected a whole number from -2 to 1',
      () => F.transpose(square, 0, pretend(undefined)),
    ],
    ['permute: axes is [0, 0], expected each axis of shape (3, 3) once', () => F.permute(square, [0, 0])],
    ['squeeze: axis is 2, expected', () => F.squeeze(square, 2)],
    ['unsqueeze: axis is 3, expected a whole number from -3 to 2', () => F.unsqueeze(square, 3)],
    ['expand: x has shape (3,), which does not broadcast to (3, 2)', () => F.expand(row, [3, 2])],
    ['expand: shape is [-1, 3], expected a list of whole numbers', () => F.expand(row, [-1, 3])],
    [
      'split: size is [1, 1], expected whole numbers > 0 that add up to 3, the size of axis 0',
      () => F.split(row, [1, 1]),
    ],
    ['split: size is 0, expected a whole number ≥ 1', () => F.split(row, 0)],
    ['split: axis is 1, expected a whole number from -1 to 0', () => F.split(row, 1, 1)],
    ['chunk: chunks is 0, expected a whole number ≥ 1', () => F.chunk(row, 0)],
    ['flatten: endDim is 2, expected a whole number from -2 to 1', () => F.flatten(square, 0, 2)],
    ['flatten: endDim is 0, expected an axis from startDim=1 on', () => F.flatten(square, 1, 0)],
    ["to: dtype is 'int32', expected 'float32' or 'float64'", () => F.to(row, pretend('int32'))],
    ['clone: x is [1], expected a tensor or an array', () => F.clone(pretend([1]))],
    ['argmax: x is 1, expected a tensor or an array', () => F.argmax(pretend(1))],
  ])('%s', (message, call) => {
    expect(call).toThrow(message);
  });
});
