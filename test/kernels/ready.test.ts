import { afterEach, describe, expect, test } from 'vitest';
import { configureKernels, kernelInfo, ready } from '../../src/index.js';
import { threadsReady } from '../../src/kernels/index.js';

afterEach(() => {
  configureKernels({ kernels: 'wasm', threads: 1 });
});

describe('ready', () => {
  test('starts the threads, and says what runs', async () => {
    configureKernels({ threads: 3 });
    const info = await ready();
    expect(info).toMatchObject({ kernels: 'wasm', threads: 3, notes: [] });
    expect(info).toEqual(kernelInfo());
    // They are up already, so there is nothing to wait for.
    expect(threadsReady(0)).toBe(3);
    expect(await ready()).toEqual(info);
  });

  test('resolves at once where there is one thread, and on the reference', async () => {
    expect(await ready()).toMatchObject({ kernels: 'wasm', threads: 1 });
    configureKernels({ kernels: 'reference' });
    expect(await ready()).toMatchObject({ kernels: 'reference', threads: 1 });
  });

  test('waits for the configuration that was chosen last', async () => {
    configureKernels({ threads: 3 });
    const waiting = ready();
    configureKernels({ threads: 2 });
    expect(await waiting).toMatchObject({ threads: 2, notes: [] });
    expect(threadsReady(0)).toBe(2);
  });
});
