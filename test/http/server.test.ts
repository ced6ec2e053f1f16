import { afterEach, expect, test } from 'vitest';
import {
  DATA_POLICY,
  HttpServer,
  newToken,
  type Route,
  readJson,
  type ServerSettings,
  sendJson,
} from '../../src/http/index.js';
import { ask, exchange, parsed } from './client.js';

let server: HttpServer | null = null;
let faults: unknown[] = [];

afterEach(async () => {
  await server?.close(0);
  server = null;
  faults = [];
});

/** What the route at /slow waits for. */
let release: () => void = () => {};

const ROUTES: Route[] = [
  { path: '/', get: ({ response }) => sendJson(response, { page: true }), isPublic: true },
  { path: '/runs/:id/points', get: ({ response, names, query }) => sendJson(response, [names.id, query.get('from')]) },
  {
    path: '/sum',
    isReadOnly: true,
    post: async ({ request, response }) => {
      const numbers = (await readJson(request, response, 100)) as number[];
      sendJson(response, { sum: numbers.reduce((a, b) => a + b, 0) });
    },
  },
  { path: '/change', post: ({ response }) => sendJson(response, { changed: true }) },
  {
    path: '/slow',
    get: async ({ response }) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      sendJson(response, { slow: true });
    },
  },
  {
    path: '/broken',
    get: () => {
      throw new Error('a secret of ours');
    },
  },
];

async function started(settings: Partial<ServerSettings> = {}): Promise<number> {
  const standard = { fn: 'serve', routes: ROUTES, policy: DATA_POLICY, host: '127.0.0.1', port: 0, firstPort: 8080 };
  server = new HttpServer({
    ...standard,
    token: null,
    timeout: 5,
    onError: (error) => faults.push(error),
    ...settings,
  });
  return server.listen();
}

test('every answer has strict headers, also to what is no HTTP', async () => {
  const port = await started();
  const answers = [
    await ask(port, ['GET /']),
    await ask(port, ['GET /nothing']),
    await ask(port, ['GET /broken']),
    parsed(await exchange(port, 'this is no HTTP\r\n\r\n')),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 500, 400]);
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  }
  expect(answers[2].body).not.toContain('secret');
  expect(String(faults)).toContain('a secret of ours');
});

test('a policy that runs text as code is refused', async () => {
  await expect(started({ policy: "script-src 'unsafe-eval'" })).rejects.toThrow(
    "strictHeaders: policy has 'unsafe-eval', which is not allowed",
  );
});

test('paths are exact: nothing leads out', async () => {
  const port = await started();
  const runs = await ask(port, ['GET /runs/twolayer%20a-1/points?from=7']);
  expect(JSON.parse(runs.body)).toEqual(['twolayer a-1', '7']);
  for (const path of [
    '/runs/../points',
    '/runs/%2e%2e/points',
    '/runs/..%2f..%2fetc/points',
    '/runs/a%5cb/points',
    '/runs/%00/points',
    '/runs/%zz/points',
    '/runs//points',
    '/../../etc/passwd',
    '//',
    '/%2e%2e/etc/passwd',
    'http://elsewhere/',
  ]) {
    expect((await ask(port, [`GET ${path}`])).status, path).toBe(404);
  }
});

test('methods: HEAD is GET without a body, others get 405 with those that there are', async () => {
  const port = await started();
  const head = parsed(
    await exchange(port, 'HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', () => {}),
  );
  expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '14' } });
  const put = await ask(port, ['PUT /']);
  expect(put).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  expect(JSON.parse(put.body)).toEqual({ error: 'the method is PUT, expected GET, HEAD' });
  expect((await ask(port, ['GET /sum'])).headers.allow).toBe('POST');
  expect((await ask(port, ['OPTIONS /sum', 'Origin: http://evil.example'])).status).toBe(403);
});

test('a name of somebody else is refused (DNS rebinding), names of loopback are taken with any port', async () => {
  const port = await started();
  for (const host of ['localhost', 'localhost:1', '127.0.0.1', '127.0.0.2:80', '[::1]:8080']) {
    expect((await ask(port, ['GET /', `Host: ${host}`])).status, host).toBe(200);
  }
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', '10.0.0.1', '[::2]']) {
    expect((await ask(port, ['GET /', `Host: ${host}`])).status, host).toBe(403);
  }
  for (const host of ['', 'a b', 'localhost@evil.example', 'localhost:123456']) {
    expect((await ask(port, ['GET /', `Host: ${host}`])).status, host).toBe(400);
  }
});

