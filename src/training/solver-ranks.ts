import { heapCopy, isError, type NDArray } from '../arrays/index.js';
import type { Model, Params } from '../classifiers/model.js';
import { type Shard, withShard } from '../layers/index.js';
import { Bucket, type Communicator, checkSameBits, type Part, Telling, together } from './parallel/index.js';
import type { Statistics } from './parameters.js';

/** What a pass over a minibatch gives. */
interface Pass {
  readonly loss: number;
  readonly grads: Params;
}

/** What {@link SolverRanks.average} gives: the means over the minibatch, and the loss of the part of this rank. */
export interface SharedPass extends Pass {
  readonly own: number;
}

const FN = 'Solver';

/** The processes that train a Solver's model: each computes a part of every minibatch. */
export class SolverRanks {
  readonly comm: Communicator;
  /** What rank 0 tells the others between two steps. */
  readonly telling: Telling;
  /** Whether batch normalization takes the statistics of the whole minibatch. */
  readonly #sync: boolean;
  /** The room in which gradients and running statistics are added up; null before the first step. */
  #bucket: { readonly bucket: Bucket; readonly count: number } | null = null;
  /** Whether rank 0 had something to tell when the last step began. */
  #isTold = false;

  /** @param setRate - Sets the learning rate of the following steps. */
  constructor(comm: Communicator, sync: boolean, setRate: (rate: number) => void) {
    this.comm = comm;
    this.telling = new Telling(comm, setRate);
    this.#sync = sync;
  }

  /** Passes on what rank 0 had to tell when the last step began. */
  listen(): void {
    if (this.#isTold) this.telling.pass();
    this.#isTold = false;
  }

  /** @throws {Error} on all ranks if parameters or running statistics are not the same on all. */
  verify(model: Model, iteration: number): void {
    const params = Object.entries(model.params).map(([name, a]) => [`the parameter ${name}`, a] as const);
    const statistics = statisticsIn(model).map(({ title, array }) => [title, array] as const);
    checkSameBits(FN, this.comm, [...params, ...statistics], `after iteration ${iteration}`);
  }

  /** Runs a pass of the model over a part of a batch. Its loss and gradients are means over that. */
  within<T>({ start, size, total }: Part, pass: () => T): T {
    const sum = this.#sync ? (values: Float64Array) => void this.comm.allReduce(values) : null;
    const shard: Shard = { start, size, total, weight: size / total, sum };
    if (sum === null) return withShard(shard, pass);
    try {
      return withShard(shard, pass);
    } catch (error) {
      // The others wait for a sum in the middle of the pass.
      return this.comm.abort(`${FN}: rank ${this.comm.rank} of ${this.comm.size}: ${messageOf(error)}`);
    }
  }

  /**
   * Runs a pass over the part of this rank, and makes loss, gradients and running statistics the means over the whole
   * minibatch, in one sum over the ranks: the same bits on all.
   *
   * @returns Gradients that the next call overwrites.
   * @throws {Error} on all ranks if the pass throws on one.
   */
  average(model: Model, part: Part, run: () => Pass): SharedPass {
    const weight = part.size / part.total;
    let pass: Pass | null = null;
    let failure: { readonly error: unknown } | null = null;
    try {
      pass = this.within(part, run);
    } catch (error) {
      failure = { error };
    }
    const settle = () =>
      together(FN, this.comm, () => {
        if (failure !== null) throw failure.error;
      });
    // Only a pass has running statistics of the right shapes.
    if (this.#bucket === null) settle();
    const names = Object.keys(model.params);
    // Synchronized ones are the same on all ranks.
    const statistics = this.#sync ? [] : statisticsIn(model);
    const bucket = this.#room([...Object.values(model.params), ...statistics.map(({ array }) => array)]);
    const own = pass?.loss ?? 0;
    bucket.numbers.set([own * weight, failure === null ? 0 : 1, this.telling.isPending ? 1 : 0]);
    names.forEach((name, i) => {
      bucket.put(i, pass?.grads[name] ?? null, weight);
    });
    statistics.forEach(({ array }, i) => {
      bucket.put(names.length + i, array, weight);
    });
    bucket.reduce(this.comm);
    if (bucket.numbers[1] > 0) settle();
    this.#isTold = bucket.numbers[2] > 0;
    statistics.forEach(({ of, name }, i) => {
      of[name] = heapCopy(bucket.get(names.length + i));
    });
    const grads = Object.fromEntries(names.map((name, i) => [name, bucket.get(i)]));
    return { loss: bucket.numbers[0], own, grads };
  }

  /** A bucket for such arrays: the last one, unless the model has replaced parameters by others. */
  #room(like: readonly NDArray[]): Bucket {
    const known = this.#bucket;
    if (known !== null && known.count === like.length && like.every((a, i) => known.bucket.fits(i, a))) {
      return known.bucket;
    }
    const bucket = new Bucket(3, like);
    this.#bucket = { bucket, count: like.length };
    return bucket;
  }
}

/** Running statistics of a model: where they belong, and what errors call them. */
interface Statistic {
  readonly of: Mutable<Statistics>;
  readonly name: keyof Statistics;
  readonly title: string;
  readonly array: NDArray;
}

function statisticsIn({ bnParams = [] }: Model): Statistic[] {
  return bnParams.flatMap((of, i) =>
    (['runningMean', 'runningVar'] as const).flatMap((name) => {
      const array = of[name];
      return array === undefined ? [] : [{ of, name, title: `bnParams[${i}].${name}`, array }];
    }),
  );
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
