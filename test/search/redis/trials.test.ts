// @module-tag slow
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SearchWorkerOptions, searchWorker } from '../../../src/search/redis/worker.js';
import { type SearchOptions, search } from '../../../src/search/search.js';
import { NO_REDIS, startRedis, type TestRedis } from '../../helpers/redis.js';

const FILE = 'test/programs/trials-of-redis.mjs';

// Processes start, each of which loads the library.
describe.skipIf(NO_REDIS !== null)('searches over Redis', { timeout: 180_000 }, () => {
  let folder: string;
  let redis: TestRedis;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'layerwise-search-'));
    redis = await startRedis();
  });

  afterAll(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function found(name: string, options: Partial<SearchOptions> = {}): ReturnType<typeof search> {
    const goal = { strategy: 'grid', metric: 'loss', mode: 'min' } as const;
    return search({
      ...goal,
      trial: `${FILE}#${name}`,
      folder: join(folder, name),
      redis: { url: redis.url },
      ...options,
    });
  }

  function worker(options: Partial<SearchWorkerOptions> = {}): Promise<number> {
    return searchWorker({ redis: { url: redis.url }, lease: 10, threads: 1, ...options });
  }

  /** Works for a search until it has ended. */
  async function worked<R>(searched: Promise<R>): Promise<[result: R, calls: number]> {
    const end = new AbortController();
    const calls = worker({ signal: end.signal });
    const result = await searched.finally(() => end.abort());
    return [result, await calls];
  }

  test('a process that dies is followed by another, once', async () => {
    const [{ outcomes }, calls] = await worked(found('mortal'));
    expect(outcomes.map(({ job, metrics, error }) => [job.config.dies, metrics, error])).toEqual([
      ['never', { loss: 1 }, null],
      ['once', { loss: 1 }, null],
      ['always', null, 'its process was ended by SIGKILL'],
    ]);
    expect(calls).toBe(2);
  });

  test('a running trial is told to stop early', async () => {
    const strategy = { name: 'grid', medianStop: 1 } as const;
    const [{ outcomes }] = await worked(found('endless', { strategy }));
    expect(outcomes.map(({ metrics, stopped }) => [metrics, stopped])).toEqual([
      [{ loss: 1 }, false],
      [{ loss: 2 }, true],
    ]);
  });

  test('a worker that ends gives its trials to others', async () => {
    const end = new AbortController();
    const lines: string[] = [];
    const log = (line: string): void => {
      lines.push(line);
      if (line.endsWith('begins')) setTimeout(() => end.abort(), 500);
    };
    const strategy = { name: 'random', trials: 1, epochs: 20 } as const;
    const searched = found('steady', { strategy });
    expect(await worker({ signal: end.signal, log })).toBe(0);
    expect(lines).toEqual([`waits for trials of ${redis.url}`, 'trial 0 begins', 'trial 0 goes back to the queue']);
    const [{ outcomes }, calls] = await worked(searched);
    expect(calls).toBe(1);
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0].error).toBeNull();
  });
});
