import { spawnSync } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { KERNELS, outcome } from '../../scripts/random-calls/calls.js';
import { configureKernels, kernelInfo } from '../../src/index.js';
import { turboAvailable } from '../../src/kernels/wasm/module.js';

const before = kernelInfo();
afterEach(() => {
  configureKernels({ kernels: before.kernels, threads: before.threads });
});

/** The hashes of calls of every kernel, `rounds` of each. */
const hashes = (rounds: number): string[] =>
  Array.from({ length: rounds * KERNELS.length }, (_, index) => outcome(3, index).hash);

test('random calls of every kernel have the same bits again, and on two threads', () => {
  const once = hashes(3);
  expect(hashes(3)).toEqual(once);
  configureKernels({ threads: 2 });
  expect(hashes(3)).toEqual(once);
});

test('their hashes tell other values from the same, and other ways to round', () => {
  const of = (kernel: string): string[] =>
    Array.from({ length: 8 }, (_, i) => outcome(3, KERNELS.indexOf(kernel as 'gemm') + i * KERNELS.length).hash);
  const [products, copies] = [of('gemm'), of('gatherRows')];
  expect(new Set(products).size).toBe(8);
  configureKernels({ kernels: 'reference' });
  expect(of('gemm')).not.toEqual(products);
  expect(of('gatherRows')).toEqual(copies);
});

const command = ['-r', 'ts-node/register', 'scripts/random-calls.ts', '--count', '300'];

test.skipIf(!turboAvailable())('the script compares turbo with none (skipped before Node 24)', { tags: 'slow' }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^300 calls of \d+ kernels, .*: the same bits with turbo and without\n$/);
});

test.skipIf(turboAvailable())('the script says where there is no turbo', { tags: 'slow' }, () => {
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, 'random-calls: turbo is off: Turbo needs Node 24 or later: it is off.\n']);
});
