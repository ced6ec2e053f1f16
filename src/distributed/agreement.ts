// Before the ranks exchange values they compare what each of them is about to do. Otherwise a rank that calls another
// function than the others, or has come to its end, would leave them waiting for ever, or with values of other arrays.

import type { Functions } from './functions.js';
import type { Handles } from './handles.js';
import type { Patience } from './patience.js';

/** What a rank does next: a function of the communicator, or nothing any more. */
export const CALLS = ['end', 'allReduce', 'broadcast', 'gather', 'barrier'] as const;
export type Call = (typeof CALLS)[number];

/** The numbers that describe a call; of an end: the exit code, a hash of the error. */
export type Details = readonly [kind: number, count: number, op: number, root: number];

/** What one rank does: the place of its call in {@link CALLS}, and the details. */
export type Intent = readonly [call: number, ...details: Details];

const FIELDS = 5;

/**
 * One small all-reduce over all ranks, of the greatest and the least of each number, which costs 2 µs in a machine. It
 * does not block, so that a rank at its end can sleep until the others have come to theirs.
 */
export class Agreement {
  readonly #mpi: Functions;
  readonly #handles: Handles;
  readonly #size: number;
  readonly #patience: Patience;
  /** The numbers of this rank, then their negatives. In buffers of their own, which never move. */
  readonly #own = new Int32Array(new ArrayBuffer(8 * FIELDS));
  readonly #bounds = new Int32Array(new ArrayBuffer(8 * FIELDS));
  readonly #request = new BigInt64Array(new ArrayBuffer(8));

  constructor(mpi: Functions, handles: Handles, size: number, patience: Patience) {
    this.#mpi = mpi;
    this.#handles = handles;
    this.#size = size;
    this.#patience = patience;
  }

  /** Tells the others what this rank does. */
  start(call: Call, kind: number, count: number, op: number, root: number): void {
    const own = this.#own;
    own[0] = CALLS.indexOf(call);
    own[1] = kind;
    own[2] = count;
    own[3] = op;
    own[4] = root;
    const bounds = this.#bounds;
    for (let i = 0; i < FIELDS; i++) {
      bounds[i] = own[i];
      bounds[FIELDS + i] = -own[i];
    }
    const { inPlace, kinds, ops, world } = this.#handles;
    this.#mpi.iallreduce(inPlace, bounds, 2 * FIELDS, kinds.Int32Array, ops.max, world, this.#request);
  }

  /** Whether all ranks have told what they do. */
  isDone(): boolean {
    return this.#patience.isDone(this.#request);
  }

  /** Waits until all ranks have told what they do. @returns As {@link outcome}. */
  wait(): Intent[] | null {
    this.#patience.await(this.#request);
    return this.outcome();
  }

  /** Null where all ranks do the same, to the last number; else what each does. */
  outcome(): Intent[] | null {
    const bounds = this.#bounds;
    let isSame = true;
    for (let i = 0; i < FIELDS; i++) isSame &&= bounds[i] === -bounds[FIELDS + i];
    return isSame ? null : this.#collected();
  }

  /** All ranks see the same bounds, so all of them come here, or none. */
  #collected(): Intent[] {
    const { kinds, world } = this.#handles;
    const all = new Int32Array(new ArrayBuffer(4 * FIELDS * this.#size));
    this.#mpi.allgather(this.#own, FIELDS, kinds.Int32Array, all, FIELDS, kinds.Int32Array, world);
    const of = (rank: number) => Array.from(all.subarray(FIELDS * rank, FIELDS * (rank + 1)));
    return Array.from({ length: this.#size }, (_, rank) => of(rank) as unknown as Intent);
  }
}
