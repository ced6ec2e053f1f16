import { argumentError, type Floats, hostValues, type NDArray, overwrite } from '../arrays/index.js';
import { F, Tensor } from '../autograd/index.js';
import type { Arrays } from '../data/index.js';
import type { BatchTargets } from '../data/structure.js';
import { withShard } from '../layers/shard.js';
import type { Trainable } from '../optim/index.js';
import { gradOf } from '../optim/optimizers/trainable.js';
import { divergedLoss, nonFiniteIn } from './diverged-error.js';
import type { FitContext } from './fit-context.js';
import type { FitRanks } from './fit-ranks.js';
import { Bucket, broadcastValue, gatherValues, type Part } from './parallel/index.js';

/** The numbers of a bucket. Counts are in two parts, so that float32 has their sums exactly. */
const [LOSS, RIGHT, COUNT, MARK, TOLD, NUMBERS] = [0, 1, 3, 5, 7, 8];
const PART = 4096;

/** What the ranks have made of a batch. */
export interface Shared {
  readonly loss: number;
  /** Whether rank 0 has something to tell after this step. */
  readonly isTold: boolean;
}

/**
 * The forward and backward pass of a batch that ranks share: each on its part of it, with the loss as it counts in the
 * mean over the batch. One all-reduce then adds up gradients, running statistics, loss and counts, so that all ranks
 * go on with those of the whole batch.
 */
export class SharedPass {
  readonly #run: FitContext;
  readonly #ranks: FitRanks;
  /** Running statistics, which are averaged. Buffers without axes are counts, and the same on all ranks. */
  readonly #buffers: readonly NDArray[];
  /** What they held before the batch, on all ranks the same bits. */
  readonly #before: readonly Floats[];
  #trained: readonly Trainable[] = [];
  #bucket: Bucket | null = null;
  /** The gradients of the batches of a step, where it has several. */
  #sum: Bucket | null = null;
  /** The gradients of both, as parameters get them. */
  readonly #views = new WeakMap<Bucket, readonly Tensor[]>();

  constructor(run: FitContext, ranks: FitRanks) {
    this.#run = run;
    this.#ranks = ranks;
    const buffers = run.model.namedBuffers().map(([, { data }]) => data);
    this.#buffers = buffers.filter(({ shape }) => shape.length > 0);
    this.#before = this.#buffers.map((buffer) => hostValues(buffer).slice());
  }

