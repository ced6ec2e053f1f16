// Bundles the page: what the server hands out, by address.

import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

/** A file as it is served. */
export interface Served {
  readonly type: string;
  readonly body: string | Uint8Array;
}

const HERE = path.join('examples', 'browser');
const SCRIPT = 'text/javascript; charset=utf-8';

/**
 * The files of the page.
 *
 * @param root - The folder of the library.
 */
export async function buildPage(root: string): Promise<Map<string, Served>> {
  const common = { absWorkingDir: root, bundle: true, write: false, minify: true, logLevel: 'warning' } as const;
  const script = { ...common, format: 'esm', target: 'es2022', ignoreAnnotations: true, external: PEERS } as const;
  const [page, worker, style] = await Promise.all([
    build({ ...common, format: 'esm', target: 'es2022', entryPoints: [path.join(HERE, 'page/main.ts')] }),
    build({ ...script, entryPoints: [path.join(HERE, 'worker/main.ts')] }),
    build({ ...common, entryPoints: [path.join(HERE, 'page/style.css')] }),
  ]);
  return new Map<string, Served>([
    ['/', { type: 'text/html; charset=utf-8', body: fs.readFileSync(path.join(root, HERE, 'index.html')) }],
    ['/page.js', { type: SCRIPT, body: page.outputFiles[0]!.text }],
    ['/worker.js', { type: SCRIPT, body: worker.outputFiles[0]!.text }],
    ['/style.css', { type: 'text/css; charset=utf-8', body: style.outputFiles[0]!.text }],
  ]);
}

/** Packages that the library asks for when a function needs one, and no function of this page does. */
const PEERS = ['@jsquash/jpeg', '@resvg/resvg-js', 'fast-png', 'jiti', 'vega', 'vega-lite'];
