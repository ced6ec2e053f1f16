import { describe, expect, test, vi } from 'vitest';
import { array, hostValues, type NDArray, overwrite, Random, ShapeError, zeros } from '../../src/arrays/index.js';
import { F, manualSeed, noGrad, type Tensor, type TensorLike, tensor } from '../../src/autograd/index.js';
import { kernels } from '../../src/kernels/index.js';
import * as nn from '../../src/nn/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';

describe('Sequential', () => {
  test('runs its modules one after another', () => {
    const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(4, 2), new nn.Tanh());
    const x = new Random(1).randn([3, 2, 2]);
    const { weight, bias } = model.at(1) as nn.Linear;
    expect(model.forward(x).data).toEqualBits(F.tanh(F.linear(F.flatten(x), weight, bias)).data);
  });

  test('is a list', () => {
    const [a, b, c] = [new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid()];
    const model = new nn.Sequential(a, b);
    expect(model.append(c)).toBe(model);
    expect([model.length, model.at(0), model.at(-1), [...model]]).toEqual([3, a, c, [a, b, c]]);
    expect(() => model.at(3)).toThrow(new RangeError('Sequential: i is 3, expected a place among 3 modules'));
    expect(() => model.at(0.5)).toThrow('Sequential: i is 0.5, expected a place among 3 modules');
  });

  test('without modules returns what it is given', () => {
    const x = tensor([1, 2]);
    expect(new nn.Sequential().forward(x)).toBe(x);
    expect(new nn.Sequential().forward(array([1, 2])).tolist()).toEqual([1, 2]);
  });

  test('takes modules only', () => {
    const wrong = F.relu as unknown as nn.Module;
    expect(() => new nn.Sequential(new nn.ReLU(), wrong)).toThrow(
      new TypeError('Sequential: module 1 is a function, expected a Module'),
    );
    expect(() => new nn.Sequential([new nn.ReLU()] as unknown as nn.Module)).toThrow(
      'Sequential: module 0 is [a ReLU], expected a Module: give the modules one by one, new nn.Sequential(...layers)',
    );
  });

  test('may be a base class with parameters of its own', () => {
    class Scaled extends nn.Sequential {
      readonly factor = new nn.Parameter(array([3]));
      override forward(x: TensorLike): Tensor {
        return F.mul(super.forward(x), this.factor);
      }
    }
    const model = new Scaled(new nn.Linear(1, 1, { bias: false }));
    expect(Object.keys(model.stateDict())).toEqual(['factor', '0.weight']);
    expect(model.forward(array([[2]])).item()).toBeCloseTo(6 * (model.at(0) as nn.Linear).weight.item(), 5);
  });
});

/** A subclass, and so never run together with a ReLU. */
class PlainReLU extends nn.ReLU {}

describeKernelSets('a ReLU runs together with the module before it', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each<[string, number[], () => nn.Module]>([
      ['Conv2d', [2, 3, 6, 5], () => new nn.Conv2d(3, 4, 3, { padding: 1, stride: 2, dtype })],
      ['Conv2d', [2, 3, 6, 5], () => new nn.Conv2d(3, 4, 3, { bias: false, dtype })],
      ['Linear', [5, 3], () => new nn.Linear(3, 7, { dtype })],
      ['Linear', [2, 5, 3], () => new nn.Linear(3, 7, { bias: false, dtype })],
      ['BatchNorm2d', [3, 4, 2, 3], () => new nn.BatchNorm2d(4, { dtype })],
      ['BatchNorm1d', [5, 4], () => new nn.BatchNorm1d(4, { dtype })],
      ['BatchNorm1d', [3, 4, 2], () => new nn.BatchNorm1d(4, { affine: false, dtype })],
    ])('%s of %j: with the same results', (_, shape, make) => {
      const random = new Random(3);
      const values = random.randn(shape, dtype);
      const results = [new nn.ReLU(), new PlainReLU()].map((relu) => {
        manualSeed(4);
        const model = new nn.Sequential(make(), relu);
        const x = tensor(values, { requiresGrad: true });
        const out = model.forward(x);
        out.backward(new Random(5).randn(out.shape, dtype));
        expect(Math.min(...hostValues(out.data))).toBe(0);
        const grads = [x, ...model.parameters()].map(({ grad }) => (grad as Tensor).data);
        return [out.data, ...grads, ...Object.values(model.stateDict()), model.eval().forward(x).data];
      });
      const tolerance = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-13 } : { rtol: 1e-5, atol: 1e-6 };
      for (const [i, fused] of results[0].entries()) expect(fused).toBeAllClose(results[1][i], tolerance);
    });
  });
});