  /**
   * One batch, within a workspace. Its gradients are added to those that the parameters have.
   *
   * @param share - What it counts in a step of several batches.
   * @param trained - The parameters in training, on all ranks the same.
   * @throws {DivergedError} on all ranks, if the loss is not finite.
   */
  take(X: Arrays, y: BatchTargets, part: Part, share: number, trained: readonly Trainable[]): Shared {
    const run = this.#run;
    const { pass, train } = run;
    const { size, total } = part;
    const bucket = this.#bucketOf(trained);
    const before = this.#setAside();
    const { right, count } = train.tally;
    const weight = this.#ranks.weightOf(y, part);
    const { sum } = this.#ranks;
    this.#buffers.forEach((buffer, i) => {
      this.#before[i].set(hostValues(buffer));
    });
    const { output, value } = withShard({ start: part.start, size, total, weight: 1, sum }, () => {
      const output = pass.forward(X, y, size, 'y');
      train.count(output, y, size);
      const loss = weight === 0 ? nothingOf(output) : pass.lossOf(output, y);
      const value = weight === 0 ? 0 : loss.item() * weight;
      (weight * share === 1 ? loss : F.mul(loss, weight * share)).backward();
      return { output, value };
    });
    this.#ranks.measure(train, { output, y });

    const { numbers } = bucket;
    numbers[LOSS] = value;
    putCount(numbers, RIGHT, train.tally.right - right);
    putCount(numbers, COUNT, train.tally.count - count);
    putCount(numbers, MARK, part.mark ?? 0);
    numbers[TOLD] = this.#ranks.telling.isPending ? 1 : 0;
    const buffers = this.#buffers;
    buffers.forEach((buffer, i) => {
      bucket.put(i, buffer, size / total);
      // A mean of equal numbers is not always the number: one that no rank changes stays as it is.
      bucket.note(i, !isSame(hostValues(buffer), this.#before[i]));
    });
    trained.forEach((param, i) => {
      bucket.put(buffers.length + i, gradOf(param)?.data ?? null);
      param.grad = null;
    });
    bucket.reduce(this.#ranks.comm);
    const [loss, isTold] = [numbers[LOSS], numbers[TOLD] > 0];
    if (countIn(numbers, MARK) !== (part.mark ?? 0) * this.#ranks.comm.size) throw this.#otherBatch();
    if (!Number.isFinite(loss)) throw this.#diverged(loss, X, y);
    train.tally.right = right + countIn(numbers, RIGHT);
    train.tally.count = count + countIn(numbers, COUNT);
    buffers.forEach((buffer, i) => {
      if (bucket.has(i)) overwrite(buffer, bucket.get(i));
    });
    this.#give(this.#added(bucket, before));
    return { loss, isTold };
  }

  /** The bucket of these parameters: another where other ones are trained than in the last step. */
  #bucketOf(trained: readonly Trainable[]): Bucket {
    const before = this.#trained;
    const buffers = this.#buffers;
    const isSame =
      this.#bucket !== null &&
      trained.length === before.length &&
      trained.every((param, i) => param === before[i] && this.#bucket?.fits(buffers.length + i, param.data));
    if (!isSame) {
      this.#trained = trained;
      this.#bucket = this.#newBucket();
      this.#sum = null;
    }
    return this.#bucket as Bucket;
  }

  #newBucket(): Bucket {
    const arrays = [...this.#buffers, ...this.#trained.map(({ data }) => data)];
    const bucket = new Bucket(NUMBERS, arrays);
    const views = this.#trained.map((_, i) => new Tensor(bucket.get(this.#buffers.length + i)));
    this.#views.set(bucket, views);
    return bucket;
  }

  /**
   * Takes from the parameters the gradients of earlier batches of the step, which are those of all ranks already.
   *
   * @returns Whether there are any.
   */
  #setAside(): boolean {
    let isAny = false;
    for (const param of this.#trained) isAny ||= gradOf(param) !== null;
    if (!isAny) return false;
    this.#sum ??= this.#newBucket();
    const [sum, n] = [this.#sum, this.#buffers.length];
    this.#trained.forEach((param, i) => {
      const gradient = gradOf(param)?.data ?? null;
      if (gradient === null || gradient.data !== sum.get(n + i).data) sum.put(n + i, gradient);
      param.grad = null;
    });
    return true;
  }

  /** The gradients of the batch with those of earlier ones. */
  #added(bucket: Bucket, isMore: boolean): Bucket {
    if (!isMore) return bucket;
    const sum = this.#sum as Bucket;
    sum.add(bucket);
    return sum;
  }

  #give(bucket: Bucket): void {
    const views = this.#views.get(bucket) as readonly Tensor[];
    const n = this.#buffers.length;
    this.#trained.forEach((param, i) => {
      if (bucket.has(n + i)) param.grad = views[i];
    });
  }

  #otherBatch(): Error {
    return argumentError(Error, {
      ...{ fn: this.#run.fn, arg: 'loader' },
      found: `gave the ranks different batches at iteration ${this.#run.history.iteration + 1}`,
      expected: 'the same order on all',
      wayOut: 'a sampler that draws has to draw from the generator that it is given, or from a seed',
    });
  }

  /** The same error on all ranks: it says what is not finite in the part of the first rank that finds something. */
  #diverged(loss: number, X: Arrays, y: BatchTargets): Error {
    const run = this.#run;
    const batch = ['batch', X, y] as const;
    const found = gatherValues(this.#ranks.comm, nonFiniteIn(batch))?.find((text) => text !== null) ?? null;
    return divergedLoss(run.progress, loss, batch, run.parameters(), broadcastValue(this.#ranks.comm, found));
  }
}

function isSame(a: Floats, b: Floats): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A loss of 0 whose gradients are 0, of a part without a label that counts. */
function nothingOf(output: unknown): Tensor {
  return F.mul(F.sum(output as Tensor), 0);
}

function putCount(numbers: { [at: number]: number }, at: number, count: number): void {
  numbers[at] = Math.floor(count / PART);
  numbers[at + 1] = count % PART;
}

function countIn(numbers: { readonly [at: number]: number }, at: number): number {
  return numbers[at] * PART + numbers[at + 1];
}
