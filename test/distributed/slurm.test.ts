// @module-tag slow

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compiled, runRanks, whyNoMpi } from '../helpers/mpi.js';
import { SlurmCluster, slurmMissing } from '../helpers/slurm.js';

const missing = slurmMissing() ?? whyNoMpi();
if (missing !== null) console.warn(`ranks that srun starts: skipped, ${missing}`);

describe.skipIf(missing !== null)('ranks that srun starts on two nodes', { timeout: 120_000 }, () => {
  let cluster: SlurmCluster;

  beforeAll(async () => {
    cluster = await SlurmCluster.start();
  });

  afterAll(() => cluster?.stop());

  /** What a program prints, as one rank on each node. */
  async function onNodes(program: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const file = join(cluster.folder, `${program}.cjs`);
    writeFileSync(file, await compiled(program));
    const ranks = ['-N', '2', '-n', '2', '--kill-on-bad-exit=1', '--mpi=pmi2'];
    const place = { NODE_PATH: resolve('node_modules'), LAYERWISE_THREADS: '1' };
    return cluster.run('srun', [...ranks, process.execPath, file], { ...place, ...env });
  }

  test('get the bits that those of mpiexec get', async () => {
    const [srun, mpiexec] = await Promise.all([
      onNodes('collectives', { MPIR_CVAR_NOLOCAL: '1' }),
      runRanks({ ranks: 2, program: 'collectives' }),
    ]);
    expect(mpiexec.code).toBe(0);
    expect(srun.trim().split('\n').sort()).toEqual(mpiexec.out.trim().split('\n').sort());
  });

  test('train as one process does', async () => {
    const printed = (await onNodes('srun-training', { MPIR_CVAR_NOLOCAL: '1' })).trim().split('\n').sort();
    const [first, second] = printed.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({ size: 2, node: 'n1' });
    expect(second).toMatchObject({ size: 2, node: 'n2', bits: first.bits });
    expect(first.apart).toBeLessThan(1e-12);
  });
});
