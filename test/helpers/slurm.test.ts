// @module-tag slow

import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SlurmCluster, slurmMissing } from './slurm.js';
import { isOurs, processes } from './slurm-processes.js';

const missing = slurmMissing();

test.skipIf(missing !== null)(`a Slurm cluster runs on both nodes, and leaves nothing ${missing ?? ''}`, async () => {
  const cluster = await SlurmCluster.start();
  const ours = () => processes().filter((one) => isOurs(one, cluster.env.SLURM_CONF as string));
  try {
    const nodes = await cluster.run('srun', ['-N', '2', '-n', '2', 'printenv', 'SLURMD_NODENAME']);
    expect(nodes.trim().split('\n').sort()).toEqual(['n1', 'n2']);
    await cluster.run('sbatch', ['--wrap', 'sleep 60']);
    await expect(cluster.run('srun', ['false'])).rejects.toThrow('exit code 1');
    expect(ours().map(({ args }) => args[0])).toContain('slurmctld');
  } finally {
    await cluster.stop();
  }
  expect(ours()).toEqual([]);
  expect(existsSync(cluster.folder)).toBe(false);
});
