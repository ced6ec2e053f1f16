import { join } from 'node:path';
import { readText, statOf, writeAtomically } from '../files/index.js';
import { parseJson } from '../formats/index.js';
import type { Preprocessing } from './types.js';

/** The file of a run's folder that has its {@link Preprocessing}. */
export const PREPROCESSING_FILE = 'preprocessing.json';

/** How deep it may be nested. */
const DEPTH = 8;

/** Writes what a run has learned of its training examples into its folder, in one piece. */
export function writePreprocessing(fn: string, dir: string, preprocessing: Preprocessing): void {
  writeAtomically(fn, join(dir, PREPROCESSING_FILE), `${JSON.stringify(preprocessing)}\n`);
}

/** What {@link writePreprocessing} wrote; null where there is no such file. */
export function readPreprocessing(fn: string, dir: string): Preprocessing | null {
  const file = join(dir, PREPROCESSING_FILE);
  if (statOf(fn, file) === undefined) return null;
  const text = readText(fn, file, 2 ** 29, 'it is damaged');
  parseJson({ fn, file }, PREPROCESSING_FILE, text, DEPTH);
  const preprocessing = JSON.parse(text) as Preprocessing;
  const odd = oddPart(preprocessing);
  if (odd === null) return preprocessing;
  throw new Error(
    `${fn}: ${file} has no ${odd} that fits, expected what \`layerwise train\` wrote; train the run again`,
  );
}

/** The name of a part that is missing or of the wrong kind; null where all are as they should be. */
function oddPart(found: Preprocessing | null): string | null {
  const areNumbers = (value: unknown): boolean => Array.isArray(value) && value.every(Number.isFinite);
  const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string');
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
  const isScaler = (value: Partial<Record<'mean' | 'std', unknown>> | null): boolean =>
    value === null || (isObject(value) && areNumbers(value.mean) && areNumbers(value.std));
  if (found?.kind !== 'images' && found?.kind !== 'rows') return 'kind';
  const axes = found.kind === 'images' ? 3 : 1;
  const isShape = areNumbers(found.inputShape) && found.inputShape.length === axes;
  if (!isShape || !found.inputShape.every((n) => Number.isSafeInteger(n) && n > 0)) return 'inputShape';
  if (!areTexts(found.classes) && !(found.kind === 'rows' && found.classes === null)) return 'classes';
  if (found.kind === 'images') {
    if (!areNumbers(found.mean)) return 'mean';
    return found.std === null || areNumbers(found.std) ? null : 'std';
  }
  if (!areTexts(found.inputs)) return 'inputs';
  if (!areTexts(found.targets)) return 'targets';
  if (!isObject(found.categories) || !Object.values(found.categories).every(areTexts)) return 'categories';
  if (!isScaler(found.standardize)) return 'standardize';
  if (!isScaler(found.standardizeTargets)) return 'standardizeTargets';
  return isObject(found.reading) ? null : 'reading';
}
