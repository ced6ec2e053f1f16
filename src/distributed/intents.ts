// What ranks do, in words.

import { CALLS, type Intent } from './agreement.js';
import type { Kind } from './handles.js';

/** The kinds of values by the numbers that ranks exchange. */
export const KINDS: readonly Kind[] = ['Float32Array', 'Float64Array', 'Int32Array', 'Uint8Array'];
/** The reductions likewise. */
export const REDUCTIONS = ['sum', 'min', 'max'] as const;

const DTYPES = ['float32', 'float64', 'int32', 'uint8'];

/** `allReduce of 10 float32 (sum)`. */
export function described([call, kind, count, op, root]: Intent): string {
  const name = CALLS[call];
  if (name === 'allReduce') return `${name} of ${count} ${DTYPES[kind]} (${REDUCTIONS[op]})`;
  if (name === 'broadcast') return `${name} of ${count} ${DTYPES[kind]} from rank ${root}`;
  if (name === 'gather') return `${name} of ${DTYPES[kind]} on rank ${root}`;
  return name;
}

/** Which ranks do what: `rank 0: allReduce of 10 float32 (sum); ranks 1, 2: barrier`. */
export function ranksByCall(intents: readonly Intent[]): string {
  const ranks = new Map<string, number[]>();
  for (const [rank, intent] of intents.entries()) {
    const call = described(intent);
    ranks.set(call, [...(ranks.get(call) ?? []), rank]);
  }
  return Array.from(ranks, ([call, those]) => `${namedRanks(those)}: ${call}`).join('; ');
}

/** `rank 1`, `ranks 1, 2`, `ranks 1, 2, 3, 4 and 996 more`. */
export function namedRanks(ranks: readonly number[]): string {
  const shown = ranks.slice(0, 4).join(', ');
  const more = ranks.length > 4 ? ` and ${ranks.length - 4} more` : '';
  return `${ranks.length === 1 ? 'rank' : 'ranks'} ${shown}${more}`;
}
