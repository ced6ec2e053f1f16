import type { NDArray } from '../arrays/index.js';
import type { TaskPart } from './types.js';

/** Pictures and their labels, values 0 to 255. */
export interface Pictures {
  readonly dataset: TaskPart['dataset'] & { readonly length: number };
  readonly labels: Int32Array;
}

/** Pictures in parts, as they are in the files. */
export interface RawImages {
  readonly train: Pictures;
  readonly val: Pictures | null;
  readonly test: Pictures | null;
  readonly classes: readonly string[];
  readonly shape: readonly number[];
  /** Of the training pictures, where it is known already. */
  readonly meanImage: NDArray | null;
  readonly title: string;
}
