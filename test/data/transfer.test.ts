// @module-tag slow

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DownloadProgress, downloadCifar10 } from '../../src/data/index.js';
import { transfer } from '../../src/data/transfer.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { type Answer, md5, refuse, send, serve } from './archive-server.js';
import { archive, contents, errorOf, expectComplete, half, impatient, PART, swift } from './downloading.js';

describe('a connection that is lost', () => {
  test.each([
    ['closed', { stopAfter: half }],
    ['stalled', { stopAfter: half, stall: true }],
    ['closed without an announced length', { stopAfter: half, length: null }],
  ] as const)('%s is taken up again where it broke off', async (_, manners) => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(send(archive, manners), send(archive));
    await downloadCifar10(dir, { ...impatient, url });
    expect(ranges).toEqual([undefined, `bytes=${half}-`]);
    expectComplete(dir);
  });

  test('before any answer is tried again', async () => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(
      (request) => request.socket.destroy(),
      () => {},
      send(archive),
    );
    await downloadCifar10(dir, { ...impatient, url });
    expect(ranges).toEqual([undefined, undefined, undefined]);
    expectComplete(dir);
  });

  test('can be taken up several times', async () => {
    const dir = temporaryDir();
    const third = Math.ceil(archive.length / 3);
    const { url, ranges } = await serve(send(archive, { stopAfter: third }));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges).toEqual([undefined, `bytes=${third}-`, `bytes=${2 * third}-`]);
    expectComplete(dir);
  });

  test('starts over with a server that sends only the whole file', async () => {
    const dir = temporaryDir();
    const received: number[] = [];
    const { url, ranges } = await serve(send(archive, { stopAfter: half }), send(archive, { ranges: false }));
    const onProgress = (progress: DownloadProgress) => received.push(progress.received);
    await downloadCifar10(dir, { ...swift, url, onProgress });
    expect(ranges).toEqual([undefined, `bytes=${half}-`]);
    expect(received.slice(received.indexOf(half))).toContain(0);
    expectComplete(dir);
  });

  test('starts over when another part is sent than was asked for', async () => {
    const dir = temporaryDir();
    const wrong = refuse(206, { 'content-range': `bytes 5-9/${archive.length}` });
    const { url, ranges } = await serve(send(archive, { stopAfter: half }), wrong, send(archive));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges).toEqual([undefined, `bytes=${half}-`, undefined]);
    expectComplete(dir);
  });

  test('is given up after the attempts allowed, and kept for the next call', async () => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(send(archive, { stopAfter: 10_000, stall: true }));
    const error = await errorOf(downloadCifar10(dir, { ...impatient, url, attempts: 2 }));
    expect(error.message).toBe(
      `downloadCifar10: ${url}: no bytes for ${impatient.stallTimeout} ms, after 2 attempts; 20,000 bytes are kept ` +
        `in ${path.join(dir, PART)}, and the next call goes on from there`,
    );
    expect(ranges.length).toBe(2);
    expect(contents(dir)).toEqual([PART]);

    const healthy = await serve(send(archive));
    await downloadCifar10(dir, { ...swift, url: healthy.url });
    expect(healthy.ranges).toEqual(['bytes=20000-']);
    expectComplete(dir);
  });

  test('is not kept when the server cannot send the rest', async () => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(send(archive, { stopAfter: half, ranges: false }));
    const error = await errorOf(downloadCifar10(dir, { ...swift, url, attempts: 2 }));
    expect(error.message).toMatch(/after 2 attempts; nothing is kept$/);
    expect(ranges).toEqual([undefined, `bytes=${half}-`]);
    expect(contents(dir)).toEqual([]);
  });

  test('is not kept when the server says so', async () => {
    const dir = temporaryDir();
    const { url } = await serve((request, response) => {
      response.setHeader('accept-ranges', 'none');
      send(archive, { stopAfter: half })(request, response);
    });
    expect((await errorOf(downloadCifar10(dir, { ...swift, url, attempts: 1 }))).message).toMatch(
      /after 1 attempt; nothing is kept$/,
    );
    expect(contents(dir)).toEqual([]);
  });

  test('is named with its cause where there is no server', async () => {
    const dir = temporaryDir();
    const error = await errorOf(downloadCifar10(dir, { ...swift, url: 'http://127.0.0.1:1/', attempts: 2 }));
    expect(error.message).toMatch(/^downloadCifar10: http:\/\/127\.0\.0\.1:1\/: fetch failed \(.+\), after 2 attempts/);
    expect(contents(dir)).toEqual([]);
  });
});

describe('an announced length that is wrong', () => {
  test('too long: what is missing is asked for, and there is nothing more', async () => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(send(archive, { length: archive.length + 10 }), send(archive));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges).toEqual([undefined, `bytes=${archive.length}-`]);
    expectComplete(dir);
  });

  test('too long, from a server that sends only the whole file', async () => {
    const dir = temporaryDir();
    const { url } = await serve(send(archive, { length: archive.length + 10, ranges: false }));
    const error = await errorOf(downloadCifar10(dir, { ...swift, url, attempts: 2 }));
    expect(error.message).toMatch(/, after 2 attempts; nothing is kept$/);
    expect(contents(dir)).toEqual([]);
  });

  test('too short: the checksum shows it', async () => {
    const dir = temporaryDir();
    const { url } = await serve(send(archive, { length: half }));
    const error = await errorOf(downloadCifar10(dir, { ...swift, url }));
    expect(error.message).toContain(`has MD5 ${md5(archive.subarray(0, half))}, expected ${md5(archive)}`);
    expect(contents(dir)).toEqual([]);
  });

  test('a rest that goes on beyond the end is thrown away', async () => {
    const dir = temporaryDir();
    fs.writeFileSync(path.join(dir, PART), archive.subarray(0, half));
    const { url, ranges } = await serve((_, response) => {
      const headers = { 'content-range': `bytes ${half}-${archive.length - 1}/${archive.length}` };
      response.writeHead(206, headers).end(Buffer.concat([archive.subarray(half), Buffer.alloc(7)]));
    }, send(archive));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges).toEqual([`bytes=${half}-`, undefined]);
    expectComplete(dir);
  });
});

