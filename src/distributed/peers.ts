// The package that calls MPI's functions is an optional peer: `mpi()` loads it.

import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';

export type Koffi = typeof import('koffi');
export type Library = import('koffi').LibraryHandle;

/**
 * What calls the functions of a shared library, loaded synchronously. It is searched for where the library is and from
 * the current folder: a bundle has no place of its own.
 *
 * @throws {Error} naming the command that installs it.
 */
export function loadKoffi(fn: string): Koffi {
  const places = [typeof __filename === 'string' ? __filename : '', resolve('index.js')].filter(isAbsolute);
  const errors: Error[] = [];
  for (const place of places) {
    try {
      return createRequire(place)('koffi') as Koffi;
    } catch (error) {
      errors.push(error as Error);
    }
  }
  const broken = errors.find((error) => (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND');
  const reason = broken === undefined ? '' : ` (koffi did not load: ${broken.message.split('\n')[0]})`;
  throw new Error(`${fn}: MPI needs the package koffi: npm install koffi${reason}`, { cause: broken ?? errors[0] });
}
