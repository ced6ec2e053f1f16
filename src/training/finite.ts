import { hostValues, type NDArray } from '../arrays/index.js';

/** The first value that is no finite number, with the name of its array; null where all are finite. */
export function findNonFinite(arrays: Readonly<Record<string, NDArray>>): { name: string; value: number } | null {
  for (const [name, a] of Object.entries(arrays)) {
    const flat = hostValues(a);
    for (let i = 0; i < flat.length; i++) if (!Number.isFinite(flat[i])) return { name, value: flat[i] };
  }
  return null;
}