/** A subclass, and so never run together with a batch normalization. */
class PlainGELU extends nn.GELU {}

describeKernelSets('a GELU runs together with the batch normalization before it', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each<[string, number[], () => nn.Module]>([
      ['BatchNorm2d', [3, 4, 2, 3], () => new nn.BatchNorm2d(4, { dtype })],
      ['BatchNorm2d without parameters', [3, 4, 5, 5], () => new nn.BatchNorm2d(4, { affine: false, dtype })],
      ['BatchNorm1d', [5, 4], () => new nn.BatchNorm1d(4, { dtype })],
      ['BatchNorm1d of sequences', [3, 4, 2], () => new nn.BatchNorm1d(4, { dtype })],
    ])('%s of %j: with the same results to rounding', (_, shape, make) => {
      const values = new Random(3).randn(shape, dtype);
      const results = [new nn.GELU(), new PlainGELU()].map((gelu) => {
        manualSeed(4);
        const model = new nn.Sequential(make(), gelu);
        settle(model, dtype);
        const x = tensor(values, { requiresGrad: true });
        return [model.train(), model.eval()].flatMap((mode) => {
          for (const leaf of [x, ...mode.parameters()]) leaf.grad = null;
          const out = mode.forward(x);
          out.backward(new Random(5).randn(out.shape, dtype));
          const grads = [x, ...mode.parameters()].map(({ grad }) => array((grad as Tensor).data));
          return [out.data, ...grads, ...Object.values(mode.stateDict()), noGrad(() => mode.forward(x)).data];
        });
      });
      const tolerance = dtype === 'float64' ? { rtol: 1e-11, atol: 1e-12 } : { rtol: 2e-5, atol: 1e-5 };
      for (const [i, fused] of results[0].entries()) expect(fused).toBeAllClose(results[1][i], tolerance);
    });
  });
});

test('a GELU runs alone if it is approximated, replaced, or behind another module', () => {
  const x = new Random(1).randn([3, 2]);
  const norm = new nn.BatchNorm1d(2);
  const operation = (...modules: nn.Module[]) => String(new nn.Sequential(...modules).forward(x));
  expect(operation(norm, new nn.GELU())).toContain('from batchNormGelu');
  expect(operation(norm, new nn.GELU({ approximate: 'tanh' }))).toContain('from gelu');
  expect(operation(norm, new PlainGELU())).toContain('from gelu');
  expect(operation(new nn.Linear(2, 2), new nn.GELU())).toContain('from gelu');
  const replaced = new nn.GELU();
  replaced.forward = (input) => F.neg(input as TensorLike);
  expect(operation(norm, replaced)).toContain('from neg');
  class Doubled extends nn.BatchNorm1d {
    override forward(input: TensorLike): Tensor {
      return F.mul(super.forward(input), 2);
    }
  }
  expect(operation(new Doubled(2), new nn.GELU())).toContain('from gelu');
  const watched = new nn.GELU();
  const seen: number[][] = [];
  watched.registerForwardHook((_, __, out) => void seen.push((out as Tensor).shape));
  expect(operation(norm, watched)).toContain('from gelu');
  expect(seen).toEqual([[3, 2]]);
});

test('where a batch normalization is folded, its GELU runs behind that', () => {
  const model = new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.BatchNorm2d(4), new nn.GELU());
  settle(model, 'float32');
  model.eval();
  const x = new Random(3).randn([2, 3, 6, 5]);
  const expected = model.forward(x).data;
  expect(noGrad(() => model.forward(x)).data).toBeAllClose(expected, { rtol: 1e-5, atol: 2e-5 });
});

