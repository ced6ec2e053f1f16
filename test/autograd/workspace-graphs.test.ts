// A graph that leaves its workspace: outside, a backward pass gives the gradient that it gives inside, or says that
// what it needs has ended. Which of the two does not depend on kernels and dtype.

import { expect, test } from 'vitest';
import { type DType, type NDArray, Random } from '../../src/arrays/index.js';
import { F, type Tensor, tensor } from '../../src/autograd/index.js';
import { workspace } from '../../src/kernels/index.js';
import { switchKernels, useKernels } from '../helpers/kernel-sets.js';
import '../helpers/matchers.js';

const labels = [0, 1, 2, 1];

/** Operations on (4, 3, 6, 6), filters (2, 3, 3, 3), rows (4, 6) and weights (5, 6), all but the first made inside. */
const OPERATIONS: Readonly<
  Record<string, (x: Tensor, make: (...shape: number[]) => NDArray, rows: (x: Tensor) => Tensor) => Tensor>
> = {
  elu: (x) => F.elu(x),
  gelu: (x) => F.gelu(x),
  geluTanh: (x) => F.gelu(x, { approximate: 'tanh' }),
  hardsigmoid: (x) => F.hardsigmoid(x),
  hardswish: (x) => F.hardswish(x),
  softplus: (x) => F.softplus(x),
  leakyRelu: (x) => F.leakyRelu(x),
  maxout: (x, _, rows) => F.maxout(rows(x), 3),
  prelu: (x, make) => F.prelu(x, make(3)),
  relu: (x) => F.relu(x),
  relu6: (x) => F.relu6(x),
  sigmoid: (x) => F.sigmoid(x),
  silu: (x) => F.silu(x),
  abs: (x) => F.abs(x),
  div: (x, make) => F.div(x, F.exp(make(4, 3, 6, 6))),
  log: (x) => F.log(F.exp(x)),
  matmul: (x, make) => F.matmul(x, make(6, 2)),
  maximum: (x, make) => F.maximum(x, make(6)),
  pow: (x) => F.pow(x, 2),
  sqrt: (x) => F.sqrt(F.exp(x)),
  sub: (x, make) => F.sub(x, make(1)),
  dropout: (x) => F.dropout(x, 0.5, { random: new Random(1) }),
  adaptiveAvgPool2d: (x) => F.adaptiveAvgPool2d(x, 2),
  avgPool2d: (x) => F.avgPool2d(x, 2),
  maxPool2d: (x) => F.maxPool2d(x, 2),
  conv2d: (x, make) => F.conv2d(x, make(2, 3, 3, 3), make(2), { padding: 1 }),
  conv2dRelu: (x, make) => F.conv2dRelu(x, make(2, 3, 3, 3), make(2), { padding: 1 }),
  linear: (x, make, rows) => F.linear(rows(x), make(5, 6), make(5)),
  linearRelu: (x, make, rows) => F.linearRelu(rows(x), make(5, 6), make(5)),
  crossEntropy: (x, _, rows) => F.crossEntropy(rows(x), labels),
  mseLoss: (x, make) => F.mseLoss(x, make(4, 3, 6, 6)),
  svmLoss: (x, _, rows) => F.svmLoss(rows(x), labels),
  groupNorm: (x) => F.groupNorm(x, 3),
  layerNorm: (x) => F.layerNorm(x, [6]),
  batchNorm: (x, make) => F.batchNorm(x, null, null, make(3), make(3), { training: true }),
  logSoftmax: (x) => F.logSoftmax(x),
  logsumexp: (x) => F.logsumexp(x, 1),
  max: (x) => F.max(x, 1).values,
  mean: (x) => F.mean(x, 1),
  softmax: (x) => F.softmax(x),
  broadcastTo: (x) => F.broadcastTo(x, [2, 4, 3, 6, 6]),
  concat: (x, make) => F.concat([x, make(4, 3, 6, 6)]),
  slice: (x) => F.slice(x, [0]),
  stack: (x) => F.stack([x, x]),
  transpose: (x) => F.transpose(x, [1, 0, 2, 3]),
};

/** What a backward pass outside gives: the same as `'inside'`, or the error. */
function outcome(name: string, dtype: DType): string {
  const gradient = (scope: <R>(fn: () => R) => R, last: 'inside' | 'outside'): NDArray | null => {
    const random = new Random(7);
    const x = tensor(random.randn([4, 3, 6, 6], dtype), { requiresGrad: true });
    const make = (...shape: number[]): NDArray => random.randn(shape, dtype);
    const loss = scope(() => {
      const out = OPERATIONS[name](x, make, (all) => F.slice(all, [null, 0, 0]));
      // What follows needs nothing of its input but the shape.
      const sum = F.sum(out);
      if (last === 'inside') sum.backward();
      return sum;
    });
    // Other numbers lie now where those of the workspace did.
    workspace(() => Array.from({ length: 40 }, () => make(500).data.fill(3)).length);
    if (last === 'outside') loss.backward();
    return x.grad?.data ?? null;
  };
  const expected = gradient((fn) => fn(), 'inside');
  expect(expected).not.toBeNull();
  try {
    const found = gradient(workspace, 'outside');
    expect(found).toEqualBits(expected as NDArray);
    return 'the gradient';
  } catch (error) {
    if ((error as Error).message.includes('made in a workspace that has ended')) return (error as Error).message;
    throw error;
  }
}

useKernels('wasm', 1);

test.each(Object.keys(OPERATIONS))('%s', (name) => {
  const outcomes = (['wasm', 'reference'] as const).flatMap((kernels) => {
    switchKernels(kernels, 1);
    return (['float32', 'float64'] as const).map((dtype) => outcome(name, dtype));
  });
  expect(new Set(outcomes).size, outcomes.join('\n')).toBe(1);
});
