import { availableParallelism } from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import { allThreads, shareOf } from '../../src/search/threads.js';

afterEach(() => vi.unstubAllEnvs());

test('processes share the threads that the environment allows, or the cores', () => {
  vi.stubEnv('LAYERWISE_THREADS', '7');
  expect([allThreads(), shareOf(allThreads(), 2), shareOf(allThreads(), 9)]).toEqual([7, 3, 1]);
  vi.stubEnv('LAYERWISE_THREADS', '');
  expect(allThreads()).toBe(availableParallelism());
});
