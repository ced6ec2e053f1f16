// @module-tag slow

import { readdirSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { ndarray } from '../src/arrays/index.js';

// What the tests of arrays, layers and the tape find on arrays of `ndarray`, again on those of our own: the project in
// vitest.config.mts puts the module in place that browsers get. Left out is what has nothing to do with arrays: memory,
// threads and the reference, long statistics, convolutions and pooling of every option.

vi.mock('./helpers/kernel-sets.js', async (original) => {
  const helpers = await original<typeof import('./helpers/kernel-sets.js')>();
  const describeKernelSets = (title: string, tests: () => void): void => {
    describe(title, () => {
      helpers.useKernels('wasm', 1);
      tests();
    });
  };
  return { ...helpers, describeKernelSets };
});

const LEFT_OUT = /(memory|dropout|conv-options|conv-sandwiches|pooling-options)\.test\.ts$/;
const FILES = ['arrays', 'layers', 'autograd']
  .flatMap((folder) => readdirSync(`test/${folder}`).map((name) => `./${folder}/${name}`))
  .filter((file) => file.endsWith('.test.ts') && !LEFT_OUT.test(file));

test('arrays are our own', () => {
  expect(ndarray(new Float32Array(4), [2, 2]).constructor.name).toBe('View2');
});

describe.each(FILES)('%s', async (file) => {
  await import(file);
});
