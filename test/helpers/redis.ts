import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why tests that need a Redis server are left out; null where they can run. */
export const NO_REDIS: string | null =
  spawnSync('redis-server', ['--version']).status === 0 ? null : 'there is no redis-server on the PATH';

if (NO_REDIS !== null) console.log(`Tests on Redis are skipped: ${NO_REDIS}`);

/** A Redis server of a test. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Ends it at once, as a failure of the machine does. */
  kill(): Promise<void>;
  /** Starts it again, at the same port, with what its append-only file has. */
  start(): Promise<void>;
  /** Ends it, and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Starts a server on a free port of 127.0.0.1, with a folder of its own and an append-only file.
 *
 * @param settings - More arguments of `redis-server`, such as `['--requirepass', 'secret']`.
 */
export async function startRedis(settings: readonly string[] = []): Promise<TestRedis> {
  const dir = mkdtempSync(join(tmpdir(), 'layerwise-redis-'));
  const port = await freePort();
  let server: ChildProcess | null = null;
  const end = (): void => void server?.kill('SIGKILL');

  async function start(): Promise<void> {
    const own = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--appendonly', 'yes', '--save', ''];
    const started = spawn('redis-server', [...own, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] });
    server = started;
    await new Promise<void>((resolve, reject) => {
      let log = '';
      started.stdout.on('data', (text) => {
        log += text;
        if (log.includes('Ready to accept connections')) resolve();
      });
      started.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${log}`)));
    });
  }

  async function kill(): Promise<void> {
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    end();
    await gone;
  }

  process.once('exit', end);
  await start();
  const stop = async (): Promise<void> => {
    process.off('exit', end);
    await kill();
    rmSync(dir, { recursive: true, force: true });
  };
  return { url: `redis://127.0.0.1:${port}`, port, kill, start, stop };
}

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
