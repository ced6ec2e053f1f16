// @module-tag slow

import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command } from '../helpers/command.js';
import { installCommand } from '../helpers/installed.js';
import { compiled, runRanks, whyNoMpi } from '../helpers/mpi.js';
import { SlurmCluster, slurmMissing, until } from '../helpers/slurm.js';

const missing = slurmMissing() ?? whyNoMpi();
if (missing !== null) console.warn(`ranks that srun starts: skipped, ${missing}`);

describe.skipIf(missing !== null)('ranks that srun starts on two nodes', { timeout: 120_000 }, () => {
  let cluster: SlurmCluster;

  beforeAll(async () => {
    cluster = await SlurmCluster.start();
  });

  afterAll(() => cluster?.stop());

  /** What a program prints, as one rank on each node: by rank, since srun mixes long lines of several. */
  async function onNodes(program: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const file = join(cluster.folder, `${program}.cjs`);
    writeFileSync(file, await compiled(program));
    const ranks = ['-N', '2', '-n', '2', '--kill-on-bad-exit=1', '--mpi=pmi2'];
    const place = { NODE_PATH: resolve('node_modules'), LAYERWISE_THREADS: '1' };
    const output = `--output=${program}.%t.txt`;
    await cluster.run('srun', [...ranks, output, process.execPath, file], { ...place, ...env });
    return [0, 1].map((rank) => readFileSync(join(cluster.folder, `${program}.${rank}.txt`), 'utf8')).join('');
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

  test('run deploy/slurm-train.sh, which goes on with a run that is there', async () => {
    await installCommand(cluster.folder, ['koffi', '@koromix']);
    const line = ['twolayer', '--data', resolve('examples/fruit.csv'), '--batch-size', '9', '--epochs', '2', '--quiet'];
    const onSlurm = async () => {
      const options = ['--cpus-per-task=1', '--output=train.log', resolve('deploy/slurm-train.sh')];
      await cluster.run('sbatch', [...options, 'run', ...line]);
      await until('the job ends', async () => (await cluster.run('squeue', ['-h'])) === '');
      return readFileSync(join(cluster.folder, 'train.log'), 'utf8');
    };
    expect(await onSlurm()).toBe('run\n');
    const alone = await command(cluster.folder, ['train', ...line, '--run', 'alone']);
    expect(alone.code).toBe(0);
    const losses = epochsOf('run').map(({ loss }) => loss);
    expect(losses).toHaveLength(3);
    for (const [i, { loss }] of epochsOf('alone').entries()) expect(losses[i]).toBeCloseTo(loss, 5);
    expect(await onSlurm()).toContain('run has finished its 2 epochs');
  });

  /** What a run has noted after each epoch. */
  function epochsOf(run: string): { readonly loss: number }[] {
    const lines = readFileSync(join(cluster.folder, run, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n');
    return lines.map((text) => JSON.parse(text)).filter(({ kind }) => kind === 'epoch');
  }
});
