import { beforeEach, describe, expect, test } from 'vitest';
import { array, type NDArray, ones, Random } from '../../src/arrays/index.js';
import { F, type OpOptions, op, type Tensor, tensor } from '../../src/autograd/index.js';
import { configureKernels, engineMemory, keepsNothing, resident, workspace } from '../../src/kernels/index.js';
import { mulForward, reluForward } from '../../src/layers/index.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import '../helpers/matchers.js';

/** Twice x, by a function that hands its upstream gradient to `see`. */
function watched(see: (dout: NDArray) => void, options: OpOptions = {}): (x: Tensor) => Tensor {
  const backward = (dout: NDArray): NDArray => {
    see(dout);
    return mulForward(dout, array(2, [], 'float64'))[0];
  };
  return op((x: NDArray): [NDArray, null] => [mulForward(x, array(2, [], 'float64'))[0], null], backward, options);
}

const values = new Random(1).randn([4, 6], 'float64');

describe('in a workspace, the memory of gradients', () => {
  beforeEach(() => {
    configureKernels({ kernels: 'wasm' });
  });

  test('is used again on the way: a long chain holds its activations and three gradients', () => {
    const x = tensor(new Random(2).randn([1000, 64]), { requiresGrad: true });
    const bytes = x.size * 4;
    const memory = engineMemory();
    if (memory === null) throw new Error('this test needs the WebAssembly kernels');
    const step = (): void => {
      workspace(() => {
        let h: Tensor = x;
        for (let i = 0; i < 12; i++) h = F.tanh(h);
        F.sum(h).backward();
        x.grad = null;
      });
    };
    step();
    const { used } = memory;
    memory.resetPeak();
    step();
    expect(memory.used).toBe(used);
    expect(memory.peak - used).toBeGreaterThan(12 * bytes);
    expect(memory.peak - used).toBeLessThan(15.5 * bytes);
  });

  test('stays where an operation may keep what it is given', () => {
    workspace(() => {
      const kept: NDArray[] = [];
      const x = tensor(values, { requiresGrad: true });
      const h = watched((dout) => kept.push(dout))(F.tanh(x));
      F.sum(F.mul(h, h)).backward();
      for (let i = 0; i < 20; i++) ones([4, 6], 'float64');
      expect(kept[0]).toBeAllClose(mulForward(h.data, array(2, [], 'float64'))[0], { rtol: 1e-15, atol: 0 });
    });
  });

  test('ends where it says that it keeps nothing: a smuggled gradient is empty, and using it says why', () => {
    workspace(() => {
      let stolen = ones([1]);
      const x = tensor(values, { requiresGrad: true });
      const h = watched(
        (dout) => {
          stolen = dout;
        },
        { keepsNothing: true },
      )(F.tanh(x));
      F.sum(F.mul(h, h)).backward();
      expect(stolen.data.length).toBe(0);
      expect(() => reluForward(stolen)).toThrow('this array was made in a workspace that has ended');
    });
  });

  test('ends where keepsNothing was called with the backward function, unless the option says otherwise', () => {
    const lengths = [{}, { keepsNothing: false }].map((options) =>
      workspace(() => {
        let kept = ones([1]);
        const double = op(
          (x: NDArray): [NDArray, null] => [mulForward(x, array(2, [], 'float64'))[0], null],
          keepsNothing((dout: NDArray) => {
            kept = dout;
            return mulForward(dout, array(2, [], 'float64'))[0];
          }),
          options,
        );
        const h = double(F.tanh(tensor(values, { requiresGrad: true })));
        F.sum(F.mul(h, h)).backward();
        return kept.data.length;
      }),
    );
    expect(lengths).toEqual([0, 24]);
  });

  test('of the gradient that backward is given stays', () => {
    workspace(() => {
      const x = tensor(values, { requiresGrad: true });
      const seed = new Random(3).randn([24], 'float64');
      F.reshape(F.add(x, x), [24]).backward(seed);
      for (let i = 0; i < 20; i++) ones([24], 'float64');
      expect(seed).toEqualBits(resident(new Random(3).randn([24], 'float64')));
    });
  });

  test('of the gradients of leaves stays until the workspace ends', () => {
    const { grads, later } = workspace(() => {
      const [a, b] = [1, 2].map((seed) => tensor(new Random(seed).randn([4, 6]), { requiresGrad: true }));
      F.sum(F.mul(F.add(a, b), F.tanh(a))).backward();
      const grads = [a, b].map(({ grad }) => array((grad as Tensor).data));
      for (let i = 0; i < 20; i++) F.sum(F.tanh(tensor(ones([4, 6]), { requiresGrad: true }))).backward();
      return { grads, later: [a, b].map(({ grad }) => (grad as Tensor).data) };
    });
    expect(later[0]).toEqualBits(grads[0]);
    expect(later[1]).toEqualBits(grads[1]);
  });
});

describeKernelSets('gradients that share memory on the way are the same in a workspace', () => {
  const graphs: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
    'both operands of a sum': (x, y) => {
      const [a, b] = [F.tanh(x), F.exp(y)];
      return F.sum(F.tanh(F.add(a, b)));
    },
    'a sum and its reshaped operand': (x, y) =>
      F.sum(F.tanh(F.add(F.reshape(F.tanh(x), [6, 4]), F.reshape(y, [6, 4])))),
    'one tensor twice': (x, y) => {
      const h = F.tanh(F.add(x, y));
      return F.sum(F.tanh(F.add(h, h)));
    },
    'a way past': (x, y) => {
      const h = F.tanh(x);
      return F.sum(F.mul(F.add(h, F.tanh(F.add(h, F.transpose(F.transpose(h))))), y));
    },
    'parts of one array': (x, y) => F.sum(F.tanh(F.concat([F.slice(F.tanh(x), [[0, 2]]), F.tanh(y), x], 0))),
    'a sum of three with a broadcast one': (x, y) =>
      F.mean(F.tanh(F.add(F.add(F.tanh(x), F.sum(F.tanh(y), 0)), F.broadcastTo(F.mean(x), [4, 6])))),
    'an operation that may keep its gradient': (x, y) => {
      const double = watched(() => {});
      return F.sum(F.tanh(F.add(double(F.tanh(x)), double(F.add(x, y)))));
    },
  };

  test.each(Object.entries(graphs))('%s', (_, graph) => {
    const gradients = (scope: <R>(fn: () => R) => R, retainGraph: boolean): NDArray[] =>
      scope(() => {
        const leaves = [values, new Random(2).randn([4, 6], 'float64')].map((v) => tensor(v, { requiresGrad: true }));
        const out = graph(leaves[0], leaves[1]);
        out.backward(null, { retainGraph });
        if (retainGraph) out.backward();
        return leaves.map(({ grad }) => (grad as Tensor).data);
      });
    for (const retainGraph of [false, true]) {
      const expected = gradients((fn) => fn(), retainGraph);
      gradients(workspace, retainGraph).forEach((grad, i) => {
        expect(grad).toEqualBits(expected[i]);
      });
    }
  });
});
