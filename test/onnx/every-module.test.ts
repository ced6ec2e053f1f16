// What is written is read again: the same scores. `npm run check:onnx` compares the same models with onnxruntime.

import { describe, expect, test } from 'vitest';
import {
  FUNCTION_CASES,
  MODULE_CASES,
  missingCases,
  NETWORK_CASES,
  type OnnxCase,
  type OnnxCases,
  randomInput,
} from '../../scripts/build/onnx-cases.js';
import { hostValues, Random } from '../../src/arrays/index.js';
import { F, noGrad, Tensor } from '../../src/autograd/index.js';
import { FullyConnectedNet, ThreeLayerConvNet, TwoLayerNet } from '../../src/classifiers/index.js';
import * as models from '../../src/models/index.js';
import * as nn from '../../src/nn/index.js';
import { decodeOnnx, encodeOnnx } from '../../src/onnx/index.js';

/** Compares a model with what is read of its file, to 1e-5 of the largest value. */
function compare(given: OnnxCase, opset?: number): void {
  const model = given.model().eval();
  const read = decodeOnnx(encodeOnnx(model, { inputShape: given.inputShape, opset }));
  for (const N of given.batches ?? [1, 3]) {
    const x = randomInput(given, N, 'float32');
    const expected = F.clone(noGrad(() => model.forward(new Tensor(x)))).data;
    const actual = noGrad(() => read.forward(x)).data;
    const largest = Array.from(hostValues(expected)).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(actual, given.what).toBeAllClose(expected, { rtol: 0, atol: 1e-5 * largest });
  }
}

function compareAll(table: Readonly<Record<string, OnnxCases>>, opset?: number): void {
  const entries = Object.entries(table).filter(([, cases]) => typeof cases !== 'string');
  test.each(entries)('%s', (_, cases) => {
    for (const given of cases as readonly OnnxCase[]) compare(given, opset);
  });
}

test('every module, function and network has cases, or a reason to have none', () => {
  expect(missingCases(nn, F, models)).toEqual([]);
});

describe('modules', { tags: 'slow' }, () => compareAll(MODULE_CASES));
describe('functions of F', { tags: 'slow' }, () => compareAll(FUNCTION_CASES));
describe('modules in the first opset', { tags: 'slow' }, () => compareAll(MODULE_CASES, 13));
describe('functions of F in the last opset', { tags: 'slow' }, () => compareAll(FUNCTION_CASES, 21));
// vgg11 has the layers of convnet6, and nine million weights: `npm run check:onnx` compares it.
const { vgg11: _, ...networks } = NETWORK_CASES;
describe('networks', { tags: 'slow' }, () => compareAll(networks));

describe('classifiers', () => {
  const options = { inputDim: 48, weightScale: 0.1, seed: 1 };
  const image = [3, 4, 4];

  test.each([
    ['TwoLayerNet of images', new TwoLayerNet(options), image],
    ['TwoLayerNet of vectors', new TwoLayerNet(options), [48]],
    ['FullyConnectedNet', new FullyConnectedNet([9, 8], { ...options, dropout: 0.5 }), image],
    ['with batchnorm', new FullyConnectedNet([9, 8], { ...options, normalization: 'batchnorm' }), image],
    ['with layernorm', new FullyConnectedNet([9, 8], { ...options, normalization: 'layernorm' }), [48]],
    ['ThreeLayerConvNet', new ThreeLayerConvNet({ ...options, inputDim: [3, 4, 4], filterSize: 3 }), image],
  ] as const)('%s', (_, model, inputShape) => {
    const random = new Random(2);
    // Training moves the running statistics, and leaves the modes at 'train'.
    for (let i = 0; i < 3; i++) model.loss(random.randn([4, ...inputShape]), [0, 1, 2, 3]);
    const params = (model as FullyConnectedNet).bnParams ?? [];
    const before = JSON.stringify(params);
    const files = [13, 17].map((opset) => encodeOnnx(model, { inputShape, opset }));
    expect(JSON.stringify(params)).toBe(before);
    for (const file of files) {
      for (const N of [1, 5]) {
        const x = random.randn([N, ...inputShape]);
        expect(decodeOnnx(file).forward(x).data).toBeAllClose(model.loss(x), { rtol: 1e-4, atol: 1e-6 });
      }
    }
  });

  test('a net with batchnorm that was never trained', () => {
    const model = new FullyConnectedNet([9], { ...options, normalization: 'batchnorm' });
    const x = new Random(3).randn([2, 48]);
    expect(decodeOnnx(encodeOnnx(model, { inputShape: 48 })).forward(x).data).toBeAllClose(model.loss(x), {
      rtol: 1e-4,
    });
  });
});
