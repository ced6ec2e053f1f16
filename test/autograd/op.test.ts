import { describe, expect, test } from 'vitest';
import {
  affineBackward,
  affineForward,
  array,
  F,
  type NDArray,
  op,
  optim,
  Random,
  ShapeError,
  tensor,
  zeros,
} from '../../src/index.js';
import '../helpers/matchers.js';

const random = new Random(7);
const leaf = (shape: number[]) => tensor(random.randn(shape, 'float64'), { requiresGrad: true });

describe('op', () => {
  test('makes a differentiable function of a layer', () => {
    const affine = op(affineForward, affineBackward);
    const [x, w, b] = [leaf([4, 3]), leaf([3, 2]), leaf([2])];
    const upstream = random.randn([4, 2], 'float64');
    const out = affine(x, w, b);
    out.backward(upstream);
    const [expected, cache] = affineForward(x.data, w.data, b.data);
    const { dx, dw, db } = affineBackward(upstream, cache);
    expect(out.data).toBeAllClose(expected);
    expect(x.grad?.data).toBeAllClose(dx);
    expect(w.grad?.data).toBeAllClose(dw);
    expect(b.grad?.data).toBeAllClose(db);
  });

  test('takes arrays as constants, and tells backward what is needed', () => {
    const asked: boolean[][] = [];
    const affine = op(affineForward, (dout: NDArray, cache: Parameters<typeof affineBackward>[1], needs) => {
      asked.push([...needs]);
      return affineBackward(dout, cache);
    });
    const w = leaf([3, 2]);
    const out = affine(zeros([4, 3], 'float64'), w, zeros([2], 'float64'));
    out.backward(zeros([4, 2], 'float64'));
    expect(asked).toEqual([[false, true, false]]);
    expect(w.grad?.shape).toEqual([3, 2]);
  });

  test('takes a list of gradients, with null for what has none, and a bare one', () => {
    const pair = op(
      (a: NDArray, b: NDArray): [NDArray, NDArray] => [array(a), b],
      (dout) => [dout, null],
    );
    const [a, b] = [leaf([2]), leaf([2])];
    pair(a, b).backward(array([1, 2], undefined, 'float64'));
    expect(a.grad?.tolist()).toEqual([1, 2]);
    expect(b.grad).toBeNull();
    const bare = op(
      (x: NDArray): [NDArray, null] => [array(x), null],
      (dout) => dout,
    );
    bare(a).backward(array([1, 2], undefined, 'float64'));
    expect(a.grad?.tolist()).toEqual([2, 4]);
  });

  const identity = (x: NDArray): [NDArray, null] => [array(x), null];
  test.each<[string, () => void, string]>([
    ['no function', () => op(identity, 3 as never), 'op: backward is 3, expected a function'],
    ['no pair', () => op(((x: NDArray) => x) as never, (d: NDArray) => d, { name: 'f' })(leaf([2])), 'op: f returned'],
    [
      'a promise of a pair',
      () => op((async (x: NDArray) => identity(x)) as never, (d: NDArray) => d, { name: 'f' })(leaf([2])),
      'op: f returned a promise, expected a synchronous function: await outside of it',
    ],
    [
      'a promise of gradients',
      () => op(identity, async (d) => d)(leaf([1])).backward(),
      'op: the backward function of identity returned a promise, expected a synchronous function',
    ],
    [
      'no such option',
      () => op(identity, (d) => d, { keepNothing: true } as never),
      "op: unknown option 'keepNothing', expected name, keepsNothing",
    ],
    [
      'no flag',
      () => op(identity, (d) => d, { keepsNothing: 1 } as never),
      'op: keepsNothing is 1, expected true or false',
    ],
    [
      'too few gradients',
      () =>
        op(
          (a: NDArray, _: NDArray) => identity(a),
          (dout) => ({ da: dout }),
        )(leaf([1]), leaf([1])).backward(),
      'op: the backward function of op returned 1 gradients, expected 2',
    ],
    [
      'no array',
      () => op(identity, () => [5 as never])(leaf([1])).backward(),
      'op: the backward function of identity: the gradient of input 0 is 5, expected an array',
    ],
    [
      'another shape',
      () => op(identity, () => zeros([2, 2], 'float64'))(leaf([1])).backward(),
      'op: the backward function of identity: the gradient of input 0 has shape (2, 2), expected (1,)',
    ],
    [
      'another dtype',
      () => op(identity, () => zeros([1]))(leaf([1])).backward(),
      'op: the backward function of identity: the gradient of input 0 has dtype float32, expected float64',
    ],
  ])('refuses a pair that gives %s', (_, run, message) => {
    expect(run).toThrow(message);
  });

  test('a gradient of another shape is a ShapeError, and no leaf has changed', () => {
    const [a, b] = [leaf([2]), leaf([2])];
    const wrong = op(identity, () => zeros([3], 'float64'));
    expect(() => F.sum(F.add(a, wrong(b))).backward()).toThrow(ShapeError);
    expect([a.grad, b.grad]).toEqual([null, null]);
  });
});

describe('a value that a graph needs', () => {
  const message = (input: string, operation: string) =>
    `backward: ${input} of ${operation} has been changed in place since the forward pass, which its gradient needs ` +
    'unchanged: call backward before changing it, or change a copy';

  test('may not be changed by a write to its memory', () => {
    const [x, y] = [leaf([3]), leaf([3])];
    const z = F.sum(F.mul(x, y));
    x.data.set(1, 42);
    expect(() => z.backward()).toThrow(message('input 0', 'mul'));
    expect([x.grad, y.grad]).toEqual([null, null]);
  });

  test('may not be changed by an update rule, however large it is', () => {
    const w = leaf([300, 200]);
    const loss = F.mean(F.mul(w, w));
    optim.sgd(w.data, random.randn([300, 200], 'float64'), { learningRate: 1e-30 });
    expect(() => loss.backward()).toThrow(message('input 0', 'mul'));
  });

  test('may not be changed where it is an output', () => {
    const x = leaf([3]);
    const y = F.sigmoid(x);
    const z = F.sum(y);
    y.data.set(0, 0.5);
    expect(() => z.backward()).toThrow(message('the output', 'sigmoid'));
  });

  test('may be changed where no gradient needs it', () => {
    const x = leaf([3]);
    const y = F.sum(F.add(x, 1));
    x.data.set(0, 42);
    y.backward();
    expect(x.grad?.tolist()).toEqual([1, 1, 1]);
  });

  test('may be changed after backward', () => {
    const x = leaf([3]);
    F.sum(F.mul(x, x)).backward();
    optim.sgd(x.data, x.data, { learningRate: 0.1 });
    F.sum(F.mul(x, x)).backward();
  });
});