test('a module of your own runs together with a GELU after it if it offers forwardGelu', () => {
  class Doubled extends nn.Module {
    override forward(input: TensorLike): Tensor {
      return F.mul(input, 2);
    }
    override forwardGelu(input: TensorLike): Tensor {
      return F.mul(F.gelu(F.mul(input, 2)), 1);
    }
  }
  const x = new Random(1).randn([3, 2]);
  const out = new nn.Sequential(new Doubled(), new nn.GELU()).forward(tensor(x, { requiresGrad: true }));
  expect(String(out)).toContain('from mul');
  expect(out.data).toEqualBits(F.gelu(F.mul(x, 2)).data);
});

test.each<[nn.Module, number[], string]>([
  [new nn.Conv2d(1, 1, 1), [1, 1, 2, 2], 'from conv2dRelu'],
  [new nn.Linear(1, 1), [1, 1], 'from linearRelu'],
  [new nn.BatchNorm2d(1), [1, 1, 2, 2], 'from batchNormRelu'],
  [new nn.BatchNorm1d(1), [2, 1], 'from batchNormRelu'],
  [new nn.LayerNorm(1), [2, 1], 'from relu'],
])('%s and a ReLU are one operation where there is one', (module, shape, operation) => {
  const x = new Random(1).randn(shape);
  expect(String(new nn.Sequential(module, new nn.ReLU()).forward(x))).toContain(operation);
  expect(String(new nn.Sequential(module, new PlainReLU()).forward(x))).toContain('from relu');
});

/** Gives a batch normalization statistics, scales and shifts that are not the first ones. */
function settle(model: nn.Module, dtype: 'float32' | 'float64'): void {
  const random = new Random(8);
  for (const module of model.modules()) {
    if (!(module instanceof nn.BatchNorm2d || module instanceof nn.BatchNorm1d)) continue;
    for (const state of [module.runningMean, module.weight, module.bias]) {
      if (state !== null) overwrite(state.data, random.randn(state.shape, dtype));
    }
    if (module.runningVar !== null) overwrite(module.runningVar.data, random.rand(module.runningVar.shape, dtype));
  }
}

describeKernelSets('without recording, a batch normalization in evaluation is folded into the module before it', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    const conv = (bias = true) => new nn.Conv2d(3, 4, 3, { padding: 1, bias, dtype });
    test.each<[string, number[], () => nn.Module[]]>([
      ['Conv2d', [2, 3, 6, 5], () => [conv(), new nn.BatchNorm2d(4, { dtype })]],
      ['Conv2d and ReLU', [2, 3, 6, 5], () => [conv(false), new nn.BatchNorm2d(4, { dtype, eps: 0.1 }), new nn.ReLU()]],
      [
        'Conv2d, not affine',
        [2, 3, 6, 5],
        () => [conv(), new nn.BatchNorm2d(4, { dtype, affine: false }), new nn.Tanh()],
      ],
      ['Linear', [5, 3], () => [new nn.Linear(3, 4, { dtype }), new nn.BatchNorm1d(4, { dtype })]],
      [
        'Linear and ReLU',
        [5, 3],
        () => [
          new nn.Linear(3, 4, { bias: false, dtype }),
          new nn.BatchNorm1d(4, { dtype }),
          new nn.ReLU(),
          new nn.Tanh(),
        ],
      ],
      [
        'Conv2d in a Residual',
        [2, 4, 6, 5],
        () => [
          new nn.Residual(
            new nn.Sequential(
              new nn.Conv2d(4, 4, 3, { padding: 1, dtype }),
              new nn.BatchNorm2d(4, { dtype }),
              new nn.ReLU(),
            ),
          ),
        ],
      ],
    ])('%s of %j: with the same results', (_, shape, make) => {
      manualSeed(4);
      const model = new nn.Sequential(...make());
      settle(model, dtype);
      model.eval();
      const before = model.stateDict();
      const x = new Random(3).randn(shape, dtype);
      const expected = model.forward(x).data;
      const normalize = vi.spyOn(kernels(), 'normalize');
      const folded = noGrad(() => model.forward(x));
      expect(normalize).not.toHaveBeenCalled();
      normalize.mockRestore();
      const tolerance = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-13 } : { rtol: 1e-5, atol: 2e-5 };
      expect(folded.data).toBeAllClose(expected, tolerance);
      expect(folded.requiresGrad).toBe(false);
      expect(model.stateDict()).toEqual(before);
    });
  });
});

