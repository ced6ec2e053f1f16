import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, hostValues, type NDArray, Random } from '../../src/arrays/index.js';
import * as arithmetic from '../../src/autograd/functions/arithmetic.js';
import * as reductions from '../../src/autograd/functions/reductions.js';
import * as reshaping from '../../src/autograd/functions/reshaping.js';
import * as selecting from '../../src/autograd/functions/selecting.js';
import { F, Tensor, tensor } from '../../src/autograd/index.js';
import { Parameter } from '../../src/nn/index.js';
import '../helpers/matchers.js';

const f64 = 'float64';
const some = (seed: number, ...shape: number[]) => tensor(new Random(seed).randn(shape, f64), { requiresGrad: true });

/** The arguments of a method besides the tensor, which is (3, 4), positive and without equal values. */
const ARGUMENTS: Readonly<Record<string, (other: Tensor) => readonly unknown[]>> = {
  add: (other) => [other],
  sub: (other) => [other],
  mul: (other) => [other],
  div: (other) => [other],
  maximum: (other) => [other],
  minimum: (other) => [other],
  pow: (other) => [other],
  exp: () => [],
  log: () => [],
  sqrt: () => [],
  neg: () => [],
  abs: () => [],
  matmul: (other) => [F.transpose(other)],
  relu: () => [],
  sigmoid: () => [],
  tanh: () => [],
  sum: () => [0],
  mean: () => [[0, 1], true],
  var: () => [1, { unbiased: false }],
  std: () => [0],
  norm: () => [3, 1],
  amax: () => [1],
  amin: () => [0],
  softmax: () => [0],
  logSoftmax: () => [],
  logsumexp: () => [1],
  reshape: () => [[2, -1]],
  view: () => [[6, 2]],
  flatten: () => [0],
  transpose: () => [0, 1],
  permute: () => [[1, 0]],
  squeeze: () => [],
  unsqueeze: () => [1],
  broadcastTo: () => [[2, 3, 4]],
  expand: () => [[2, -1, 4]],
  slice: () => [[[0, 2], -1]],
  split: () => [2, 1],
  chunk: () => [2],
  to: () => ['float32'],
  double: () => [],
  float: () => [],
  clone: () => [],
  max: () => [1],
  min: () => [],
  argmax: () => [0],
  argmin: () => [],
  topk: () => [2, { axis: 0 }],
  gather: () => [
    1,
    [
      [0, 1],
      [3, 3],
      [2, 0],
    ],
  ],
  oneHot: () => [100],
  clamp: () => [0.5, 1],
  eq: (other) => [other],
  ne: (other) => [other],
  lt: (other) => [other],
  le: (other) => [other],
  gt: () => [1],
  ge: (other) => [other],
};

/** Methods that are not the function with the tensor for its first argument, and functions that are no methods. */
const OTHERS = ['where', 'concat', 'stack'];

const FAMILIES = { ...arithmetic, ...reductions, ...reshaping, ...selecting };
/** Activations that PyTorch has as methods, too. */
const ACTIVATIONS = ['relu', 'sigmoid', 'tanh'];

/** The values of a result, of the parts of a result, and of the gradients. */
function bitsOf(result: unknown, leaves: readonly Tensor[]): unknown {
  const parts = result instanceof Tensor ? [result] : Object.values(result as Record<string, Tensor>);
  for (const leaf of leaves) leaf.grad = null;
  for (const part of parts) if (part.requiresGrad) F.sum(F.mul(part, part)).backward();
  const bits = (a: NDArray): unknown => [a.shape, Array.from(hostValues(a))];
  return [...parts, ...leaves.map(({ grad }) => grad)].map((each) => each && bits(each.data));
}

