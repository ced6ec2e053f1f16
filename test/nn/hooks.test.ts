import { describe, expect, test } from 'vitest';
import { array, hostValues, type NDArray, Random, toNested } from '../../src/arrays/index.js';
import { F, noGrad, Tensor, type TensorLike, tensor } from '../../src/autograd/index.js';
import { workspace } from '../../src/kernels/index.js';
import * as nn from '../../src/nn/index.js';
import { useKernels } from '../helpers/kernel-sets.js';
import { pretend } from '../helpers/pretend.js';

const leaf = (values: number[]) => tensor(array(values, [1, values.length], 'float64'), { requiresGrad: true });
const gradOf = (x: Tensor) => toNested((x.grad as Tensor).data);

class Product extends nn.Module {
  override forward(a: TensorLike, b: TensorLike): Tensor {
    return F.mul(a, b);
  }
}

describe('forward hooks', () => {
  test('see inputs and output, in the order of their registration', () => {
    const relu = new nn.ReLU();
    const seen: unknown[] = [];
    relu.registerForwardPreHook((module, inputs) => {
      seen.push(['before', module === relu, ...inputs]);
    });
    relu.registerForwardHook((module, inputs, output) => {
      seen.push(['after', module === relu, ...inputs, output]);
    });
    const x = leaf([-1, 2]);
    const out = relu.forward(x);
    expect(seen).toEqual([
      ['before', true, x],
      ['after', true, x, out],
    ]);
    expect(out.tolist()).toEqual([[0, 2]]);
  });

  test('what they return takes the place of inputs and output', () => {
    const relu = new nn.ReLU();
    relu.registerForwardPreHook((_, [x]) => F.neg(x as Tensor));
    relu.registerForwardPreHook((_, [x]) => [F.mul(x as Tensor, 2)]);
    relu.registerForwardHook((_, __, output) => F.add(output, 1));
    relu.registerForwardHook((_, __, output) => F.mul(output, 10));
    const x = leaf([-1, 2]);
    const out = relu.forward(x);
    expect(out.tolist()).toEqual([[30, 10]]);
    F.sum(out).backward();
    expect((x.grad as Tensor).data).toBeAllClose(array([[-20, 0]], undefined, 'float64'));
  });

  test('a handle removes its hook, and the last one leaves the module as it was', () => {
    const relu = new nn.ReLU();
    const { forward } = relu;
    let calls = 0;
    const count = () => {
      calls++;
    };
    const [first, second] = [relu.registerForwardHook(count), relu.registerForwardHook(count)];
    relu.forward(leaf([1]));
    first.remove();
    first.remove();
    relu.forward(leaf([1]));
    expect(calls).toBe(3);
    second.remove();
    expect(Object.hasOwn(relu, 'forward')).toBe(false);
    expect(relu.forward).toBe(forward);
    relu.registerForwardHook(count);
    relu.forward(leaf([1]));
    expect(calls).toBe(4);
  });

  test('stand around a forward that somebody has assigned, and give way to one that is assigned later', () => {
    const relu = new nn.ReLU();
    const own = (x: TensorLike) => F.mul(x, 3);
    relu.forward = own;
    const handle = relu.registerForwardHook((_, __, output) => F.add(output, 1));
    expect(relu.forward(leaf([-1])).tolist()).toEqual([[-2]]);
    handle.remove();
    expect(relu.forward).toBe(own);
    const late = relu.registerForwardHook(() => undefined);
    const other = (x: TensorLike) => F.mul(x, 5);
    relu.forward = other;
    late.remove();
    expect(relu.forward).toBe(other);
  });

  test('change neither names, nor structure, nor what apply and train reach', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU());
    const before = [Object.keys(net.stateDict()), String(net), net.modules().length];
    for (const module of net.modules()) module.registerForwardHook(() => undefined);
    expect([Object.keys(net.stateDict()), String(net), net.modules().length]).toEqual(before);
    expect(Object.keys(net.at(0))).not.toContain('forward');
    expect(net.eval().at(1).training).toBe(false);
  });

  test('summary runs them, and they stay', () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
    let calls = 0;
    net.at(1).registerForwardHook(() => {
      calls++;
    });
    const { rows } = net.summary([2]);
    expect(rows.map(({ outputShape }) => outputShape)).toEqual([[3], [3]]);
    net.forward(array([[1, 2]]));
    expect(calls).toBe(2);
  });

  test.each<[string, nn.Module[], number]>([
    ['a linear layer before a ReLU', [new nn.Linear(4, 4), new nn.ReLU()], 0],
    ['a ReLU behind a linear layer', [new nn.Linear(4, 4), new nn.ReLU()], 1],
    ['a layer that could be folded', [new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.ReLU()], 0],
    ['a normalization that could be folded', [new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.ReLU()], 1],
  ])('%s runs by itself in a Sequential, so that its hooks see its own output', (_, layers, i) => {
    const net = new nn.Sequential(...layers).eval();
    const x = new Random(1).randn([3, 4]);
    let expected: TensorLike = x;
    for (const layer of layers.slice(0, i + 1)) expected = layer.forward(expected);
    const plain = net.forward(x);
    const seen: Tensor[] = [];
    layers[i].registerForwardHook((__, ___, output) => {
      seen.push(output);
    });
    for (const out of [net.forward(x), noGrad(() => net.forward(x))]) {
      expect(out.data).toBeAllClose(plain.data, { rtol: 1e-5, atol: 1e-6 });
    }
    expect(seen).toHaveLength(2);
    for (const output of seen) expect(output.data).toBeAllClose((expected as Tensor).data, { rtol: 1e-5, atol: 1e-6 });
  });

  test.each<[method: 'registerForwardPreHook' | 'registerForwardHook' | 'registerFullBackwardHook']>([
    ['registerForwardPreHook'],
    ['registerForwardHook'],
    ['registerFullBackwardHook'],
  ])('%s refuses what is no function', (method) => {
    expect(() => new nn.ReLU()[method](pretend(1))).toThrow(`${method}: hook is 1, expected a function`);
  });

  test('refuse an output that is no tensor, and a promise', () => {
    const relu = new nn.ReLU();
    const handle = relu.registerForwardHook(() => 3);
    expect(() => relu.forward(leaf([1]))).toThrow(
      'registerForwardHook: hook returned 3, expected a tensor, or nothing',
    );
    handle.remove();
    relu.registerForwardPreHook(async () => undefined);
    expect(() => relu.forward(leaf([1]))).toThrow('registerForwardPreHook: hook returned a promise');
  });
});