describe('a batch normalization runs by itself', () => {
  /**
   * Whether all of `normalized`'s values went through a normalization of their own: its bits are those of the parts.
   */
  const expectParts = (parts: nn.Module[], x: NDArray): void => {
    const model = new nn.Sequential(...parts);
    noGrad(() => {
      const expected = parts.reduce((value: TensorLike, part) => part.forward(value) as TensorLike, x) as Tensor;
      expect(model.forward(x).data).toEqualBits(expected.data);
    });
  };
  const x = new Random(6).randn([4, 3, 5, 5]);

  test('in training, and where it keeps no statistics', () => {
    expectParts([new nn.Conv2d(3, 4, 3), new nn.BatchNorm2d(4)], x);
    const untracked = new nn.BatchNorm2d(4, { trackRunningStats: false });
    expectParts([new nn.Conv2d(3, 4, 3), untracked.eval()], x);
  });

  test('where it normalizes another axis than that of the outputs', () => {
    const norm = new nn.BatchNorm1d(3);
    settle(norm, 'float32');
    expectParts([new nn.Linear(5, 3), norm.eval()], new Random(7).randn([2, 3, 5]));
  });

  test('where its forward, or that of the module before it, has been replaced', () => {
    const [conv, norm] = [new nn.Conv2d(3, 4, 3), new nn.BatchNorm2d(4).eval()];
    norm.forward = (input) => F.neg(input);
    expectParts([conv, norm], x);
    const other = new nn.Conv2d(3, 4, 3);
    other.forward = () => tensor(new Random(1).randn([1, 4, 2, 2]));
    const settled = new nn.BatchNorm2d(4).eval();
    settle(settled, 'float32');
    expectParts([other, settled], x);
  });

  test('where it does not fit, which is said', () => {
    const model = new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.BatchNorm2d(5)).eval();
    const message = 'Sequential[1] (BatchNorm2d): x has shape (4, 4, 3, 3), expected (N, C=5, H, W)';
    expect(() => noGrad(() => model.forward(x))).toThrow(message);
    const double = new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.BatchNorm2d(4, { dtype: 'float64' })).eval();
    expect(() => noGrad(() => double.forward(x))).toThrow('Sequential[1] (BatchNorm2d): x has dtype float32');
    const folded = new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.BatchNorm2d(4)).eval();
    expect(() => noGrad(() => folded.forward(zeros([1, 2, 8, 8])))).toThrow('Sequential[0] (Conv2d): x has shape');
    const linear = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4)).eval();
    expect(() => noGrad(() => linear.forward(null as never))).toThrow('Sequential[0] (Linear): x is null');
  });
});