describe('methods', () => {
  test('there is one for every function of arithmetic, reductions, shapes and choices, or it is listed', () => {
    expect([...Object.keys(FAMILIES), ...ACTIVATIONS].sort()).toEqual([...Object.keys(ARGUMENTS), ...OTHERS].sort());
    const missing = Object.keys(ARGUMENTS).filter((name) => !(name in Tensor.prototype));
    expect(missing).toEqual([]);
  });

  test.each(Object.keys(ARGUMENTS))('%s is the function, to the bit, gradients too', (name) => {
    const positive = (seed: number) => tensor(F.add(new Random(seed).rand([3, 4], f64), 0.2), { requiresGrad: true });
    const labels = tensor([[1, 2, 3, 7]], { dtype: f64 });
    const [x, other] = [name === 'oneHot' ? labels : positive(1), positive(2)];
    const method = (x as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
    const fn = (F as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
    const args = ARGUMENTS[name];
    expect(bitsOf(method.apply(x, [...args(other)]), [x, other])).toEqual(bitsOf(fn(x, ...args(other)), [x, other]));
  });

  test('where chooses between the tensor and another one, and T turns the axes', () => {
    const x = tensor([
      [1, -2],
      [-3, 4],
    ]);
    expect(x.where(x.gt(0), x.mul(10)).tolist()).toEqual([
      [1, -20],
      [-30, 4],
    ]);
    expect(x.T.tolist()).toEqual([
      [1, -3],
      [-2, 4],
    ]);
    expect(hostValues(x.T.T.data)).toBe(x.data.data);
  });

  test('read from left to right, on parameters too', () => {
    const [x, w] = [tensor([[1, 2]]), new Parameter(array([[3], [-4]]))];
    expect(x.matmul(w).add(1).relu().mean([0, 1]).item()).toBe(0);
    expect(w.abs().sum().add(w.T.matmul(w).squeeze()).item()).toBe(32);
    expect([w.numel(), w.dim(), x.requiresGrad_().requiresGrad, x.requiresGrad_(false).requiresGrad]).toEqual([
      2,
      2,
      true,
      false,
    ]);
  });

  test('are not enumerable, and can be replaced', () => {
    expect(Object.keys(Tensor.prototype)).toEqual([]);
    expect(Object.getOwnPropertyDescriptor(Tensor.prototype, 'mul')).toMatchObject({
      enumerable: false,
      writable: true,
      configurable: true,
    });
  });

  test('give the accuracy of scores', () => {
    const scores = tensor([
      [1, 2, 0],
      [3, 0, 1],
      [0, 1, 2],
      [5, 6, 7],
    ]);
    expect(
      scores
        .argmax(1)
        .eq(tensor([1, 0, 0, 2]))
        .mean()
        .item(),
    ).toBe(0.75);
    expect(F.crossEntropy(scores, scores.argmax(1)).item()).toBeLessThan(0.5);
    const { indices } = scores.max(1);
    expect(scores.gather(1, indices.unsqueeze(1)).squeeze(1).tolist()).toEqual([2, 3, 2, 7]);
    expect(indices.oneHot(3).mul(scores).sum(1).tolist()).toEqual([2, 3, 2, 7]);
  });
});

describe('properties', () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
  const seeds = fc.integer({ min: 1, max: 1e6 });

  test('the parts of a split, joined again, are the whole, and so are the chunks; so is the gradient', () => {
    fc.assert(
      fc.property(shapes, seeds, fc.nat(3), fc.integer({ min: 1, max: 6 }), (shape, seed, place, size) => {
        const axis = place % shape.length;
        const x = some(seed, ...shape);
        for (const parts of [x.split(size, axis), x.chunk(size, axis - shape.length)]) {
          expect(F.concat(parts, axis).tolist()).toEqual(x.tolist());
        }
        const dout = new Random(seed).randn(shape, f64);
        x.grad = null;
        F.concat(x.split(size, axis), axis).backward(dout);
        const gradient = x.grad as Tensor | null;
        expect(gradient?.data).toBeAllClose(dout, { rtol: 0, atol: 0 });
      }),
      { numRuns: 40 },
    );
  });

  test('gathering and adding back are adjoint: ⟨gather(x), y⟩ = ⟨x, backward(y)⟩', () => {
    fc.assert(
      fc.property(shapes, seeds, fc.nat(3), fc.integer({ min: 1, max: 6 }), (shape, seed, place, count) => {
        const random = new Random(seed);
        const axis = place % shape.length;
        const smaller = shape.map((n, i) => (i === axis ? count : random.randint(1, n + 1, 1)[0]));
        const index = array(
          Array.from(
            random.randint(
              0,
              shape[axis],
              smaller.reduce((a, b) => a * b),
            ),
          ),
          smaller,
          f64,
        );
        const x = some(seed, ...shape);
        const y = random.randn(smaller, f64);
        const out = x.gather(axis, index);
        out.backward(y);
        const left = out.mul(y).sum().item();
        const right = x
          .mul(x.grad as Tensor)
          .sum()
          .item();
        expect(Math.abs(left - right)).toBeLessThan(1e-12 * (1 + out.abs().sum().item()));
      }),
      { numRuns: 60 },
    );
  });

  test('topk of all is a sort; its values are where its indices say', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        (list, largest) => {
          const x = tensor(list);
          const { values, indices } = x.topk(list.length, { largest });
          const sorted = [...list].sort((a, b) => (largest ? b - a : a - b));
          expect(values.tolist()).toEqual(sorted);
          expect(x.gather(0, indices).tolist()).toEqual(sorted);
          const { values: first, indices: place } = largest ? x.max(0) : x.min(0);
          expect([first.item(), place.item()]).toEqual([sorted[0], list.indexOf(sorted[0])]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
