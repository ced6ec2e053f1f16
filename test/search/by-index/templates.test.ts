// @module-tag slow

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { temporaryDir } from '../../helpers/cifar10.js';
import { command } from '../../helpers/command.js';

const TRIAL = `import { defineTrial, space, uniform } from 'layerwise/search';
export default defineTrial(space({ x: uniform(0, 1) }), ({ x }) => ({ valAcc: x }));
`;

afterEach(() => vi.unstubAllEnvs());

/** The lines of a template that have a mark in front of them, without it. */
function linesOf(file: string, mark: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line) => (line.trimStart().startsWith(mark) ? [line.trim().slice(mark.length)] : []));
}

test("the pods of kubernetes.yaml run the command's trials", async () => {
  const dir = temporaryDir();
  writeFileSync(join(dir, 'trial.ts'), TRIAL);
  const [args] = linesOf('deploy/kubernetes.yaml', 'args: [');
  const words = args
    .replace(']', '')
    .split(', ')
    .map((word) => word.replaceAll('"', ''));
  const [completions] = linesOf('deploy/kubernetes.yaml', 'completions: ');
  vi.stubEnv('JOB_COMPLETION_INDEX', `${Number.parseInt(completions, 10) - 1}`);
  const { code, out, err } = await command(dir, ['search', ...words]);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^searches\/lr: trial 15: valAcc 0\.\d+/);
});

test('the services of compose.yaml are lines of the command', async () => {
  const text = readFileSync('deploy/compose.yaml', 'utf8').replaceAll(/>-\n|\n {6}(?! )/g, ' ');
  const calls = [...text.matchAll(/command: +node_modules\/\.bin\/layerwise (search .*)/g)].map(([, call]) => call);
  expect(calls).toHaveLength(2);
  const dir = temporaryDir();
  writeFileSync(join(dir, 'trial.ts'), TRIAL);
  for (const call of calls) {
    // Nothing listens there: all that is before that fits.
    const { err } = await command(dir, call.trim().replace('redis:6379', '127.0.0.1:1').split(/ +/));
    expect(err).toContain('redis: redis://127.0.0.1:1: nothing listens there');
  }
});

test('the lines of slurm.sh are those of searches', async () => {
  const dir = temporaryDir();
  mkdirSync(join(dir, 'searches'));
  writeFileSync(join(dir, 'trial.ts'), TRIAL);
  const [first, halving] = [linesOf('deploy/slurm.sh', '#   sbatch '), linesOf('deploy/slurm.sh', '#   halving=')];
  const random = first[0].split('deploy/slurm.sh ')[1].split(' ');
  const rungs = halving[0].replaceAll('"', '').split(' ');
  for (const line of [random, [...rungs, '--rung', '0']]) {
    const { code, out, err } = await command(dir, ['search', '--trial-index', '3', ...line]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(': trial 3');
  }
  const { err } = await command(dir, ['search', '--trial-index', '0', ...rungs, '--rung', '1']);
  expect(err).toContain('rung 0 is not complete: run it first, of it 0-2,4-15 (sbatch --array=0-2,4-15)');
});