describe('a body without end', () => {
  const forever: Answer = (_, response) => {
    const go = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1 << 16)));
    };
    response.on('drain', go);
    response.writeHead(200);
    go();
  };

  test('is stopped at the most that is allowed, and nothing is kept', async () => {
    const file = path.join(temporaryDir(), PART);
    const { url, ranges } = await serve(forever);
    let most = 0;
    const onBytes = (received: number) => {
      most = Math.max(most, received);
    };
    const t = { ...impatient, fn: 'test', url, file, attempts: 3, signal: undefined, confirm: () => {}, onBytes };
    await expect(transfer({ ...t, maxBytes: 1_000_000 })).rejects.toThrow(
      `test: ${url}: what the server sends goes on after 1,000,000 bytes, expected at most 1,000,000; ` +
        'pass { url } of another copy',
    );
    expect(most).toBeLessThanOrEqual(1_000_000);
    expect(ranges.length).toBe(1);
    expect(fs.existsSync(file)).toBe(false);
  });

  test('is stopped where the announced size is reached', async () => {
    const dir = temporaryDir();
    fs.writeFileSync(path.join(dir, PART), archive.subarray(0, half));
    const { url } = await serve((_, response) => {
      response.writeHead(206, { 'content-range': `bytes ${half}-${archive.length - 1}/${archive.length}` });
      response.end(Buffer.concat([archive.subarray(half), Buffer.alloc(4_000_000)]));
    }, send(archive));
    const received: number[] = [];
    await downloadCifar10(dir, { ...swift, url, onProgress: (progress) => received.push(progress.received) });
    expect(Math.max(...received)).toBe(archive.length);
    expectComplete(dir);
  });

  test.each([
    ['another archive', { md5: swift.md5 }, 2 ** 31 + 1, '2,147,483,649 bytes, expected at most 2,147,483,648'],
    ['the official archive', {}, 2 ** 28 + 1, '268,435,457 bytes, expected at most 268,435,456'],
  ])(
    'and an announced size that is too large for %s is refused before a byte is written',
    async (_, given, length, said) => {
      const dir = temporaryDir();
      const { url, ranges } = await serve(send(archive, { length, stopAfter: half, stall: true }));
      const onProgress = () => expect.unreachable('bytes were taken');
      await expect(downloadCifar10(dir, { ...given, url, attempts: 1, onProgress })).rejects.toThrow(
        `downloadCifar10: ${url}: what the server sends has ${said}; pass { url } of another copy`,
      );
      expect(ranges.length).toBe(1);
      expect(contents(dir)).toEqual([]);
    },
  );
});

describe('a status', () => {
  test('404 ends the download at once', async () => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(refuse(404));
    await expect(downloadCifar10(dir, { ...swift, url })).rejects.toThrow(
      `downloadCifar10: ${url}: HTTP 404 Not Found; pass { url } of another copy of the archive`,
    );
    expect(ranges.length).toBe(1);
    expect(contents(dir)).toEqual([]);
  });

  test('a reason with control characters is shown without them', async () => {
    const { url } = await serve((_, { socket }) => {
      socket?.end('HTTP/1.1 404 \u001b[31mred\r\ncontent-length: 0\r\nconnection: close\r\n\r\n', 'latin1');
    });
    await expect(downloadCifar10(temporaryDir(), { ...swift, url })).rejects.toThrow('HTTP 404 \\u001b[31mred;');
  });

  test('404 leaves what was there for a better address', async () => {
    const dir = temporaryDir();
    fs.writeFileSync(path.join(dir, PART), archive.subarray(0, half));
    const { url } = await serve(refuse(404));
    await errorOf(downloadCifar10(dir, { ...swift, url }));
    expect(contents(dir)).toEqual([PART]);
    expect(fs.statSync(path.join(dir, PART)).size).toBe(half);
  });

  test.each([500, 503, 429])('%d passes when the next attempt succeeds', async (status) => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(refuse(status), send(archive));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges.length).toBe(2);
    expectComplete(dir);
  });

  test('500 to the end is named', async () => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(refuse(500));
    await expect(downloadCifar10(dir, { ...swift, url })).rejects.toThrow(
      `downloadCifar10: ${url}: HTTP 500 Internal Server Error, after 5 attempts; nothing is kept`,
    );
    expect(ranges.length).toBe(5);
    expect(contents(dir)).toEqual([]);
  });

  test('200 with a content encoding is refused, as the bytes are not those of the archive', async () => {
    const dir = temporaryDir();
    const { url } = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(archive));
    await expect(downloadCifar10(dir, { ...swift, url })).rejects.toThrow(
      `downloadCifar10: ${url}: the server sends the archive in another encoding (gzip), which changes its bytes`,
    );
    expect(contents(dir)).toEqual([]);
  });
});
