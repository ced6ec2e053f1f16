import { adopted, isNDArray } from '../../arrays/index.js';
import { mapParts } from '../../data/structure.js';
import type { Communicator } from './communicator.js';

/** The examples of a batch that one rank takes. */
export interface Part {
  /** The place of the first of them in the batch. */
  readonly start: number;
  readonly size: number;
  /** The examples of the whole batch. */
  readonly total: number;
}

/** The part of a batch that a rank takes: of `total` examples the `rank`-th of `size` parts, as even as they get. */
export function partOf({ rank, size }: Pick<Communicator, 'rank' | 'size'>, total: number): Part {
  const start = Math.floor((rank * total) / size);
  return { start, size: Math.floor(((rank + 1) * total) / size) - start, total };
}

/** The examples of a part, of arrays and labels in any structure: views of the same memory. */
export function cut<T>(values: T, { start, size }: Part): T {
  return mapParts(values, '', (part) => {
    if (!isNDArray(part)) return (part as Int32Array).subarray(start, start + size);
    const rest: number[] = part.shape.slice(1);
    return adopted(part.lo(start, ...rest.map(() => 0)).hi(size, ...rest));
  }) as T;
}
