import {
  argumentError,
  count,
  describe,
  empty,
  heap,
  isDense,
  type OptionsOf,
  option,
  settingsOf,
  withStorage,
} from '../../arrays/index.js';
import { Tensor } from '../../autograd/index.js';
import { Module } from '../../nn/index.js';
import { Bucket } from './bucket.js';
import type { Communicator } from './communicator.js';

const OPTIONS = {
  /**
   * Examples in the batch of this rank, where ranks have different numbers: each gradient counts by them. Default: all
   * ranks count the same.
   */
  examples: option<number | undefined>(undefined, count(1)),
};

/** Options of {@link averageGradients}. */
export interface AverageGradientsOptions extends OptionsOf<typeof OPTIONS> {}

/** The bucket of a list of parameters, by its first. */
const buckets = new WeakMap<Tensor, { readonly bucket: Bucket; readonly parameters: readonly Tensor[] }>();

/**
 * Replaces the gradient of each parameter by the mean over all ranks, for loops of your own: call it on all ranks
 * between `loss.backward()` and `optimizer.step()`, and before gradients are clipped. All ranks have the same bits
 * afterwards. A parameter that has no gradient on one rank counts as zero there; one that has none on any keeps none.
 *
 * Ranks that begin with the same weights, as of the same seed, and take the same optimizer keep the same weights.
 *
 * @param model - A Module, or its parameters, in the same order on all ranks.
 * @throws {TypeError | RangeError} naming what does not fit, before anything is exchanged.
 *
 * @example
 * loss.backward();
 * averageGradients(model, comm);
 * optimizer.step();
 */
export function averageGradients(
  model: Module<unknown> | Iterable<Tensor>,
  comm: Communicator,
  options: AverageGradientsOptions = {},
): void {
  const fn = 'averageGradients';
  const { examples } = settingsOf(fn, OPTIONS, options);
  const parameters = parametersOf(fn, model);
  checkCommunicator(fn, 'comm', comm);
  if (parameters.length === 0 || comm.size === 1) return;
  const bucket = bucketOf(parameters);
  const weight = examples ?? 1;
  bucket.numbers[0] = weight;
  parameters.forEach((parameter, i) => {
    bucket.put(i, parameter.lendGrad()?.data ?? null, weight);
  });
  bucket.reduce(comm);
  const factor = 1 / bucket.numbers[0];
  parameters.forEach((parameter, i) => {
    if (!bucket.has(i)) return;
    const own = parameter.lendGrad()?.data;
    const mean =
      own !== undefined && isDense(own) ? own : withStorage(heap, () => empty(parameter.shape, parameter.dtype));
    bucket.take(i, mean, factor);
    if (mean !== own) parameter.grad = new Tensor(mean);
  });
}

function bucketOf(parameters: readonly Tensor[]): Bucket {
  const known = buckets.get(parameters[0]);
  const isSame =
    known !== undefined &&
    known.parameters.length === parameters.length &&
    parameters.every((parameter, i) => parameter === known.parameters[i] && known.bucket.fits(i, parameter.data));
  if (isSame) return known.bucket;
  const made = new Bucket(
    1,
    parameters.map(({ data }) => data),
  );
  buckets.set(parameters[0], { bucket: made, parameters });
  return made;
}

function parametersOf(fn: string, model: unknown): Tensor[] {
  if (model instanceof Module) return model.parameters();
  const list = typeof model === 'object' && model !== null && Symbol.iterator in model ? [...(model as [])] : [model];
  const other = list.find((entry) => !((entry as unknown) instanceof Tensor));
  if (other === undefined && list.length > 0) return list as Tensor[];
  if (list.length === 0) return [];
  const found = `is ${describe(list.length === 1 ? model : other)}`;
  throw argumentError(TypeError, { fn, arg: 'model', found, expected: 'a Module or its parameters' });
}

/** @throws {TypeError} if `comm` is no communicator. */
export function checkCommunicator(fn: string, arg: string, comm: unknown): asserts comm is Communicator {
  const { rank, size, allReduce, broadcast, gather } = (comm ?? {}) as Partial<Communicator>;
  const isOne =
    Number.isInteger(rank) &&
    Number.isInteger(size) &&
    [allReduce, broadcast, gather].every((method) => typeof method === 'function');
  if (isOne) return;
  const expected = 'a communicator, as mpi() and singleProcess() of layerwise/distributed make';
  throw argumentError(TypeError, { fn, arg, found: `is ${describe(comm)}`, expected });
}