describe('modules of your own', () => {
  /** Multiplies each channel; counts how often each of its methods runs. */
  class Scale extends nn.Module {
    readonly factor: nn.Parameter;
    readonly calls = { forward: 0, forwardRelu: 0, foldInto: 0 };
    constructor(factors: number[]) {
      super();
      this.factor = new nn.Parameter(array(factors));
    }
    override forward(x: TensorLike): Tensor {
      this.calls.forward++;
      return F.mul(x, this.factor);
    }
    override forwardRelu(x: TensorLike): Tensor {
      this.calls.forwardRelu++;
      return F.relu(F.mul(x, this.factor));
    }
    override foldInto({ weight, bias }: nn.Foldable): nn.Weights | null {
      if (!(weight instanceof nn.Parameter && bias instanceof nn.Parameter)) return null;
      this.calls.foldInto++;
      return { w: F.mul(weight, F.reshape(this.factor, [-1, 1])).data, b: F.mul(bias, this.factor).data };
    }
  }
  const x = new Random(8).randn([4, 3]);
  const off = { forward: 0, forwardRelu: 0, foldInto: 0 };

  test('run together with a ReLU after them if they offer forwardRelu', () => {
    const scale = new Scale([2, -1, 3]);
    const out = new nn.Sequential(scale, new nn.ReLU()).forward(x);
    expect(out.data).toEqualBits(F.relu(F.mul(x, scale.factor)).data);
    expect(scale.calls).toEqual({ ...off, forwardRelu: 1 });
    new nn.Sequential(scale, new nn.Tanh()).forward(x);
    expect(scale.calls).toEqual({ ...off, forwardRelu: 1, forward: 1 });
  });

  test('run in the layer before them under noGrad if they offer foldInto', () => {
    const [linear, scale] = [new nn.Linear(3, 3), new Scale([2, -1, 3])];
    const model = new nn.Sequential(linear, scale, new nn.ReLU());
    const expected = F.relu(F.mul(linear.forward(x), scale.factor)).data;
    expect(noGrad(() => model.forward(x)).data).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-6 });
    expect(scale.calls).toEqual({ ...off, foldInto: 1 });
    expect(model.forward(x).data).toEqualBits(expected);
    expect(scale.calls).toEqual({ ...off, foldInto: 1, forwardRelu: 1 });
    const unbiased = new nn.Sequential(new nn.Linear(3, 3, { bias: false }), scale);
    noGrad(() => unbiased.forward(x));
    expect(scale.calls).toEqual({ ...off, foldInto: 1, forwardRelu: 1, forward: 1 });
  });

  test('may take a batch normalization in by forwardWith', () => {
    class Rows extends nn.Module {
      readonly weight = new nn.Parameter(new Random(9).randn([2, 3]));
      given: nn.Weights | null = null;
      override forward(input: TensorLike): Tensor {
        return F.linear(input, this.weight);
      }
      override forwardWith(input: TensorLike, weights: nn.Weights, relu: boolean): Tensor {
        this.given = weights;
        return (relu ? F.linearRelu : F.linear)(input, weights.w, weights.b);
      }
    }
    const [rows, norm] = [new Rows(), new nn.BatchNorm1d(2)];
    settle(norm, 'float32');
    const model = new nn.Sequential(rows, norm, new nn.ReLU()).eval();
    const expected = F.relu(norm.forward(rows.forward(x))).data;
    expect(noGrad(() => model.forward(x)).data).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-6 });
    expect(rows.given?.w.shape).toEqual([2, 3]);
  });

  test('run by themselves where forward has been overridden or replaced since the offer', () => {
    class Negated extends Scale {
      override forward(input: TensorLike): Tensor {
        return F.neg(super.forward(input));
      }
    }
    const negated = new Negated([2, -1, 3]);
    const expected = F.relu(negated.forward(x)).data;
    expect(new nn.Sequential(negated, new nn.ReLU()).forward(x).data).toEqualBits(expected);
    const linear = new nn.Linear(3, 3);
    const both = new nn.Sequential(linear, negated);
    expect(noGrad(() => both.forward(x)).data).toEqualBits(negated.forward(linear.forward(x)).data);

    class Renewed extends Negated {
      override forwardRelu(input: TensorLike): Tensor {
        return F.relu(F.neg(F.mul(input, this.factor)));
      }
    }
    const renewed = new Renewed([2, -1, 3]);
    expect(new nn.Sequential(renewed, new nn.ReLU()).forward(x).data).toEqualBits(expected);
    expect(renewed.calls.forward).toBe(0);

    const assigned = new Scale([1, 1, 1]);
    assigned.forward = (input) => F.neg(input);
    expect(new nn.Sequential(assigned, new nn.ReLU()).forward(x).data).toEqualBits(F.relu(F.neg(x)).data);
    expect(assigned.calls).toEqual(off);
  });
});

