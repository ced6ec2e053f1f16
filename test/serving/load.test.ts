// @module-tag slow

import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { array, hostValues, Random } from '../../src/arrays/index.js';
import { Service } from '../../src/serving/index.js';
import { ask, exchange, parsed } from '../http/client.js';
import { convNet } from './models.js';
import { png } from './png.js';

const { model, served } = convNet(4);

let service: Service;

beforeAll(async () => {
  const limits = { maxBatch: 64, maxWait: 2, maxBody: 100_000, timeout: 2 };
  service = await Service.start(served, { host: '127.0.0.1', port: 0, token: null, ...limits }, () => {});
});

afterAll(() => service.end(0));

/** The answers to requests that are sent one after the other over one connection. */
class Client {
  readonly #socket: Socket;
  #text = '';
  #wake: () => void = () => {};

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true);
    this.#socket.on('data', (part) => {
      this.#text += part.toString('latin1');
      this.#wake();
    });
    this.#socket.on('error', () => {});
  }

  async post(type: string, body: Uint8Array): Promise<{ status: number; body: string }> {
    const lines = [
      'POST /predict HTTP/1.1',
      'Host: localhost',
      `Content-Type: ${type}`,
      `Content-Length: ${body.length}`,
    ];
    this.#socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
    for (;;) {
      const answer = parsed(this.#text);
      const length = Number(answer.headers['content-length'] ?? Number.POSITIVE_INFINITY);
      if (answer.body.length >= length) {
        this.#text = '';
        return answer;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A whole number from 0 to n − 1. */
function below(random: Random, n: number): number {
  return random.randint(0, n, 1)[0];
}

function bytesOf(random: Random, n: number): Buffer {
  return Buffer.from(random.randint(0, 256, n));
}

function probabilitiesOf(images: readonly Uint8Array[]): number[][] {
  const X = array(Float32Array.from(images.flatMap((image) => [...image])), [images.length, 3, 32, 32]);
  const scores = hostValues(model.loss(X));
  return images.map((_, n) => {
    const powers = Array.from({ length: 10 }, (_, c) => Math.exp(scores[10 * n + c]));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  });
}

test('64 clients at once: each gets the answers to its own requests', async () => {
  const rounds = 4;
  let checked = 0;
  await Promise.all(
    Array.from({ length: 64 }, async (_, c) => {
      const client = new Client(service.port);
      const random = new Random(c);
      const images = Array.from({ length: rounds }, () => bytesOf(random, 3072));
      const expected = probabilitiesOf(images);
      for (const [i, image] of images.entries()) {
        const isJson = (c + i) % 3 === 0;
        const body = isJson ? Buffer.from(JSON.stringify({ inputs: [...image] })) : image;
        const answer = await client.post(isJson ? 'application/json' : 'application/octet-stream', body);
        expect(answer.status).toBe(200);
        const [{ probabilities }] = JSON.parse(answer.body).predictions as { probabilities: Record<string, number> }[];
        const values = Object.values(probabilities);
        // The last bits depend on the size of the batch.
        for (let k = 0; k < 10; k++) expect(Math.abs(values[k] - expected[i][k])).toBeLessThan(1e-6);
        checked++;
      }
      client.close();
    }),
  );
  expect(checked).toBe(64 * rounds);
  const health = JSON.parse((await ask(service.port, ['GET /health'])).body);
  expect(health.examples).toMatchObject({ predicting: 0, waiting: 0 });
  expect(health.batches).toBeLessThan(64 * rounds);
});

const ZEROS: readonly number[] = new Array(3072).fill(0);

/** Bodies that are refused with 4xx, by their type. */
function badBody(random: Random): [type: string, body: Uint8Array] {
  const kind = below(random, 8);
  const bytes = (most: number): Buffer => bytesOf(random, below(random, most));
  if (kind === 0) return ['application/json', bytes(500)];
  if (kind === 1) {
    const wrong = ['NaN', 'Infinity', '"1"', 'null', '[1]', '{}', '1e999', '-1', '256', 'true', ''][below(random, 11)];
    return [
      'application/json',
      Buffer.from(`{"inputs":[${ZEROS.with(below(random, 3072), -7).join(',').replace('-7', wrong)}]}`),
    ];
  }
  if (kind === 2) {
    const depth = 1 + below(random, 2000);
    return ['application/json', Buffer.from(`{"inputs":${'['.repeat(depth)}${']'.repeat(below(random, 2) * depth)}}`)];
  }
  if (kind === 3) return ['application/json', Buffer.from(`{"inputs":[${'[],'.repeat(below(random, 2000))}[]]}`)];
  if (kind === 4) {
    const whole = png(32, 32, new Uint8Array(33 * 32));
    return ['image/png', whole.subarray(0, below(random, whole.length))];
  }
  if (kind === 5) {
    const [width, height] = [1 + below(random, 2 ** 31 - 1), 1 + below(random, 2 ** 31 - 1)];
    return ['image/png', png(width, height, new Uint8Array(below(random, 3000)))];
  }
  if (kind === 6) return ['image/jpeg', Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), bytes(2000)])];
  return ['application/octet-stream', Buffer.alloc(3072 * below(random, 3) + 1 + below(random, 3071))];
}

test('10,000 malformed requests are refused with 4xx, while it serves on in bounded memory', async () => {
  const good = bytesOf(new Random(1), 3072);
  const [[expected]] = probabilitiesOf([good]);
  const counts: Record<string, number> = {};
  const before = process.memoryUsage.rss();
  await Promise.all(
    Array.from({ length: 20 }, async (_, c) => {
      const client = new Client(service.port);
      const random = new Random(c);
      for (let i = 0; i < 500; i++) {
        const [type, body] = badBody(random);
        const { status, body: text } = await client.post(type, body);
        expect(typeof JSON.parse(text).error, text).toBe('string');
        counts[status] = (counts[status] ?? 0) + 1;
        if (i % 50 !== 0) continue;
        const answer = await client.post('application/octet-stream', good);
        const [{ probabilities }] = JSON.parse(answer.body).predictions;
        expect(Math.abs(probabilities['class 0'] - expected)).toBeLessThan(1e-6);
      }
      client.close();
    }),
  );
  expect(
    Object.keys(counts).every((status) => /^4\d\d$/.test(status)),
    JSON.stringify(counts),
  ).toBe(true);
  expect(Object.values(counts).reduce((a, b) => a + b)).toBe(10_000);
  expect(process.memoryUsage.rss() - before).toBeLessThan(300e6);
});

test('what is broken as HTTP gets 4xx or a closed connection', async () => {
  const { port } = service;
  const random = new Random(3);
  const start = 'POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n';
  const good = `${start}Content-Length: 3072\r\n\r\n${'x'.repeat(3072)}`;
  const chunked = `${start}Transfer-Encoding: chunked\r\n\r\n`;
  const broken = [
    bytesOf(random, 5000),
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET /\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: localhost\r\n${'X: y\r\n'.repeat(20_000)}\r\n`,
    `GET /${'a'.repeat(50_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `${start}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
    `${start}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${start}Content-Length: -5\r\n\r\n`,
    `${start}Content-Length: 99999999999999999999\r\n\r\n`,
    `${start}Content-Length: 1000000\r\n\r\nx`,
    `${chunked}zz\r\nhello\r\n0\r\n\r\n`,
    `${chunked}5\r\nhello world\r\n0\r\n\r\n`,
    `${chunked}5;${'x'.repeat(50_000)}\r\nhello\r\n0\r\n\r\n`,
    `${chunked}ffffffffffffffff\r\n`,
    `${chunked}${`c350\r\n${'x'.repeat(50_000)}\r\n`.repeat(3)}0\r\n\r\n`,
    // Bytes behind the body are the next request.
    `${start}Content-Length: 3072\r\n\r\n${'x'.repeat(5000)}`,
    // A body that stays away, and one that comes a byte at a time.
    `${start}Content-Length: 3072\r\n\r\n`,
    'POST /predict HTTP/1.1\r\nHost: local',
  ];
  const slow = exchange(port, start, (socket) => {
    const timer = setInterval(() => socket.write('X-A: b\r\n'), 100);
    socket.on('close', () => clearInterval(timer));
  });
  const answers = await Promise.all([...broken.map((bytes) => exchange(port, bytes)), slow]);
  for (const [i, text] of answers.entries())
    expect(text, `${i}: ${String(broken[i]).slice(0, 80)}`).toMatch(/^(HTTP\/1.1 (4\d\d|200)|$)/);
  const pipelined = await exchange(port, `${good}${good}GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  expect(pipelined).toMatch(/^HTTP\/1.1 200/);
  expect((await ask(port, ['GET /health'])).status).toBe(200);
});
