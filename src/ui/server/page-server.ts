import { HttpError, HttpServer, readJson, send, sendJson } from '../../http/index.js';
import { commandOf } from './commands.js';
import { EventStreams } from './event-streams.js';
import type { Source } from './source.js';

/** What a server of the page is made of. */
export interface PageServerParts {
  /** The function or command to name in errors. */
  readonly fn: string;
  readonly source: Source;
  /** The page, and the policy that it is served with. */
  readonly page: string;
  readonly policy: string;
  readonly host: string;
  /** Exactly this one, or null for the first free one from {@link FIRST_PORT} on. */
  readonly port: number | null;
  /** What requests have to know; null on loopback. */
  readonly token: string | null;
  readonly onError: (error: unknown) => void;
}

/** The port that is tried first where none is given. */
export const FIRST_PORT = 8123;

/** The longest body of a command. */
const MOST_BYTES = 4096;

const NO_COMMANDS = 'runs in a folder take no commands; the page of the process that trains does';

/** Seconds in which a request has to have come in. */
const TIMEOUT = 10;

/** Serves the page and its API, from any source of runs: see `protocol.ts`. */
export class PageServer {
  readonly #server: HttpServer;
  readonly #streams = new EventStreams();
  readonly #unsubscribe: () => void;

  constructor({ source, page, policy, ...settings }: PageServerParts) {
    this.#unsubscribe = source.subscribe((update) => this.#streams.send(update));
    const html = Buffer.from(page);
    this.#server = new HttpServer({
      ...settings,
      policy,
      firstPort: FIRST_PORT,
      timeout: TIMEOUT,
      routes: [
        { path: '/', get: ({ response }) => send(response, 200, 'text/html; charset=utf-8', html) },
        { path: '/api/runs', get: ({ response }) => sendJson(response, source.list()) },
        { path: '/api/runs/:id', get: ({ response, names }) => sendJson(response, found(source.snapshot(names.id))) },
        {
          path: '/api/runs/:id/points',
          get: ({ response, names, query }) => {
            const bytes = found(source.points(names.id, fromOf(query)));
            send(response, 200, 'application/octet-stream', bytes);
          },
        },
        {
          path: '/api/runs/:id/command',
          post: async ({ request, response, names }) => {
            const command = commandOf(await readJson(request, response, MOST_BYTES));
            found(source.snapshot(names.id));
            if (source.command === null) throw new HttpError(409, NO_COMMANDS);
            source.command(names.id, command);
            sendJson(response, {});
          },
        },
        {
          path: '/api/events',
          get: ({ request, response }) => {
            if (request.method === 'HEAD') send(response, 200, 'text/event-stream; charset=utf-8', '');
            else this.#streams.open(response);
          },
        },
      ],
    });
  }

  /** Begins to listen. @returns The port. @throws {Error} naming the port that is taken. */
  listen(): Promise<number> {
    return this.#server.listen();
  }

  /** How many pages listen. */
  get pages(): number {
    return this.#streams.size;
  }

  /** Ends: streams first, then what else is open. @param deadline - Milliseconds that requests may take. */
  async close(deadline = 1000): Promise<void> {
    this.#unsubscribe();
    this.#streams.close();
    await this.#server.close(deadline);
  }
}

/** The address of a page, with the token that it needs. */
export function addressOf(host: string, port: number, token: string | null): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `http://${name}:${port}/${token === null ? '' : `?token=${encodeURIComponent(token)}`}`;
}

/** @throws {HttpError} 404 where there is no such run. */
function found<T>(value: T | null): T {
  if (value !== null) return value;
  throw new HttpError(404, 'there is no such run');
}

function fromOf(query: URLSearchParams): number {
  const from = Number(query.get('from') ?? 0);
  if (Number.isSafeInteger(from) && from >= 0) return from;
  throw new HttpError(400, 'from is no number of a point, expected a whole number ≥ 0');
}
