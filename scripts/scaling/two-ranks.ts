// Started by scaling-out.ts, twice at the same time: `mpiexec -n 2`. Rank 0 prints what was measured, as JSON.

import { zeros } from '../../src/arrays/index.js';
import { mpi } from '../../src/distributed/index.js';
import { configureKernels } from '../../src/kernels/index.js';
import { resident } from '../../src/kernels/resident.js';
import { trainingNets } from '../../src/workloads/index.js';

const SIZES = [1 << 16, 1 << 20, 4 << 20, 10 << 20, 16 << 20, 40 << 20];
const [rounds, seconds] = process.argv.slice(2).map(Number);

configureKernels({ threads: 1 });
const comm = mpi();
const twoRanks: Record<string, number> = {};
const allReduces: Record<string, number> = {};
for (let round = 0; round < rounds; round++) {
  for (const bytes of SIZES) {
    const values = resident(zeros([bytes / 4]));
    keep(
      allReduces,
      `${bytes}`,
      fastestTogether(() => void comm.allReduce(values)),
    );
  }
  for (const [name, net] of Object.entries(trainingNets)) {
    const bucket = resident(zeros([net.bytes() / 4]));
    const step = net.step(net.batch / 2);
    keep(
      twoRanks,
      name,
      fastestTogether(() => {
        step();
        comm.allReduce(bucket);
      }),
    );
  }
}
if (comm.rank === 0) {
  const sizes = SIZES.map((bytes) => ({ bytes, seconds: allReduces[bytes] }));
  process.stdout.write(`${JSON.stringify({ twoRanks, allReduces: sizes })}\n`);
}

function keep(times: Record<string, number>, name: string, time: number): void {
  times[name] = Math.min(times[name] ?? Number.POSITIVE_INFINITY, time);
}

/** Seconds of the fastest call: all ranks make as many calls. */
function fastestTogether(fn: () => void): number {
  for (let i = 0; i < 3; i++) fn();
  const once = timeOf(fn);
  const [count] = comm.broadcast(new Int32Array([Math.max(5, Math.ceil(seconds / once))]));
  let best = once;
  for (let i = 0; i < count; i++) best = Math.min(best, timeOf(fn));
  return comm.allReduce(new Float64Array([best]), 'max')[0];
}

function timeOf(fn: () => void): number {
  const begun = performance.now();
  fn();
  return (performance.now() - begun) / 1e3;
}
