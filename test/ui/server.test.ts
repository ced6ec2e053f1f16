import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import type { RunInfo, Update } from '../../src/ui/index.js';
import type { Report } from '../../src/ui/messages.js';
import { addressOf, PageServer, type PageServerParts } from '../../src/ui/server/page-server.js';
import { TrainingSource } from '../../src/ui/server/training-source.js';
import { Client } from './client.js';

const INFO: RunInfo = {
  ...{ id: '1', title: 'net', fn: 'fit', startedAt: 0, totalIterations: 100, totalEpochs: 2, batchSize: 10 },
  ...{ classes: null, layers: [], parameters: 3, config: {}, folder: null, isControllable: true },
};
const POLICY = "default-src 'none'; frame-ancestors 'none'";

let server: PageServer | null = null;
const faults: unknown[] = [];

afterEach(async () => {
  await server?.close(0);
  server = null;
  expect(faults.splice(0)).toEqual([]);
});

async function started(parts: Partial<PageServerParts> = {}) {
  const source = new TrainingSource('program');
  const standard = { fn: 'fit', source, page: '<p>page</p>', policy: POLICY, host: '127.0.0.1', port: 0, token: null };
  server = new PageServer({ ...standard, onError: (error) => faults.push(error), ...parts });
  const port = await server.listen();
  return { source, port, client: new Client(addressOf('127.0.0.1', port, null)) };
}

/** A run of the source. @returns Its side of the thread that trains. */
function begun(source: TrainingSource, id = '1') {
  const { port1, port2 } = new MessageChannel();
  const control = new Int32Array(new SharedArrayBuffer(4));
  source.open({ id, info: { ...INFO, id }, port: port2, control });
  const told: unknown[] = [];
  port1.on('message', (command) => told.push(command));
  port1.unref();
  return { control, told, say: (report: Report) => port1.postMessage(report) };
}

const at = (iteration: number, seconds: number) => ({ iteration, epoch: 0, examples: 10 * iteration, seconds });

/** Points number `from` to `to`, from 1. */
function points(from: number, to: number): Report {
  const iterations = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const values = Float64Array.from([...iterations, ...iterations.map((i) => 1 / i), ...iterations.map(() => 0.1)]);
  return { kind: 'points', values, progress: at(to, to / 10) };
}

test('a run is shown by what it reports', async () => {
  const { source, client } = await started();
  expect(await client.runs()).toEqual({ source: 'training', title: 'program', version: '', runs: [] });
  const { say } = begun(source);
  say(points(1, 10));
  say(points(11, 30));
  const status = await client.until('1', ({ iteration }) => iteration === 30);
  expect(status).toMatchObject({ state: 'running', epoch: 0, loss: 1 / 30, learningRate: 0.1, points: 30, seconds: 3 });
  // 20 iterations of 10 examples in 2 seconds, and 70 iterations left.
  expect(status).toMatchObject({ imagesPerSecond: 100, secondsLeft: 7, message: null });
  const later = await client.points('1', 28);
  expect(later).toEqual({ iterations: [29, 30], losses: [1 / 29, 1 / 30], rates: [0.1, 0.1] });
  expect((await client.points('1', 30)).iterations).toEqual([]);
  expect((await client.points('1', 3000)).iterations).toEqual([]);
  const row = { iteration: 30, epoch: 1, trainAcc: 0.5, valAcc: 0.25, valLoss: null, learningRate: 0.1, seconds: 3 };
  const best = { ...row, metrics: {} };
  const last = { ...best, iteration: 60, epoch: 2, valAcc: 0.125 };
  say({ kind: 'epoch', row: best, progress: { ...at(30, 3), epoch: 1 } });
  say({ kind: 'epoch', row: last, progress: { ...at(60, 6), epoch: 2 } });
  say({ kind: 'state', state: 'finished', message: null, progress: { ...at(60, 6), epoch: 2 } });
  await client.until('1', ({ state }) => state === 'finished');
  const { runs } = await client.runs();
  expect(runs).toMatchObject([{ info: { id: '1' }, best, last, status: { imagesPerSecond: null, secondsLeft: null } }]);
});

test('the last runs stay, the newest first', { tags: 'slow' }, async () => {
  const { source, client } = await started();
  for (let i = 1; i <= 22; i++) {
    begun(source, String(i)).say({ kind: 'state', state: 'finished', message: null, progress: at(1, 1) });
    await client.until(String(i), ({ state }) => state === 'finished');
  }
  const { runs } = await client.runs();
  expect(runs).toHaveLength(20);
  expect(runs[0].info.id).toBe('22');
});

