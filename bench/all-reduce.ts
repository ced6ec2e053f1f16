// What it costs the ranks of a job to add up an array, against a copy of the same bytes within one process:
//
//   npx -c 'mpiexec -n 2 ts-node bench/all-reduce.ts'
//   npx -c 'mpiexec -n 2 ts-node bench/all-reduce.ts --rounds 100 --json'
//   MPIR_CVAR_NOLOCAL=1 npx -c 'mpiexec -n 2 ts-node bench/all-reduce.ts'     over the network alone (MPICH)
//
// The arrays lie in the memory of the kernels. Measures by turns: a barrier, and for each size the all-reduce and the
// copy. Rank 0 prints the fastest and the median time of each; `gigabytesPerSecond` is that of the array's bytes.

import { Command } from 'commander';
import { mpi } from '../src/distributed/index.js';
import { resident, residentZeros } from '../src/kernels/index.js';
import type { Communicator } from '../src/training/parallel/index.js';

/** Bytes of float32 numbers. */
const SIZES = [64 << 10, 1 << 20, 4 << 20, 16 << 20, 40 << 20];

/** Times of one kind, in µs. */
interface Times {
  readonly fastest: number;
  readonly median: number;
}

function main(): void {
  const { rounds, json } = new Command('all-reduce')
    .description('Times an all-reduce over all ranks, and a copy of the same bytes.')
    .option('--rounds <n>', 'rounds, of which the fastest and the median are taken', Number, 30)
    .option('--json', 'one line of JSON')
    .allowExcessArguments(false)
    .parse()
    .opts<{ rounds: number; json?: boolean }>();
  const ranks = mpi();
  const runs = SIZES.map((bytes) => measured(ranks, bytes, rounds));
  const barrier = timesOf(Array.from({ length: 100 * rounds }, () => timed(() => ranks.barrier())));
  if (ranks.rank > 0) return;
  if (json) {
    console.log(JSON.stringify({ ranks: ranks.size, node: process.version, barrier, runs }));
    return;
  }
  console.log(`${ranks.size} ranks, Node ${process.version}; times in µs, fastest (median)`);
  console.log(`barrier ${shown(barrier)}`);
  for (const { bytes, reduce, copy, gigabytesPerSecond } of runs) {
    const ratio = (reduce.fastest / copy.fastest).toFixed(1);
    const speed = `${gigabytesPerSecond.toFixed(1)} GB/s`;
    console.log(`${bytes / 1024} KB: all-reduce ${shown(reduce)}, ${speed}; copy ${shown(copy)}; ratio ${ratio}`);
  }
}

function measured(ranks: Communicator, bytes: number, rounds: number) {
  const sums = residentZeros([bytes / 4], 'float32');
  const target = resident(sums);
  const [reduces, copies]: number[][] = [[], []];
  for (let round = 0; round < rounds + 2; round++) {
    ranks.barrier();
    const reduce = timed(() => ranks.allReduce(sums));
    const copy = timed(() => target.data.set(sums.data));
    // The first ones touch memory that was never used.
    if (round < 2) continue;
    reduces.push(reduce);
    copies.push(copy);
  }
  const [reduce, copy] = [timesOf(reduces), timesOf(copies)];
  return { bytes, reduce, copy, gigabytesPerSecond: bytes / reduce.fastest / 1000 };
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return 1000 * (performance.now() - began);
}

function timesOf(times: number[]): Times {
  times.sort((a, b) => a - b);
  return { fastest: times[0], median: times[times.length >> 1] };
}

function shown({ fastest, median }: Times): string {
  const digits = fastest < 100 ? 1 : 0;
  return `${fastest.toFixed(digits)} (${median.toFixed(digits)})`;
}

main();
