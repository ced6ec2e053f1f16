import {
  heap,
  isNDArray,
  MAX_RANK,
  markChanged,
  type NDArray,
  typedArrayName,
  withStorage,
  wrap,
} from '../arrays/index.js';
import type { Communicator, Reduction, Values } from '../training/parallel/index.js';
import type { Call, Intent } from './agreement.js';
import { checkReduction, checkRoot, valuesOf } from './arguments.js';
import type { Handles, Kind } from './handles.js';
import { KINDS, REDUCTIONS, ranksByCall } from './intents.js';
import { abortJob, awaitAbort, isAtEnd, leaveAtExit, type Member } from './leaving.js';

/** Axes and their sizes, as ranks tell each other before they gather. */
const SHAPE_ROOM = 1 + MAX_RANK;

/**
 * Bytes that are reduced at a time. The library makes room for as many again in each call, which the system hands out
 * page by page where they are more: 40 MB of two ranks took 19 ms in one piece, and 11 ms in pieces of 16 MB. Smaller
 * ones gain nothing, and cost where ranks share a core.
 */
const PIECE = 16 << 20;

/** The processes of a job of MPI, which is running. */
export class MpiCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  readonly #member: Member;
  readonly #handles: Handles;
  readonly #request = new BigInt64Array(new ArrayBuffer(8));
  #hasEnded = false;

  constructor(member: Member, handles: Handles) {
    this.rank = member.rank;
    this.size = member.size;
    this.#member = member;
    this.#handles = handles;
    leaveAtExit(member, () => {
      this.#hasEnded = true;
    });
  }

  allReduce<T extends NDArray | Values>(array: T, op: Reduction = 'sum'): T {
    const values = valuesOf('allReduce', array);
    checkReduction('allReduce', op);
    const { inPlace, kinds, ops, world } = this.#handles;
    const kind = kindOf(values);
    this.#agree('allReduce', KINDS.indexOf(kind), values.length, REDUCTIONS.indexOf(op), 0);
    const { mpi, patience } = this.#member;
    const step = PIECE / values.BYTES_PER_ELEMENT;
    for (let from = 0; from < values.length; from += step) {
      const piece = values.length <= step ? values : values.subarray(from, from + step);
      if (patience.isCrowded) {
        mpi.iallreduce(inPlace, piece, piece.length, kinds[kind], ops[op], world, this.#request);
        patience.await(this.#request);
      } else mpi.allreduce(inPlace, piece, piece.length, kinds[kind], ops[op], world);
    }
    announce(array);
    return array;
  }

  broadcast<T extends NDArray | Values>(array: T, root = 0): T {
    const values = valuesOf('broadcast', array);
    checkRoot('broadcast', root, this.size);
    const { kinds, world } = this.#handles;
    const kind = kindOf(values);
    this.#agree('broadcast', KINDS.indexOf(kind), values.length, 0, root);
    this.#member.mpi.bcast(values, values.length, kinds[kind], root, world);
    if (this.rank !== root) announce(array);
    return array;
  }

  gather<T extends NDArray | Values>(array: T, root = 0): T[] | null {
    const values = valuesOf('gather', array);
    checkRoot('gather', root, this.size);
    const { kinds, world } = this.#handles;
    const kind = kindOf(values);
    this.#agree('gather', KINDS.indexOf(kind), 0, 0, root);

    const { mpi } = this.#member;
    const shapes = this.#shapes(isNDArray(array) ? array.shape : [values.length]);
    if (this.rank !== root) {
      mpi.gatherv(values, values.length, kinds[kind], null, null, null, kinds[kind], root, world);
      return null;
    }
    const counts = Int32Array.from(shapes, (shape) => shape.reduce((size, n) => size * n, 1));
    const places = new Int32Array(this.size);
    for (let r = 1; r < this.size; r++) places[r] = places[r - 1] + counts[r - 1];
    const all = new CLASSES[kind](places[this.size - 1] + counts[this.size - 1]);
    mpi.gatherv(values, values.length, kinds[kind], all, counts, places, kinds[kind], root, world);
    return shapes.map((shape, r) => {
      const part = all.slice(places[r], places[r] + counts[r]);
      return (isNDArray(array) ? withStorage(heap, () => wrap(part as Float32Array, shape)) : part) as T;
    });
  }

  barrier(): void {
    this.#agree('barrier', 0, 0, 0, 0); // no rank comes out of it before all have come to it
  }

  abort(message: string): never {
    abortJob(this.#member, `rank ${this.rank} of ${this.size}: ${message}`, 1);
  }

  /** Returns when all ranks do this. @throws {Error} on all alike, if they do not. */
  #agree(call: Call, kind: number, count: number, op: number, root: number): void {
    if (this.#hasEnded) throw new Error(`${call}: the communicator has ended with the process, which is at its exit`);
    const { agreement } = this.#member;
    agreement.start(call, kind, count, op, root);
    const intents = agreement.wait();
    if (intents !== null) this.#refuse(call, intents);
  }

  #refuse(call: Call, intents: readonly Intent[]): never {
    if (intents.some(isAtEnd)) awaitAbort(this.#member);
    const expected = 'the same function on all, with arrays of one size and type';
    throw new Error(`${call}: the calls of the ranks do not match (${ranksByCall(intents)}), expected ${expected}`);
  }

  /** The shapes of the arrays of all ranks. */
  #shapes(shape: readonly number[]): number[][] {
    const { kinds, world } = this.#handles;
    const own = new Int32Array(SHAPE_ROOM);
    own[0] = shape.length;
    own.set(shape, 1);
    const all = new Int32Array(SHAPE_ROOM * this.size);
    this.#member.mpi.allgather(own, SHAPE_ROOM, kinds.Int32Array, all, SHAPE_ROOM, kinds.Int32Array, world);
    return Array.from({ length: this.size }, (_, r) => {
      const at = SHAPE_ROOM * r;
      return Array.from(all.subarray(at + 1, at + 1 + all[at]));
    });
  }
}

const CLASSES = { Float32Array, Float64Array, Int32Array, Uint8Array };

function kindOf(values: Values): Kind {
  return typedArrayName(values) as Kind;
}

/** Lets the tape know that values have changed. */
function announce(array: NDArray | Values): void {
  if (isNDArray(array)) markChanged(array);
}
