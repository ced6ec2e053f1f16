import { afterAll, beforeAll, describe, expect } from 'vitest';
import { configureKernels, type KernelSettings, kernelInfo, threadsReady } from '../../src/kernels/index.js';

/** The kernels that results are checked on. */
export const KERNEL_SETS: readonly Required<Pick<KernelSettings, 'kernels' | 'threads'>>[] = [
  { kernels: 'reference', threads: 1 },
  { kernels: 'wasm', threads: 1 },
  { kernels: 'wasm', threads: 3 },
];

/**
 * Runs `tests` on every set of kernels, with all worker threads up; those of several threads are slow tests. The choice
 * from before is put back at the end.
 */
export function describeKernelSets(title: string, tests: () => void): void {
  for (const { kernels, threads } of KERNEL_SETS) {
    describe(`${title} (${kernels}, ${threads} threads)`, threads > 1 ? { tags: 'slow' } : {}, () => {
      useKernels(kernels, threads);
      tests();
    });
  }
}

/** Makes the tests of the enclosing `describe` run on these kernels. */
export function useKernels(kernels: KernelSettings['kernels'], threads: number): void {
  let before: Partial<KernelSettings>;
  beforeAll(() => {
    const { kernels: name, threads: count, turbo, exact } = kernelInfo();
    before = { kernels: name, threads: count, turbo, exact };
    switchKernels(kernels, threads);
  });
  afterAll(() => {
    configureKernels(before);
  });
}

/** Switches to these kernels and waits for their threads. Fails where the machine cannot run them. */
export function switchKernels(kernels: KernelSettings['kernels'], threads: number): void {
  expect(configureKernels({ kernels, threads })).toMatchObject({ kernels, threads, notes: [] });
  expect(threadsReady()).toBe(threads);
}
