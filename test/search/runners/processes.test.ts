// @module-tag slow

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SearchFolder } from '../../../src/search/folder.js';
import { loadTrial } from '../../../src/search/load-trial.js';
import { type SearchOptions, search } from '../../../src/search/search.js';
import { choice, space } from '../../../src/search/space/index.js';
import type { Outcome } from '../../../src/search/types.js';

const TRIALS = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nn, tensor } from 'layerwise';
import { choice, defineTrial, space, uniform } from 'layerwise/search';

/** Goes on from where it has come to. */
function train(config: { x: number }, report: any, at: (epoch: number) => void = () => {}) {
  const file = join(report.dir, 'epoch');
  let epoch = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  console.log('from', epoch);
  while (epoch < (report.epochs ?? 200)) {
    epoch++;
    writeFileSync(file, String(epoch));
    const goesOn = report(epoch, { loss: config.x + 1 / epoch });
    at(epoch);
    if (!goesOn) break;
  }
  return { loss: config.x + 1 / epoch, epoch, threads: report.threads };
}

/** A method that a module adds to the library when it is loaded. */
const one = new nn.Sequential().forward(tensor([[1]])).sum().item();

export const good = defineTrial(space({ x: uniform(0, 1) }), (config, seed, report) =>
  ({ ...train(config, report), one, threads: Number(process.env.LAYERWISE_THREADS) }));

export const dying = defineTrial(space({ x: choice(1, 2, 3) }), (config, seed, report) =>
  train(config, report, (epoch) => {
    if (config.x === 1 && epoch === 2) process.kill(process.pid, 'SIGKILL');
    if (config.x === 2 && epoch >= 2) process.exit(7);
  }));

export const long = defineTrial(space({ x: choice(1) }), (config, seed, report) =>
  train(config, report, () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)));
`;

let dir: string;
let file: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'layerwise-workers-test-'));
  file = join(dir, 'trials.ts');
  writeFileSync(file, TRIALS);
});
afterAll(() => rmSync(dir, { recursive: true }));

function options(name: string, more: Partial<SearchOptions>): SearchOptions {
  return { trial: `${file}#${name}`, metric: 'loss', mode: 'min', ...more };
}

function plain({ job, metrics, error }: Outcome): unknown {
  return { job, metrics, error };
}

test('two workers find what one process does', async () => {
  const strategy = { name: 'halving', trials: 9, epochs: 9 } as const;
  const workers = await search(options('good', { strategy, workers: 2, threads: 4, folder: join(dir, 'two') }));
  const before = process.env.LAYERWISE_THREADS;
  process.env.LAYERWISE_THREADS = '2'; // what the trial returns
  const alone = await search(options('good', { strategy }));
  process.env.LAYERWISE_THREADS = before;
  expect(workers.outcomes.map(plain)).toEqual(alone.outcomes.map(plain));
  expect(workers.best?.metrics).toMatchObject({ epoch: 9, threads: 2, one: 1 });
  const { job } = workers.best as Outcome;
  expect(readFileSync(join(dir, 'two', 'trials', job.id, 'log.txt'), 'utf8')).toBe('from 0\nfrom 1\nfrom 3\n');
});

test('a process that dies is followed by another, which goes on from the checkpoint; once', async () => {
  const strategy = { name: 'grid', epochs: 4 } as const;
  const { outcomes } = await search(options('dying', { strategy, workers: 2, folder: join(dir, 'dying') }));
  expect(outcomes.map(({ metrics, error }) => [metrics?.epoch ?? null, error])).toEqual([
    [4, null],
    [null, 'its process was ended with code 7, and so was the one before'],
    [4, null],
  ]);
  expect(readFileSync(join(dir, 'dying', 'trials', outcomes[0].job.id, 'log.txt'), 'utf8')).toBe('from 0\nfrom 2\n');
});

test('a trial that never comes back to its event loop is stopped early', async () => {
  const folder = join(dir, 'long');
  const onReport: SearchOptions['onReport'] = (job, epoch) => {
    if (epoch === 2) SearchFolder.open('test', folder).stop(job);
  };
  const { outcomes } = await search(options('long', { strategy: 'grid', workers: 1, folder, onReport }));
  expect(outcomes[0].stopped).toBe(true);
  expect(outcomes[0].metrics?.epoch).toBeLessThan(100);
});

test('an aborted search kills its processes, and can go on', async () => {
  const folder = join(dir, 'aborted');
  const controller = new AbortController();
  const onReport = () => controller.abort(new Error('enough'));
  const strategy = { name: 'grid', epochs: 50 } as const;
  const all = { strategy, workers: 1, folder };
  await expect(search(options('long', { ...all, onReport, signal: controller.signal }))).rejects.toThrow('enough');
  const { job } = (await search(options('long', all))).outcomes[0];
  expect(readFileSync(join(folder, 'trials', job.id, 'log.txt'), 'utf8')).toMatch(/^from 0\nfrom [1-9]\d*\n$/);
});

test('files without the trial are refused by name, before anything is made', async () => {
  writeFileSync(join(dir, 'none.mjs'), 'export default () => ({ loss: 1 });');
  writeFileSync(join(dir, 'one.cjs'), "exports.a = require('layerwise/search').defineTrial(() => ({ loss: 1 }));");
  writeFileSync(join(dir, 'bad.ts'), 'export const x: number = 1;\nthrow new Error("not today");\n');
  writeFileSync(join(dir, 'nested.ts'), "import { search } from 'layerwise/search';\nsearch({});\n");
  const folder = join(dir, 'new');
  for (const [trial, message] of [
    ['trials.ts', 'exports several trials, expected FILE#NAME with one of dying, good, long'],
    ['trials.ts#god', "exports no trial 'god', expected dying, good, long; did you mean good?"],
    ['none.mjs', 'exports no trial, expected `export default defineTrial(…)`'],
    ['missing.ts', 'trial: there is no file '],
    ['bad.ts', 'bad.ts fails: not today (line 2)'],
    ['nested.ts', 'the file of a trial starts no search; start it in another file'],
  ]) {
    const wrong = search({ ...options('', { folder, space: space({ x: choice(1) }) }), trial: join(dir, trial) });
    await expect(wrong).rejects.toThrow(message);
  }
  expect(existsSync(folder)).toBe(false);
  expect((await loadTrial('test', join(dir, 'one.cjs')))({}, 0, null as never)).toEqual({ loss: 1 });
});
