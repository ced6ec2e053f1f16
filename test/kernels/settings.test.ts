import { afterEach, describe, expect, test, vi } from 'vitest';
import { configureKernels, kernelInfo } from '../../src/index.js';
import { environmentSettings, mergeSettings } from '../../src/kernels/settings.js';

afterEach(() => {
  vi.unstubAllEnvs();
  configureKernels({ kernels: 'wasm', threads: 1, turbo: false, exact: false });
});

describe('the environment', () => {
  test('chooses kernels, threads, turbo and exactness', () => {
    vi.stubEnv('LAYERWISE_KERNELS', 'reference');
    vi.stubEnv('LAYERWISE_THREADS', '3');
    vi.stubEnv('LAYERWISE_TURBO', '1');
    vi.stubEnv('LAYERWISE_EXACT', '1');
    expect(environmentSettings()).toEqual({
      kernels: 'reference',
      threads: 3,
      turbo: true,
      exact: true,
      workerUrl: null,
    });
  });

  test('left empty, means WebAssembly on all cores, neither turbo nor exact', () => {
    const names = ['LAYERWISE_KERNELS', 'LAYERWISE_THREADS', 'LAYERWISE_TURBO', 'LAYERWISE_EXACT'];
    for (const name of names) vi.stubEnv(name, '');
    const { threads, ...rest } = environmentSettings();
    expect(rest).toEqual({ kernels: 'wasm', turbo: false, exact: false, workerUrl: null });
    expect(threads).toBeGreaterThanOrEqual(1);
  });

  test.each([
    ['LAYERWISE_THREADS', '0', 'LAYERWISE_THREADS is 0, expected a whole number from 1 to 64'],
    ['LAYERWISE_THREADS', 'abc', "LAYERWISE_THREADS is 'abc', expected a whole number from 1 to 64"],
    ['LAYERWISE_THREADS', '2.5', "LAYERWISE_THREADS is '2.5', expected a whole number from 1 to 64"],
    ['LAYERWISE_THREADS', '65', 'LAYERWISE_THREADS is 65, expected a whole number from 1 to 64'],
    ['LAYERWISE_KERNELS', 'gpu', "LAYERWISE_KERNELS is 'gpu', expected 'wasm' or 'reference'"],
    ['LAYERWISE_TURBO', 'yes', "LAYERWISE_TURBO is 'yes', expected 0 or 1"],
    ['LAYERWISE_EXACT', 'true', "LAYERWISE_EXACT is 'true', expected 0 or 1"],
  ])('%s=%s says what is allowed', (name, value, message) => {
    vi.stubEnv(name, value);
    expect(() => environmentSettings()).toThrow(new RangeError(message));
  });
});

describe('configureKernels', () => {
  test('says what runs now', () => {
    expect(configureKernels({ kernels: 'reference' })).toEqual({
      kernels: 'reference',
      simd: null,
      threads: 1,
      turbo: false,
      exact: false,
      memory: null,
      notes: [],
    });
    const info = configureKernels({ kernels: 'wasm', threads: 3 });
    expect(info).toMatchObject({ kernels: 'wasm', simd: 'relaxed', threads: 3, turbo: false });
    expect(info.memory?.maximum).toBeGreaterThan(2 ** 30);
    expect(kernelInfo()).toEqual(info);
  });

  test.each([
    ['a text', 'threads.js'],
    ['a URL', new URL('https://localhost/threads.js')],
    ['what a policy of trusted types makes', { [Symbol.toStringTag]: 'TrustedScriptURL' } as unknown as URL],
  ])('takes %s as workerUrl, and null for none', (_, workerUrl) => {
    const base = environmentSettings();
    const given = mergeSettings(base, { workerUrl });
    expect(given.workerUrl).toBe(workerUrl);
    expect(mergeSettings(given, { workerUrl: null })).toEqual(base);
  });

  test.each([
    [{ threads: 0 }, 'configureKernels: threads is 0, expected a whole number from 1 to 64'],
    [{ threads: 1.5 }, 'configureKernels: threads is 1.5, expected a whole number from 1 to 64'],
    [{ kernels: 'gpu' as 'wasm' }, "configureKernels: kernels is 'gpu', expected 'wasm' or 'reference'"],
    [{ turbo: 1 as unknown as boolean }, 'configureKernels: turbo is 1, expected true or false'],
    [{ exact: 1 as unknown as boolean }, 'configureKernels: exact is 1, expected true or false'],
    [{ workerUrl: '' }, "configureKernels: workerUrl is '', expected an address, or null for none"],
    [
      { cores: 2 } as object,
      "configureKernels: unknown option 'cores', expected kernels, threads, turbo, exact, workerUrl",
    ],
  ])('refuses %j and changes nothing', (options, message) => {
    const before = kernelInfo();
    expect(() => configureKernels(options)).toThrow(message);
    expect(kernelInfo()).toEqual(before);
  });

  test('turbo is checked against the reference, or said to be missing', () => {
    const { turbo, notes } = configureKernels({ turbo: true });
    if (Number.parseInt(process.versions.node, 10) < 24) {
      expect({ turbo, notes }).toEqual({ turbo: false, notes: ['Turbo needs Node 24 or later: it is off.'] });
    } else {
      expect({ turbo, notes }).toEqual({ turbo: true, notes: [] });
    }
  });
});
