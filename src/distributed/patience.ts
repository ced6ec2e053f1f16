// How a rank waits for the others.

import type { Functions } from './functions.js';

/** How often a rank asks whether the others have come before it sleeps: for some 0.2 ms. */
const POLLS = 400;
/** The same where it is crowded. */
const CROWDED_POLLS = 50;
/** For how long it sleeps between two questions, in ms. */
const NAP = 0.05;

const sleeping = new Int32Array(new SharedArrayBuffer(4));

/** Lets other processes run. */
export function nap(ms: number): void {
  Atomics.wait(sleeping, 0, 0, ms);
}

/**
 * Waits for operations that do not block. MPI spins while it waits, and takes the core from whoever else needs it: from
 * a rank that is waited for, where there are more of them than cores. So a rank that waits for longer sleeps in
 * between. Three ranks on two cores, of a machine with other work, took 15 ms for a step of 1 ms with an all-reduce,
 * and 65 ms where they spun.
 */
export class Patience {
  /** Whether there are more ranks than cores on some machine: the same on all ranks. */
  isCrowded = false;
  readonly #mpi: Functions;
  /** Room for an `MPI_Status`, which is nowhere larger than 32 bytes. */
  readonly #status = new Uint8Array(new ArrayBuffer(64));
  readonly #flag = new Int32Array(new ArrayBuffer(4));

  constructor(mpi: Functions) {
    this.#mpi = mpi;
  }

  /** Whether what was started is done. */
  isDone(request: BigInt64Array): boolean {
    this.#mpi.test(request, this.#flag, this.#status);
    return this.#flag[0] !== 0;
  }

  /** Returns when it is done. */
  await(request: BigInt64Array): void {
    const most = this.isCrowded ? CROWDED_POLLS : POLLS;
    for (let polls = 1; !this.isDone(request); polls++) if (polls > most) nap(NAP);
  }
}
