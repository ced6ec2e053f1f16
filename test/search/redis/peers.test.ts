import { afterEach, expect, test, vi } from 'vitest';
import { loadQueues } from '../../../src/search/peers.js';

afterEach(() => vi.doUnmock('ioredis'));

test('without bullmq or ioredis a search over Redis says what to install', async () => {
  vi.doMock('ioredis', () => {
    throw new Error("Cannot find package 'ioredis'");
  });
  await expect(loadQueues('search')).rejects.toThrow(
    'search: searches over Redis need the packages bullmq and ioredis: npm install bullmq ioredis',
  );

  vi.doUnmock('ioredis');
  expect((await loadQueues('search')).ioredis.Redis).toBeTypeOf('function');
});
