import { describe, expect, test } from 'vitest';
import { type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { F, noGrad, Tensor } from '../../src/autograd/index.js';
import * as nn from '../../src/nn/index.js';
import { useKernels } from '../helpers/kernel-sets.js';

const random = new Random(1);
const image = random.randn([3, 8, 9], 'float64');
const options = { dtype: 'float64', random } as const;

/** Modules that take one image (C, H, W) as well as a batch. */
const IMAGES: readonly (() => nn.Module)[] = [
  () => new nn.Conv2d(3, 6, 3, { padding: 1, ...options }),
  () => new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
  () => new nn.AvgPool2d(2),
  () => new nn.AdaptiveAvgPool2d([3, null]),
  () => new nn.AdaptiveMaxPool2d(2),
  () => new nn.ZeroPad2d(2),
  () => new nn.ConstantPad2d([1, -1, 0, 2], 0.5),
  () => new nn.ReflectionPad2d([1, 2, 0, 1]),
  () => new nn.ReplicationPad2d(1),
  () => new nn.ReLU(),
  () => new nn.Dropout(0),
  () => new nn.Sequential(new nn.Conv2d(3, 4, 3, options), new nn.ReLU(), new nn.MaxPool2d(2)),
  () => new nn.Residual(new nn.Sequential(new nn.Conv2d(3, 3, 1, options), new nn.ELU())),
];

/** The output of a module, and the gradients of its input and its parameters for an upstream gradient of sines. */
function run(module: nn.Module, values: NDArray): { out: Tensor; x: Tensor; parameters: Tensor[] } {
  const x = new Tensor(values, { requiresGrad: true });
  module.zeroGrad();
  const out = module.forward(x);
  F.sum(F.mul(out, out)).backward();
  return { out, x, parameters: module.parameters().map(({ grad }) => grad as Tensor) };
}

describe.each(['reference', 'wasm'] as const)('one image on %s kernels', (kernels) => {
  useKernels(kernels, 1);

  test.each(IMAGES.map((make) => [make().constructor.name, make] as const))(
    '%s gives what it gives for a batch of it alone',
    (_, make) => {
      const module = make();
      const one = run(module, image);
      const batch = run(module, F.reshape(image, [1, 3, 8, 9]).data);
      expect([1, ...one.out.shape]).toEqual(batch.out.shape);
      expect(F.reshape(one.out, batch.out.shape).data).toEqualBits(batch.out.data);
      expect(one.x.grad?.shape).toEqual([3, 8, 9]);
      expect(F.reshape(one.x.grad as Tensor, [1, 3, 8, 9]).data).toEqualBits(batch.x.grad?.data as NDArray);
      one.parameters.forEach((gradient, i) => {
        expect(gradient.data).toEqualBits(batch.parameters[i].data);
      });
    },
  );
});

test('a dense block concatenates the channels of one image', () => {
  const random = new Random(1);
  const block = new nn.DenseBlock(new nn.Conv2d(2, 3, 1, { random }), new nn.Conv2d(5, 1, 3, { padding: 1, random }));
  const images = random.randn([1, 2, 4, 5]);
  const [x, xs] = [images.pick(0), images].map((values) => new Tensor(values, { requiresGrad: true }));
  const [one, batch] = [x, xs].map((input) => block.forward(input));
  expect(one.shape).toEqual([6, 4, 5]);
  expect(one.data).toBeAllClose(batch.data.pick(0));
  for (const out of [one, batch]) F.sum(out).backward();
  expect(x.grad?.data).toBeAllClose(xs.grad!.data.pick(0));
  expect(() => new nn.DenseBlock(new nn.Conv2d(2, 3, 3)).forward(x)).toThrow(
    'DenseBlock: module 0 returned shape (3, 2, 3), expected (C, 4, 5), that of the input but for the channels',
  );
});

test('a linear layer takes one example, and flattening keeps the first axis, as in PyTorch', () => {
  expect(new nn.Linear(4, 2, options).forward(zeros([4], 'float64')).shape).toEqual([2]);
  expect(new nn.Flatten().forward(zeros([3, 4, 5])).shape).toEqual([3, 20]);
  expect(new nn.Flatten(0).forward(zeros([3, 4, 5])).shape).toEqual([60]);
});

test('a batch normalization refuses one image, folded or not', () => {
  const model = new nn.Sequential(new nn.Conv2d(3, 4, 1, options), new nn.BatchNorm2d(4, { dtype: 'float64' }));
  const message = 'x has shape (4, 8, 9), expected (N, C=4, H, W)';
  expect(() => model.forward(image)).toThrow(message);
  model.eval();
  expect(() => noGrad(() => model.forward(image))).toThrow(message);
});

test.each<[message: string, run: () => unknown]>([
  ['maxPool2d: x has shape (3,), expected (N, C, H, W) or (C, H, W)', () => F.maxPool2d(zeros([3]), 2)],
  [
    'conv2d: x has shape (3, 3), expected (N, C, H, W) or (C, H, W)',
    () => F.conv2d(zeros([3, 3]), zeros([1, 1, 1, 1])),
  ],
  [
    'conv2d: weight has shape (5, 2, 3, 3), expected (F, C=3, HH, WW)',
    () => F.conv2d(image, zeros([5, 2, 3, 3], 'float64')),
  ],
  ['Conv2d: x has shape (2, 8, 9), expected (C=3, H, W)', () => new nn.Conv2d(3, 1, 3).forward(zeros([2, 8, 9]))],
  [
    'Conv2d: x has shape (8, 9), expected (N, C=3, H, W) or (C=3, H, W)',
    () => new nn.Conv2d(3, 1, 3).forward(zeros([8, 9])),
  ],
  ['MaxPool2d: x has shape (2, 3, 2), expected (C, H, W≥4)', () => new nn.MaxPool2d([2, 4]).forward(zeros([2, 3, 2]))],
  [
    'MaxPool2d: x has shape (0, 3, 2), expected (C, H, W) with every size at least 1',
    () => new nn.MaxPool2d(2).forward(zeros([0, 3, 2])),
  ],
  [
    'ReflectionPad2d: x has shape (3, 2), expected (N, C, H, W) or',
    () => new nn.ReflectionPad2d(1).forward(zeros([3, 2])),
  ],
  [
    'pad: x has shape (1, 3, 2), expected at least 4 values on axis 1',
    () => new nn.ReflectionPad2d(3).forward(zeros([1, 3, 2])),
  ],
  [
    'ZeroPad2d: padding is [1, 2], expected a whole number, or [left, right, top, bottom]',
    () => new nn.ZeroPad2d([1, 2] as never),
  ],
  ["ConstantPad2d: value is '1', expected a number", () => new nn.ConstantPad2d(1, '1' as never)],
  ['MaxPool2d: padding is 2, expected at most half of kernelSize=3', () => new nn.MaxPool2d(3, { padding: 2 })],
  ['MaxPool2d: dilation is 0, expected a whole number', () => new nn.MaxPool2d(3, { dilation: 0 })],
  ['AvgPool2d: divisorOverride is 0, expected a whole number', () => new nn.AvgPool2d(3, { divisorOverride: 0 })],
  [
    "AvgPool2d: unknown option 'dilation', expected stride, padding, ceilMode",
    () => new nn.AvgPool2d(3, { dilation: 2 } as never),
  ],
  ['AdaptiveMaxPool2d: outputSize is 0, expected a whole number', () => new nn.AdaptiveMaxPool2d(0)],
])('%s', (message, run) => {
  expect(run).toThrow(message);
});
