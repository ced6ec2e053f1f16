import { hostValues, type NDArray } from '../arrays/index.js';

/** The first value that is no finite number, described with the name of its array; null where all are finite. */
export function findNonFinite(arrays: Readonly<Record<string, NDArray>>): string | null {
  for (const [name, a] of Object.entries(arrays)) {
    const flat = hostValues(a);
    for (let i = 0; i < flat.length; i++) if (!Number.isFinite(flat[i])) return `${name} holds ${flat[i]}`;
  }
  return null;
}
