import { describe, expect, test } from 'vitest';
import {
  array,
  F,
  type NDArray,
  nn,
  ones,
  op,
  optim,
  Random,
  type Tensor,
  tensor,
  workspace,
} from '../../src/index.js';
import { engineMemory, keepsNothing } from '../../src/kernels/index.js';
import { mulForward } from '../../src/layers/index.js';
import { describeKernelSets, useKernels } from '../helpers/kernel-sets.js';
import '../helpers/matchers.js';

function leaf(values: NDArray): Tensor {
  return tensor(values, { requiresGrad: true });
}

/** Twice x, by a function that may keep what it is given and what it returns. */
const double = op(
  (x: NDArray): [NDArray, null] => [mulForward(x, array(2, [], 'float64'))[0], null],
  (dout) => mulForward(dout, array(2, [], 'float64'))[0],
);

describeKernelSets('a gradient belongs to its leaf', () => {
  const values = new Random(1).randn([4, 6], 'float64');

  const losses: Record<string, (x: Tensor) => Tensor> = {
    'a product': (x) => F.sum(F.mul(x, x)),
    'a sum, whose gradient is one value everywhere': (x) => F.sum(x),
    'both operands of a sum': (x) => F.sum(F.mul(F.add(x, x), x)),
    'a transposed matrix': (x) => F.sum(F.tanh(F.linear(ones([3, 6], 'float64'), x))),
    'a part': (x) => F.sum(F.mul(F.slice(x, [[1, 3]]), 3)),
    'turned axes': (x) => F.sum(F.mul(F.transpose(x), new Random(2).randn([6, 4], 'float64'))),
    'a function that may keep its gradients': (x) => F.sum(double(F.tanh(double(x)))),
  };

  test.each(Object.entries(losses))('%s: two workspaces add up, as without any', (_, loss) => {
    const expected = leaf(values);
    for (let i = 0; i < 2; i++) loss(expected).backward();
    const x = leaf(values);
    for (let i = 0; i < 2; i++) workspace(() => loss(x).backward());
    // What comes later does not lie where the gradient is.
    workspace(() => {
      for (let i = 0; i < 20; i++) ones([4, 6], 'float64');
    });
    expect(x.grad?.data).toEqualBits(expected.grad!.data);
  });

  test('also in workspaces inside of one, and after them', () => {
    const x = leaf(values);
    workspace(() => {
      for (let i = 0; i < 2; i++) workspace(() => F.sum(F.mul(x, x)).backward());
      F.sum(F.mul(x, x)).backward();
    });
    expect(x.grad?.data).toBeAllClose(F.mul(values, 6).data, { rtol: 1e-15 });
  });

  test('two leaves do not share one', () => {
    const [a, b] = [leaf(values), leaf(values)];
    workspace(() => F.sum(F.tanh(F.add(a, b))).backward());
    const before = array(b.grad!.data);
    workspace(() => F.sum(a).backward());
    optim.clipGradValue(a, 0);
    expect(b.grad?.data).toEqualBits(before);
  });

  test('the gradient that backward is given is not changed by a second backward pass', () => {
    const seed = array(values);
    const x = leaf(values);
    workspace(() => {
      for (let i = 0; i < 2; i++) F.add(x, 0).backward(seed);
      x.backward(seed);
    });
    expect(seed).toEqualBits(values);
    expect(x.grad?.data).toBeAllClose(F.mul(values, 3).data, { rtol: 1e-15 });
  });

  test('a second backward pass adds in place to what was read', () => {
    const x = leaf(values);
    workspace(() => F.sum(x).backward());
    const { grad } = x;
    F.sum(x).backward();
    expect(x.grad).toBe(grad);
    expect(grad?.data).toBeAllClose(F.add(F.mul(values, 0), 2).data);
  });

  test('what was read stays as it was when the leaf lets it go, and others get memory', () => {
    const x = leaf(values);
    workspace(() => F.sum(F.mul(x, x)).backward());
    const grad = x.grad!;
    x.grad = null;
    workspace(() => {
      for (let i = 0; i < 20; i++) ones([4, 6], 'float64');
      F.sum(x).backward();
    });
    expect(grad.data).toBeAllClose(F.mul(values, 2).data);
  });

  test('one that is assigned stays, too, and is not added to in place', () => {
    const x = leaf(values);
    const [whole, part] = workspace(() => {
      F.sum(x).backward();
      const other = leaf(values);
      x.grad = F.mul(x.grad!, 3);
      other.grad = F.slice(F.mul(values, 2), [[0, 4]]);
      return [x, other];
    });
    const assigned = whole.grad!;
    const other = part.grad!;
    for (let i = 0; i < 2; i++) workspace(() => F.sum(whole).backward());
    expect(whole.grad?.data.get(1, 1)).toBe(5);
    expect(assigned.data.get(1, 1)).toBe(3);
    expect(other.data).toBeAllClose(F.mul(values, 2).data);
  });

  test('optimizers, clipping and zeroGrad work across workspaces', () => {
    const run = (scope: (fn: () => void) => void): NDArray[] => {
      const [w, frozen] = [leaf(values), leaf(values)];
      const optimizer = new optim.SGD([w], { lr: 0.1, momentum: 0.9 });
      for (let i = 0; i < 5; i++) {
        scope(() => optimizer.zeroGrad());
        // The second one is in no optimizer; gradients are accumulated over two batches.
        for (let batch = 0; batch < 2; batch++) scope(() => F.mean(F.tanh(F.mul(w, frozen))).backward());
        scope(() => void optim.clipGradNorm([w], 0.1));
        scope(() => optimizer.step());
      }
      return [w.data, frozen.grad!.data];
    };
    const expected = run((fn) => fn());
    run(workspace).forEach((a, i) => {
      expect(a).toEqualBits(expected[i]);
    });
  });
});

