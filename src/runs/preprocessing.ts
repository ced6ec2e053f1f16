import { join } from 'node:path';
import { attempt, readText, statOf, writeAtomically } from '../files/index.js';
import type { Preprocessing } from './types.js';

/** The file of a run's folder that has its {@link Preprocessing}. */
export const PREPROCESSING_FILE = 'preprocessing.json';

/** Writes what a run has learned of its training examples into its folder, in one piece. */
export function writePreprocessing(fn: string, dir: string, preprocessing: Preprocessing): void {
  writeAtomically(fn, join(dir, PREPROCESSING_FILE), `${JSON.stringify(preprocessing)}\n`);
}

/** What {@link writePreprocessing} wrote; null where there is no such file. */
export function readPreprocessing(fn: string, dir: string): Preprocessing | null {
  const file = join(dir, PREPROCESSING_FILE);
  if (statOf(fn, file) === undefined) return null;
  return attempt(fn, 'read', file, () => JSON.parse(readText(fn, file, 2 ** 29, 'it is damaged')));
}
