import type { NDArray } from '../arrays/index.js';

/** Arrays by name: what `stateDict()` of a module or classifier returns, and its `loadStateDict` takes. */
export type StateDict = Readonly<Record<string, NDArray>>;

/** What a safetensors file holds. */
export interface Safetensors {
  /** The arrays by name, in the order of the file; an object without a prototype, so that any name is an entry. */
  readonly tensors: Record<string, NDArray>;
  /** The dtype of each array in the file: `F32`, `I64`, … */
  readonly dtypes: Readonly<Record<string, string>>;
  /** The file's texts by name (`__metadata__`). */
  readonly metadata: Record<string, string>;
}
