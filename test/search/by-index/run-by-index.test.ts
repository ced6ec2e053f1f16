import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { placeOf } from '../../../src/files/place.js';
import { runByIndex } from '../../../src/search/by-index/run-by-index.js';
import {
  SearchFolder,
  type SearchSettings,
  type StrategySettings,
  searchByIndex,
  space,
  uniform,
} from '../../../src/search/index.js';
import { strategySettings } from '../../../src/search/strategies.js';
import { temporaryDir } from '../../helpers/cifar10.js';

const FN = 'searchByIndex';

function searchOf(strategy: object): SearchSettings {
  const settings: StrategySettings = strategySettings(FN, strategy);
  return { trial: null, space: space({ x: uniform(0, 1) }), strategy: settings, metric: 'loss', mode: 'min', seed: 3 };
}

/** Runs an index, and says which trial that was. */
async function run(dir: string, settings: SearchSettings, index: number, rung = 0, calls: number[] = []) {
  const trial = ({ x = 0 }: { readonly x?: unknown }) => {
    calls.push(index);
    return { loss: Number(x) };
  };
  const { outcome, ...rest } = await runByIndex(FN, dir, settings, trial, { index, rung, threads: 1 });
  return { trial: outcome?.job.trial ?? null, loss: outcome?.metrics?.loss, ...rest };
}

const linesOf = (dir: string) =>
  readFileSync(join(dir, 'results.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { trial: number; rung: number });

describe('a search by index', () => {
  test('runs each trial once, whichever come first, and has all results in order', async () => {
    const dir = join(temporaryDir(), 'search');
    const settings = searchOf({ name: 'random', trials: 4 });
    const calls: number[] = [];
    for (const index of [2, 0, 2, 3]) await run(dir, settings, index, 0, calls);
    expect(linesOf(dir).map(({ trial }) => trial)).toEqual([2, 0, 3]);
    await Promise.all([run(dir, settings, 1, 0, calls), run(dir, settings, 1, 0, calls)]);
    expect(calls).toEqual([2, 0, 3, 1]);
    expect(linesOf(dir).map(({ trial }) => trial)).toEqual([0, 1, 2, 3]);
    // As where a process died between an outcome and its line.
    rmSync(join(dir, 'results.jsonl'));
    expect(await run(dir, settings, 3)).toMatchObject({ trial: 3, isNew: false, trials: 4, rung: 0 });
    expect(linesOf(dir)).toHaveLength(4);
  });

  test('halves rung by rung: the places of a rung are those of the trials that are left', {
    tags: 'slow',
  }, async () => {
    const dir = join(temporaryDir(), 'search');
    const settings = searchOf({ name: 'halving', trials: 6, epochs: 4, eta: 2 });
    const first = await Promise.all([0, 1, 2, 3, 4, 5].map((index) => run(dir, settings, index)));
    const best = first.toSorted((a, b) => Number(a.loss) - Number(b.loss)).slice(0, 3);
    const left = best.map(({ trial }) => Number(trial)).sort();
    const second = await Promise.all([0, 1, 2, 3].map((index) => run(dir, settings, index, 1)));
    expect(second.map(({ trial }) => trial)).toEqual([...left, null]);
    expect(second[3]).toEqual({ trial: null, loss: undefined, index: 3, rung: 1, isNew: false, trials: 3 });
    expect(linesOf(dir)).toHaveLength(9);
  });

  test('does not begin a rung before the last is complete', async () => {
    const dir = join(temporaryDir(), 'search');
    const settings = searchOf({ name: 'halving', trials: 4, epochs: 4, eta: 2 });
    await run(dir, settings, 1);
    await expect(run(dir, settings, 0, 1)).rejects.toThrow(
      'searchByIndex: rung is 1, and rung 0 is not complete: run it first, of it 0,2-3 (sbatch --array=0,2-3)',
    );
  });

  const dependent = 'whose trials depend on what is found while it runs, expected grid, random or halving';
  const elsewhere = 'where each process runs the trial of its index: take workers or Redis';

  test.each([
    [{ name: 'tpe' }, `strategy is tpe, ${dependent} ${elsewhere}`],
    [{ name: 'asha', epochs: 9 }, `strategy is asha, ${dependent} ${elsewhere}`],
    [
      { name: 'random', medianStop: 2 },
      `medianStop is 2, which compares trials while they run, expected null ${elsewhere}`,
    ],
    [{ name: 'random', trials: 3 }, 'index is 7, expected a whole number from 0 to 2, one for each of the 3 trials'],
  ])('with %j and index 7 makes no folder', async (strategy, message) => {
    const dir = join(temporaryDir(), 'search');
    await expect(run(dir, searchOf(strategy), 7)).rejects.toThrow(`searchByIndex: ${message}`);
    expect(existsSync(dir)).toBe(false);
  });

  test('without its trial makes no folder', async () => {
    const dir = join(temporaryDir(), 'search');
    const settings = searchOf({ name: 'grid' });
    const missing = runByIndex(FN, dir, settings, 'none.ts', { index: 0, rung: 0, threads: 1 });
    await expect(missing).rejects.toThrow('searchByIndex: trial: there is no file');
    expect(existsSync(dir)).toBe(false);
  });

  test('leaves a folder alone whose trials another process hands out', async () => {
    const dir = temporaryDir();
    const holder = { place: placeOf('test'), host: 'here', pid: process.pid, id: 'x' };
    writeFileSync(join(dir, '.search.lock'), JSON.stringify(holder));
    await expect(run(dir, searchOf({ name: 'grid' }), 0)).rejects.toThrow(
      `searchByIndex: ${dir} is being written by another run of this process`,
    );
  });

  test('is called by its options', async () => {
    const options = {
      trial: () => ({ loss: 1 }),
      space: { x: 1 },
      metric: 'loss',
      folder: join(temporaryDir(), 'search'),
    };
    const strategy = { name: 'grid' } as const;
    const { outcome, ...rest } = await searchByIndex({ ...options, strategy, index: 0 });
    expect(outcome?.metrics).toEqual({ loss: 1 });
    expect(rest).toEqual({ index: 0, rung: 0, trials: 1, isNew: true });
    await expect(searchByIndex({ ...options, strategy, index: -1 })).rejects.toThrow(
      'searchByIndex: index is -1, expected a whole number ≥ 0',
    );
    await expect(searchByIndex({ ...options, strategy })).rejects.toThrow('searchByIndex: index is missing');
    await expect(searchByIndex({ ...options, strategy, rung: 1, index: 0 })).rejects.toThrow(
      'searchByIndex: rung is 1, expected at most 0: no trial goes further',
    );
  });

  test('finds a search that was made by another start', async () => {
    const dir = join(temporaryDir(), 'search');
    await run(dir, searchOf({ name: 'random', trials: 2 }), 0);
    expect(SearchFolder.open(FN, dir).outcomes()).toHaveLength(1);
    await expect(run(dir, { ...searchOf({ name: 'random', trials: 2 }), seed: 4 }, 1)).rejects.toThrow(
      'seed is 3 there, 4 here',
    );
  });
});
