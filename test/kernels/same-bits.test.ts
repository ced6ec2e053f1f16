import { afterAll, expect, test } from 'vitest';
import { configureKernels, kernelInfo } from '../../src/index.js';
import { threadsReady } from '../../src/kernels/index.js';
import { turboAvailable } from '../../src/kernels/wasm/module.js';
import { testFirstQuick } from '../helpers/slow.js';
import { trainedBits } from '../helpers/trained-bits.js';

const { threads, turbo } = kernelInfo();
afterAll(() => {
  configureKernels({ threads, turbo });
});

function train(threads: number): number[] {
  configureKernels({ threads });
  expect(threadsReady(20_000)).toBe(threads);
  return trainedBits();
}

// Sixteen are many more than there are cores.
testFirstQuick([{ counts: [3] }, { counts: [2, 5, 16] }], 'training gives the same bits on $counts threads', (c) => {
  const alone = train(1);
  expect(alone.every(Number.isFinite)).toBe(true);
  for (const threads of c.counts) expect(train(threads)).toEqual(alone);
});

test.skipIf(!turboAvailable())('training gives the same bits with turbo (skipped before Node 24)', () => {
  configureKernels({ turbo: false });
  const without = train(2);
  expect(configureKernels({ turbo: true })).toMatchObject({ turbo: true, notes: [] });
  expect(train(2)).toEqual(without);
});