describe.each(['reference', 'wasm'] as const)('what hooks see in a workspace (%s)', (kernels) => {
  useKernels(kernels, 1);

  test('stays until its end, also where containers release the memory of their layers', () => {
    const random = new Random(3);
    const body = () =>
      new nn.Sequential(new nn.Linear(6, 6, { random }), new nn.ReLU(), new nn.Linear(6, 6, { random }));
    const net = new nn.Sequential(body(), new nn.Residual(body()), new nn.GELU(), new nn.Linear(6, 2, { random }));
    const x = random.randn([5, 6]);
    for (const hooked of net.modules()) {
      const pairs: [seen: Tensor, copy: NDArray][] = [];
      const keep = (t: unknown) => {
        if (t instanceof Tensor) pairs.push([t, array(t.data)]);
      };
      const handles = [
        hooked.registerForwardPreHook((_, [input]) => keep(input)),
        hooked.registerForwardHook((_, __, output) => keep(output)),
        hooked.registerFullBackwardHook((_, gradInputs, gradOutputs) => {
          for (const gradient of [...gradInputs, ...gradOutputs]) keep(gradient);
        }),
      ];
      workspace(() => {
        F.sum(F.mul(net.forward(x), 2)).backward();
        noGrad(() => net.forward(x));
        expect(pairs.length).toBeGreaterThan(2);
        for (const [seen, copy] of pairs) expect([...hostValues(seen.data)]).toEqual([...hostValues(copy)]);
      });
      for (const handle of handles) handle.remove();
      net.zeroGrad();
    }
  });
});

