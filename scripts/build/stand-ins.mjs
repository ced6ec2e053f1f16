// Modules of dist/esm that the build replaces: what browsers get has no packages that compile code, no page to serve,
// and packed kernels.

import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from './kernels.mjs';
import { sortCode } from './sort-code.mjs';

/** The file that a browser's worker thread starts from where a policy forbids a Blob. */
export const WORKER_FILE = 'layerwise-worker.js';

/**
 * What stands in the place of a module, by the module's path in dist/esm: its text, or a function of the text that the
 * compiler made.
 *
 * @type {Readonly<Record<string, string | ((compiled: string) => Promise<string>)>>}
 */
export const STAND_INS = {
  // A browser serves no page.
  'ui/assets.generated.js': "export const PAGE = '';\nexport const PAGE_CSP = '';\nexport const SERVER = '';",

  // They would run `new Function`, which a page's policy reports even where the exception is caught.
  'arrays/packages.js': 'export function loadPackages() {\n  return null;\n}',

  // Archives are unpacked into folders. Their reader is a package that no page needs.
  'data/unpack.js': [
    'export class ArchiveError extends Error {}',
    'export async function loadTar(fn) {',
    "  throw new Error(fn + ': needs Node 20.19 or later (node:fs)');",
    '}',
    'export const unpack = ({ fn }) => loadTar(fn);',
  ].join('\n'),

  // Turbo, which is tested before it is used, is a flag of Node's.
  'kernels/self-test.js': 'export function firstDisagreement() {\n  return null;\n}',

  'kernels/wasm/binaries.generated.js': packed,
  'kernels/wasm/unpack.js': [
    "import { inflateSync } from 'fflate';",
    "import { inOrder } from './sorted-code.js';",
    'export const unpack = (bytes) => inOrder(inflateSync(bytes));',
  ].join('\n'),

  // The form that Vite and webpack recognize: they take the file into what they build.
  'kernels/wasm/worker-file.js': [
    'export const startWorkerFile = () =>',
    `  new Worker(new URL('./${WORKER_FILE}', import.meta.url), { name: 'layerwise' });`,
  ].join('\n'),
};

/**
 * A module, compiled or not, whose classes keep their names. Minifiers rename classes, and errors, printed models and
 * `architecture()` say what a class is called. An accessor, since bundlers drop a class that has one as easily as
 * another; on the line where the class begins, so that source maps stay right.
 *
 * @param {string} text
 */
export function withClassNames(text) {
  const beginning = /^((?:export )?(?:abstract )?class (\w+)\b(?:.|\n(?=[ {]))*?\{)(\}?)$/gm;
  return text.replaceAll(beginning, "$1 static get name() { return '$2'; }$3");
}

/** The kernels with their code sorted, and deflated, which makes a quarter of them. */
async function packed(compiled) {
  const [, before, base64, after] = /^([\s\S]*base64: ')([^']+)([\s\S]*)$/.exec(compiled);
  const bytes = await sortCode(Buffer.from(base64, 'base64'));
  return `${before}${bytes.toString('base64')}${after}`;
}

/**
 * A plugin of esbuild: `layerwise` is src/ as browsers get it.
 *
 * @returns {import('esbuild').Plugin}
 */
export function fromSources() {
  const src = join(ROOT, 'src');
  const { sideEffects } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const effects = new Set(
    sideEffects.map((file) => join(src, file.replace(/^.\/dist\/(esm\/)?/, '').replace(/js$/, 'ts'))),
  );
  return {
    name: 'layerwise',
    setup(build) {
      build.onResolve({ filter: /^layerwise$/ }, () => ({ path: join(src, 'index.ts'), sideEffects: false }));
      // package.json names the files of dist/ that a bundler must not leave out.
      build.onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
        const file = join(resolveDir, path.replace(/js$/, 'ts'));
        return effects.has(file) ? { path: file, sideEffects: true } : undefined;
      });
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const standIn = STAND_INS[relative(src, path).replaceAll('\\', '/').replace(/ts$/, 'js')];
        const source = readFileSync(path, 'utf8');
        const contents = typeof standIn === 'string' ? standIn : await (standIn ?? withClassNames)(source);
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
}
