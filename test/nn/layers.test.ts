import { describe, expect, test } from 'vitest';
import { array, faultOf, hostValues, overwrite, Random, ShapeError, zeros } from '../../src/arrays/index.js';
import { F, manualSeed, Tensor, tensor } from '../../src/autograd/index.js';
import { workspace } from '../../src/kernels/index.js';
import * as nn from '../../src/nn/index.js';

function thrownBy(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('what a module is made with', () => {
  /** The modules as JavaScript sees them. */
  const js = nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>;
  test.each<[() => unknown, string]>([
    [() => new nn.Linear(0, 2), 'Linear: inFeatures is 0, expected a whole number ≥ 1'],
    [() => new nn.Linear(2, 1.5), 'Linear: outFeatures is 1.5, expected a whole number ≥ 1'],
    [() => new js.Linear(2, 2, false), 'Linear: options is false, expected an object'],
    [() => new js.Linear(2, 2, { biases: true }), "Linear: unknown option 'biases', expected bias, dtype, random"],
    [() => new js.Linear(2, 2, { bias: 1 }), 'Linear: bias is 1, expected true or false'],
    [() => new js.Linear(2, 2, { dtype: 'f32' }), "Linear: dtype is 'f32', expected 'float32' or 'float64'"],
    [() => new js.Linear(2, 2, { random: 1 }), 'Linear: random is 1, expected a Random'],
    [() => new nn.Conv2d(-1, 2, 3), 'Conv2d: inChannels is -1, expected a whole number ≥ 1'],
    [() => new nn.Conv2d(1, 0, 3), 'Conv2d: outChannels is 0, expected a whole number ≥ 1'],
    [
      () => new js.Conv2d(1, 2, [3]),
      'Conv2d: kernelSize is [3], expected a whole number ≥ 1, or [vertical, horizontal] of such',
    ],
    [() => new nn.Conv2d(1, 2, 3, { stride: 0 }), 'Conv2d: stride is 0, expected a whole number ≥ 1'],
    [() => new nn.Conv2d(1, 2, 3, { padding: [0, -1] }), 'Conv2d: padding is [0, -1], expected a whole number ≥ 0'],
    [() => new js.Conv2d(1, 2, 3, { padding: 'full' }), "Conv2d: padding is 'full', expected a whole number ≥ 0, [v"],
    [
      () => new nn.Conv2d(1, 2, 3, { padding: 'same', stride: 2 }),
      "Conv2d: padding is 'same' at stride 2, expected stride 1: give the padding in pixels",
    ],
    [
      () => new nn.Conv2d(1, 2, 3, { padding: 'same', stride: [1, 2] }),
      "Conv2d: padding is 'same' at stride (1, 2), expected stride 1",
    ],
    [() => new nn.Conv2d(1, 2, 3, { dilation: 0 }), 'Conv2d: dilation is 0, expected a whole number ≥ 1'],
    [() => new nn.Conv2d(4, 4, 3, { groups: 0 }), 'Conv2d: groups is 0, expected a whole number ≥ 1'],
    [() => new nn.Conv2d(4, 6, 3, { groups: 3 }), 'Conv2d: groups is 3, expected a divisor of inChannels=4'],
    [() => new nn.Conv2d(6, 4, 3, { groups: 3 }), 'Conv2d: groups is 3, expected a divisor of outChannels=4'],
    [
      () => new js.Conv2d(1, 2, 3, { paddingMode: 'zeros' }),
      "Conv2d: unknown option 'paddingMode', expected stride, padding, dilation, groups, bias, dtype, random",
    ],
    [() => new nn.BatchNorm2d(0), 'BatchNorm2d: numFeatures is 0, expected a whole number ≥ 1'],
    [() => new nn.BatchNorm1d(2, { eps: 0 }), 'BatchNorm1d: eps is 0, expected a number > 0'],
    [
      () => new nn.BatchNorm2d(2, { momentum: 2 }),
      'BatchNorm2d: momentum is 2, expected a number from 0 to 1, or null',
    ],
    [() => new js.BatchNorm2d(2, { affine: 0 }), 'BatchNorm2d: affine is 0, expected true or false'],
    [() => new js.BatchNorm2d(2, { trackRunningStats: 0 }), 'BatchNorm2d: trackRunningStats is 0, expected true'],
    [() => new js.BatchNorm2d(2, { track: 0 }), "BatchNorm2d: unknown option 'track', expected eps, momentum, affine"],
    [() => new nn.LayerNorm([]), 'LayerNorm: normalizedShape is [], expected one or more sizes ≥ 1'],
    [() => new nn.LayerNorm([2, 0]), 'LayerNorm: normalizedShape is [2, 0], expected one or more sizes ≥ 1'],
    [() => new nn.LayerNorm(2, { eps: -1 }), 'LayerNorm: eps is -1, expected a number > 0'],
    [
      () => new js.LayerNorm(2, { affine: true }),
      "LayerNorm: unknown option 'affine', expected eps, elementwiseAffine",
    ],
    [() => new nn.GroupNorm(2, 3), 'GroupNorm: numGroups is 2, expected a divisor of numChannels=3'],
    [() => new nn.GroupNorm(0, 3), 'GroupNorm: numGroups is 0, expected a whole number ≥ 1'],
    [() => new js.GroupNorm(1, 3, { groups: 1 }), "GroupNorm: unknown option 'groups', expected eps, affine, dtype"],
    [() => new js.ReLU({ inplace: true }), "ReLU: unknown option 'inplace', expected none"],
    [() => new js.GELU({ approximate: 'erf' }), "GELU: approximate is 'erf', expected 'none' or 'tanh'"],
    [() => new js.SiLU({ inplace: true }), "SiLU: unknown option 'inplace', expected none"],
    [() => new nn.Softmax(0.5), 'Softmax: dim is 0.5, expected a whole number'],
    [() => new js.LogSoftmax({ axis: 1 }), "LogSoftmax: unknown option 'axis', expected dim"],
    [() => new nn.Softplus({ beta: 0 }), 'Softplus: beta is 0, expected a number > 0'],
    [() => new js.Softplus({ treshold: 1 }), "Softplus: unknown option 'treshold', expected beta, threshold"],
    [() => new js.Identity({ size: 1 }), "Identity: unknown option 'size', expected none"],
    [() => new nn.LeakyReLU(Number.NaN), 'LeakyReLU: negativeSlope is NaN, expected a number'],
    [() => new js.LeakyReLU({ slope: 1 }), "LeakyReLU: unknown option 'slope', expected negativeSlope"],
    [() => new nn.ELU({ alpha: -1 }), 'ELU: alpha is -1, expected a number ≥ 0'],
    [() => new nn.PReLU({ numParameters: 0 }), 'PReLU: numParameters is 0, expected a whole number ≥ 1'],
    [() => new js.PReLU({ init: 'a' }), "PReLU: init is 'a', expected a number"],
    [() => new js.PReLU(2), 'PReLU: options is 2, expected an object'],
    [() => new nn.Maxout(0), 'Maxout: pieces is 0, expected a whole number ≥ 1'],
    [() => new nn.MaxPool2d(0), 'MaxPool2d: kernelSize is 0, expected a whole number ≥ 1'],
    [() => new nn.AvgPool2d(2, 0), 'AvgPool2d: stride is 0, expected a whole number ≥ 1'],
    [() => new js.MaxPool2d(2, { pad: 1 }), "MaxPool2d: unknown option 'pad', expected stride, padding"],
    [() => new nn.AdaptiveAvgPool2d([1, 0]), 'AdaptiveAvgPool2d: outputSize is [1, 0], expected a whole number ≥ 1'],
    [() => new nn.Dropout(1.5), 'Dropout: p is 1.5, expected the probability of dropping a value, in [0, 1]'],
    [() => new js.Dropout(0.5, { inplace: true }), "Dropout: unknown option 'inplace', expected random"],
    [() => new nn.Dropout2d(-1), 'Dropout2d: p is -1, expected the probability of dropping a value, in [0, 1]'],
    [() => new nn.Flatten(-1), 'Flatten: startDim is -1, expected a whole number ≥ 0'],
  ])('%#', (make, message) => {
    const error = thrownBy(make);
    expect(error.message).toContain(message);
    const { fn, arg } = faultOf(error)!;
    expect(message).toContain(`${fn}: ${arg}`);
  });
});

describe('what a module is called with', () => {
  test.each<[nn.Module, number[], string]>([
    [new nn.Linear(4, 2), [3, 5], 'x has shape (3, 5), expected (…, inFeatures=4)'],
    [new nn.Linear(4, 2), [0, 3], 'x has shape (0, 3), expected (…, inFeatures=4)'],
    [new nn.Linear(4, 2), [], 'x has shape (), expected (…, inFeatures=4)'],
    [new nn.Conv2d(32, 2, 3), [64, 16, 30, 30], 'x has shape (64, 16, 30, 30), expected (N, C=32, H, W)'],
    [new nn.Conv2d(1, 2, [5, 3], { padding: 1 }), [1, 1, 2, 1], 'x has shape (1, 1, 2, 1), expected (N, C=1, H≥3, W)'],
    [new nn.Conv2d(1, 2, 3), [9, 9], 'x has shape (9, 9), expected (N, C=1, H, W) or (C=1, H, W)'],
    [new nn.BatchNorm2d(3), [2, 3], 'x has shape (2, 3), expected (N, C=3, H, W)'],
    [new nn.BatchNorm1d(3), [2, 4], 'x has shape (2, 4), expected (N, C=3)'],
    [new nn.BatchNorm1d(3), [2, 3, 2, 2], 'x has shape (2, 3, 2, 2), expected (N, C=3) or (N, C=3, L)'],
    [new nn.LayerNorm([2, 3]), [4, 3, 2], 'x has shape (4, 3, 2), expected (…, 2, 3)'],
    [new nn.GroupNorm(2, 4), [2, 3, 5], 'x has shape (2, 3, 5), expected (N, C=4, …)'],
    [new nn.PReLU({ numParameters: 3 }), [2, 4], 'x has shape (2, 4), expected (N, C=3, …)'],
    [new nn.Softmax(2), [2, 3], 'x has shape (2, 3), expected 3 axes or more, for dim=2'],
    [new nn.LogSoftmax(), [], 'x has shape (), expected 1 axes or more, for dim=-1'],
    [new nn.Maxout(2), [2, 4, 1], 'x has shape (2, 4, 1), expected (N, D)'],
    [new nn.MaxPool2d([3, 2]), [1, 1, 2, 2], 'x has shape (1, 1, 2, 2), expected (N, C, H≥3, W)'],
    [new nn.AvgPool2d(2), [4, 4], 'x has shape (4, 4), expected (N, C, H, W) or (C, H, W)'],
    [new nn.AdaptiveAvgPool2d(2), [4, 4], 'x has shape (4, 4), expected (N, C, H, W) or (C, H, W)'],
    [new nn.Flatten(), [4], 'x has shape (4,), expected (N, d_1, …)'],
  ])('%s of %j', (module, shape, message) => {
    const error = thrownBy(() => module.forward(zeros(shape)));
    expect(error).toEqual(new ShapeError(`${module.constructor.name}: ${message}`));
    expect(faultOf(error)).toMatchObject({ fn: module.constructor.name, arg: 'x' });
  });

  test.each<[nn.Module, number[]]>([
    [new nn.Linear(2, 2), [1, 2]],
    [new nn.Conv2d(2, 2, 1), [1, 2, 1, 1]],
    [new nn.BatchNorm1d(2, { affine: false }), [3, 2]],
    [new nn.LayerNorm(2), [1, 2]],
    [new nn.GroupNorm(1, 2), [1, 2]],
    [new nn.PReLU(), [1, 2]],
  ])('%s takes its own number format only', (module, shape) => {
    expect(() => module.forward(zeros(shape, 'float64'))).toThrow(
      new TypeError(
        `${module.constructor.name}: x has dtype float64, expected float32, that of the module: ` +
          "make it with { dtype: 'float64' }, call its to('float64'), or convert x",
      ),
    );
  });

  test('a tensor or an array', () => {
    for (const wrong of [[[1, 2]], 3, null, undefined]) {
      expect(() => new nn.Linear(2, 1).forward(wrong as never)).toThrow(TypeError);
      expect(() => new nn.Linear(2, 1).forward(wrong as never)).toThrow('expected a tensor or an array');
    }
  });

  test('views, with the same result', () => {
    const conv = new nn.Conv2d(2, 3, 3);
    const x = new Random(1).randn([4, 5, 2, 3]);
    const view = x.transpose(3, 2, 1, 0);
    expect(conv.forward(view).data).toEqualBits(conv.forward(array(view)).data);
  });
});

describe('modules of their own kind', () => {
  test('Dropout drops in training only, p of the values, and scales the others', () => {
    const x = new Tensor(array(new Float32Array(4000).fill(3)));
    const dropout = new nn.Dropout(0.25, { random: new Random(1) });
    const out = hostValues(dropout.forward(x).data);
    const dropped = out.filter((v) => v === 0).length;
    expect(dropped).toBeGreaterThan(900);
    expect(dropped).toBeLessThan(1100);
    expect(new Set(out)).toEqual(new Set([0, 4]));
    expect(dropout.eval().forward(x)).toBe(x);
    expect(new nn.Dropout().p).toBe(0.5);
    expect(new Set(hostValues(new nn.Dropout(1).forward(x).data))).toEqual(new Set([0]));
  });

  test('Dropout draws from manualSeed where it has no generator, another mask each time', () => {
    const x = array(new Float32Array(64).fill(1));
    const masks = () => {
      manualSeed(1);
      const dropout = new nn.Dropout();
      return [dropout.forward(x).tolist(), dropout.forward(x).tolist()];
    };
    const [first, second] = masks();
    expect(first).not.toEqual(second);
    expect(masks()).toEqual([first, second]);
  });

  test('Maxout takes the largest of each group', () => {
    const x = tensor([[1, 5, -2, -3]], { requiresGrad: true });
    const out = new nn.Maxout(2).forward(x);
    out.backward(array([[10, 20]]));
    expect([out.tolist(), x.grad?.tolist()]).toEqual([[[5, -2]], [[0, 10, 20, 0]]]);
    expect(() => new nn.Maxout(3).forward(x)).toThrow(ShapeError);
  });

  test('BatchNorm counts batches in training, and is the plain average of them with momentum null', () => {
    const norm = new nn.BatchNorm1d(1, { momentum: null });
    for (const mean of [1, 2, 6]) norm.forward(array([[mean - 1], [mean + 1]]));
    expect(norm.runningMean?.tolist()).toEqual([3]);
    expect(norm.runningVar?.tolist()).toEqual([2]);
    norm.eval().forward(array([[1]]));
    expect(norm.numBatchesTracked?.item()).toBe(3);
  });

  test('BatchNorm without running statistics goes by the batch in evaluation too', () => {
    const norm = new nn.BatchNorm1d(1, { trackRunningStats: false, eps: 1e-12 }).eval();
    expect(norm.forward(array([[0], [4]])).tolist()).toEqual([[-1], [1]]);
    expect(Object.keys(norm.stateDict())).toEqual(['weight', 'bias']);
  });

  test('Identity returns what it is given', () => {
    const x = tensor([1]);
    expect(new nn.Identity().forward(x)).toBe(x);
    expect(new nn.Identity().forward(x.data).data).toBe(x.data);
  });
});

describe('training', () => {
  test('inside a workspace leaves parameters and running statistics whole', () => {
    const run = (within: <R>(fn: () => R) => R) => {
      manualSeed(2);
      const model = within(() => new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2)));
      const x = new Random(1).randn([5, 3]);
      for (let step = 0; step < 3; step++) {
        within(() => {
          model.zeroGrad();
          F.crossEntropy(model.forward(x), Int32Array.of(0, 1, 0, 1, 1)).backward();
          for (const { data, grad } of model.parameters()) {
            overwrite(data, F.sub(data, F.mul((grad as Tensor).data, 0.1)).data);
          }
        });
      }
      return model.stateDict();
    };
    expect(run(workspace)).toEqual(run((fn) => fn()));
  });

  test('a small network learns a few examples by heart', () => {
    manualSeed(3);
    const model = new nn.Sequential(
      new nn.Conv2d(1, 4, 3, { padding: 1 }),
      new nn.BatchNorm2d(4),
      new nn.ReLU(),
      new nn.Residual(new nn.Conv2d(4, 4, 3, { padding: 'same' })),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(36, 3),
    );
    const x = new Random(1).randn([6, 1, 6, 6]);
    const y = Int32Array.of(0, 1, 2, 0, 1, 2);
    const lossNow = () => F.crossEntropy(model.forward(x), y);
    const first = lossNow().item();
    for (let step = 0; step < 60; step++) {
      model.zeroGrad();
      lossNow().backward();
      for (const parameter of model.parameters()) {
        const next = F.sub(parameter.data, F.mul((parameter.grad as Tensor).data, 0.2));
        parameter.data.data.set(hostValues(next.data));
      }
    }
    expect(first).toBeGreaterThan(0.9);
    expect(lossNow().item()).toBeLessThan(0.01);
  });
});
