// Bundles the page: what the server hands out, by address.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { fromSources, WORKER_FILE } from '../../scripts/build/stand-ins.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '../..');
const SCRIPT = 'text/javascript; charset=utf-8';
const MODULE = { format: 'esm', target: 'es2022' };

/**
 * The files of the page.
 *
 * @returns {Promise<Map<string, { type: string, body: string }>>} By the path of their address.
 */
export async function buildPage() {
  const [page, worker, style, html] = await Promise.all([
    bundled('page/main.ts', MODULE),
    // A project that has the library installed needs no plugin: here `layerwise` is what stands in src/.
    bundled('worker/main.ts', { ...MODULE, plugins: [fromSources()] }),
    bundled('page/style.css', {}),
    readFile(join(HERE, 'index.html'), 'utf8'),
  ]);
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: html }],
    ['/page.js', { type: SCRIPT, body: page }],
    ['/worker.js', { type: SCRIPT, body: worker }],
    [`/${WORKER_FILE}`, { type: SCRIPT, body: await kernelWorker() }],
    ['/style.css', { type: 'text/css; charset=utf-8', body: style }],
  ]);
}

async function bundled(file, options) {
  const common = { absWorkingDir: ROOT, bundle: true, write: false, minify: true, logLevel: 'warning' };
  const { outputFiles } = await build({ ...common, ...options, entryPoints: [join(HERE, file)] });
  return outputFiles[0].text;
}

/** What a thread of the kernels starts from: the policy of the page allows files, not texts. */
async function kernelWorker() {
  const text = await bundled('../../src/kernels/wasm/worker-program.ts', { ...MODULE, minify: false });
  const { BROWSER_PROGRAM } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  return BROWSER_PROGRAM;
}
