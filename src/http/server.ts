import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { sendError } from './answers.js';
import { checkHost, checkOrigin, checkOwnHeader, checkToken, isLoopback } from './guards.js';
import { strictHeaders } from './headers.js';
import { HttpError } from './http-error.js';
import { handlerOf, type Route, Routes } from './routes.js';

export interface ServerSettings {
  /** The command to name in errors. */
  readonly fn: string;
  readonly routes: readonly Route[];
  /** The content security policy of every answer: see {@link strictHeaders}. */
  readonly policy: string;
  /** A name or an address of this machine. */
  readonly host: string;
  /** Exactly this one, 0 for any that is free; or null for the first free one from `firstPort` on. */
  readonly port: number | null;
  readonly firstPort: number;
  /** What a request has to know: see {@link checkToken}. A host that others reach needs one. */
  readonly token: string | null;
  /** Seconds in which a request has to have come in, with its body. */
  readonly timeout: number;
  /** Takes errors that are the server's own fault, which are answered with 500. */
  readonly onError: (error: unknown) => void;
}

const NO_QUERY = new URLSearchParams();

/** How many ports are tried where none is given. */
const PORTS = 100;

/** Open connections, from which on new ones are closed. */
const MOST_CONNECTIONS = 1024;

/** The longest that the headers of a request may be together. */
const MOST_HEADER_BYTES = 16_384;

/** Milliseconds between two looks at what is idle while a server ends. */
const LOOK = 20;

/** Milliseconds in which an ending server still takes what is on its way. */
const GRACE = 100;

/** A server of `node:http` that checks each request before a route sees it, and ends gracefully. */
export class HttpServer {
  readonly #settings: ServerSettings;
  readonly #server: Server;
  readonly #routes: Routes;
  readonly #headers: ReadonlyMap<string, string>;
  /** The answers that have not been sent. */
  readonly #open = new Set<ServerResponse>();
  readonly #sockets = new Set<Socket>();
  #isEnding = false;

  constructor(settings: ServerSettings) {
    if (settings.token === null && !isLoopback(settings.host)) {
      throw new Error(`${settings.fn}: host ${settings.host} can be reached by others, expected a token with it`);
    }
    this.#settings = settings;
    this.#routes = new Routes(settings.routes);
    this.#headers = strictHeaders(settings.policy);
    const ms = settings.timeout * 1000;
    const limits = { headersTimeout: ms, requestTimeout: ms, connectionsCheckingInterval: Math.min(1000, ms / 2) };
    this.#server = createServer({ ...limits, keepAliveTimeout: 30_000, maxHeaderSize: MOST_HEADER_BYTES });
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.#answer(request, response);
    this.#server.on('request', answer);
    this.#server.on('checkContinue', answer);
    this.#server.on('checkExpectation', answer);
    this.#server.on('clientError', (error, socket) => this.#refuse(error, socket as Socket));
  }

  /**
   * Begins to listen.
   *
   * @returns The port.
   * @throws {Error} naming the port that is taken, or the host that is none of this machine's.
   */
  async listen(): Promise<number> {
    const { port, firstPort } = this.#settings;
    if (port !== null) return this.#listenAt(port);
    for (let next = firstPort; ; next++) {
      try {
        return await this.#listenAt(next);
      } catch (error) {
        const { code } = (error as Error).cause as NodeJS.ErrnoException;
        if (code !== 'EADDRINUSE' || next === firstPort + PORTS) throw error;
      }
    }
  }

