import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SearchFolder } from '../../../src/search/folder.js';
import { folderOf, portable, type Task, taskId, taskMaker } from '../../../src/search/redis/tasks.js';
import { searchWorker } from '../../../src/search/redis/worker.js';
import { search } from '../../../src/search/search.js';
import { space, uniform } from '../../../src/search/space/index.js';
import { strategySettings } from '../../../src/search/strategies.js';
import type { Job } from '../../../src/search/types.js';
import { freePort } from '../../helpers/redis.js';

const JOB: Job = { id: 'abc', trial: 0, rung: 1, config: { lr: 0.5 }, seed: 0, epochs: 2 };

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'layerwise-search-'));
  writeFileSync(join(dir, 'trial.mjs'), 'export default 1;');
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a task', () => {
  function made(): Task {
    const [trial, strategy] = [join(dir, 'trial.mjs#one'), strategySettings('search', 'random')];
    const settings = { trial, strategy, space: space({ lr: uniform(0, 1) }), metric: 'loss', seed: 0 };
    SearchFolder.create('search', join(dir, 'search'), { ...settings, mode: 'min' });
    return taskMaker('search', join(dir, 'search'), trial)(JOB);
  }

  test('leads to the folder of its search', () => {
    const task = JSON.parse(JSON.stringify(made())) as Task;
    expect(task.job).toEqual(JOB);
    const folder = folderOf('searchWorker', task);
    expect(folder.dir).toBe(resolve(dir, 'search'));
    expect(folder.settings.trial).toBe(join(dir, 'trial.mjs#one'));
  });

  test.each<[string, (task: Task) => Task, RegExp]>([
    [
      'no folder',
      (task) => ({ ...task, folder: join(dir, 'none') }),
      /^searchWorker: folder of the search: there is no .*none here: start the worker in the folder that the search/,
    ],
    [
      'another version',
      (task) => ({ ...task, version: '0.0.1' }),
      /^searchWorker: layerwise is \d.* here, 0\.0\.1 at the search: install the same$/,
    ],
    [
      'no trial',
      (task) => {
        rmSync(join(dir, 'trial.mjs'));
        return task;
      },
      /^searchWorker: trial: there is no file .*trial\.mjs here: share it too$/,
    ],
    [
      'another trial',
      (task) => {
        writeFileSync(join(dir, 'trial.mjs'), 'export default 2;');
        return task;
      },
      /^searchWorker: trial: .*trial\.mjs is another one than at the search: give both the same$/,
    ],
  ])('is refused where there is %s', (_, changed, message) => {
    expect(() => folderOf('searchWorker', changed(made()))).toThrow(message);
  });

  test('has a name of its search, its trial and its rung', () => {
    expect(taskId('runs/a', JOB)).toMatch(/^[0-9a-f]{12}-abc-1$/);
    expect(taskId('runs/a', JOB)).toBe(taskId(resolve('runs/a'), JOB));
    expect(taskId('runs/a', JOB)).not.toBe(taskId('runs/b', JOB));
  });

  test('has paths for other machines', () => {
    expect(portable('runs/a')).toBe('runs/a');
    expect(portable(resolve('runs/a'))).toBe('runs/a');
    expect(portable('../elsewhere')).toBe(resolve('../elsewhere'));
  });
});

describe('search with a Redis', () => {
  const options = { metric: 'loss', space: { lr: uniform(0, 1) }, redis: { url: 'redis://127.0.0.1:1' } };

  test.each([
    [{ trial: () => ({ loss: 1 }) }, 'search: trial is a function, which workers do not have: export it from a file'],
    [{ trial: 'trial.ts' }, 'search: folder is missing, expected the folder of the search, which its workers see too'],
    [
      { trial: 'trial.ts', folder: 'runs/a', workers: 2 },
      'search: workers is 2, and there is redis: leave it out, and start workers: `layerwise search worker`',
    ],
  ])('%j is refused', async (wrong, message) => {
    await expect(search({ ...options, ...wrong })).rejects.toThrow(message);
  });

  // The file of a trial is loaded by jiti.
  test('that refuses leaves no folder', { tags: 'slow' }, async () => {
    const trial = join(dir, 'trial.mjs');
    writeFileSync(
      trial,
      "import { defineTrial } from 'layerwise/search'; export default defineTrial(() => ({ loss: 1 }));",
    );
    const redis = { url: `redis://127.0.0.1:${await freePort()}` };
    await expect(search({ ...options, trial, redis, folder: join(dir, 'search') })).rejects.toThrow(
      `search: redis: ${redis.url}: nothing listens there: start one with \`redis-server --appendonly yes\``,
    );
    expect(existsSync(join(dir, 'search'))).toBe(false);
  });
});

describe('searchWorker', () => {
  test.each([
    [{}, 'searchWorker: redis: url is undefined, expected the address of a Redis'],
    [{ lease: 0 }, 'searchWorker: lease is 0, expected a number > 0'],
    [{ workers: 0 }, 'searchWorker: workers is 0, expected a whole number from 1 to 1024'],
    [{ signal: 'now' }, "searchWorker: signal is 'now', expected an AbortSignal, or null"],
  ])('refuses %j', async (options, message) => {
    await expect(searchWorker({ redis: {}, ...options } as never)).rejects.toThrow(message);
  });
});