describe('full backward hooks', () => {
  test('see the gradients of inputs and output, and change no result', () => {
    const layer = new nn.Linear(2, 2, { dtype: 'float64' });
    const run = () => {
      const x = leaf([1, -2]);
      layer.zeroGrad();
      F.sum(F.mul(layer.forward(x), array([[3, 4]], undefined, 'float64'))).backward();
      return [gradOf(x), ...layer.parameters().map((p) => gradOf(p))];
    };
    const before = run();
    const seen: unknown[] = [];
    const handle = layer.registerFullBackwardHook((module, gradInputs, gradOutputs) => {
      seen.push(
        module === layer,
        gradInputs.map((g) => g?.tolist()),
        gradOutputs.map((g) => g?.tolist()),
      );
    });
    expect(run()).toEqual(before);
    expect(seen).toEqual([true, [before[0]], [[[3, 4]]]]);
    handle.remove();
    expect(run()).toEqual(before);
    expect(seen).toHaveLength(3);
  });

  test('what they return takes the place of the gradients with respect to the inputs', () => {
    const product = new Product();
    product.registerFullBackwardHook((_, [a, b]) => [F.mul(a as Tensor, 10), b]);
    product.registerFullBackwardHook((_, [a, b]) => [F.add(a as Tensor, 1), F.neg(b as Tensor)]);
    const [a, b] = [leaf([2, 3]), leaf([5, 7])];
    F.sum(product.forward(a, b)).backward();
    expect([gradOf(a), gradOf(b)]).toEqual([[[51, 71]], [[-2, -3]]]);

    const relu = new nn.ReLU();
    relu.registerFullBackwardHook((_, [gradient]) => F.mul(gradient as Tensor, 2));
    const x = leaf([-1, 1]);
    F.sum(relu.forward(x)).backward();
    expect(gradOf(x)).toEqual([[0, 2]]);
  });

  test('inputs that need no gradient are null; without any, they are called for the output', () => {
    const product = new Product();
    const seen: unknown[] = [];
    product.registerFullBackwardHook((_, gradInputs, gradOutputs) => {
      seen.push([gradInputs.map((g) => g?.tolist() ?? null), gradOutputs.map((g) => g?.tolist())]);
    });
    const b = leaf([5]);
    F.sum(product.forward(array([[2]], undefined, 'float64'), b)).backward();
    expect(seen).toEqual([[[null, [[2]]], [[[1]]]]]);

    const layer = new nn.Linear(1, 1, { bias: false, dtype: 'float64' });
    layer.registerFullBackwardHook((_, gradInputs, gradOutputs) => {
      seen.push([gradInputs, gradOutputs.map((g) => g?.tolist())]);
    });
    F.sum(layer.forward(array([[2]], undefined, 'float64'))).backward();
    expect(seen.slice(1)).toEqual([[[null], [[[1]]]]]);
    expect(gradOf(layer.weight)).toEqual([[2]]);
  });

  test('are not called where nothing is recorded, and again for a second pass over a retained graph', () => {
    const relu = new nn.ReLU();
    let calls = 0;
    relu.registerFullBackwardHook(() => {
      calls++;
    });
    noGrad(() => relu.forward(leaf([1])));
    const loss = F.sum(relu.forward(leaf([1])));
    loss.backward(undefined, { retainGraph: true });
    loss.backward();
    expect(calls).toBe(2);
  });

  test('refuse gradients that are too few, or none', () => {
    const product = new Product();
    let returned: unknown = [null];
    product.registerFullBackwardHook(() => returned);
    const run = () => F.sum(product.forward(leaf([1]), leaf([2]))).backward();
    expect(run).toThrow('registerFullBackwardHook: hook returned 1 gradients, expected 2, one for each input');
    returned = [leaf([1]), null];
    expect(run).toThrow('registerFullBackwardHook: hook returned null for input 1, expected a tensor');
  });
});
