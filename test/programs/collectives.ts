// Calls every function of the communicator on all ranks, and prints what each rank has got, one line of JSON a rank.

import { createHash } from 'node:crypto';
import ndarray from 'ndarray';
import { mpi } from '../../src/distributed/index.js';
import { array, kernelInfo, Random } from '../../src/index.js';
import { resident } from '../../src/kernels/index.js';

const ranks = mpi();
const { rank, size } = ranks;
const digest = (values: ArrayBufferView): string =>
  createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');

function message(work: () => unknown): string {
  try {
    work();
    return 'no error';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Numbers whose sum depends on the order of its terms. */
const uneven = new Random(`rank ${rank}`).randn([100_003], 'float32');
const wide = new Random(`wide ${rank}`).randn([3, 5], 'float64');
const inWasm = resident(array([rank + 1, 2 * (rank + 1)]));
const memory = inWasm.data;
const part = array([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const row = ndarray(part.data, [2], [1], 2);

const results = {
  same: mpi() === ranks,
  rank,
  size,
  threads: kernelInfo().threads,
  sums: digest(ranks.allReduce(uneven).data),
  wide: Array.from(ranks.allReduce(wide).data),
  long: digest(ranks.allReduce(new Float64Array(2_100_000).fill(rank + 1))),
  inWasm: [Array.from(ranks.allReduce(inWasm).data), inWasm.data === memory],
  row: Array.from(ranks.allReduce(row as typeof part).data),
  least: Array.from(ranks.allReduce(Float64Array.of(rank, -rank), 'min')),
  greatest: Array.from(ranks.allReduce(Uint8Array.of(rank, 200 + rank), 'max')),
  integers: Array.from(ranks.allReduce(Int32Array.of(rank, -5))),
  none: ranks.allReduce(new Float32Array(0)).length,
  fromLast: Array.from(ranks.broadcast(Float64Array.of(rank, 7), size - 1)),
  gathered: ranks.gather(Int32Array.from({ length: rank + 1 }, () => rank))?.map((part) => Array.from(part)) ?? null,
  shapes: ranks.gather(array([[rank, rank]]), size - 1)?.map(({ shape, data }) => [shape, Array.from(data)]) ?? null,
  differing: message(() => ranks.allReduce(new Float32Array(rank === 0 ? 3 : 4))),
  other: message(() => (rank === 0 ? ranks.barrier() : ranks.broadcast(new Int32Array(2)))),
};
ranks.barrier();
console.log(JSON.stringify(results));