test('events tell of runs, statuses, evaluations and insights', async () => {
  const { source, client } = await started();
  const updates = client.updates(({ kind }) => kind === 'insight');
  while (server?.pages === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { say } = begun(source);
  say(points(1, 5));
  say({
    kind: 'epoch',
    row: {
      iteration: 5,
      epoch: 1,
      trainAcc: null,
      valAcc: null,
      valLoss: null,
      learningRate: 1,
      seconds: 1,
      metrics: {},
    },
    progress: at(5, 1),
  });
  say({ kind: 'state', state: 'paused', message: null, progress: at(5, 1) });
  say({
    kind: 'insight',
    insight: { iteration: 5, layers: null, filters: null, confusion: null, mistakes: null },
  });
  const heard = await updates;
  expect(heard.map(({ kind }) => kind)).toEqual(['run', 'epoch', 'status', 'insight']);
  expect(heard[2]).toMatchObject({ run: '1', status: { state: 'paused', points: 5 } });
});

test('a page that does not read misses updates, and gets a reload when it reads on', { tags: 'slow' }, async () => {
  const { source, port } = await started();
  const socket = connect(port, '127.0.0.1');
  socket.pause();
  socket.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  while (server?.pages === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { say } = begun(source);
  const names = Array.from({ length: 2000 }, () => 'a layer with a long name');
  const layers = names.map((name) => ({ name, activation: null, weight: null, gradient: null, updateRatio: null }));
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 400; i++) {
    say({ kind: 'insight', insight: { iteration: i, layers, filters: null, confusion: null, mistakes: null } });
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  // 90 MB were said.
  expect(process.memoryUsage().rss - before).toBeLessThan(80e6);
  let tail = '';
  const isTold = new Promise<void>((resolve) => {
    socket.on('data', (part) => {
      tail = `${tail}${part}`.slice(-4000);
      if (tail.includes('"kind":"reload"')) resolve();
    });
  });
  socket.resume();
  await isTold;
  socket.destroy();
});

test('commands reach the run, with a counter that the loop sees', async () => {
  const { source, client } = await started();
  const { control, told } = begun(source);
  await client.tell('1', { command: 'pause' });
  await client.tell('1', { command: 'learningRate', value: 0.5 });
  expect(Atomics.load(control, 0)).toBe(2);
  await client.tell('1', { command: 'stop' });
  expect((await client.snapshot('1')).status.state).toBe('stopping');
  expect(told).toEqual([{ command: 'pause' }, { command: 'learningRate', value: 0.5 }, { command: 'stop' }]);
});

test.each<[unknown, number, string]>([
  ['{', 400, 'the body is not JSON'],
  [[], 400, 'expected an object with command, for learningRate value too'],
  [null, 400, 'expected an object with command, for learningRate value too'],
  [{ command: 'go' }, 400, 'command is "go", expected pause, resume, stop or learningRate'],
  [{ command: 'stop', value: 1 }, 400, 'value is given, expected it for learningRate alone'],
  [{ command: 'stop', now: 1 }, 400, 'and nothing else (found "now")'],
  [{ command: 'learningRate' }, 400, 'value is undefined, expected a learning rate, a number > 0'],
  [{ command: 'learningRate', value: 0 }, 400, 'value is 0, expected a learning rate, a number > 0'],
  [{ command: 'learningRate', value: '1' }, 400, 'value is "1", expected a learning rate, a number > 0'],
  ['x'.repeat(5000), 413, 'the body is too long, expected at most 4096 bytes'],
])('refuses the command %j', async (command, status, message) => {
  const { source, client } = await started();
  const { told } = begun(source);
  const answer = await client.command('1', command);
  expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
    status,
    expect.stringContaining(message),
  ]);
  expect(told).toEqual([]);
});

test('refuses what is not for this run, or not from this page', async () => {
  const { source, client } = await started();
  const { told, say } = begun(source);
  const stop = { command: 'stop' };
  expect((await client.command('2', stop)).status).toBe(404);
  expect((await client.command('..%2f1', stop)).status).toBe(404);
  expect((await client.command('1', stop, {})).status).toBe(403);
  expect((await client.command('1', stop, { 'X-Layerwise': '1', Origin: 'http://evil.example' })).status).toBe(403);
  for (const path of ['api/runs/2', 'api/runs/2/points', 'api/runs/%2e%2e%2f%2e%2e%2fetc%2fpasswd', 'etc/passwd']) {
    expect((await fetch(new URL(path, client.address))).status).toBe(404);
  }
  expect((await fetch(new URL('api/runs/1/points?from=-1', client.address))).status).toBe(400);
  expect((await fetch(new URL('api/runs/1/command', client.address))).status).toBe(405);
  say({ kind: 'state', state: 'finished', message: null, progress: at(1, 1) });
  await client.until('1', ({ state }) => state === 'finished');
  const late = await client.command('1', stop);
  expect([late.status, await late.json()]).toEqual([409, { error: 'the run has ended, so it takes no commands' }]);
  expect(told).toEqual([]);
});

test('the page comes with its policy, and strict headers', async () => {
  const { client } = await started();
  const answer = await fetch(client.address);
  expect(await answer.text()).toBe('<p>page</p>');
  expect(answer.headers.get('content-security-policy')).toBe(POLICY);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('where a token is needed, nothing is said without it', async () => {
  const { port } = await started({ token: 'a-secret-that-is-long' });
  const url = `http://127.0.0.1:${port}`;
  expect(addressOf('0.0.0.0', 80, 'a b')).toBe('http://0.0.0.0:80/?token=a%20b');
  expect(addressOf('::1', 80, null)).toBe('http://[::1]:80/');
  for (const path of ['/', '/api/runs', '/api/events', '/?token=another', '/api/runs?token=']) {
    expect((await fetch(url + path)).status).toBe(401);
  }
  expect((await fetch(`${url}/?token=a-secret-that-is-long`)).status).toBe(200);
  const headers = { Authorization: 'Bearer a-secret-that-is-long' };
  expect((await fetch(`${url}/api/runs`, { headers })).status).toBe(200);
});

test('a host that others reach needs a token', () => {
  const source = new TrainingSource('');
  const parts = { source, page: '', policy: POLICY, port: 0, onError: () => {} };
  expect(() => new PageServer({ fn: 'fit', ...parts, host: '0.0.0.0', token: null })).toThrow('expected a token');
});

test('the port that is given is taken, or one after another', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(started({ port })).rejects.toThrow(`fit: port ${port} is in use`);
  await new Promise((resolve) => other.close(resolve));
  server = null;
});

test('updates are numbered', async () => {
  const { source, client } = await started();
  const updates: Update[] = [];
  const leave = source.subscribe((update) => updates.push(update));
  begun(source);
  leave();
  begun(source, '2');
  expect(updates).toEqual([{ kind: 'run', run: '1' }]);
  expect((await client.runs()).runs).toHaveLength(2);
});
