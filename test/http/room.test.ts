import { afterEach, expect, test } from 'vitest';
import { DATA_POLICY, HttpServer, Room, readBody, send } from '../../src/http/index.js';
import { ask, exchange } from './client.js';

let server: HttpServer | null = null;

afterEach(async () => {
  await server?.close(0);
});

test('bodies that are too long together are refused, and have room again when the others are answered', async () => {
  const room = new Room(10);
  let release: () => void = () => {};
  server = new HttpServer({
    ...{ fn: 'serve', policy: DATA_POLICY, host: '127.0.0.1', port: 0, firstPort: 0, token: null, timeout: 5 },
    routes: [
      {
        path: '/',
        isReadOnly: true,
        post: async ({ request, response }) => {
          const body = await readBody(request, response, 100, room);
          if (body.length > 5) {
            await new Promise<void>((resolve) => {
              release = resolve;
            });
          }
          send(response, 200, 'text/plain', `${body.length}`);
        },
      },
    ],
    onError: () => {},
  });
  const port = await server.listen();
  const large = ask(port, ['POST /', 'Content-Length: 8'], 'x'.repeat(8));
  while (room.taken === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await ask(port, ['POST /', 'Content-Length: 3'], 'xxx')).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
    body: '{"error":"the server is busy (large requests), ask again in a second"}\n',
  });
  release();
  expect((await large).body).toBe('8');
  expect((await ask(port, ['POST /', 'Content-Length: 3'], 'xxx')).body).toBe('3');
  // One that breaks off gives its room back too.
  await exchange(port, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nxxxx', (socket) => socket.end());
  while (room.taken > 0) await new Promise((resolve) => setTimeout(resolve, 1));
});
