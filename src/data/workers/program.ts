import { requireBuiltin } from '../../node.js';

type Worker = import('node:worker_threads').Worker;
type WorkerOptions = import('node:worker_threads').WorkerOptions;

/** What a thread runs of: a file, or its text. */
export interface Program {
  readonly code: string;
  readonly isText: boolean;
}

let found: Program | undefined;

/**
 * A thread that runs thread.ts.
 *
 * @throws {Error} where its file is not beside this one: in a bundle.
 */
export function startThread(fn: string, options: WorkerOptions): Worker {
  const { Worker } = requireBuiltin(fn, 'node:worker_threads');
  found ??= programOf(fn, typeof __filename === 'string' ? __filename : '', 'thread');
  return new Worker(found.code, { ...options, eval: found.isText });
}

/**
 * The program of a thread.
 *
 * @param here - The file that asks, beside which the program is; empty where that is not known.
 * @param name - The program's file, without its ending.
 * @param isWhole - Whether the program gives users the whole library: also what modules do when they are loaded.
 * @throws {Error} where the file is not there: in a bundle.
 */
export function programOf(fn: string, here: string, name: string, isWhole = false): Program {
  const { existsSync } = requireBuiltin(fn, 'node:fs');
  const { dirname, join } = requireBuiltin(fn, 'node:path');
  if (here.endsWith('.ts')) return { code: bundled(fn, join(dirname(here), `${name}.ts`), isWhole), isText: true };
  const code = join(dirname(here), `${name}.js`);
  if (here !== '' && existsSync(code)) return { code, isText: false };
  throw new Error(
    `${fn}: there is no file of the library's for its workers, which a bundle does not have: ` +
      "make layerwise external in the bundler's settings, or leave workers out",
  );
}

/**
 * The program as one text, where the library runs from its sources, in its own tests and scripts: a worker has none of
 * the loaders that read TypeScript.
 */
function bundled(fn: string, entry: string, isWhole: boolean): string {
  const { buildSync } = requireBuiltin(fn, 'node:module').createRequire(entry)('esbuild') as {
    buildSync(options: object): { outputFiles: { text: string }[] };
  };
  const settings = { bundle: true, platform: 'node', target: 'node20', write: false, packages: 'external' };
  // Packages' lists of side effects leave out what only such modules do.
  const { outputFiles } = buildSync({ entryPoints: [entry], ...settings, ignoreAnnotations: isWhole });
  // Packages are those that this file finds.
  return `{ const __filename = ${JSON.stringify(entry)}; const require = process.getBuiltinModule('node:module')
.createRequire(__filename);\n${outputFiles[0].text} }`;
}
