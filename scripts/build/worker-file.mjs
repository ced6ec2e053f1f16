// Writes the file from which threads start in browsers where a page's policy forbids a Blob (`worker-src 'self'`), for
// both forms in which browsers get the library.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

export const WORKER_FILE = 'layerwise-worker.js';
const FOLDER = 'esm/kernels/wasm';

/** @param {string} dist - The folder of the package's build. */
export function buildWorkerFile(dist) {
  const { BROWSER_PROGRAM } = require(join(dist, 'kernels/wasm/worker-program.js'));
  for (const folder of ['', FOLDER]) writeFileSync(join(dist, folder, WORKER_FILE), BROWSER_PROGRAM);
}
