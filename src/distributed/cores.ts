// Which ranks share their cores.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

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
