import { expect, test } from 'vitest';
import { array, isRecording, type NDArray, ones } from '../../src/arrays/index.js';
import { F, isTracing, op, Tensor, type TracedOperation, tensor, traceOperations } from '../../src/autograd/index.js';

/** The operations that `fn` runs. */
function traced(fn: () => unknown): TracedOperation[] {
  const operations: TracedOperation[] = [];
  traceOperations((operation) => operations.push(operation), fn);
  return operations;
}

test('operations are told with their operands and their result, and nothing is recorded', () => {
  const x = tensor([[1, -2]], { requiresGrad: true });
  let out: Tensor | undefined;
  const [only] = traced(() => {
    out = F.leakyRelu(x, 0.5);
    expect(isTracing()).toBe(true);
    expect(isRecording()).toBe(false);
  });
  expect(only).toEqual({ name: 'leakyRelu', operands: [x, { alpha: 0.5 }], out, isOwn: false });
  expect(out?.requiresGrad).toBe(false);
});

test('functions without a gradient are told too, and lists with their axis', () => {
  const x = new Tensor(array([[3, 1, 2]]));
  const told = traced(() => {
    F.gt(x, 1);
    x.argmax(1);
    x.max(1);
    x.topk(2);
    F.oneHot(x.argmax(1), 4);
    F.stack([x, x], 1);
  });
  expect(told.map(({ name }) => name)).toEqual([
    'gt',
    'argmax',
    'argmax',
    'max',
    'squeeze',
    'topkIndices',
    'topk',
    'argmax',
    'oneHot',
    'stack',
  ]);
  expect(told.at(-1)?.operands).toEqual([x, x, 1]);
});

test('operations of a user are marked: their name says nothing', () => {
  const twice = op(
    (x: NDArray): [NDArray, null] => [F.add(x, x).data, null],
    (dout) => dout,
    { name: 'relu' },
  );
  expect(traced(() => twice(ones([2]))).map(({ name, isOwn }) => [name, isOwn])).toEqual([
    ['add', false],
    ['relu', true],
  ]);
});

test('a trace ends with its function, also when that throws, and one inside another is apart', () => {
  const outer = traced(() => {
    F.relu(ones([1]));
    expect(traced(() => F.neg(ones([1]))).length).toBe(1);
    F.relu(ones([1]));
  });
  expect(outer.map(({ name }) => name)).toEqual(['relu', 'relu']);
  expect(() => traced(() => F.matmul(ones([2]), ones([3])))).toThrow('matmul');
  expect(isTracing()).toBe(false);
});
