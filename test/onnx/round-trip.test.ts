import { describe, expect, test } from 'vitest';
import { Random } from '../../src/arrays/index.js';
import { F, manualSeed, noGrad, type Tensor, type TensorLike } from '../../src/autograd/index.js';
import { FullyConnectedNet, ThreeLayerConvNet, TwoLayerNet } from '../../src/classifiers/index.js';
import * as models from '../../src/models/index.js';
import * as nn from '../../src/nn/index.js';
import { decodeOnnx, encodeOnnx } from '../../src/onnx/index.js';
import { describeFirstQuick } from '../helpers/slow.js';

const IMAGE = [4, 6, 6];
const ROW = [6];

/** Modules with the shape of one example. */
const MODULES: readonly (readonly [make: () => nn.Module, inputShape: readonly number[]])[] = [
  [() => new nn.Linear(6, 3), ROW],
  [() => new nn.Linear(6, 3, { bias: false }), [2, 6]],
  [() => new nn.Conv2d(4, 3, 3, { stride: 2, padding: 1 }), IMAGE],
  [() => new nn.Conv2d(4, 4, [2, 3], { groups: 2, padding: 'same', bias: false }), IMAGE],
  [() => new nn.BatchNorm2d(4), IMAGE],
  [() => new nn.BatchNorm1d(6), ROW],
  [() => new nn.BatchNorm1d(2, { affine: false }), [2, 6]],
  [() => new nn.LayerNorm(6), [2, 6]],
  [() => new nn.LayerNorm([4, 6, 6]), IMAGE],
  [() => new nn.GroupNorm(2, 4), IMAGE],
  [() => new nn.MaxPool2d(3, { stride: 2, padding: 1 }), IMAGE],
  [() => new nn.MaxPool2d(3, { stride: 2, ceilMode: true }), IMAGE],
  [() => new nn.MaxPool2d(2, { dilation: 2, stride: 1 }), IMAGE],
  [() => new nn.AvgPool2d(3, { stride: 2, padding: 1 }), IMAGE],
  [() => new nn.AvgPool2d(3, { stride: 2, padding: 1, countIncludePad: false }), IMAGE],
  [() => new nn.AvgPool2d(4, { stride: 3, ceilMode: true }), IMAGE],
  [() => new nn.AdaptiveAvgPool2d(1), IMAGE],
  [() => new nn.AdaptiveAvgPool2d(3), IMAGE],
  [() => new nn.AdaptiveMaxPool2d([2, 3]), IMAGE],
  [() => new nn.Flatten(), IMAGE],
  [() => new nn.Identity(), ROW],
  [() => new nn.Dropout(0.4), ROW],
  [() => new nn.Dropout2d(0.4), IMAGE],
  [() => new nn.ReLU(), ROW],
  [() => new nn.ReLU6(), ROW],
  [() => new nn.LeakyReLU(0.2), ROW],
  [() => new nn.PReLU(), ROW],
  [() => new nn.PReLU({ numParameters: 4 }), IMAGE],
  [() => new nn.ELU(0.5), ROW],
  [() => new nn.GELU(), ROW],
  [() => new nn.GELU({ approximate: 'tanh' }), ROW],
  [() => new nn.SiLU(), ROW],
  [() => new nn.Sigmoid(), ROW],
  [() => new nn.Tanh(), ROW],
  [() => new nn.Softplus(), ROW],
  [() => new nn.Hardswish(), ROW],
  [() => new nn.Hardsigmoid(), ROW],
  [() => new nn.Softmax(), ROW],
  [() => new nn.LogSoftmax(), ROW],
  [() => new nn.Maxout(2), ROW],
  [() => new nn.ZeroPad2d(2), IMAGE],
  [() => new nn.ConstantPad2d([1, 0, 2, -1], 0.5), IMAGE],
  [() => new nn.ReflectionPad2d(2), IMAGE],
  [() => new nn.ReflectionPad2d([2, 1, 0, 0]), IMAGE],
  [() => new nn.ReplicationPad2d([1, 2, 0, 3]), IMAGE],
  [() => new nn.Residual(new nn.Conv2d(4, 4, 3, { padding: 1 })), IMAGE],
  [() => new nn.DenseBlock(new nn.Conv2d(4, 2, 1), new nn.Conv2d(6, 2, 1)), IMAGE],
  [() => new Own(), IMAGE],
];

