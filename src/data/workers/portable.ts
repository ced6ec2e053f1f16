import { argumentError, describe, dtypeOf, hostValues, isNDArray, type NDArray, wrap } from '../../arrays/index.js';
import { type AnyDataset, keep, TensorDataset } from '../dataset.js';
import { PORTABLE, type PortableDataset } from '../portable.js';
import { mapParts } from '../structure.js';

/**
 * A dataset as plain data.
 *
 * @throws {TypeError} if it is of a kind that only this thread has.
 */
export function portable(fn: string, dataset: AnyDataset): PortableDataset {
  const describeIt = (dataset as { [PORTABLE]?: () => PortableDataset })[PORTABLE];
  const isOwn = ownerOf(dataset, PORTABLE) === ownerOf(dataset, 'get');
  if (describeIt !== undefined && isOwn) return describeIt.call(dataset);
  const isArrays = dataset instanceof TensorDataset ? dataset.get === TensorDataset.prototype.get : !('get' in dataset);
  if (isArrays && 'X' in dataset) {
    const { length, X, y } = keep(fn, ['dataset.X', 'dataset.y'], dataset.X, dataset.y);
    const shared = (parts: unknown): unknown =>
      mapParts(parts, '', (part) => (isNDArray(part) ? inShared(part) : part));
    return { kind: 'arrays', length, X: shared(X), y: shared(y) };
  }
  const found = `is ${describe(dataset)}`;
  const expected = 'arrays, an imageFolder or a workerDataset where there are workers';
  const wayOut = "workerDataset(new URL('./dataset.mjs', import.meta.url)) makes one of a module in every thread";
  throw argumentError(TypeError, { fn, arg: 'dataset', found, expected, wayOut });
}

/** The object or prototype that has a method: a class of the user's may have its own `get`, and inherit the rest. */
function ownerOf(object: object, method: string | symbol): object | null {
  let owner: object | null = object;
  while (owner !== null && !Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner);
  return owner;
}

/** A copy of an array in memory that threads share; the array itself if it is there already. */
function inShared(a: NDArray): NDArray {
  const values = hostValues(a);
  if (values.buffer instanceof SharedArrayBuffer) return a;
  const memory = new SharedArrayBuffer(values.byteLength);
  const copy = dtypeOf(a) === 'float64' ? new Float64Array(memory) : new Float32Array(memory);
  copy.set(values);
  return wrap(copy, a.shape);
}
