import { expect, test } from 'vitest';
import { bindKernels } from '../../src/kernels/wasm/kernels.js';
import { Memory } from '../../src/kernels/wasm/memory.js';
import type { Exports } from '../../src/kernels/wasm/module.js';
import type { Workers } from '../../src/kernels/wasm/workers.js';

// Jobs of a module that traps, and threads that do not start.
const never = (): never => {
  throw new WebAssembly.RuntimeError('a job was started');
};
const exports = { run: never, recover: () => {} } as unknown as Exports;
const workers = { start: never } as unknown as Workers;

test('a kernel with an empty operand starts no job, writes sums of nothing, and takes no memory', () => {
  const memory = new Memory(2 ** 26);
  const kernels = bindKernels(memory, exports, workers, 2);
  const none = new Float32Array(0);
  const [sums, one] = [Float32Array.of(1, 2, 3), Float32Array.of(1, 2, 3)];

  expect(() => kernels.relu(one, sums)).toThrow('relu: the WebAssembly kernel trapped');
  kernels.relu(none, none);
  kernels.sumRows(none, sums, 0, 3);
  expect([...sums]).toEqual([0, 0, 0]);
  kernels.gemm({ form: 'NN', a: none, b: none, out: sums.fill(1), N: 1, K: 0, M: 3 });
  expect([...sums]).toEqual([0, 0, 0]);
  expect(kernels.sumSquares(none)).toBe(0);
  expect(kernels.maxAbs(none)).toBe(0);
  expect(memory.used).toBe(0);
});