  #listenAt(port: number): Promise<number> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => reject(listenError(this.#settings, port, error));
      server.once('error', fail);
      server.listen({ host: this.#settings.host.replace(/^\[(.*)\]$/, '$1'), port }, () => {
        server.off('error', fail);
        server.on('error', this.#settings.onError);
        resolve((server.address() as AddressInfo).port);
      });
    });
  }

  /** Lets the process end while this listens. */
  unref(): void {
    this.#server.unref();
  }

  /** How many requests have come in and have no answer yet. */
  get inFlight(): number {
    return this.#open.size;
  }

  /**
   * Ends: nothing new is taken, what has come in is answered, and then the connections close. Whoever keeps an answer
   * open, as an event stream, ends it himself.
   *
   * @param deadline - Milliseconds after which connections are closed as they are.
   * @returns Whether all was answered in time.
   */
  async close(deadline: number): Promise<boolean> {
    this.#isEnding = true;
    for (const response of this.#open) if (!response.headersSent) response.setHeader('Connection', 'close');
    // Connections and requests that the system has taken already are still to be read.
    await new Promise((resolve) => setTimeout(resolve, Math.min(GRACE, deadline)));
    return new Promise((resolve) => {
      let inTime = true;
      const look = setInterval(() => this.#closeIdle(), LOOK);
      const end = setTimeout(() => {
        inTime = this.#open.size === 0;
        this.#server.closeAllConnections();
        this.#closeIdle();
      }, deadline);
      this.#server.close(() => {
        clearInterval(look);
        clearTimeout(end);
        resolve(inTime);
      });
      this.#closeIdle();
    });
  }

  /** Closes connections without a request, those too that have never sent one, which Node takes for busy. */
  #closeIdle(): void {
    const busy = new Set(Array.from(this.#open, ({ req }) => req.socket));
    for (const socket of this.#sockets) if (!busy.has(socket)) socket.destroy();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#open.add(response);
    response.once('close', () => this.#open.delete(response));
    for (const [name, value] of this.#headers) response.setHeader(name, value);
    if (this.#isEnding) response.setHeader('Connection', 'close');
    try {
      this.#handle(request, response)?.catch((error) => this.#fail(request, response, error));
    } catch (error) {
      this.#fail(request, response, error);
    }
  }

  #handle(request: IncomingMessage, response: ServerResponse): void | Promise<void> {
    const { host, token } = this.#settings;
    if (isLoopback(host)) checkHost(request);
    checkOrigin(request);
    const { expect } = request.headers;
    if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
      throw new HttpError(417, 'the Expect header is not known, expected 100-continue');
    }
    const url = request.url as string;
    const mark = url.indexOf('?');
    const query = mark === -1 ? NO_QUERY : new URLSearchParams(url.slice(mark));
    const { route, names } = this.#routes.find(mark === -1 ? url : url.slice(0, mark));
    if (token !== null && route.isPublic !== true) checkToken(request, query, token);
    const handler = handlerOf(route, request.method);
    if (request.method === 'POST' && route.isReadOnly !== true) checkOwnHeader(request);
    return handler({ request, response, query, names });
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const isOurs = !(error instanceof HttpError);
    if (isOurs) this.#settings.onError(error);
    sendError(request, response, isOurs ? new HttpError(500, 'the server failed, and its log says why') : error);
  }

  /** Answers what is no HTTP, or came too late, and closes the connection. */
  #refuse({ code }: NodeJS.ErrnoException, socket: Socket): void {
    if (!socket.writable || code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const [status, message] = BROKEN.get(code ?? '') ?? [400, 'this is not a request of HTTP/1.1'];
    const body = `${JSON.stringify({ error: message })}\n`;
    const headers = [...this.#headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const type = 'Content-Type: application/json; charset=utf-8\r\n';
    const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    const start = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
    socket.end(`${start}${headers}${type}${length}Connection: close\r\n\r\n${body}`, () => socket.destroy());
  }
}

/** What Node's errors of a connection mean. */
const BROKEN = new Map<string, readonly [status: number, message: string]>([
  ['HPE_HEADER_OVERFLOW', [431, `the headers are too long, expected at most ${MOST_HEADER_BYTES} bytes`]],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', [413, 'the extensions of a chunk are too long']],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'the request took too long to come in']],
]);

/** What the system says of a port or a host, in words. */
function listenError({ fn, host }: ServerSettings, port: number, cause: NodeJS.ErrnoException): Error {
  const said = (text: string): Error => new Error(`${fn}: ${text}`, { cause });
  if (cause.code === 'EADDRINUSE') return said(`port ${port} is in use: choose another, or leave it out`);
  if (cause.code === 'EACCES') return said(`port ${port} needs the rights of the system: choose one from 1024 on`);
  if (cause.code === 'ENOTFOUND' || cause.code === 'EADDRNOTAVAIL' || cause.code === 'EAI_AGAIN') {
    return said(`host ${host} is no address of this machine`);
  }
  return said(`cannot listen at ${host}, port ${port} (${cause.message})`);
}
