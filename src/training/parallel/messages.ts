import { requireBuiltin } from '../../node.js';
import type { Communicator } from './communicator.js';

// Values are sent as the bytes of v8.serialize: plain objects, lists, texts, numbers of any kind, typed arrays. Arrays
// lose their methods on the way, and `isNDArray` gives them back.

const FN = 'distributed';

/**
 * Gives all ranks what `root` has.
 *
 * @param value - Plain values and arrays; of the other ranks it is not read.
 */
export function broadcastValue<T>(comm: Communicator, value: T, root = 0): T {
  const { deserialize, serialize } = requireBuiltin(FN, 'node:v8');
  const isRoot = comm.rank === root;
  const bytes = isRoot ? Uint8Array.from(serialize(value)) : null;
  const [length] = comm.broadcast(Float64Array.of(bytes?.length ?? 0), root);
  const sent = comm.broadcast(bytes ?? new Uint8Array(length), root);
  return isRoot ? value : (deserialize(sent) as T);
}

/** Collects what the ranks have. @returns By rank, on rank 0; null elsewhere. */
export function gatherValues<T>(comm: Communicator, value: T): T[] | null {
  const { deserialize, serialize } = requireBuiltin(FN, 'node:v8');
  const all = comm.gather(Uint8Array.from(serialize(value)));
  return all?.map((bytes) => deserialize(bytes) as T) ?? null;
}
