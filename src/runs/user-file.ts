// What a user's file exports.

import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { argumentError, describe, printable } from '../arrays/index.js';
import { statOf } from '../files/index.js';
import { loadJiti } from './peers.js';
import { shownPath } from './places.js';

const TYPESCRIPT = ['.ts', '.mts', '.cts'];

/** Endings of files that can be run. */
export const PROGRAM_ENDINGS: readonly string[] = [...TYPESCRIPT, '.js', '.mjs', '.cjs'];

/** Exports by name. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Runs a file of TypeScript or JavaScript, in which `import 'layerwise'` is this very copy of the library where jiti is
 * installed.
 *
 * @param arg - What errors call the file: `FILE`.
 * @param own - What other names import, beside `layerwise`, where jiti is installed.
 * @throws {Error} if there is no such file, it is TypeScript and nothing here reads that, or it throws: with the line.
 */
export async function importUserFile(fn: string, arg: string, file: string, own: Exports = {}): Promise<Exports> {
  if (statOf(fn, file) === undefined) {
    const found = `: there is no file ${shownPath(file)}`;
    throw argumentError(Error, { fn, arg, found, expected: `the path of a file (${PROGRAM_ENDINGS.join(', ')})` });
  }
  const load = await loadJiti(join(dirname(file), 'index.js'), own);
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

/** The message of an error, and the line of the file that it comes from, where that is known. Never throws. */
export function reasonOf(error: unknown, file: string): string {
  try {
    const { message, stack } = (error ?? {}) as Partial<Error>;
    const text = printable(String(message ?? error).split('\n')[0], 300);
    const at = typeof stack === 'string' ? stack.indexOf(`${file}:`) : -1;
    const line = at < 0 ? null : /^:(\d+)/.exec((stack as string).slice(at + file.length));
    return line === null ? text : `${text} (line ${line[1]})`;
  } catch {
    // A program may throw anything: an object without a text, or a getter that throws.
    return describe(error);
  }
}

/** All that an error says of where it was thrown. Never throws. */
export function stackOf(error: unknown): string {
  try {
    return String((error as Partial<Error> | null | undefined)?.stack ?? error);
  } catch {
    return describe(error);
  }
}
