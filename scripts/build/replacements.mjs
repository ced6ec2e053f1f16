// Modules that builds for browsers have in place of those of src/: paths from src/, without their ending.

import { WORKER_FILE } from './worker-file.mjs';

/** @type {Readonly<Record<string, string>>} */
export const REPLACEMENTS = {
  // A page's policy forbids what the packages need, and reports each attempt.
  'arrays/packages': 'export const loadPackages = () => null;',
  // src/ cannot say `import.meta.url`, since Node gets it as CommonJS. Vite and webpack know this form, and take the file
  // along.
  'kernels/wasm/worker-file':
    `export const startWorkerFile = () =>\n` +
    `  new Worker(new URL('./${WORKER_FILE}', import.meta.url), { name: 'layerwise' });\n`,
  // A browser serves no page.
  'ui/assets.generated': "export const PAGE = '';\nexport const PAGE_CSP = '';\nexport const SERVER = '';",
};

/** Replaces them where esbuild bundles src/ for a browser: a plugin of it. */
export const forBrowsers = {
  name: 'layerwise-for-browsers',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const contents = replacementOf(path);
      return contents === undefined ? undefined : { contents, loader: 'js' };
    });
  },
};

/**
 * What stands for a module of src/, or undefined.
 *
 * @param {string} file - Its path.
 */
export function replacementOf(file) {
  const [, name] = /[\\/]src[\\/]([^?]*)\.ts$/.exec(file) ?? [];
  return REPLACEMENTS[name?.replaceAll('\\', '/')];
}
