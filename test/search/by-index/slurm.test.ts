// @module-tag slow

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { type Outcome, SearchFolder, search, uniform } from '../../../src/search/index.js';
import { installCommand } from '../../helpers/installed.js';
import { SlurmCluster, slurmMissing, until } from '../../helpers/slurm.js';

const TRIAL = resolve('test/programs/halting-trial.mjs');
const missing = slurmMissing();
if (missing !== null) console.warn(`a search as a job array: skipped, ${missing}`);

const SPACE = { x: uniform(0, 3) };
const LINE = `--trial ${TRIAL} --trials 16 --epochs 4 --metric value --seed 5 --space`.split(' ');

/** The outcomes of the search, one trial after the other in this process. */
async function inOrder() {
  const strategy = { name: 'random', trials: 16, epochs: 4 } as const;
  const { outcomes } = await search({ trial: TRIAL, space: SPACE, strategy, metric: 'value', seed: 5 });
  return outcomes.map(untimed);
}

const untimed = (outcome: Outcome) => ({ ...outcome, seconds: 0 });

test.skipIf(missing !== null)('a job array is complete though a node dies', { timeout: 150_000 }, async () => {
  const cluster = await SlurmCluster.start();
  const { folder } = cluster;
  const text = (file: string) => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '');
  const linesOf = (file: string) => text(file).trim().split('\n');
  /** What the trials have written down: word, number of the task, node, epoch. */
  const said = (word: string) =>
    linesOf('said.txt').flatMap((line) => (line.startsWith(word) ? [line.split(' ')] : []));
  try {
    await installCommand(folder, ['jiti']);
    const options = ['--array=0-15', '--cpus-per-task=1', '--mem-per-cpu=1M', '--output=%a.log'];
    await cluster.run('sbatch', [...options, resolve('deploy/slurm.sh'), 'found', ...LINE, JSON.stringify(SPACE)]);
    const expected = inOrder();
    await until('two trials halt', () => said('halts').length === 2);

    // The node of both is cut off; one of them dies, the other goes on, though Slurm believes both to be lost.
    const [lost, alone] = said('halts').map(([, task]) => task);
    cluster.killNode('n2', (env) => env.SLURM_ARRAY_TASK_ID === lost);
    await until('the one that is started again waits', () => text(`${alone}.log`).includes('waiting for it'));
    await until('the lost one ends elsewhere', () => said('ends').some(([, task]) => task === lost));
    writeFileSync(join(folder, 'go'), '');
    await until('the array ends', async () => (await cluster.run('squeue', ['-h'])) === '');

    const found = SearchFolder.open('search', join(folder, 'found'));
    expect(found.outcomes().map(untimed)).toEqual(await expected);
    expect(said('ends')).toHaveLength(16);
    expect(said('begins')).toHaveLength(17);
    expect(said('begins').filter(([, task]) => task === lost)).toEqual([
      ['begins', lost, 'n2', '0'],
      ['begins', lost, 'n1', '2'],
    ]);
    expect(said('begins').filter(([, task]) => task === alone)).toEqual([['begins', alone, 'n2', '0']]);
    expect(linesOf(`${alone}.log`).at(-1)).toMatch(/trial \d+ to epoch 4: value .* \(complete before\)$/);
    expect(linesOf('found/results.jsonl')).toHaveLength(16);
    const names = readdirSync(join(folder, 'found'), { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => /lock|tmp/.test(name))).toEqual([]);
  } finally {
    await cluster.stop();
  }
});
