import { describe, expect, test } from 'vitest';
import { noGrad, Tensor } from '../../src/autograd/index.js';
import { decodeOnnx } from '../../src/onnx/index.js';
import { onnxFixtures } from '../helpers/onnx.js';

describe('models of PyTorch', () => {
  test.each(onnxFixtures())('$name', ({ model: bytes, inputs, outputs, state }) => {
    const model = decodeOnnx<Tensor | Record<string, Tensor>>(bytes);
    const out = noGrad(() => model.forward(...inputs));
    const tensors = out instanceof Tensor ? [out] : Object.values(out);
    expect(tensors).toHaveLength(outputs.length);
    for (const [i, { data }] of tensors.entries()) expect(data).toBeAllClose(outputs[i], { rtol: 1e-5, atol: 1e-5 });
    if (state !== undefined) expect(Object.keys(model.stateDict()).sort()).toEqual(state);
  });
});
