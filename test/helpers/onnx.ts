import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { array, type NDArray } from '../../src/arrays/index.js';

interface Packed {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'float64';
  readonly data: string;
}

/** A model that PyTorch exported, with inputs and its outputs. */
export interface OnnxCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: readonly NDArray[];
  readonly outputs: readonly NDArray[];
  /** The names of its state in PyTorch, where they are in the file. */
  readonly state?: readonly string[];
}

interface PackedCase extends Pick<OnnxCase, 'name' | 'state'> {
  readonly model: string;
  readonly inputs: readonly Packed[];
  readonly outputs: readonly Packed[];
}

/** The cases in the JSON that scripts/golden/onnx.py writes. */
export function onnxCases(json: string): OnnxCase[] {
  const { cases } = JSON.parse(json) as { cases: readonly PackedCase[] };
  return cases.map(({ name, state, model, inputs, outputs }) => ({
    name,
    state,
    model: new Uint8Array(inflateSync(Buffer.from(model, 'base64'))),
    inputs: inputs.map(unpacked),
    outputs: outputs.map(unpacked),
  }));
}

/** Those of test/fixtures/onnx.json. */
export function onnxFixtures(): OnnxCase[] {
  return onnxCases(readFileSync(join(__dirname, '../fixtures/onnx.json'), 'utf8'));
}

function unpacked({ shape, dtype, data }: Packed): NDArray {
  const { buffer } = Uint8Array.from(Buffer.from(data, 'base64'));
  return array(dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer), [...shape], dtype);
}
