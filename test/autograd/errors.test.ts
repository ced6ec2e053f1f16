import { describe, expect, test } from 'vitest';
import { faultOf, type NDArray, ones, Random, ShapeError, zeros } from '../../src/arrays/index.js';
import { F, gradCheck, noGrad, Tensor, tensor } from '../../src/autograd/index.js';
import { pretend } from '../helpers/pretend.js';

const [row, square, images] = [zeros([3]), zeros([3, 3]), zeros([2, 3, 4, 4])];
const f64 = zeros([3], 'float64');
const list = pretend<NDArray>([1, 2]);

type Case = [message: string, run: () => unknown];

const SHAPES: readonly Case[] = [
  ['linear: x has shape (2,), expected (…, in=3)', () => F.linear(zeros([2]), square)],
  ['linear: x has shape (), expected (…, in=3)', () => F.linear(zeros([]), square)],
  ['linear: weight has shape (3,), expected (out, in)', () => F.linear(row, row)],
  ['linear: bias has shape (2,), expected (out=3,)', () => F.linear(row, square, zeros([2]))],
  ['linearRelu: x has shape (0, 2), expected (…, in=3)', () => F.linearRelu(zeros([0, 2]), square)],
  ['conv2d: x has shape (3, 3), expected (N, C, H, W)', () => F.conv2d(square, images)],
  ['conv2d: weight has shape (5, 2, 3, 3), expected (F, C=3, HH, WW)', () => F.conv2d(images, zeros([5, 2, 3, 3]))],
  ['conv2d: bias has shape (4,), expected (F=5,)', () => F.conv2d(images, zeros([5, 3, 3, 3]), zeros([4]))],
  [
    'conv2dRelu: weight has filters of (5, 5), expected at most (4, 4), the padded images',
    () => F.conv2dRelu(images, zeros([1, 3, 5, 5])),
  ],
  ['maxPool2d: x has shape (3, 3), expected (N, C, H, W)', () => F.maxPool2d(square, 2)],
  ['avgPool2d: x has shape (3,), expected (N, C, H, W)', () => F.avgPool2d(row, 2)],
  ['adaptiveAvgPool2d: x has shape (3,), expected (N, C, H, W)', () => F.adaptiveAvgPool2d(row, 2)],
  ['batchNorm: x has shape (3,), expected (N, C), (N, C, L) or (N, C, H, W)', () => F.batchNorm(row)],
  ['batchNorm: weight has shape (2,), expected (D=3,)', () => F.batchNorm(square, null, null, zeros([2]))],
  ['batchNorm: bias has shape (2,), expected (C=3,)', () => F.batchNorm(images, null, null, null, zeros([2]))],
  ['batchNormRelu: runningMean has shape (2,), expected (3,)', () => F.batchNormRelu(square, zeros([2]), zeros([2]))],
  ['layerNorm: x has shape (3, 3), expected (…, 4)', () => F.layerNorm(square, 4)],
  ['layerNorm: x has shape (3,), expected (…, 3, 3)', () => F.layerNorm(row, [3, 3])],
  ['layerNorm: weight has shape (2,), expected (3,)', () => F.layerNorm(square, 3, zeros([2]))],
  ['groupNorm: x has shape (3,), expected (N, C, …)', () => F.groupNorm(row, 1)],
  ['groupNorm: bias has shape (2,), expected (3,)', () => F.groupNorm(images, 1, row, zeros([2]))],
  ['flatten: x has shape (3,), expected more than startDim=1 axes', () => F.flatten(row)],
  ['reshape: x has shape (3,), its 3 values do not fill (2, 2)', () => F.reshape(row, [2, 2])],
  ['broadcastTo: x has shape (3,), which does not broadcast to (2,)', () => F.broadcastTo(row, [2])],
  ['concat: tensors[1] has shape (3,), expected (3, n)', () => F.concat([square, row], 1)],
  ['stack: tensors[1] has shape (3, 3), expected (3,)', () => F.stack([row, square])],
  ['matmul: b has shape (2,), expected ', () => F.matmul(square, zeros([2]))],
  ['mul: a has shape (3,), b has shape (2,)', () => F.mul(row, zeros([2]))],
  ['prelu: weight has shape (2,), expected (1,) or', () => F.prelu(square, zeros([2]))],
  ['maxout: x has shape (3, 3), expected (N, D) with D divisible by pieces=2', () => F.maxout(square, 2)],
  ['crossEntropy: y has shape (1,), expected labels of shape ()', () => F.crossEntropy(row, [1])],
  ['svmLoss: y has shape (2,), expected (N=3,)', () => F.svmLoss(square, [1, 2])],
  ['mseLoss: target has shape (3,), expected (3, 3)', () => F.mseLoss(square, row)],
  ['slice: x has shape (3,), expected an axis for each of 2 ranges', () => F.slice(row, [null, null])],
];

