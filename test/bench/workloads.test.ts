import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { compare } from '../../bench/against-torch.js';
import { profile, profileTable } from '../../bench/profile.js';
import { Torch } from '../../bench/torch.js';
import { engineMemory, kernels } from '../../src/kernels/index.js';
import { imagesScored, peakMemory, productFlops, workloads } from '../../src/workloads/index.js';

const names = Object.keys(workloads);

describe('a workload', () => {
  // Larger products are gemm_512 with more of the same, and so is the larger batch.
  test.each(names.filter((name) => !/gemm_(1024|2048)|_b1024_/.test(name)))(
    '%s holds no more memory after a warm step than before it',
    { tags: 'slow', timeout: 180_000 },
    (name) => {
      const step = workloads[name]();
      step();
      step();
      const before = engineMemory()?.used;
      step();
      expect(engineMemory()?.used).toBe(before);
    },
  );

  test('is measured in memory by what it holds and makes', () => {
    const [parameters, images] = [3072 * 100 + 100 + 1000 + 10, 100 * 3072];
    const bytes = peakMemory('two_layer_100_b100_sgd');
    expect(bytes).toBeGreaterThan(4 * (2 * parameters + images));
    expect(bytes).toBeLessThan(4 * (4 * parameters + 2 * images));
  });

  test('says by its name what there is to count', () => {
    expect(productFlops('gemm_256_f32')).toBe(2 * 256 ** 3);
    expect(productFlops('part5_b64_nesterov')).toBeNull();
    expect(imagesScored('part5_b500_score')).toBe(500);
    expect(imagesScored('part5_b64_nesterov')).toBeNull();
  });
});

describe('a profile', () => {
  const table = { ...kernels() };
  const measured = profile('two_layer_10_b10_sgd', 0.05);

  test('counts calls, operations and bytes of each kernel at each size', () => {
    const [product] = measured.kernels.filter(({ what }) => what === 'gemm NN 10 × 10 × 10');
    expect(product).toMatchObject({ calls: 2, flops: 2 * 2000, bytes: 2 * 1200 });
    const inKernels = measured.kernels.reduce((sum, { ms }) => sum + ms, 0);
    expect(inKernels).toBeLessThan(measured.ms);
    expect(measured.outside).toBeGreaterThan(0);
    expect(measured.outside).toBeLessThan(measured.ms);
  });

  test('leaves the kernels as they were', () => {
    expect(kernels()).toEqual(table);
  });

  test('is printed with rates and rooflines', () => {
    const profiled = { ms: 4, outside: 1.5, kernels: [{ what: 'gemm', calls: 2, ms: 2, flops: 1e8, bytes: 1e6 }] };
    const lines = profileTable(profiled, { gflops: 100, bandwidth: 10 }).split('\n');
    expect(lines[2]).toMatch(/gemm +2 +2\.000 +50\.0 % +50\.0 +0\.5 +50 % +products/);
    expect(lines[3]).toMatch(/outside kernels.* 1\.500 +37\.5 %/);
  });
});

describe('in PyTorch', () => {
  test('every workload runs', { tags: 'slow', timeout: 180_000 }, async ({ skip }) => {
    const interpreters = ['python3', '/usr/bin/python3'];
    const python = interpreters.find((path) => spawnSync(path, ['-c', 'import torch']).status === 0);
    if (python === undefined) return skip('no python3 has torch');
    const { torch } = await Torch.start(python, 2);
    try {
      const smaller = names.filter((name) => !name.includes('_b1024_'));
      for (const name of smaller) expect((await torch.measure(name, 0)).min).toBeGreaterThan(0);
      const { ratio, ours, theirs, theirMemory } = await compare('two_layer_10_b10_sgd', torch, 2, 0.02);
      expect(ratio).toBeCloseTo(ours / theirs);
      expect(theirMemory).toBeGreaterThan(4 * 220);
    } finally {
      torch.stop();
    }
  });

  test('an interpreter without it is an error that says what to do', async () => {
    await expect(Torch.start('no-such-python', 1)).rejects.toThrow(
      /does not start with no-such-python.*apt-get install/,
    );
  });
});
