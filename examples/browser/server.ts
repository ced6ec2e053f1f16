import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Served } from './build.js';

/** What the page may do: run its own scripts and WebAssembly, and start its own workers. Nothing is asked elsewhere. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** With these a page is isolated: only then it may share memory, and so train on several threads. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export interface ServerOptions {
  /** Port on this machine; 0 for one that is free. */
  readonly port: number;
  /** Whether the page is isolated. */
  readonly isIsolated: boolean;
}

/** Serves files to browsers on this machine. @returns The server, and its address. */
export async function serve(
  files: ReadonlyMap<string, Served>,
  { port, isIsolated }: ServerOptions,
): Promise<{ server: http.Server; address: string }> {
  // A worker has the policy and the isolation of its own response, so every file comes with them.
  const headers = {
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...(isIsolated ? ISOLATION : {}),
  };
  const server = http.createServer(({ method, url = '/' }, response) => {
    const file = files.get(url.replace(/[?#].*$/, ''));
    const isAsked = method === 'GET' || method === 'HEAD';
    const status = file === undefined ? 404 : isAsked ? 200 : 405;
    response.writeHead(status, { ...headers, 'Content-Type': status === 200 ? file!.type : 'text/plain' });
    response.end(status === 200 && method === 'GET' ? file!.body : undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}
