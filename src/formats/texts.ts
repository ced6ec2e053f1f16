import { isPlainObject, type Range } from '../arrays/index.js';
import { hasHalfPair } from './parse-json.js';

/** Whether a value is an object of texts, whose names and texts UTF-8 can say. */
export function isTexts(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || !isPlainObject(value)) return false;
  return Object.entries(value).every((pair) => pair.every((text) => typeof text === 'string' && !hasHalfPair(text)));
}

/** The metadata of a file, or null. */
export const TEXTS: Range = {
  allows: (value) => value === null || isTexts(value),
  expected: 'an object of texts by name, in Unicode',
  Kind: TypeError,
};
