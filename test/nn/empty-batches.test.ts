import { describe, expect, test } from 'vitest';
import { ones, Random, zeros } from '../../src/arrays/index.js';
import { F, noGrad, Tensor } from '../../src/autograd/index.js';
import { workspace } from '../../src/kernels/index.js';
import { mobilenetV2, resnet8 } from '../../src/models/index.js';
import * as nn from '../../src/nn/index.js';
import { useKernels } from '../helpers/kernel-sets.js';

const random = new Random(1);

const layers = (): nn.Module[] => [
  new nn.Conv2d(3, 6, 3, { padding: 1, random }),
  new nn.BatchNorm2d(6),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Residual(new nn.Sequential(new nn.Conv2d(6, 6, 1, { random }), new nn.GroupNorm(2, 6), new nn.ELU())),
  new nn.AvgPool2d(2),
  new nn.PReLU({ numParameters: 6 }),
  new nn.AdaptiveAvgPool2d(1),
  new nn.Flatten(),
  new nn.Linear(6, 8, { random }),
  new nn.ReLU(),
  new nn.LayerNorm(8),
  new nn.Dropout(0.5, { random }),
  new nn.Maxout(2),
  new nn.Linear(4, 5, { random }),
];

describe.each(['reference', 'wasm'] as const)('an empty batch through modules on %s kernels', (kernels) => {
  useKernels(kernels, 1);

  test.each([
    ['on the heap', <R>(fn: () => R): R => fn()],
    ['in a workspace', workspace],
  ])('has no scores, and gives zero gradients to all parameters, %s', (_, run) => {
    const model = new nn.Sequential(...layers());
    run(() => {
      const x = new Tensor(zeros([0, 3, 8, 9]), { requiresGrad: true });
      const scores = model.forward(x);
      expect(scores.shape).toEqual([0, 5]);
      F.sum(scores).backward();
      expect(x.grad?.shape).toEqual([0, 3, 8, 9]);
    });
    for (const [name, parameter] of model.namedParameters()) {
      expect(parameter.grad?.shape, name).toEqual(parameter.shape);
      expect(
        parameter.grad?.data.data.every((v) => v === 0),
        name,
      ).toBe(true);
    }
  });

  test('has no scores where batch normalizations are folded into the layers before', () => {
    const model = new nn.Sequential(...layers()).eval();
    expect(noGrad(() => model.forward(zeros([0, 3, 8, 9]))).shape).toEqual([0, 5]);
  });

  test('any axis of the input of a linear layer may be empty', () => {
    const layer = new nn.Linear(4, 2, { random });
    expect(layer.forward(zeros([2, 0, 4])).shape).toEqual([2, 0, 2]);
    expect(new nn.LayerNorm(4).forward(zeros([0, 2, 4])).shape).toEqual([0, 2, 4]);
    expect(new nn.GroupNorm(2, 4).forward(zeros([0, 4, 3])).shape).toEqual([0, 4, 3]);
    expect(new nn.PReLU().forward(zeros([0])).shape).toEqual([0]);
  });
});

test.each([
  ['with running statistics', {}],
  ['whose running statistics are plain means', { momentum: null }],
  ['without running statistics', { trackRunningStats: false }],
])('a batch normalization %s in training keeps its statistics, as PyTorch', (_, options) => {
  const layer = new nn.BatchNorm1d(3, options);
  for (const model of [layer, new nn.Sequential(layer, new nn.ReLU())]) {
    const x = new Tensor(zeros([0, 3]), { requiresGrad: true });
    F.sum(model.forward(x)).backward();
    expect(x.grad?.shape).toEqual([0, 3]);
    expect(layer.weight?.grad?.data).toEqualBits(zeros([3]));
    expect(layer.bias?.grad?.data).toEqualBits(zeros([3]));
  }
  if (layer.runningMean === null) return;
  expect(layer.runningMean.data).toEqualBits(zeros([3]));
  expect(layer.runningVar?.data).toEqualBits(ones([3]));
  expect(layer.numBatchesTracked?.item()).toBe(2);
});

test.each([
  ['resnet8', () => resnet8({ random })],
  ['mobilenetV2', () => mobilenetV2({ width: 0.25, random })],
])('an empty batch in training goes through %s and back', (_, make) => {
  const model = make();
  const scores = model.forward(zeros([0, 3, 32, 32]));
  expect(scores.shape).toEqual([0, 10]);
  F.sum(scores).backward();
  for (const [name, parameter] of model.namedParameters()) {
    expect(parameter.grad?.data, name).toEqualBits(zeros(parameter.shape));
  }
});

test.each<[nn.Module, number[], string]>([
  [new nn.Conv2d(1, 2, 3), [0, 2, 9, 9], 'Conv2d: x has shape (0, 2, 9, 9), expected (N, C=1, H, W) with every size'],
  [
    new nn.MaxPool2d(2),
    [2, 0, 9, 9],
    'MaxPool2d: x has shape (2, 0, 9, 9), expected (N, C, H, W) with every size but N',
  ],
  [new nn.Maxout(2), [3, 0], 'Maxout: x has shape (3, 0), expected (N, D) with every size but N at least 1'],
])('%s refuses %j: other axes may not be empty', (module, shape, message) => {
  expect(() => module.forward(zeros(shape))).toThrow(message);
});
