// @module-tag slow

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { runJob, SearchFolder } from '../../../src/search/index.js';
import { planOf } from '../../../src/search/plans/index.js';
import { temporaryDir } from '../../helpers/cifar10.js';
import { haltingSearch } from '../../helpers/halting-search.js';
import { compiled } from '../../helpers/mpi.js';
import { SlurmCluster, slurmMissing, until } from '../../helpers/slurm.js';

const TRIAL = resolve('test/programs/halting-trial.mjs');
const missing = slurmMissing();
if (missing !== null) console.warn(`a search as a job array: skipped, ${missing}`);

/** The outcomes of the search, one trial after the other in this process. */
async function inOrder() {
  const settings = haltingSearch(TRIAL);
  const folder = SearchFolder.create('search', join(temporaryDir(), 'search'), settings);
  const plan = planOf(settings);
  for (let job = plan.next(); typeof job === 'object'; job = plan.next()) await runJob(folder, TRIAL, job);
  return untimed(folder);
}

const untimed = (folder: SearchFolder) => folder.outcomes().map((outcome) => ({ ...outcome, seconds: 0 }));

test.skipIf(missing !== null)(
  'a job array of 16 trials is complete though a node dies',
  { timeout: 150_000 },
  async () => {
    const home = mkdtempSync(resolve('test/programs/slurm.generated-'));
    const cluster = await SlurmCluster.start();
    const { folder } = cluster;
    try {
      const file = join(home, 'program.cjs');
      writeFileSync(file, await compiled('search-by-index'));
      mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
      const command = `#!/bin/sh\nexec ${process.execPath} ${file} "$@"\n`;
      writeFileSync(join(folder, 'node_modules/.bin/layerwise'), command, { mode: 0o755 });

      const options = ['--array=0-15', '--cpus-per-task=1', '--mem-per-cpu=1M', '--output=%a.log'];
      await cluster.run('sbatch', [...options, resolve('deploy/slurm.sh'), 'search', TRIAL]);
      const expected = inOrder();
      const said = () => lines(join(folder, 'said.txt')).map((line) => line.split(' '));
      const halted = () => said().filter(([word]) => word === 'halts');
      await until('two trials halt', () => halted().length === 2);

      // The node of both is cut off; one of them dies, the other goes on, though Slurm believes both to be lost.
      const [lost, alone] = halted().map(([, task]) => task);
      cluster.killNode('n2', (env) => env.SLURM_ARRAY_TASK_ID === lost);
      await until('the one that is started again waits', () =>
        lines(join(folder, `${alone}.log`)).includes(`trial ${alone} waits`),
      );
      await until('the lost trial ends elsewhere', () =>
        said().some(([word, task]) => word === 'ends' && task === lost),
      );
      writeFileSync(join(folder, 'go'), '');
      await until('the array ends', async () => (await cluster.run('squeue', ['-h'])) === '');

      const search = SearchFolder.open('search', join(folder, 'search'));
      expect(untimed(search)).toEqual(await expected);
      const tasks = (word: string) => said().filter(([one]) => one === word);
      expect(tasks('ends')).toHaveLength(16);
      expect(tasks('begins')).toHaveLength(17);
      expect(tasks('begins').filter(([, task]) => task === lost)).toEqual([
        ['begins', lost, 'n2', '0'],
        ['begins', lost, 'n1', '2'],
      ]);
      expect(tasks('begins').filter(([, task]) => task === alone)).toEqual([['begins', alone, 'n2', '0']]);
      expect(lines(join(folder, `${alone}.log`)).at(-1)).toBe(`trial ${alone} was complete`);
      expect(lines(join(folder, 'search/results.jsonl'))).toHaveLength(16);
      // No locks and no unfinished files.
      expect(
        readdirSync(join(folder, 'search'), { recursive: true }).filter((name) => /lock|tmp/.test(`${name}`)),
      ).toEqual([]);
    } finally {
      await cluster.stop();
      rmSync(home, { recursive: true });
    }
  },
);

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}