describe('a ReLU runs alone', () => {
  const ran = (model: nn.Sequential): boolean => {
    let calls = 0;
    const relu = model.at(1);
    const { forward } = relu;
    relu.forward = (...inputs) => {
      calls++;
      return forward.apply(relu, inputs);
    };
    model.forward(zeros([1, 2]));
    return calls === 1;
  };

  test('if its forward has been replaced', () => {
    expect(ran(new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU()))).toBe(true);
  });

  test('behind a module whose forward has been replaced, or is a subclass of its own', () => {
    class Doubled extends nn.Linear {
      override forward(x: TensorLike): Tensor {
        return F.mul(super.forward(x), 2);
      }
    }
    const doubled = new Doubled(2, 2);
    const x = new Random(1).randn([4, 2]);
    const expected = F.relu(doubled.forward(x)).data;
    expect(new nn.Sequential(doubled, new nn.ReLU()).forward(x).data).toEqualBits(expected);

    const replaced = new nn.Linear(2, 2);
    replaced.forward = () => tensor([[-1, 5]]);
    expect(new nn.Sequential(replaced, new nn.ReLU()).forward(x).tolist()).toEqual([[0, 5]]);
  });
});

describe('an error in a module', () => {
  const conv = () => new nn.Conv2d(4, 4, 3, { padding: 1 });
  class Block extends nn.Module {
    readonly layers = [conv()];
    override forward(x: TensorLike): Tensor {
      return this.layers[0].forward(x);
    }
  }
  const x = zeros([1, 3, 8, 8]);
  const shape = 'x has shape (1, 3, 8, 8), expected (N, C=4, H, W)';

  test.each<[nn.Module, string]>([
    [conv(), `Conv2d: ${shape}`],
    [new nn.Sequential(new nn.Tanh(), conv()), `Sequential[1] (Conv2d): ${shape}`],
    [new nn.Sequential(conv(), new nn.ReLU()), `Sequential[0] (Conv2d): ${shape}`],
    [new nn.Sequential(new nn.Sequential(new nn.Tanh(), conv())), `Sequential[0][1] (Conv2d): ${shape}`],
    [new nn.Residual(conv()), `Residual.body (Conv2d): ${shape}`],
    [new nn.Residual(new nn.Tanh(), { shortcut: conv() }), `Residual.shortcut (Conv2d): ${shape}`],
    [
      new nn.Sequential(new nn.Tanh(), new nn.Residual(new nn.Sequential(conv(), new nn.ReLU()))),
      `Sequential[1] (Residual).body[0] (Conv2d): ${shape}`,
    ],
    [new nn.Sequential(new nn.DenseBlock(conv())), `Sequential[0][0] (Conv2d): ${shape}`],
    [new nn.Sequential(new Block()), `Sequential[0].layers[0] (Conv2d): ${shape}`],
    [
      new nn.Sequential(new nn.Residual(new nn.Conv2d(3, 4, 1))),
      'Sequential[0] (Residual): the body returned shape (1, 4, 8, 8), expected (1, 3, 8, 8), that of the shortcut',
    ],
  ])('names its path: %#', (model, message) => {
    expect(() => model.forward(x)).toThrow(ShapeError);
    expect(() => model.forward(x)).toThrow(message);
  });

  test('names the path through modules of others', () => {
    class Net extends nn.Module {
      readonly stages = { first: new nn.Sequential(new nn.Tanh(), conv()) };
      override forward(input: TensorLike): Tensor {
        return this.stages.first.forward(input);
      }
    }
    expect(() => new nn.Sequential(new Net()).forward(x)).toThrow(`Sequential[0].stages.first[1] (Conv2d): ${shape}`);
  });

  test('stays what it is, with its first message as the cause', () => {
    class Odd extends Error {}
    const thrower = (error: unknown): nn.Module => {
      const module = new nn.Identity();
      module.forward = () => {
        throw error;
      };
      return new nn.Sequential(module);
    };
    const thrown = (model: nn.Module): unknown => {
      try {
        return model.forward(x);
      } catch (error) {
        return error;
      }
    };
    const odd = new Odd('as it is');
    expect(thrown(thrower(odd))).toBe(odd);
    expect(thrown(thrower('a string'))).toBe('a string');
    const type = new TypeError('no');
    expect(thrown(thrower(type))).toEqual(new TypeError('Sequential[0] (Identity): no', { cause: type }));
    expect(thrown(thrower(new Error('no')))).toEqual(new Error('Sequential[0] (Identity): no'));

    const nested = thrown(new nn.Sequential(new nn.Sequential(conv()))) as Error;
    expect((nested.cause as Error).message).toBe(`Conv2d: ${shape}`);
  });

  test('leaves the running statistics as they are', () => {
    const model = new nn.Sequential(new nn.BatchNorm2d(4));
    const before = model.stateDict();
    expect(() => model.forward(x)).toThrow(`Sequential[0] (BatchNorm2d): ${shape}`);
    expect(() => model.forward(zeros([1, 4, 1, 1]))).toThrow('expected more than one value a channel in training');
    expect(model.stateDict()).toEqual(before);
  });
});