/** A module of one's own, of functions of F. */
class Own extends nn.Module {
  readonly scale = new nn.Parameter(new Random(1).randn([4, 1, 1]));
  forward(x: TensorLike): Tensor {
    const y = F.mul(F.add(F.exp(F.neg(F.abs(x))), F.pow(x, 2)), this.scale);
    const z = F.concat([F.clamp(y, -1, 2), F.slice(y, [null, [0, 2]])], 1);
    return F.matmul(F.reshape(z, [-1, 36, 6]), F.transpose(F.mean(z, 1), 1, 2));
  }
}

/** Gives the running statistics and biases other values than those of a new module. */
function shaken(module: nn.Module): nn.Module {
  const random = new Random(3);
  const state = module.stateDict();
  for (const [name, array] of Object.entries(state)) {
    if (!/running|bias|weight$/.test(name)) continue;
    state[name] = F.add(F.mul(random.rand(array.shape), 0.5), array).data;
  }
  module.loadStateDict(state);
  return module.eval();
}

test('a parameter is one whatever its name is, and the numbers of formulas are none', () => {
  const model = new Named();
  const back = decodeOnnx(encodeOnnx(model, { inputShape: 4 }));
  expect(Object.keys(back.stateDict()).sort()).toEqual(['constant', 'constant_1', 'constant_2']);
  const x = new Random(5).randn([3, 4]);
  expect(back.forward(x).data).toBeAllClose(model.forward(x).data);
});

class Named extends nn.Module {
  readonly constant = new nn.Parameter(new Random(1).randn([4]));
  readonly constant_1 = new nn.Parameter(new Random(2).randn([4]));
  readonly constant_2 = new nn.Parameter(new Random(3).randn([4]));
  forward(x: TensorLike): Tensor {
    return F.add(F.mul(F.add(F.mul(F.mul(x, 3), this.constant), this.constant_1), this.constant_2), 2);
  }
}

describeFirstQuick(
  [{ opset: 17 }, { opset: 13 }, { opset: 21 }],
  'written and read again with opset $opset',
  ({ opset }) => {
    test.each(MODULES.map(([make, inputShape]) => [String(make()).split('\n')[0], make, inputShape] as const))(
      '%s',
      (_, make, inputShape) => {
        manualSeed(2);
        const module = shaken(make());
        const model = decodeOnnx(encodeOnnx(module, { inputShape: [...inputShape], opset }));
        const x = new Random(5).randn([3, ...inputShape]);
        const [expected, found] = noGrad(() => [module.forward(x), model.forward(x)]);
        expect(found.data).toBeAllClose(expected.data, { rtol: 1e-5, atol: 1e-6 });
        const names = module.namedParameters().map(([name]) => name);
        expect(
          model
            .namedParameters()
            .map(([name]) => name)
            .sort(),
        ).toEqual(names.sort());
        const parameters = Object.fromEntries(model.namedParameters());
        for (const [name, { data }] of module.namedParameters()) expect(parameters[name].data).toBeAllClose(data);
      },
    );
  },
);

describe('nets', () => {
  const X = new Random(6).randn([2, 3, 8, 8]);
  const image = [3, 8, 8];

  test.each([
    ['convnet6', () => models.convnet6()],
    ['resnet8', () => models.resnet8()],
    ['mobilenetV2', () => models.mobilenetV2()],
  ])('%s', { tags: 'slow' }, (_, make) => {
    manualSeed(1);
    const net = shaken(make());
    const x = new Random(6).randn([2, 3, 32, 32]);
    const model = decodeOnnx(encodeOnnx(net, { inputShape: [3, 32, 32] }));
    const [expected, found] = noGrad(() => [net.forward(x), model.forward(x)]);
    expect(found.data).toBeAllClose(expected.data, { rtol: 1e-4, atol: 1e-5 });
  });

  const sizes = { inputDim: 192, numClasses: 3, seed: 4 };
  test.each([
    ['TwoLayerNet', new TwoLayerNet({ ...sizes, hiddenDim: 5 })],
    ['FullyConnectedNet', new FullyConnectedNet([6, 5], { ...sizes, normalization: 'batchnorm' })],
    [
      'ThreeLayerConvNet',
      new ThreeLayerConvNet({ ...sizes, inputDim: [3, 8, 8], numFilters: 4, hiddenDim: 5, filterSize: 3 }),
    ],
  ] as const)('%s', (_, net) => {
    const model = decodeOnnx(encodeOnnx(net, { inputShape: image }));
    expect(noGrad(() => model.forward(X)).data).toBeAllClose(net.loss(X), { rtol: 1e-4, atol: 1e-7 });
    expect(model.namedParameters().length).toBe(Object.keys(net.params).length);
  });
});
