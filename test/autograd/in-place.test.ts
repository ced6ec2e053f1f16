import { describe, expect, test } from 'vitest';
import { array, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { F, noGrad, Tensor, tensor } from '../../src/autograd/index.js';
import { optim } from '../../src/index.js';
import { workspace } from '../../src/kernels/index.js';
import { useKernels } from '../helpers/kernel-sets.js';
import '../helpers/matchers.js';

const random = new Random(5);
const leaf = (...shape: number[]) => tensor(random.randn(shape, 'float64'), { requiresGrad: true });
const halve = (a: NDArray) => void optim.sgd(a, a, { learningRate: 0.5 });
const CHANGED = 'has been changed in place since the forward pass';

/** Rows `from` to `to` of a matrix, as a tensor over the same memory. */
function rows(a: NDArray, from: number, to: number): Tensor {
  return new Tensor(a.lo(from, 0).hi(to - from, a.shape[1]), { requiresGrad: true });
}

describe('no change is seen where there is none', () => {
  test('to a part of a larger array, when its neighbour is written to', () => {
    const larger = random.randn([40, 30], 'float64');
    const [upper, lower] = [rows(larger, 0, 20), rows(larger, 20, 40)];
    const loss = F.sum(F.mul(upper, upper));
    for (let i = 0; i < 30; i++) lower.data.set(3, i, 0);
    loss.backward();
    expect(upper.grad?.data).toBeAllClose(F.mul(upper, 2).data);
  });

  test('to a transposed, reversed or strided view', () => {
    const a = random.randn([9, 8], 'float64');
    for (const view of [a.transpose(1, 0), a.step(-1, 2), a.lo(2, 1).hi(3, 4), a.pick(null, 3)]) {
      const x = new Tensor(view, { requiresGrad: true });
      F.sum(F.mul(x, x)).backward();
      expect(x.grad?.data).toBeAllClose(F.mul(x.detach(), 2).data);
    }
  });

  test('by forward and backward passes themselves, however often the graph is kept', () => {
    const [x, w] = [leaf(6, 4), leaf(3, 4)];
    const y = F.mean(F.sigmoid(F.linear(F.relu(x), w)));
    for (let i = 0; i < 3; i++) y.backward(null, { retainGraph: true });
    y.backward();
    const once = leaf(1);
    F.mul(once, once).backward();
    expect(w.grad).not.toBeNull();
  });

  test('to the copies that slice, concat and broadcastTo make', () => {
    const x = leaf(2, 3);
    for (const copy of [F.slice(x, [null, 1]), F.concat([x]), F.broadcastTo(x, [2, 2, 3])]) {
      const loss = F.sum(F.mul(x, 3));
      halve(copy.data);
      loss.backward();
    }
    expect(x.grad?.data).toBeAllClose(array([9, 9, 9, 9, 9, 9], [2, 3], 'float64'));
  });

  test('by a training pass of a batch normalization that shares its statistics', () => {
    const [x, mean, variance] = [leaf(5, 3), random.randn([3], 'float64'), array([1, 2, 3], [3], 'float64')];
    const [evaluated, trained] = [false, true].map((training) =>
      F.batchNorm(x, mean, variance, null, null, { training }),
    );
    const again = F.batchNorm(x, mean, variance, null, null, { training: true });
    F.sum(F.mul(evaluated, F.add(trained, again))).backward();
    expect(x.grad?.shape).toEqual([5, 3]);
  });

  test('and a batch normalization in evaluation has the gradient of the statistics that it used', () => {
    const [x, mean, variance] = [leaf(5, 3), zeros([3], 'float64'), array([4, 4, 4], [3], 'float64')];
    const y = F.batchNorm(x, mean, variance, null, null, { eps: 1e-12 });
    F.batchNorm(leaf(5, 3), mean, variance, null, null, { training: true, momentum: 1 });
    F.sum(y).backward();
    expect(x.grad?.data).toBeAllClose(F.add(zeros([5, 3], 'float64'), 0.5).data, { rtol: 1e-9 });
  });

  test('by optimizer steps between whole passes', () => {
    const w = leaf(30, 20);
    for (let i = 0; i < 3; i++) {
      F.sum(F.mul(w, w)).backward();
      optim.sgd(w.data, (w.grad as Tensor).data, { learningRate: 0.01 });
      w.grad = null;
    }
  });

  test('to an input that its operation does not keep', () => {
    const [x, w] = [leaf(4, 3), leaf(2, 3)];
    const b = leaf(2);
    const loss = F.sum(F.linear(x, w, b));
    halve(b.data);
    loss.backward();
    expect(b.grad?.tolist()).toEqual([4, 4]);
  });
});

describe('a change is seen', () => {
  test('through a detached tensor, which shares the memory', () => {
    const x = leaf(3);
    const loss = F.sum(F.mul(x, x));
    halve(x.detach().data);
    expect(() => loss.backward()).toThrow(`backward: input 0 of mul ${CHANGED}`);
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ['reshape', (x) => F.reshape(x, [-1])],
    ['transpose', (x) => F.transpose(x)],
    ['flatten', (x) => F.flatten(x)],
  ])('through the view that %s makes, before and after it', (_, viewOf) => {
    const x = leaf(2, 3);
    const [before, after] = [F.sum(F.mul(x, x)), F.sum(F.exp(F.mul(viewOf(x), viewOf(x))))];
    halve(viewOf(x).data);
    expect(() => before.backward()).toThrow(`backward: input 0 of mul ${CHANGED}`);
    expect(() => after.backward()).toThrow(`backward: input 0 of mul ${CHANGED}`);
    expect(x.grad).toBeNull();
  });

  test('in the weights of linear, which its layer sees transposed', () => {
    const [x, w] = [leaf(4, 3), leaf(2, 3)];
    const loss = F.sum(F.linear(x, w));
    w.data.set(0, 0, 7);
    expect(() => loss.backward()).toThrow(`backward: input 1 of linear ${CHANGED}`);
  });

  test('in a constant', () => {
    const [x, mask] = [leaf(3), random.randn([3], 'float64')];
    const loss = F.sum(F.mul(x, mask));
    mask.set(2, 0);
    expect(() => loss.backward()).toThrow(`backward: input 1 of mul ${CHANGED}`);
  });

  test.each([
    ['in one of 64 values, by a write to the memory', 64, 1],
    ['in all of many values, by a write to the memory', 5000, 5000],
  ])('%s', (_, size, count) => {
    const x = leaf(size);
    const loss = F.sum(F.mul(x, x));
    for (let i = 0; i < count; i++) x.data.set(size - 1 - i, 0.25);
    expect(() => loss.backward()).toThrow(CHANGED);
  });

  test('in a part of an array whose other part an update rule changed: a version counts for all of its memory', () => {
    const larger = random.randn([4, 3], 'float64');
    const [upper, lower] = [rows(larger, 0, 2), rows(larger, 2, 4)];
    const loss = F.sum(F.mul(upper, upper));
    halve(lower.data);
    expect(() => loss.backward()).toThrow(CHANGED);
  });

  test('not where one value of many was written to the memory directly, between those that are looked at', () => {
    const x = leaf(5000);
    const loss = F.sum(F.mul(x, x));
    x.data.set(1, 100);
    loss.backward();
    expect(x.grad?.data.get(1)).toBe(200);
  });
});

describe('a value whose workspace has ended', () => {
  useKernels('wasm', 1);

  test('is named in a backward pass that comes too late', () => {
    const w = leaf(2, 2);
    const loss = workspace(() => F.sum(F.mul(F.exp(w), w)));
    expect(loss.item()).toBeGreaterThan(-10);
    expect(() => loss.backward()).toThrow(
      'backward: input 0 of mul was made in a workspace that has ended: call backward inside of it',
    );
    expect(w.grad).toBeNull();
  });
});

test('changing parameters by hand in noGrad is for after backward', () => {
  const w = leaf(3);
  const loss = F.sum(F.mul(w, w));
  loss.backward();
  noGrad(() => halve(w.data));
  expect(() => loss.backward()).toThrow('has been freed by an earlier backward');
});
