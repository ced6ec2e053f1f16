import { hostValues, type NDArray } from '../../arrays/index.js';
import type { Communicator } from './communicator.js';
import { broadcastValue, gatherValues } from './messages.js';

/**
 * Compares arrays of all ranks, bit by bit as far as a hash of 64 bits tells.
 *
 * @param named - On all ranks the same arrays, by what errors call them.
 * @param when - `after iteration 40`.
 * @throws {Error} on all ranks, naming the first array that differs and the ranks that have others than rank 0.
 */
export function checkSameBits(
  fn: string,
  comm: Communicator,
  named: readonly (readonly [name: string, a: NDArray])[],
  when: string,
): void {
  const own = Int32Array.from(named.flatMap(([, a]) => hashOf(a)));
  const [least, greatest] = [comm.allReduce(own.slice(), 'min'), comm.allReduce(own.slice(), 'max')];
  const place = least.findIndex((hash, i) => hash !== greatest[i]);
  if (place < 0) return;
  const first = place >> 1;
  const hashes = gatherValues(comm, [...own.subarray(2 * first, 2 * first + 2)].join());
  const others = (hashes ?? []).flatMap((hash, rank) => (hash === (hashes as string[])[0] ? [] : [rank]));
  const ranks = broadcastValue(comm, `${others.length === 1 ? 'rank' : 'ranks'} ${others.join(', ')}`);
  const wayOut = 'what changes it has to be the same on all ranks';
  throw new Error(`${fn}: ${named[first][0]} of ${ranks} differs from that of rank 0 ${when}: ${wayOut}`);
}

/** Two words by which the bits of two arrays are told apart. */
function hashOf(a: NDArray): [number, number] {
  const values = hostValues(a);
  const words = new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);
  let [one, two] = [0x811c9dc5, 0x9e3779b9];
  for (let i = 0; i < words.length; i++) {
    one = Math.imul(one ^ words[i], 0x01000193);
    two = Math.imul(two ^ (words[i] >>> 15) ^ one, 0x85ebca6b) + words[i];
    one ^= one >>> 15;
  }
  return [one | 0, two | 0];
}
