// @module-tag slow

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../src/cli/run.js';
import { RunFolder } from '../../src/runs/index.js';
import { command } from '../helpers/command.js';
import { useTrainedRun } from '../helpers/trained-run.js';

const made = useTrainedRun();

/** A service of the run, as it is announced with `--json`. */
interface Running {
  readonly url: string;
  readonly token: string | null;
  /** Ends it as the system does. @returns The exit code, and what it has said. */
  end(signal: 'SIGINT' | 'SIGTERM'): Promise<[code: number, err: string]>;
}

async function serve(...args: string[]): Promise<Running> {
  let err = '';
  let announce: (line: string) => void = () => {};
  const announced = new Promise<string>((resolve) => {
    announce = resolve;
  });
  const code = run(['serve', made.run, '--json', ...args], {
    cwd: made.dir,
    env: {},
    stdout: { write: (text: string) => announce(text) },
    stderr: {
      write: (text: string) => {
        err += text;
      },
    },
  });
  const { url, token } = JSON.parse(
    await Promise.race([announced, code.then(() => `{"url": ${JSON.stringify(err)}}`)]),
  );
  const end = async (signal: 'SIGINT' | 'SIGTERM'): Promise<[code: number, err: string]> => {
    process.emit(signal, signal);
    return [await code, err];
  };
  return { url, token, end };
}

/** The first image of the test batch, as bytes. */
const image = (): Buffer => readFileSync(path.join(made.data, 'test_batch.bin')).subarray(1, 3073);

const post = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/predict`, {
    method: 'POST',
    body: Uint8Array.from(image()),
    headers: { 'Content-Type': 'application/octet-stream', ...headers },
  });

test('a run predicts over HTTP as its own model does, until SIGTERM', async () => {
  const service = await serve('--port', '0');
  const { predictions } = await (await post(service.url)).json();
  const { openTrained } = await import('../../src/runs/index.js');
  const trained = await openTrained(RunFolder.open(path.join(made.dir, made.run)));
  const { array, hostValues } = await import('../../src/arrays/index.js');
  const expected = hostValues(trained.predict(trained.prepare(array(Float32Array.from(image()), [1, 3, 32, 32]))));
  const found = Object.entries(predictions[0].probabilities as Record<string, number>);
  expect(found.map(([name]) => name)).toEqual(trained.classes);
  for (const [i, [, probability]] of found.entries()) expect(Math.abs(probability - expected[i])).toBeLessThan(1e-6);
  expect(await (await fetch(`${service.url}/model`)).json()).toMatchObject({
    ...{ name: 'twolayer, trained on cifar10', inputShape: [3, 32, 32], takes: 'pictures' },
  });
  expect(await service.end('SIGTERM')).toEqual([0, 'Ending: requests that have come in are answered.\n']);
  await expect(fetch(service.url)).rejects.toThrow();
});

test('a host that others reach gets a token, which requests need', async () => {
  const service = await serve('--port', '0', '--host', '0.0.0.0');
  const token = service.token as string;
  expect(token).toHaveLength(32);
  const url = service.url.replace('0.0.0.0', '127.0.0.1');
  expect((await post(url)).status).toBe(401);
  expect((await post(url, { Authorization: `Bearer ${token}` })).status).toBe(200);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect((await service.end('SIGINT'))[0]).toBe(0);
});

test('what cannot be served is one line', async () => {
  const service = await serve('--port', '0', '--token', 'sixteen-letters!'.replace('!', 's'));
  const { port } = new URL(service.url);
  expect(await command(made.dir, ['serve', made.run, '--port', port])).toEqual({
    ...{ code: 1, out: '' },
    err: `serve: port ${port} is in use: choose another, or leave it out\n`,
  });
  await service.end('SIGTERM');
  const wrong = async (...args: string[]): Promise<string> => {
    const { code, err } = await command(made.dir, ['serve', made.run, ...args]);
    expect(code).toBe(2);
    return err;
  };
  expect(await wrong('--port', '65536')).toContain('Expected a whole number from 0 to 65535');
  expect(await wrong('--max-batch', '0')).toContain('Expected a whole number from 1 to 65536');
  expect(await wrong('--max-wait', '-1')).toContain('Expected a number from 0 to 86400');
  expect(await wrong('--timeout', '0')).toContain('Expected a number > 0 and at most 86400');
  expect(await wrong('--max-body', '10mib')).toContain('Expected a size from 1b to 1gb, such as 500kb or 10mb');
  expect(await wrong('--token', 'short')).toContain('Expected 16 or more letters, digits and ._~+/=-');
});
