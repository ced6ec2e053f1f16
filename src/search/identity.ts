import { createHash } from 'node:crypto';
import type { Config } from './types.js';

/** Letters of a trial's name: 64 bits of a hash. */
const LETTERS = 16;

/**
 * The name of a trial: a hash of its config and its seed, whatever the order of the config's names.
 *
 * @returns 16 hexadecimal digits.
 */
export function trialId(config: Config, seed: number): string {
  const entries = Object.entries(config).filter(([, value]) => value !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([entries, seed]))
    .digest('hex')
    .slice(0, LETTERS);
}
