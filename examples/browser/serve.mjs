// Serves the page of this folder: `npm run example:browser`, then open the address that it prints.
//
//   --port N      another port than 8080; 0 for one that is free
//   --one-thread  without the headers that isolate the page: it trains on one thread then

import { once } from 'node:events';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { buildPage } from './build.mjs';

/** What the page may do: run its own scripts and WebAssembly, and start its own workers. It asks for nothing else. */
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

/** Answers requests with these files. A worker has the policy of its own response, so each comes with all headers. */
function answering(files, isIsolated) {
  const headers = {
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...(isIsolated ? ISOLATION : {}),
  };
  return ({ method, url }, response) => {
    const file = files.get(url.replace(/[?#].*$/, ''));
    const isAsked = method === 'GET' || method === 'HEAD';
    const status = file === undefined ? 404 : isAsked ? 200 : 405;
    const { type, body } = status === 200 ? file : { type: 'text/plain', body: '' };
    response.writeHead(status, { ...headers, 'Content-Type': type });
    response.end(method === 'HEAD' ? undefined : body);
  };
}

async function main() {
  const options = { port: { type: 'string', default: '8080' }, 'one-thread': { type: 'boolean', default: false } };
  const { values } = parseArgs({ options });
  if (!/^\d+$/.test(values.port) || Number(values.port) > 65_535) {
    throw new Error(`--port ${values.port}: expected a whole number from 0 to 65535`);
  }
  const server = createServer(answering(await buildPage(), !values['one-thread']));
  server.listen(Number(values.port), '127.0.0.1');
  await once(server, 'listening');
  console.log(`Open http://127.0.0.1:${server.address().port}/ in a browser. Ctrl-C ends it.`);
}

main().catch((error) => {
  const wayOut = error.code === 'EADDRINUSE' ? '; choose another one: npm run example:browser -- --port 0' : '';
  console.error(`example:browser: ${error.message}${wayOut}`);
  process.exitCode = 1;
});