const VALUES: readonly Case[] = [
  ['conv2d: stride is 0, expected a whole number ≥ 1', () => F.conv2d(images, images, null, { stride: 0 })],
  [
    'conv2d: padding is [1], expected a whole number ≥ 0',
    () => F.conv2d(images, images, null, { padding: pretend([1]) }),
  ],
  ["conv2d: unknown option 'pad', expected stride, padding", () => F.conv2d(images, images, null, pretend({ pad: 1 }))],
  ["maxPool2d: unknown option 'pad', expected stride, padding", () => F.maxPool2d(images, 2, pretend({ pad: 1 }))],
  ['maxPool2d: padding is 2, expected at most half the window', () => F.maxPool2d(images, 2, { padding: 2 })],
  ['maxPool2d: kernelSize is 5, expected a whole number from 1 to 4', () => F.maxPool2d(images, 5)],
  ['avgPool2d: kernelSize is 0, expected a whole number from 1 to 4', () => F.avgPool2d(images, [2, 0])],
  [
    'avgPool2d: kernelSize is [2], expected a number, or [vertical, horizontal]',
    () => F.avgPool2d(images, pretend([2])),
  ],
  ['avgPool2d: kernelSize is null, expected a whole number', () => F.avgPool2d(images, pretend(null))],
  ['adaptiveAvgPool2d: outputSize is 0, expected a whole number ≥ 1', () => F.adaptiveAvgPool2d(images, 0)],
  [
    'batchNorm: momentum is 2, expected a number from 0 to 1',
    () => F.batchNorm(square, null, null, null, null, { momentum: 2 }),
  ],
  ['batchNorm: eps is 0, expected a number > 0', () => F.batchNorm(square, null, null, null, null, { eps: 0 })],
  [
    'batchNorm: training is 1, expected true or false',
    () => F.batchNorm(square, null, null, null, null, { training: pretend(1) }),
  ],
  ['batchNorm: runningMean or runningVar is null, expected both or neither', () => F.batchNorm(square, row)],
  [
    'batchNorm: x has shape (1, 3), expected more than one value a channel in training: use a larger batch, eval(), o',
    () => F.batchNorm(zeros([1, 3]), row, row, null, null, { training: true }),
  ],
  ['groupNorm: numGroups is 2, expected a divisor of the 3 channels', () => F.groupNorm(images, 2)],
  ['layerNorm: eps is -1, expected a number > 0', () => F.layerNorm(square, 3, null, null, { eps: -1 })],
  ["layerNorm: normalizedShape is '3', expected a size, or a list of sizes", () => F.layerNorm(square, pretend('3'))],
  ['dropout: p is 1.5, expected the probability of dropping a value, in [0, 1]', () => F.dropout(row, 1.5)],
  ['dropout: random is 3, expected a Random', () => F.dropout(row, 0.5, { random: pretend(3) })],
  ["dropout: unknown option 'mask', expected training, random", () => F.dropout(row, 0.5, pretend({ mask: row }))],
  ['leakyRelu: negativeSlope is NaN, expected a finite number', () => F.leakyRelu(row, Number.NaN)],
  ["elu: alpha is '1', expected a finite number", () => F.elu(row, pretend('1'))],
  [
    'crossEntropy: labelSmoothing is -1, expected a number from 0 to 1',
    () => F.crossEntropy(square, [0, 1, 2], { labelSmoothing: -1 }),
  ],
  ['crossEntropy: y[1] is 3', () => F.crossEntropy(square, [0, 3, 2])],
  ['sum: axis is 2, expected', () => F.sum(square, 2)],
  ['softmax: axis is 2, expected', () => F.softmax(square, 2)],
  ['transpose: axes is [0, 0], expected each axis of shape (3, 3) once', () => F.transpose(square, [0, 0])],
  ['flatten: startDim is -1, expected a whole number ≥ 0', () => F.flatten(square, -1)],
  ['concat: tensors is [], expected a list of one array or more', () => F.concat([])],
  ['stack: tensors is an array of shape (3,), expected a list of tensors', () => F.stack(pretend(row))],
  ['slice: ranges[0] is 3, expected a whole number from -3 to 2', () => F.slice(row, [3])],
];

