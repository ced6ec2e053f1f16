// What a user's file exports.

import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { argumentError, printable } from '../arrays/index.js';
import { statOf } from '../files/index.js';
import { shownPath } from './places.js';

const TYPESCRIPT = ['.ts', '.mts', '.cts'];

/** Endings of files that can be run. */
export const PROGRAM_ENDINGS: readonly string[] = [...TYPESCRIPT, '.js', '.mjs', '.cjs'];

/** Exports by name. */
export type Exports = Readonly<Record<string, unknown>>;

/** Imports a file, afresh at each call. */
type ImportFile = (file: string) => Promise<unknown>;

/**
 * Runs a file of TypeScript or JavaScript, in which `import 'layerwise'` is this very copy of the library where jiti is
 * installed.
 *
 * @param arg - What errors call the file: `FILE`.
 * @throws {Error} if there is no such file, it is TypeScript and nothing here reads that, or it throws: with the line.
 */
export async function importUserFile(fn: string, arg: string, file: string): Promise<Exports> {
  if (statOf(fn, file) === undefined) {
    const found = `: there is no file ${shownPath(file)}`;
    throw argumentError(Error, { fn, arg, found, expected: `the path of a file (${PROGRAM_ENDINGS.join(', ')})` });
  }
  const load = await loadJiti(join(dirname(file), 'index.js'));
  const { typescript } = process.features as { typescript?: string | false };
  if (load === null && TYPESCRIPT.includes(extname(file)) && !typescript) {
    const found = `: ${shownPath(file)} is TypeScript, which Node ${process.versions.node} does not read`;
    const wayOut = 'npm install jiti, or take Node 22.18 or later';
    throw argumentError(Error, { fn, arg, found, wayOut });
  }
  // A number makes it another module, which is run again.
  const native = (path: string): Promise<unknown> => import(`${pathToFileURL(path).href}?run=${runs++}`);
  try {
    return (await (load ?? native)(file)) as Exports;
  } catch (cause) {
    throw argumentError(Error, { fn, arg, found: `: ${shownPath(file)} fails: ${reasonOf(cause, file)}` }, { cause });
  }
}

let runs = 0;

/** What imports files; null where jiti, an optional peer, is not installed. */
async function loadJiti(root: string): Promise<ImportFile | null> {
  let jiti: typeof import('jiti');
  try {
    jiti = await import('jiti');
  } catch {
    return null;
  }
  // Nothing is kept: a file may have changed, and a model that it exports is trained once.
  const options = { moduleCache: false, fsCache: false, virtualModules: { layerwise: await library() } };
  const load = jiti.createJiti(root, options);
  return (file) => load.import(file);
}

/** What `import 'layerwise'` gives, of this copy. */
async function library(): Promise<unknown> {
  const all: object = await import('../index.js');
  // Node gives the exports of a CommonJS module as `default` too, and there they are complete.
  return 'default' in all ? all.default : all;
}

/** The message of an error, and the line of the file that it comes from, where that is known. */
function reasonOf(error: unknown, file: string): string {
  const { message, stack } = (error ?? {}) as Partial<Error>;
  const text = printable(String(message ?? error).split('\n')[0], 300);
  const at = typeof stack === 'string' ? stack.indexOf(`${file}:`) : -1;
  const line = at < 0 ? null : /^:(\d+)/.exec((stack as string).slice(at + file.length));
  return line === null ? text : `${text} (line ${line[1]})`;
}
