// @module-tag slow
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noGrad, Tensor } from '../../src/autograd/index.js';
import { decodeOnnx } from '../../src/onnx/index.js';
import { onnxCases } from '../helpers/onnx.js';

const PYTHON = '/usr/bin/python3';

test('random networks that PyTorch exports have its scores', { timeout: 120_000 }, ({ skip }) => {
  const hasTorch = spawnSync(PYTHON, ['-c', 'import torch, torch.onnx']).status === 0;
  skip(!hasTorch, '/usr/bin/python3 has no torch, Debian: python3-torch');
  const script = join(__dirname, '../../scripts/golden/onnx.py');
  const json = execFileSync(PYTHON, [script, '--random', '1', '25'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const cases = onnxCases(json);
  expect(cases).toHaveLength(25);
  for (const { name, model, inputs, outputs } of cases) {
    const out = noGrad(() => decodeOnnx(model).forward(...inputs));
    expect(out, name).toBeInstanceOf(Tensor);
    expect(out.data, name).toBeAllClose(outputs[0], { rtol: 1e-5, atol: 1e-5 });
  }
});
