// Bundles what the live page is made of into src/ui/assets.generated.ts: the page as one HTML text, the policy that
// allows its script and its style by their hashes, and the program of the thread that serves it. Does nothing where the
// module was made from these very sources.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, version } from 'esbuild';
import { ROOT, write } from './kernels.mjs';

const OUT = join(ROOT, 'src/ui/assets.generated.ts');
const HTML = 'src/ui/page/index.html';
const NOTICE = 'node_modules/uplot/LICENSE';
/** What the module is made from beside the sources that esbuild finds. */
const BESIDE = [HTML, NOTICE, relative(ROOT, fileURLToPath(import.meta.url))];

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  write: false,
  metafile: true,
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * Writes the module, whole or not at all.
 *
 * @returns {Promise<Record<string, number> | null>} The bytes of the page and of the server; null where it is up to
 *   date.
 */
export async function buildPage() {
  if (isUpToDate()) return null;
  const [script, style, server] = await Promise.all([
    build({ ...COMMON, entryPoints: ['src/ui/page/main.ts'], format: 'iife', target: 'es2022' }),
    build({ ...COMMON, entryPoints: ['src/ui/page/style.css'] }),
    build({ ...COMMON, entryPoints: ['src/ui/server/main.ts'], format: 'cjs', platform: 'node', target: 'node20' }),
  ]);
  const notice = `/*! uPlot: ${readFileSync(join(ROOT, NOTICE), 'utf8').trim()} */\n`;
  const js = `${notice}${textOf(script)}`;
  const css = textOf(style);
  const html = readFileSync(join(ROOT, HTML), 'utf8')
    .replace('/* style */', () => css)
    .replace('/* script */', () => js);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(js)}`,
    `style-src ${hashOf(css)}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const program = textOf(server);
  const inputs = [script, style, server].flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const files = [...new Set([...BESIDE, ...inputs])].sort();
  write(
    OUT,
    `${stampOf(files)}
/** The page: HTML with its script and its style in it. */
export const PAGE: string = ${JSON.stringify(html)};

/** The content security policy that the page is served with: its script and style, and requests to its own server. */
export const PAGE_CSP: string = ${JSON.stringify(policy)};

/** The program of the thread that serves the page, a CommonJS module. */
export const SERVER: string = ${JSON.stringify(program)};
`,
  );
  return { page: html.length, server: program.length };
}

function textOf({ outputFiles }) {
  return outputFiles[0].text.trimEnd();
}

/** A text's hash, as a content security policy writes it. */
function hashOf(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The first lines of the module: a hash of its sources, this script and esbuild's version, and their names. */
function stampOf(files) {
  const hash = createHash('sha256').update(`esbuild ${version}\0`);
  for (const file of files) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  }
  return `// Sources: sha256 ${hash.digest('hex')}\n// ${JSON.stringify(files)}\n`;
}

/** Whether the module's stamp is that of its sources as they are now. What is new is reached by a change in them. */
function isUpToDate() {
  if (!existsSync(OUT)) return false;
  const text = readFileSync(OUT, 'utf8');
  const files = JSON.parse(/^\/\/ (\[.*\])$/m.exec(text)?.[1] ?? '[]');
  return files.length > 0 && files.every((file) => existsSync(join(ROOT, file))) && text.startsWith(stampOf(files));
}
