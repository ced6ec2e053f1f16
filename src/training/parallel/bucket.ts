import {
  type DType,
  dtypeOf,
  type Floats,
  hostRoom,
  markChanged,
  type NDArray,
  ndarray,
  operand,
} from '../../arrays/index.js';
import { kernels, residentZeros } from '../../kernels/index.js';
import type { Communicator } from './communicator.js';

/** Values between two arrays of a bucket: each begins at a multiple of 64 bytes. */
const ALIGNED = 16;

/** An array of a bucket. */
interface Place {
  readonly dtype: DType;
  /** Where its presence is noted, among the bucket's numbers. */
  readonly flag: number;
  /** Its memory in the bucket, for kernels. */
  readonly room: Floats;
  /** The same, in the shape of the array. */
  readonly view: NDArray;
}

/**
 * Copies of several arrays that ranks add up at once: they lie one behind the other in WebAssembly memory, which is
 * reduced in place, those of each dtype by one all-reduce. In front are some numbers, which are added up too.
 */
export class Bucket {
  /**
   * Numbers that are added up with the arrays, in the precision of the first array: whole numbers are exact up to 2²⁴.
   */
  readonly numbers: Floats;
  readonly #flats: readonly NDArray[];
  readonly #places: readonly Place[];

  /**
   * A bucket for arrays of the shapes and dtypes of `like`, on all ranks the same.
   *
   * @param count - Of its numbers.
   */
  constructor(count: number, like: readonly NDArray[]) {
    const dtypes = [...new Set(like.map(dtypeOf))];
    if (dtypes.length === 0) dtypes.push('float64');
    const ends = new Map(dtypes.map((dtype, i) => [dtype, i === 0 ? aligned(count + like.length) : 0]));
    const starts = like.map((a) => {
      const start = ends.get(dtypeOf(a)) as number;
      ends.set(dtypeOf(a), start + aligned(a.size));
      return start;
    });
    const flats = new Map(dtypes.map((dtype) => [dtype, residentZeros([ends.get(dtype) as number], dtype)]));
    this.#flats = [...flats.values()];
    const { data } = this.#flats[0];
    this.numbers = data.subarray(0, count);
    this.#places = like.map((a, i) => {
      const dtype = dtypeOf(a);
      const { data } = flats.get(dtype) as NDArray;
      const room = data.subarray(starts[i], starts[i] + a.size);
      const view = ndarray(data, [...a.shape], undefined, starts[i]) as NDArray;
      return { dtype, flag: count + i, room, view };
    });
  }

  /** Whether an array of this size and dtype has the place `i`. */
  fits(i: number, a: NDArray): boolean {
    const { dtype, view } = this.#places[i];
    return dtypeOf(a) === dtype && a.size === view.size;
  }

  /** Copies an array to its place, multiplied by `weight`. @param a - Null where this rank has none, which is zero. */
  put(i: number, a: NDArray | null, weight = 1): void {
    const { room } = this.#places[i];
    this.note(i, a !== null);
    if (a === null) room.fill(0);
    else kernels().scale(operand(a), room, weight);
  }

  /** Says whether this rank has an array at the place `i`, whatever it has put there. */
  note(i: number, isThere: boolean): void {
    this.#flats[0].data[this.#places[i].flag] = isThere ? 1 : 0;
  }

  /** Puts the sums over all ranks into the place of what each has put there. */
  reduce(comm: Communicator): void {
    for (const flat of this.#flats) {
      comm.allReduce(flat);
      markChanged(flat);
    }
  }

  /** Whether any rank had an array at the place `i`, once it is reduced. */
  has(i: number): boolean {
    return this.#flats[0].data[this.#places[i].flag] > 0;
  }

  /** What is at the place `i`: a view of the bucket's memory. */
  get(i: number): NDArray {
    return this.#places[i].view;
  }

  /** Copies what is at the place `i` into a dense array, multiplied by `weight`. */
  take(i: number, target: NDArray, weight = 1): void {
    kernels().scale(this.#places[i].room, hostRoom(target), weight);
    markChanged(target);
  }

  /** Adds what is in another bucket of the same arrays, but for the numbers. */
  add(other: Bucket): void {
    const front = this.numbers.length;
    this.#flats.forEach(({ data }, i) => {
      const from = i === 0 ? front : 0;
      kernels().add(data.subarray(from), other.#flats[i].data.subarray(from), data.subarray(from));
      markChanged(this.#flats[i]);
    });
  }
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNED) * ALIGNED;
}
