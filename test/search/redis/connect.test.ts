import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis } from '../../../src/search/redis/connect.js';
import { checkRedis, shownAddress } from '../../../src/search/redis/options.js';
import { freePort, NO_REDIS, startRedis, type TestRedis } from '../../helpers/redis.js';

describe('redis', () => {
  test.each([
    [{}, 'search: redis: url is undefined, expected the address of a Redis'],
    [{ url: 'localhost:6379' }, "url is 'localhost:6379', expected the address of a Redis, such as"],
    [{ url: 'http://localhost' }, "'redis://localhost:6379' (rediss:// with TLS; % as %25)"],
    [{ url: 'redis://:100%@localhost' }, '(rediss:// with TLS; % as %25)'],
    [{ url: 'redis://' }, "url is 'redis://', expected"],
    [{ url: 'redis://localhost', queue: 'a:b' }, "queue is 'a:b', expected letters, digits and any of . _ -"],
    [{ url: 'redis://localhost', quue: 'a' }, "search: redis: unknown option 'quue', expected url, queue"],
  ])('%j is refused', (redis, message) => {
    expect(() => checkRedis('search', redis as never)).toThrow(message);
  });

  test('its address is shown without the password', () => {
    expect(shownAddress('redis://me:secret@host:1/2')).toBe('redis://me:…@host:1/2');
    expect(shownAddress('redis://host')).toBe('redis://host');
  });
});

describe('a Redis that refuses', () => {
  test.each([
    ['nothing', async () => `redis://127.0.0.1:${await freePort()}`, 'nothing listens there: start one with'],
    ['no host', async () => 'redis://no-such-host.invalid', 'its host is not known: mend the address'],
  ])('%s', async (_, address, message) => {
    const url = await address();
    await expect(connectRedis('search', url)).rejects.toThrow(`search: redis: ${url}: ${message}`);
  });

  test('another kind of server', async () => {
    const server = createHttpServer((_, answer) => answer.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    try {
      await expect(connectRedis('search', `redis://127.0.0.1:${port}`)).rejects.toThrow('what answers is no Redis');
    } finally {
      server.close();
    }
  });

  describe.skipIf(NO_REDIS !== null)('one with a password', { tags: 'slow' }, () => {
    let server: TestRedis;
    beforeAll(async () => {
      server = await startRedis(['--requirepass', 'secret']);
    });
    afterAll(() => server?.stop());

    test.each([
      ['', 'it asks for a password: put it into the address: redis://:PASSWORD@HOST'],
      [':wrong@', 'it refuses the user or the password: mend the address'],
      ['me:wrong@', 'it refuses the user or the password: mend the address'],
    ])('%s', async (user, message) => {
      await expect(connectRedis('search', server.url.replace('//', `//${user}`))).rejects.toThrow(message);
    });

    test('has no such database', async () => {
      const address = `${server.url.replace('//', '//:secret@')}/99`;
      await expect(connectRedis('search', address)).rejects.toThrow(
        'it has no database of that number: mend the end of',
      );
    });

    test('is reached with it', async () => {
      const connection = await connectRedis('search', server.url.replace('//', '//:secret@'));
      expect(await connection.client.ping()).toBe('PONG');
      connection.end();
    });
  });
});