describe('in WebAssembly memory, a gradient', () => {
  useKernels('wasm', 1);

  const memory = () => engineMemory()!;
  const x = leaf(new Random(1).randn([1000, 64]));
  const bytes = x.size * 4;

  test('is moved to its leaf, not copied, and gives its memory back as soon as the leaf lets it go', () => {
    const before = memory().used;
    memory().resetPeak();
    workspace(() => F.sum(F.tanh(x)).backward());
    expect(memory().peak - before).toBeLessThan(3.5 * bytes);
    expect(memory().used - before).toBe(bytes);
    x.grad = null;
    expect(memory().used).toBe(before);
    workspace(() => {
      F.sum(F.tanh(x)).backward();
      const { used } = memory();
      x.grad = null;
      expect(used - memory().used).toBe(bytes);
    });
    expect(memory().used).toBe(before);
  });

  test('takes no more memory the more often it is added to, be the optimizer without its leaf', () => {
    const backbone = new nn.Linear(64, 64);
    const head = new nn.Linear(64, 10);
    const optimizer = new optim.Adam(head.parameters());
    const step = (): void => {
      workspace(() => {
        optimizer.zeroGrad();
        const scores = head.forward(F.relu(backbone.forward(x.data)));
        F.crossEntropy(scores, new Array(1000).fill(3)).backward();
        optimizer.step();
      });
    };
    step();
    const { used } = memory();
    for (let i = 0; i < 10; i++) step();
    expect(memory().used).toBe(used);
  });

  test('that was read and let go in the same workspace ends with it, as every array there', () => {
    const before = memory().used;
    const smuggled = workspace(() => {
      F.sum(F.tanh(x)).backward();
      const { data } = x.grad!;
      x.grad = null;
      return () => F.tanh(data);
    });
    expect(memory().used).toBe(before);
    expect(smuggled).toThrow('this array was made in a workspace that has ended');
  });

  test('of a function that keeps nothing is moved as well', () => {
    const copy = op(
      (v: NDArray): [NDArray, null] => [array(v), null],
      keepsNothing((dout: NDArray) => array(dout)),
    );
    const before = memory().used;
    memory().resetPeak();
    workspace(() => F.sum(copy(x)).backward());
    expect(memory().peak - before).toBeLessThan(3.5 * bytes);
    x.grad = null;
    expect(memory().used).toBe(before);
  });
});
