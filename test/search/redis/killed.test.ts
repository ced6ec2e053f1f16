// @module-tag slow
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeQueue, openQueue } from '../../../src/search/redis/queue.js';
import { type SearchResult, search } from '../../../src/search/search.js';
import { NO_REDIS, startRedis, type TestRedis } from '../../helpers/redis.js';

const SEARCH = {
  trial: 'test/programs/trials-of-redis.mjs#steady',
  strategy: { name: 'halving', trials: 9, epochs: 9 },
  metric: 'loss',
  mode: 'min',
} as const;

let folder: string;
let redis: TestRedis;
const workers = new Set<ChildProcess>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-search-'));
  if (NO_REDIS === null) redis = await startRedis();
});

afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

// Four processes start, each of which loads the library.
const TIMEOUT = 180_000;

test.skipIf(NO_REDIS !== null)(
  'a worker is killed and Redis starts anew in the midst of a search',
  async () => {
    const [alone, shared] = [join(folder, 'alone'), join(folder, 'shared')];
    const expected = await search({ ...SEARCH, folder: alone });
    // What happens after so many outcomes.
    const events: Record<number, () => void> = {
      2: () => killInTheMiddle(first),
      5: () => void restart(),
    };
    const first = startWorker();
    startWorker();
    let outcomes = 0;
    const found = await search({
      ...SEARCH,
      folder: shared,
      redis: { url: redis.url },
      onOutcome: () => events[++outcomes]?.(),
    });

    expect(first.signalCode).toBe('SIGKILL');
    expect(bare(found)).toEqual(bare(expected));
    const lines = readFileSync(join(shared, 'results.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(lines.map(({ id, rung }) => `${id} ${rung}`)).size).toBe(13);
    expect(lines).toHaveLength(13);
    for (const { id } of lines) {
      const epochs = readFileSync(join(shared, 'trials', id, 'log'), 'utf8')
        .trim()
        .split('\n')
        .map(Number);
      // From a checkpoint: no epoch is computed twice but one that a worker was killed in.
      expect(epochs).toEqual(epochs.map((_, i) => i + 1));
    }
    const queue = await openQueue('test', { url: redis.url, queue: 'layerwise' });
    expect(await queue.jobs.getJobCounts('wait', 'active', 'delayed', 'failed')).toEqual({
      ...{ wait: 0, active: 0, delayed: 0, failed: 0 },
    });
    await closeQueue(queue);
  },
  TIMEOUT,
);

/** All but the times. */
function bare({ outcomes }: SearchResult): unknown {
  return outcomes.map(({ seconds, ...outcome }) => outcome);
}

function startWorker(): ChildProcess {
  const command = ['-r', 'ts-node/register', 'test/programs/search-worker.ts', redis.url, '2'];
  const worker = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  workers.add(worker);
  return worker;
}

/** Kills a worker a moment after its next trial has begun. */
function killInTheMiddle(worker: ChildProcess): void {
  createInterface({ input: worker.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (line.endsWith('begins')) setTimeout(() => worker.kill('SIGKILL'), 30);
  });
}

/** Redis loses its memory in a failure, and comes back. */
async function restart(): Promise<void> {
  await redis.kill();
  await new Promise((done) => setTimeout(done, 300));
  await redis.start();
}
