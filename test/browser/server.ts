import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';

/** The headers that isolate a page. */
export const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** What an address answers with. */
export interface Answer {
  /** HTML, unless the address ends in `.js`. */
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server on this machine with what browsers get and what they report. */
export interface Site {
  readonly port: number;
  /** What is answered, by path. */
  readonly answers: Map<string, Answer>;
  /** Resolves with the next text that is sent to `/report`. */
  reported(): Promise<string>;
}

/** Serves a site for the tests of this file. */
export function useSite(): Site {
  const answers = new Map<string, Answer>();
  let report: (text: string) => void = () => {};
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path === '/report') {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end();
        report(text);
      });
      return;
    }
    // A browser asks for an icon of its own accord.
    const answer = path === '/favicon.ico' ? { text: '' } : answers.get(path);
    const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
    response.writeHead(answer === undefined ? 404 : 200, {
      'Content-Type': `${type}; charset=utf-8`,
      ...answer?.headers,
    });
    response.end(answer?.text);
  });
  const site = {
    port: 0,
    answers,
    reported: () =>
      new Promise<string>((resolve) => {
        report = resolve;
      }),
  };
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    site.port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return site;
}