const KINDS: readonly Case[] = [
  ['linear: x is [1, 2], expected a tensor or an array', () => F.linear(list, square)],
  ['linear: bias is 3, expected a tensor or an array', () => F.linear(row, square, pretend(3))],
  [
    'linear: weight has dtype float32, expected float64, the dtype of x',
    () => F.linear(zeros([2, 3], 'float64'), square),
  ],
  ['linear: bias has dtype float64, expected float32, the dtype of weight', () => F.linear(row, square, f64)],
  ['conv2d: x is [1, 2], expected an array of float32 or float64', () => F.conv2d(list, images)],
  ['conv2d: weight is [1, 2], expected a tensor or an array', () => F.conv2d(images, list)],
  ['batchNorm: x is undefined, expected a tensor or an array', () => F.batchNorm(pretend(undefined))],
  ['batchNorm: runningMean is 0, expected a tensor or an array', () => F.batchNorm(square, pretend(0), row)],
  [
    'batchNorm: runningMean has dtype float64, expected float32, the dtype of weight',
    () => F.batchNorm(square, f64, f64),
  ],
  ['layerNorm: x is null, expected a tensor or an array', () => F.layerNorm(pretend(null), 3)],
  ['layerNorm: weight has dtype float64, expected float32, the dtype of x', () => F.layerNorm(square, 3, f64)],
  ['groupNorm: weight is [1, 2], expected a tensor or an array', () => F.groupNorm(images, 1, list)],
  ['dropout: x is [1, 2], expected a tensor or an array', () => F.dropout(list, 0)],
  ['flatten: x is [1, 2], expected a tensor or an array', () => F.flatten(list)],
  ['mseLoss: target is 0, expected a tensor or an array', () => F.mseLoss(row, pretend(0))],
  ["add: a is '1', expected a tensor, an array or a number", () => F.add(pretend('1'), row)],
  ['add: b has dtype float64, expected float32, the dtype of a', () => F.add(row, f64)],
  ['exp: x is 2, expected an array of float32 or float64', () => F.exp(pretend(2))],
  ['relu: x is null, expected an array of float32 or float64', () => F.relu(pretend(null))],
];

/** What `run` throws. */
function thrownBy(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('errors of F name the function and its argument', () => {
  test.each(SHAPES)('%s', (message, run) => {
    const error = thrownBy(run);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message.slice(0, message.length)).toBe(message);
  });
  test.each(VALUES)('%s', (message, run) => {
    expect(thrownBy(run).message.slice(0, message.length)).toBe(message);
  });
  test.each(KINDS)('%s', (message, run) => {
    const error = thrownBy(run);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message.slice(0, message.length)).toBe(message);
  });

  test.each([...SHAPES, ...VALUES, ...KINDS])('in parts: %s', (message, run) => {
    const fault = faultOf(thrownBy(run));
    expect(`${fault?.fn}: ${fault?.arg}`).toBe(message.slice(0, `${fault?.fn}: ${fault?.arg}`.length));
  });

  test('in the printed stack too', () => {
    const { stack } = thrownBy(() => F.conv2d(images, zeros([5, 2, 3, 3])));
    expect(stack).toMatch(/^ShapeError: conv2d: weight has shape \(5, 2, 3, 3\), expected \(F, C=3, HH, WW\)\n/);
    expect(stack).not.toContain('Fast: w');
  });
});

describe('gradCheck', () => {
  const x = new Tensor(ones([2], 'float64'), { requiresGrad: true });
  test.each<Case>([
    ['gradCheck: inputs is an array of shape (3,), expected a list of tensors', () => gradCheck(F.exp, pretend(row))],
    ['gradCheck: input 0 is an array of shape (3,), expected a tensor', () => gradCheck(F.exp, [pretend(f64)])],
    [
      'gradCheck: input 0 has dtype float32, expected float64',
      () => gradCheck(F.exp, [tensor(row, { requiresGrad: true })]),
    ],
    ['gradCheck: no input requires a gradient', () => gradCheck(F.exp, [tensor(f64)])],
    ['gradCheck: fn returned 3, expected a tensor', () => gradCheck(() => pretend(3), [x])],
    ["gradCheck: unknown option 'h', expected eps", () => gradCheck(F.exp, [x], pretend({ h: 1 }))],
    ['gradCheck: eps is -1, expected a number ≥ 0', () => gradCheck(F.exp, [x], { eps: -1 })],
    [
      'gradCheck: the gradient of input 0 at flat index 0 is 0, expected ',
      () => gradCheck((x) => F.exp(F.add(x.detach(), F.mul(x, 0))), [x]),
    ],
  ])('%s', (message, run) => {
    expect(thrownBy(run).message.slice(0, message.length)).toBe(message);
  });

  test('returns false instead, when asked to, and leaves values and gradients as they were', () => {
    const y = new Tensor(new Random(2).randn([3], 'float64'), { requiresGrad: true });
    F.sum(y).backward();
    const [grad, before] = [y.grad, y.tolist()];
    const wrong = (x: Tensor) =>
      F.mul(
        x,
        noGrad(() => F.exp(x)),
      );
    expect(gradCheck(wrong, [y], { raiseException: false })).toBe(false);
    expect(gradCheck(F.exp, [y], { raiseException: false })).toBe(true);
    expect(y.grad).toBe(grad);
    expect(y.tolist()).toEqual(before);
  });
});
