// Ranks that come to their end in the way that an argument names, after one reduction.

import { mpi } from '../../src/distributed/index.js';

if (process.argv[2] === 'unstarted' && process.env.PMI_RANK === '1') process.env.LAYERWISE_MPI = 'libno.so.1';
const ranks = mpi();
const { rank, size } = ranks;
const isLast = rank === size - 1;
const values = new Float32Array(10);
ranks.allReduce(values);

/** Keeps this thread busy, as a long step does. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

function train(): void {
  for (;;) {
    ranks.allReduce(values);
    work(5);
  }
}

const ways: Readonly<Record<string, () => void>> = {
  /** All come to their end, one much later than the others. */
  apart: () => {
    if (rank === 0) work(700);
    process.on('exit', () => console.log(`rank ${rank} has ended`));
  },
  'exit-alone': () => (isLast ? process.exit(0) : train()),
  'code-alone': () => (isLast ? process.exit(3) : train()),
  'throw-alone': () => {
    if (!isLast) return train();
    process.on('exit', () => console.log('written at exit'));
    throw new TypeError('on purpose\nand more');
  },
  'throw-while-others-work': () => {
    if (!isLast) return work(20_000);
    throw new Error('on purpose');
  },
  'reject-alone': () => {
    if (!isLast) return train();
    void Promise.reject(new Error('nobody waits for this'));
  },
  'throw-alike': () => {
    throw new RangeError('the same on all');
  },
  'throw-differing': () => {
    throw new Error(`of rank ${Math.min(rank, 1)}`);
  },
  'code-alike': () => {
    if (rank === 0) console.error('the one line');
    process.exitCode = 2;
  },
  abort: () => (isLast ? ranks.abort('the disk is full') : train()),
  killed: () => (isLast ? process.kill(process.pid, 'SIGKILL') : train()),
  late: () => {
    process.on('exit', () => {
      try {
        ranks.barrier();
      } catch (error) {
        if (rank === 0) console.log((error as Error).message);
      }
    });
  },
};
ways[process.argv[2]]();
