import { describe, expect, test } from 'vitest';
import { array, type NDArray } from '../../src/arrays/index.js';
import { F, op, type Tensor } from '../../src/autograd/index.js';
import { TwoLayerNet } from '../../src/classifiers/index.js';
import * as nn from '../../src/nn/index.js';
import { decodeOnnx, encodeOnnx } from '../../src/onnx/index.js';
import { modelBytes } from '../helpers/onnx-bytes.js';
import { type Applied, encode, opTypes } from '../helpers/onnx-models.js';

const kept = array([1]);

describe('what is refused', () => {
  test.each([
    [
      'a size as a number',
      (x: Tensor) => F.div(x.sum(0, true), x.shape[0]),
      [
        'uses a constant for argument 1 of F.div that depends on the input, the size of the batch, or ',
        'chance: compute it from the input by functions of F, not by .data or .item()',
      ].join(''),
    ],
    [
      'values of the input',
      (x: Tensor) => F.mul(x, x.mean().item()),
      'uses a constant for argument 1 of F.mul that depends on',
    ],
    [
      'an array of the input',
      (x: Tensor) => F.add(x, array(x.data)),
      [
        'uses a constant for argument 1 of F.add that has shape (2, 4) and (5, 4) in a batch of 2 and in one ',
        'of 5: give it size 1 along the batch',
      ].join(''),
    ],
    [
      'a number of the input',
      (x: Tensor) => F.leakyRelu(x, x.abs().amax().item()),
      [
        'has 0.9163278341293335 and 1.1537600755691528 for argument 1 of F.leakyRelu in a batch of 2 and in ',
        'one of 5: a graph is one for all batches',
      ].join(''),
    ],
    [
      'other operations',
      (x: Tensor) => (x.shape[0] > 2 ? F.relu(x) : F.tanh(x)),
      'runs other operations in a batch of 2 and in one of 5',
    ],
    ['other operands', (x: Tensor) => F.sub(F.relu(x), x.shape[0] > 2 ? x : F.neg(x)), 'runs other operations'],
    [
      'one of two results',
      (x: Tensor) => {
        const [a, b] = [F.relu(x), F.tanh(x)];
        return F.sub(F.add(a, b), x.shape[0] > 2 ? a : b);
      },
      'computes argument 1 of F.sub in two ways',
    ],
    [
      'another number of arguments',
      (x: Tensor) => F.concat(x.shape[0] > 2 ? [x, x, x] : [x, x]),
      'gives F.concat 3 and 4 arguments',
    ],
    [
      'an index of its own',
      (x: Tensor) => x.slice([x.shape[0] >> 1]),
      'runs F.slice, which has an index, 1 or 2, that depends on the size of the batch: count from an end of it',
    ],
    [
      'several new axes',
      (x: Tensor) => F.reshape(F.matmul(x, x.T), [1, 1, x.shape[0], x.shape[0]]),
      'runs F.reshape, which makes several new axes whose sizes depend on the batch',
    ],
    [
      'a size beside the batch',
      (x: Tensor) => x.sum(0, true).expand([x.shape[0] + 1, 4]),
      "runs F.expand, which has a size, 3 or 6, that is no multiple of the batch's",
    ],
    [
      'an axis of the batch',
      (x: Tensor) => F.maxout(x.T, 1),
      [
        'runs F.maxout, which has a number of features that depends on the size of the batch: keep the batch ',
        'in an axis of its own',
      ].join(''),
    ],
    [
      'a change in place',
      (x: Tensor) => {
        const y = F.relu(x);
        y.data.data[0] = 7;
        return F.neg(y);
      },
      [
        'changes an array that it computes with in place before F.neg runs: compute with functions of F: only ',
        'these are exported',
      ].join(''),
    ],
    [
      'a change of a buffer',
      (x: Tensor, { noted }: Applied) => {
        noted.data.data[0]++;
        return F.mul(x, noted);
      },
      'changes an array that it computes with in place before F.mul runs',
    ],
    [
      'a change of a constant between the passes',
      (x: Tensor) => {
        kept.data[0] = x.data.data[0];
        return F.mul(x, kept);
      },
      'changes an array that it computes with in place before F.mul runs',
    ],
    [
      'a change of a constant after its use',
      (x: Tensor) => {
        const k = array([1]);
        const y = F.mul(x, k);
        k.data[0] = 2;
        return y;
      },
      'changes an array that it computes with in place before it returns',
    ],
    [
      'a change of the output',
      (x: Tensor) => {
        const y = F.relu(x);
        y.data.data[0] = 7;
        return y;
      },
      'changes an array that it computes with in place before it returns',
    ],
    [
      'dropout',
      (x: Tensor) => F.dropout(x, 0.5),
      'runs F.dropout, which drops values at random in evaluation mode too: drop with { training: this.training }',
    ],
    ['a loss', (x: Tensor) => F.mseLoss(x, F.neg(x)), 'runs F.mseLoss, which has no form in ONNX here'],
    [
      'classes of the input',
      (x: Tensor) => F.oneHot(x.argmax(1)),
      'runs F.oneHot, which takes the number of classes from its input: give it as numClasses',
    ],
    [
      'an own operation',
      (x: Tensor) =>
        op(
          (_: NDArray): [NDArray, null] => [array([[1]]), null],
          (d) => d,
          { name: 'relu' },
        )(x),
      [
        "runs the operation 'relu', made with op, of which only the loops over values are known: compose it ",
        'of functions of F, and export that',
      ].join(''),
    ],
    [
      'other parameters',
      (x: Tensor, m: Applied) => F.mul(x, x.shape[0] > 2 ? m.weight : m.noted),
      'uses other parameters for argument 1 of F.mul',
    ],
    [
      'no tensor',
      (x: Tensor) => [x, x],
      'returns [a tensor of shape (2, 4), a tensor of shape (2, 4)], expected one tensor: wrap it in a module',
    ],
  ] as const)('%s', (_, apply, message) => {
    expect(() => encode(apply as (x: Tensor, module: Applied) => unknown)).toThrow(`encodeOnnx: model ${message}`);
  });

  test('a model of two inputs', () => {
    class Sum extends nn.Module {
      override forward(x: Tensor, y: Tensor): Tensor {
        return F.add(x, y);
      }
    }
    expect(() => encodeOnnx(new Sum() as unknown as nn.Module, { inputShape: 4 })).toThrow(
      [
        'encodeOnnx: model has a forward of 2 inputs, which fails on one (add: b is undefined, expected a tensor, an ',
        'array or a number): wrap it in a module whose forward takes one and makes the others',
      ].join(''),
    );
  });

  test('whole numbers that a model from a file makes of floats: they would be constants', () => {
    const best = decodeOnnx(encode((x) => x.gather(1, F.argmax(x, 1, true))));
    expect(() => encodeOnnx(best, { inputShape: 4 })).toThrow(
      '(Cast): whole numbers are made of floats, which exportOnnx does not write',
    );
    // Places that are returned, or left, are no constants.
    const place = decodeOnnx(encode((x) => F.argmax(x, 1)));
    expect(opTypes(encodeOnnx(place, { inputShape: 4 }))).toEqual(['ArgMax', 'Cast', 'Cast']);
    const tensors = { k: { shape: [1], values: [2], ints: true } };
    const nodes = [{ op: 'TopK', inputs: ['x', 'k'], outputs: ['y', 'places'] }];
    const largest = decodeOnnx(modelBytes({ nodes, tensors }));
    expect(opTypes(encodeOnnx(largest, { inputShape: 4 }))).toContain('TopK');
  });

  test('what an operation of no use would be refused for is left out', () => {
    expect(opTypes(encode((x) => [F.mseLoss(x, F.neg(x)), F.relu(x)][1]))).toEqual(['Relu']);
  });

  test('models and options', () => {
    const model = new nn.Linear(4, 3);
    const wrong =
      (options: object, given: unknown = model): (() => unknown) =>
      () =>
        encodeOnnx(given as nn.Module, { inputShape: 4, ...options });
    expect(wrong({}, { params: {} })).toThrow(
      [
        'encodeOnnx: model is an object, expected an nn.Module, a TwoLayerNet, a FullyConnectedNet or a ',
        'ThreeLayerConvNet',
      ].join(''),
    );
    expect(() => encodeOnnx(model, {} as never)).toThrow(
      [
        'encodeOnnx: inputShape is undefined, expected the sizes of one example, whole numbers ≥ 1: [3, 32, ',
        '32], or a number',
      ].join(''),
    );
    expect(wrong({ inputShape: [3, 0] })).toThrow(
      'encodeOnnx: inputShape is [3, 0], expected the sizes of one example',
    );
    expect(wrong({ inputShape: [5] })).toThrow(
      [
        'encodeOnnx: inputShape is (5,), which the model does not take (Linear: x has shape (2, 5), expected ',
        '(…, inFeatures=4))',
      ].join(''),
    );
    const opsets = '13, 14, 15, 16, 17, 18, 19, 20, 21';
    expect(wrong({ opset: 12 })).toThrow(`encodeOnnx: opset is 12, expected one of ${opsets}`);
    expect(wrong({ softmax: 1 })).toThrow('encodeOnnx: softmax is 1, expected true or false');
    expect(wrong({ dtype: 'float16' })).toThrow("encodeOnnx: dtype is 'float16', expected 'float32' or 'float64'");
    expect(wrong({ name: '' })).toThrow("encodeOnnx: name is '', expected a text");
    expect(wrong({ shape: [4] })).toThrow(
      "encodeOnnx: unknown option 'shape', expected inputShape, opset, softmax, dtype, name",
    );
    expect(() => encode((x) => x.sum(), { softmax: true })).toThrow(
      'encodeOnnx: model returns shape (), expected scores of shape (N, C) for a softmax',
    );
  });

  test('classifiers: other examples, and a loss of their own', () => {
    const model = new TwoLayerNet({ inputDim: 12 });
    expect(() => encodeOnnx(model, { inputShape: [5] })).toThrow(
      'encodeOnnx: inputShape is (5,), which the model does not take (TwoLayerNet.loss: X has shape (1, 5)',
    );
    class Own extends TwoLayerNet {
      override loss(...args: never[]): never {
        return super.loss(...(args as unknown as [NDArray])) as never;
      }
    }
    expect(() => encodeOnnx(new Own({ inputDim: 12 }), { inputShape: [12] })).toThrow(
      [
        'encodeOnnx: model has a loss of its own, of which only TwoLayerNet, FullyConnectedNet, ',
        "ThreeLayerConvNet's are known: write it as an nn.Module",
      ].join(''),
    );
  });
});