describe('Residual', () => {
  test('adds its body and its shortcut', () => {
    const body = new nn.Linear(2, 3);
    const shortcut = new nn.Linear(2, 3);
    const block = new nn.Residual(body, { shortcut });
    const x = new Random(1).randn([4, 2]);
    expect(block.forward(x).data).toEqualBits(F.add(body.forward(x), shortcut.forward(x)).data);
    expect(Object.keys(block.stateDict())).toEqual([
      ...['body.weight', 'body.bias', 'shortcut.weight', 'shortcut.bias'],
    ]);
    const past = new nn.Residual(new nn.Tanh());
    expect(past.forward(array([[1]])).item()).toBeCloseTo(1 + Math.tanh(1), 6);
  });

  test('refuses what is no module', () => {
    expect(() => new nn.Residual(F.relu as never)).toThrow('Residual: body is a function, expected a Module');
    expect(() => new nn.Residual(new nn.ReLU(), { shortcut: null as never })).toThrow(
      'Residual: shortcut is null, expected a Module',
    );
    expect(() => new nn.Residual(new nn.ReLU(), { short: 1 } as never)).toThrow("Residual: unknown option 'short'");
  });
});

describe('DenseBlock', () => {
  test('gives each module everything before it', () => {
    const [first, second] = [new nn.Conv2d(2, 3, 3, { padding: 1 }), new nn.Conv2d(5, 1, 1)];
    const block = new nn.DenseBlock(first, second);
    const x = new Random(1).randn([2, 2, 4, 3]);
    const one = F.concat([x, first.forward(x)], 1);
    const expected = F.concat([one, second.forward(one)], 1).data;
    expect(expected.shape).toEqual([2, 6, 4, 3]);
    expect(block.forward(x).data).toEqualBits(expected);
    expect(Object.keys(block.stateDict())).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
    expect(new nn.DenseBlock().forward(x).data).toBe(x);
  });

  test('has the gradient of the formula', () => {
    const block = new nn.DenseBlock(new nn.Linear(1, 1, { bias: false }));
    (block.at(0) as nn.Linear).loadStateDict({ weight: array([[5]]) });
    const x = tensor([[2]], { requiresGrad: true });
    block.forward(x).backward(array([[1, 10]]));
    expect([x.grad?.item(), block.parameters()[0].grad?.item()]).toEqual([51, 20]);
  });

  test.each<[nn.Module, NDArray, string]>([
    [new nn.Conv2d(2, 1, 3), zeros([1, 2, 4, 4]), 'module 0 returned shape (1, 1, 2, 2), expected (1, C, 4, 4)'],
    [new nn.Flatten(0), zeros([2, 3]), 'module 0 returned shape (6,), expected (2, C)'],
  ])('names a module that changes more than the channels: %s', (layer, x, message) => {
    expect(() => new nn.DenseBlock(layer).forward(x)).toThrow(
      new ShapeError(`DenseBlock: ${message}, that of the input but for the channels`),
    );
  });
});
