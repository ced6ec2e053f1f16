import { argumentError, hostValues, isNDArray } from '../arrays/index.js';
import { DataLoader } from '../data/index.js';
import type { BatchTargets } from '../data/structure.js';
import type { Module } from '../nn/index.js';
import type { EpochScores } from './epoch-scores.js';
import type { CheckedFitOptions } from './fit-options.js';
import { Joined, valuesOf } from './metric.js';
import {
  broadcastValue,
  type Communicator,
  checkSameBits,
  gatherValues,
  type Part,
  partOf,
  Telling,
  together,
} from './parallel/index.js';

/** What one rank has of a batch that is scored. */
interface Scored {
  readonly scores: unknown;
  readonly y: unknown;
}

/** The losses of the batches of a pass over the validation examples, of this rank's parts. */
interface Losses {
  /** Each multiplied by its weight. */
  readonly sums: number[];
  readonly weights: number[];
  /** The examples of the whole batches. */
  readonly totals: number[];
}

/** A run of `fit` as one of several processes: what they share batch by batch, and how they put it together. */
export class FitRanks {
  readonly comm: Communicator;
  readonly #fn: string;
  readonly #options: CheckedFitOptions;
  readonly #losses = new WeakMap<EpochScores, Losses>();
  readonly telling: Telling;
  /** What batch normalization adds up over all parts with; null where it takes the part alone. */
  readonly sum: ((values: Float64Array) => void) | null;

  /** @param setRate - Sets the learning rate of the following steps. */
  constructor(fn: string, comm: Communicator, options: CheckedFitOptions, setRate: (rate: number) => void) {
    this.comm = comm;
    this.#fn = fn;
    this.#options = options;
    this.telling = new Telling(comm, setRate);
    this.sum = options.syncBatchnorm ? (values) => void comm.allReduce(values) : null;
  }

  /** The part of a batch that this rank trains on. @throws {RangeError} if one would have none. */
  readonly trained = (total: number): Part => {
    if (total < this.comm.size) throw tooFew(this.#fn, 'loader', `gave a batch of ${total}`, this.comm.size);
    return partOf(this.comm, total);
  };

  /**
   * The part of a batch that this rank scores: all of one that would leave a rank with less than two examples, too few
   * for a batch normalization by rank. Rank 0 counts it.
   */
  readonly scored = (total: number): Part =>
    total < 2 * this.comm.size ? { start: 0, size: total, total } : partOf(this.comm, total);

  /**
   * What the loss of this rank's part counts in the mean over the batch: its share of the examples, or of the labels
   * that count where the default loss may ignore some. NaN where no label of the batch counts.
   */
  weightOf(y: BatchTargets, { size, total }: Part): number {
    if (!this.#mayIgnore(y)) return size / total;
    const counted = this.#counted(y);
    return counted / this.comm.allReduce(Float64Array.of(counted))[0];
  }

  /** Whether the default loss ignores labels of such targets. The answer is the same on all ranks. */
  #mayIgnore(y: BatchTargets): boolean {
    const { loss, ignoreIndex } = this.#options;
    return loss === undefined && (isNDArray(y) || ignoreIndex >= 0);
  }

  /** How many labels the default loss counts. */
  #counted(y: BatchTargets): number {
    const { ignoreIndex } = this.#options;
    const labels = isNDArray(y) ? hostValues(y) : (y as Int32Array);
    let counted = 0;
    for (let i = 0; i < labels.length; i++) if (labels[i] !== ignoreIndex) counted++;
    return counted;
  }

  /** Gives metrics the whole batch, on rank 0. @param own - Null where this rank has no part of it. */
  measure(scores: EpochScores, own: { readonly output: unknown; readonly y: BatchTargets } | null): void {
    if (Object.keys(this.#options.metrics).length === 0) return;
    const sent = own && { scores: valuesOf(own.output), y: own.y };
    const parts = gatherValues<Scored | null>(this.comm, sent)?.filter((part) => part !== null);
    if (parts === undefined) return;
    const [all, targets] = [new Joined(), new Joined()];
    for (const part of parts) {
      all.add(part.scores);
      targets.add(part.y);
    }
    const differ = (name: string): Error => new TypeError(`${this.#fn}: the ranks' outputs differ in kind${name}`);
    scores.metrics.add(all.all(differ), targets.all(differ) as BatchTargets);
  }

  /** The results of metrics, which rank 0 has computed. */
  results(scores: EpochScores): Record<string, number> {
    if (Object.keys(this.#options.metrics).length === 0) return {};
    const own = together(this.#fn, this.comm, () => (this.comm.rank === 0 ? scores.metrics.results() : {}));
    return broadcastValue(this.comm, own);
  }

  /** Takes in what the model made of this rank's part of a batch of the validation examples. */
  score(scores: EpochScores, output: unknown, y: BatchTargets, loss: number, { size, total }: Part): void {
    const isCounted = size < total || this.comm.rank === 0;
    if (isCounted) scores.count(output, y, size);
    const weight = !isCounted ? 0 : this.#mayIgnore(y) ? this.#counted(y) : size;
    const losses = this.#losses.get(scores) ?? { sums: [], weights: [], totals: [] };
    this.#losses.set(scores, losses);
    losses.sums.push(weight === 0 ? 0 : loss * weight);
    losses.weights.push(weight);
    losses.totals.push(total);
    this.measure(scores, isCounted ? { output, y } : null);
  }

  /** Puts what all ranks have scored into the scores of each. */
  reduceScores(scores: EpochScores): void {
    const { tally } = scores;
    const { sums, weights, totals } = this.#losses.get(scores) ?? { sums: [], weights: [], totals: [] };
    const n = totals.length;
    const all = this.comm.allReduce(
      Float64Array.of(tally.right, tally.count, tally.finite ? 0 : 1, ...sums, ...weights),
    );
    Object.assign(tally, { right: all[0], count: all[1], finite: all[2] === 0 });
    for (let i = 0; i < n; i++) scores.addLoss(all[3 + i] / all[3 + n + i], totals[i]);
  }

  /** @throws {Error} on all ranks, if parameters or buffers of one are not those of rank 0. */
  verify(model: Module<unknown>, iteration: number): void {
    const named = [
      ...model.namedParameters().map(([name, { data }]) => [`the parameter ${name}`, data] as const),
      ...model.namedBuffers().map(([name, { data }]) => [`the buffer ${name}`, data] as const),
    ];
    checkSameBits(this.#fn, this.comm, named, `after iteration ${iteration}`);
  }
}

/** @throws {RangeError} if a loader has a batch of fewer examples than there are ranks. */
export function checkEnough(fn: string, { size }: Communicator, loader: unknown): void {
  if (!(loader instanceof DataLoader)) return;
  const { batchSize, length, sampler } = loader;
  if (batchSize < size) throw tooFew(fn, 'loader', `has batches of ${batchSize}`, size);
  const last = sampler.length - (length - 1) * batchSize;
  if (last < size) throw tooFew(fn, 'loader', `has a last batch of ${last}`, size, 'dropLast leaves it out, or choose');
}

function tooFew(fn: string, arg: string, batch: string, size: number, wayOut = 'choose'): Error {
  const examples = batch.endsWith(' 1') ? 'example' : 'examples';
  const expected = `at least ${size}, one for each rank`;
  return argumentError(RangeError, {
    ...{ fn, arg, found: `${batch} ${examples}`, expected },
    wayOut: `${wayOut} another batchSize`,
  });
}
