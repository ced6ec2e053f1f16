// Serves the page of this folder: `npm run example:browser`, then open the address that it prints.
//
//   --port N      another port than 8080
//   --one-thread  without the headers that isolate the page: it trains on one thread then

import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildPage } from './build.js';
import { serve } from './server.js';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '8080' }, 'one-thread': { type: 'boolean', default: false } },
  });
  const port = Number(values.port);
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) {
    throw new Error(`--port ${values.port}: expected a whole number from 0 to 65535`);
  }
  const files = await buildPage(path.resolve('.'));
  const { address } = await serve(files, { port, isIsolated: !values['one-thread'] });
  console.log(`Open ${address} in a browser. Ctrl-C ends it.`);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
