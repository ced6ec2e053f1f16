// How many cores each of the ranks of a machine may use.

import { readFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';

/**
 * What the ranks that share their cores have in common: the machine, and the cores that they may run on, which a
 * launcher may have divided among them.
 */
export function placeOfCores(): string {
  return `${hostname()} ${allowedCores()}`;
}

function allowedCores(): string {
  try {
    return /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  } catch {
    return ''; // not Linux
  }
}

/** Threads for one of `ranks` that share their cores. */
export function threadsOfRank(ranks: number, cores: number = availableParallelism()): number {
  return Math.max(1, Math.floor(cores / ranks));
}
