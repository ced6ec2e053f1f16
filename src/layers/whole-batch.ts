import { dtypeOf, empty, hostRoom, hostValues, type NDArray } from '../arrays/index.js';
import { currentShard, isSynchronized } from './shard.js';

/** A batch that several processes share, as one normalization sees it. */
export interface WholeBatch {
  /** Its values per channel. */
  readonly count: number;
  /** What the gradients of this process's part count in the sum over all. */
  readonly weight: number;
  /** Puts the sums over all processes into `values`. */
  readonly sum: (values: Float64Array) => void;
}

/**
 * Makes the mean and the (biased) variance of a part those of the whole batch, where processes synchronize them:
 * `mean = Σ count·mean / Σ count`, then `variance = Σ count·(variance + (mean of the part − mean)²) / Σ count`, in
 * float64 and in two sums over the processes, so that the variance survives a mean far larger than the spread. All
 * processes get the same bits. There is no slot for each part, which would make the sums grow with the processes.
 *
 * @param count - The values per channel of the part.
 * @returns The whole batch; null where the part is all of it or goes by its own statistics, and nothing changes.
 */
export function mergeMoments(mean: NDArray, variance: NDArray, count: number): WholeBatch | null {
  const shard = currentShard();
  if (!isSynchronized(shard)) return null;
  const [means, variances] = [hostValues(mean), hostValues(variance)];
  const C = means.length;
  const firsts = new Float64Array(C + 1);
  for (let c = 0; c < C; c++) firsts[c] = count * means[c];
  firsts[C] = count;
  shard.sum(firsts);
  const total = firsts[C];
  const seconds = new Float64Array(C);
  for (let c = 0; c < C; c++) {
    firsts[c] /= total;
    seconds[c] = count * (variances[c] + (means[c] - firsts[c]) ** 2);
  }
  shard.sum(seconds);
  for (let c = 0; c < C; c++) seconds[c] /= total;
  hostRoom(mean).set(firsts.subarray(0, C));
  hostRoom(variance).set(seconds);
  return { count: total, weight: shard.weight, sum: shard.sum };
}

/**
 * What the gradient takes from the statistics: `slope = −gamma·Σ dout·x̂ / (M·std)` and
 * `level = −gamma·Σ dout / (M·std)`, one value a channel, of sums over the whole batch of M values per channel. The
 * gradients of a part count `weight` in them, and the result is in the units of this part.
 *
 * @param dgamma - Σ dout·x̂ of the part.
 * @param dbeta - Σ dout of the part.
 */
export function sumGradients(
  dgamma: NDArray,
  dbeta: NDArray,
  gamma: NDArray,
  variance: NDArray,
  eps: number,
  { count, weight, sum }: WholeBatch,
): [slope: NDArray, level: NDArray] {
  const C = gamma.size;
  const sums = new Float64Array(2 * C);
  sums.set(hostValues(dgamma));
  sums.set(hostValues(dbeta), C);
  for (let i = 0; i < 2 * C; i++) sums[i] *= weight;
  sum(sums);
  const [gammas, variances] = [hostValues(gamma), hostValues(variance)];
  const [slope, level] = [empty([C], dtypeOf(gamma)), empty([C], dtypeOf(gamma))];
  const [slopes, levels] = [hostRoom(slope), hostRoom(level)];
  for (let c = 0; c < C; c++) {
    const share = -gammas[c] / (Math.sqrt(variances[c] + eps) * count * weight);
    slopes[c] = share * sums[c];
    levels[c] = share * sums[C + c];
  }
  return [slope, level];
}
