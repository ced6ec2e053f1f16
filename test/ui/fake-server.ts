import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { PAGE, PAGE_CSP } from '../../src/ui/assets.generated.js';
import type { Command, RunList, Snapshot, Status, Update } from '../../src/ui/protocol.js';
import { bytesFrom, madePoints } from './made-up.js';

/** A server that says what a test wants, and keeps what the page tells it. */
export class FakeServer {
  readonly runs = new Map<string, { snapshot: Snapshot; points: Float64Array }>();
  readonly commands: { readonly run: string; readonly command: Command; readonly header: unknown }[] = [];
  source: RunList['source'] = 'training';
  /** What commands are answered with instead of success. */
  refusal: string | null = null;
  /** Headers of authorization, and tokens in addresses, as they came. */
  readonly tokens: (string | null | undefined)[] = [];
  #streams = new Set<http.ServerResponse>();
  #server: http.Server | null = null;
  #port = 0;

  /** Adds a run, or replaces it. */
  add(snapshot: Snapshot, points = madePoints(snapshot.status.points)): void {
    this.runs.set(snapshot.info.id, { snapshot, points });
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Listens, after an end at the same port as before. */
  async start(): Promise<void> {
    this.#server = http.createServer((request, response) => this.#answer(request, response));
    await new Promise<void>((resolve) => this.#server!.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  send(update: Update): void {
    for (const stream of this.#streams) stream.write(`data: ${JSON.stringify(update)}\n\n`);
  }

  /** Changes a run's status, and says so. */
  status(id: string, changes: Partial<Status>): void {
    const run = this.runs.get(id)!;
    const status = { ...run.snapshot.status, ...changes };
    run.snapshot = { ...run.snapshot, status };
    this.send({ kind: 'status', run: id, status });
  }

  /** Gives a run these points from now on, and says how many they are. */
  points(id: string, points: Float64Array): void {
    this.runs.get(id)!.points = points;
    const count = points.length / 3;
    this.status(id, { points: count, iteration: count });
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', this.address);
    const json = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (url.pathname === '/') {
      const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_CSP };
      response.writeHead(200, headers).end(PAGE);
      return;
    }
    this.tokens.push(request.headers.authorization ?? url.searchParams.get('token'));
    if (url.pathname === '/api/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': hello\n\n');
      this.#streams.add(response);
      response.on('close', () => this.#streams.delete(response));
      return;
    }
    if (url.pathname === '/api/runs') {
      json(200, this.#list());
      return;
    }
    const [, id = '', what] = /^\/api\/runs\/([^/]+)(?:\/(\w+))?$/.exec(url.pathname) ?? [];
    const run = this.runs.get(decodeURIComponent(id));
    if (run === undefined) json(404, { error: 'there is no such run' });
    else if (what === undefined) json(200, run.snapshot);
    else if (what === 'points') response.end(bytesFrom(run.points, Number(url.searchParams.get('from'))));
    else this.#take(request, run.snapshot.info.id, json);
  }

  #take(request: http.IncomingMessage, run: string, json: (status: number, value: unknown) => void): void {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      this.commands.push({ run, command: JSON.parse(text), header: request.headers['x-layerwise'] });
      if (this.refusal === null) json(200, {});
      else json(409, { error: this.refusal });
    });
  }

  #list(): RunList {
    const runs = [...this.runs.values()].map(({ snapshot: { info, status, epochs } }) => ({
      info: { ...info, layers: [] },
      status,
      last: epochs.at(-1) ?? null,
      best: epochs.at(-1) ?? null,
    }));
    return { source: this.source, title: '/runs', version: '0.3.0', runs };
  }
}