test('pages of other origins are refused, and what changes something needs the header of our own', async () => {
  const port = await started();
  const post = (...headers: string[]) => ask(port, ['POST /change', 'Content-Length: 0', ...headers]);
  expect(JSON.parse((await post()).body)).toEqual({ error: 'the header X-Layerwise: 1 is missing' });
  expect((await post('X-Layerwise: 1')).status).toBe(200);
  expect((await post('X-Layerwise: 1', `Origin: http://127.0.0.1:${port}`)).status).toBe(200);
  for (const foreign of ['Origin: http://evil.example', 'Origin: null', 'Origin: http://127.0.0.1:1']) {
    expect((await post('X-Layerwise: 1', foreign)).status, foreign).toBe(403);
  }
  expect((await post('X-Layerwise: 1', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors')).status).toBe(403);
  const link = await ask(port, ['GET /', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate']);
  expect(link.status).toBe(200);
});

test('with a token all but public paths need it', async () => {
  const token = newToken();
  const port = await started({ token });
  expect((await ask(port, ['GET /'])).status).toBe(200);
  expect(await ask(port, ['GET /broken'])).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
  const authorization = `Authorization: Bearer ${token}`;
  const headers = ['Content-Type: application/json', 'Content-Length: 5'];
  expect((await ask(port, ['POST /sum', authorization, ...headers], '[1,2]')).body).toBe('{"sum":3}\n');
  expect((await ask(port, [`POST /sum?token=${token}`, ...headers], '[1,2]')).status).toBe(401);
  expect((await ask(port, [`GET /runs/a/points?token=${token}`])).status).toBe(200);
  for (const wrong of ['', 'x', `${token}x`, token.slice(1)]) {
    expect((await ask(port, ['GET /runs/a/points', `Authorization: Bearer ${wrong}`])).status, wrong).toBe(401);
    expect((await ask(port, [`GET /runs/a/points?token=${wrong}`])).status, wrong).toBe(401);
  }
});

test('a host that others reach needs a token', async () => {
  await expect(started({ host: '0.0.0.0' })).rejects.toThrow(
    'serve: host 0.0.0.0 can be reached by others, expected a token with it',
  );
  const port = await started({ host: '0.0.0.0', token: 'abc' });
  expect((await ask(port, ['GET /runs/a/points?token=abc', 'Host: trainer.example'])).status).toBe(200);
});

test('bodies: too long, of another type, compressed, no JSON, no UTF-8, cut off', async () => {
  const port = await started();
  const json = 'Content-Type: application/json';
  const post = (headers: string[], body: string) => ask(port, ['POST /sum', ...headers], body);
  const error = async (headers: string[], body: string) => {
    const answer = await post(headers, body);
    return [answer.status, (JSON.parse(answer.body) as { error: string }).error];
  };
  expect((await post([`${json}; charset=utf-8`, 'Content-Length: 3'], '[4]')).body).toBe('{"sum":4}\n');
  const long = [413, 'the body is too long, expected at most 100 bytes'];
  expect(await error([json, 'Content-Length: 101'], ' '.repeat(101))).toEqual(long);
  expect(await error([json, 'Transfer-Encoding: chunked'], `65\r\n${' '.repeat(101)}\r\n0\r\n\r\n`)).toEqual(long);
  // A sender that asks first is told before it sends.
  expect(await error([json, 'Content-Length: 101', 'Expect: 100-continue'], '')).toEqual(long);
  expect(await error([json, 'Content-Length: 2', 'Expect: a miracle'], '[]')).toEqual([
    417,
    'the Expect header is not known, expected 100-continue',
  ]);
  expect(await error(['Content-Type: text/plain', 'Content-Length: 2'], '[]')).toEqual([
    415,
    'the body has another Content-Type, expected application/json',
  ]);
  expect(await error([json, 'Content-Encoding: gzip', 'Content-Length: 2'], '[]')).toEqual([
    415,
    'the body is compressed, expected one without Content-Encoding',
  ]);
  expect(await error([json, 'Content-Length: 2'], '[1')).toEqual([400, 'the body is not JSON']);
  expect(await error([json, 'Content-Length: 2'], '"\xff')).toEqual([400, 'the body is not UTF-8']);
  const cut = await exchange(
    port,
    `POST /sum HTTP/1.1\r\nHost: localhost\r\n${json}\r\nContent-Length: 9\r\n\r\n[`,
    (s) => s.destroy(),
  );
  expect(cut).toBe('');
  const waits = await exchange(
    port,
    `POST /sum HTTP/1.1\r\nHost: localhost\r\n${json}\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n`,
    (socket) => socket.once('data', () => socket.write('[5]')),
  );
  expect(waits).toContain('{"sum":5}');
  expect(faults).toEqual([]);
});

test('what comes in too slowly gets 408, headers too long 431', async () => {
  const port = await started({ timeout: 0.05 });
  const start = 'POST /sum HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n';
  for (const slow of ['', 'GET / HTT', start, `${start}\r\n[1,`]) {
    expect(parsed(await exchange(port, slow)), slow).toMatchObject({
      status: 408,
      body: '{"error":"the request took too long to come in"}\n',
    });
  }
  expect(await ask(port, ['GET /', `X-Long: ${'x'.repeat(20_000)}`])).toMatchObject({
    status: 431,
    body: '{"error":"the headers are too long, expected at most 16384 bytes"}\n',
  });
});

test('a port that is taken is an error, or the next free one is found', async () => {
  const port = await started();
  const first = server as HttpServer;
  await expect(started({ port })).rejects.toThrow(`serve: port ${port} is in use: choose another, or leave it out`);
  expect(await started({ port: null, firstPort: port })).toBeGreaterThan(port);
  await first.close(0);
  await expect(started({ host: '203.0.113.1', token: 'x' })).rejects.toThrow(
    'serve: host 203.0.113.1 is no address of this machine',
  );
});

test('at its end what is in flight is answered, idle connections close, new ones are refused', async () => {
  const port = await started();
  const idle = exchange(port, '');
  const slow = ask(port, ['GET /slow']);
  while (server?.inFlight !== 1) await new Promise((resolve) => setTimeout(resolve, 1));
  const closed = server.close(5000);
  expect(await idle).toBe('');
  expect(await exchange(port, 'GET / HTTP/1.1\r\n\r\n')).toBe('');
  release();
  expect(await slow).toMatchObject({ status: 200, headers: { connection: 'close' }, body: '{"slow":true}\n' });
  expect(await closed).toBe(true);
});

test('at the deadline connections are closed as they are', async () => {
  const port = await started();
  const slow = ask(port, ['GET /slow']);
  while (server?.inFlight !== 1) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await server.close(10)).toBe(false);
  expect((await slow).body).toBe('');
});
