import { isError } from '../../arrays/index.js';
import type { Communicator } from './communicator.js';
import { broadcastValue, gatherValues } from './messages.js';

/** What stands in an error of `fn` behind its name. */
function withoutName(fn: string, message: string): string {
  return message.startsWith(`${fn}: `) ? message.slice(fn.length + 2) : message;
}

/**
 * Runs `work` on all ranks, which has to be one of which the ranks do not exchange anything.
 *
 * @param fn - The function to name in errors.
 * @returns What `work` returns.
 * @throws {Error} on all ranks if `work` throws on one: there its own error, elsewhere one that names the first rank
 *   that has failed and says the same.
 */
export function together<T>(fn: string, comm: Communicator, work: () => T): T {
  let result: T | undefined;
  let failure: { readonly error: unknown } | null = null;
  try {
    result = work();
  } catch (error) {
    failure = { error };
  }
  const failed = new Int32Array(comm.size);
  failed[comm.rank] = failure === null ? 0 : 1;
  const first = comm.allReduce(failed).findIndex((count) => count > 0);
  if (first < 0) return result as T;
  const own = failure && (isError(failure.error) ? failure.error.message : String(failure.error));
  const message = broadcastValue(comm, own, first);
  if (failure !== null) throw failure.error;
  throw new Error(`${fn}: rank ${first} of ${comm.size}: ${withoutName(fn, message ?? '')}`);
}

/** What the ranks compare before they work together: plain values, by names. */
export type Facts = { readonly [name: string]: string | number | boolean | null | Facts };

/** How many differences are listed. */
const MOST = 12;

/** @throws {RangeError} on all ranks, the same one, if the facts of one are not those of rank 0: what differs. */
export function checkAlike(fn: string, comm: Communicator, own: Facts): void {
  const all = gatherValues(comm, own);
  const lines = (all ?? []).flatMap((facts, rank) => differences('', facts, (all as Facts[])[0], rank));
  const shown = lines.length > MOST ? [...lines.slice(0, MOST), `${lines.length - MOST} more`] : lines;
  const message = broadcastValue(comm, shown.join('; '));
  if (message === '') return;
  const wayOut = 'start all ranks with one program, the same options and the same data';
  throw new RangeError(`${fn}: the ranks differ: ${message}: ${wayOut}`);
}

function differences(path: string, facts: Facts, first: Facts, rank: number): string[] {
  return Object.keys({ ...first, ...facts }).flatMap((name) => {
    const at = path === '' ? name : `${path}${path.includes(' ') ? ' ' : '.'}${name}`;
    const [mine, other] = [facts[name] ?? null, first[name] ?? null];
    if (isTree(mine) && isTree(other)) return differences(at, mine, other, rank);
    if (mine === other) return [];
    if (name === 'values') return [`${path} has other values on rank ${rank} than on rank 0`];
    return [`${at} is ${shown(mine)} on rank ${rank}, ${shown(other)} on rank 0`];
  });
}

function isTree(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  if (value === null) return 'missing';
  return isTree(value) ? 'given' : String(value);
}
