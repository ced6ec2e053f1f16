import { adopted, fingerprint, hostValues, isNDArray } from '../../arrays/index.js';
import { mapParts } from '../../data/structure.js';
import type { Communicator } from './communicator.js';

/** The examples of a batch that one rank takes. */
export interface Part {
  /** The place of the first of them in the batch. */
  readonly start: number;
  readonly size: number;
  /** The examples of the whole batch. */
  readonly total: number;
  /** 24 bits by which this batch is told from others: the same on all ranks. */
  readonly mark?: number;
}

/** The part of a batch that a rank takes: of `total` examples the `rank`-th of `size` parts, as even as they get. */
export function partOf({ rank, size }: Pick<Communicator, 'rank' | 'size'>, total: number): Part {
  const start = Math.floor((rank * total) / size);
  return { start, size: Math.floor(((rank + 1) * total) / size) - start, total };
}

/** The mark of a batch: of the places of its examples in a dataset, or of some of the numbers of its inputs. */
export function markOf(batch: unknown): number {
  let text = '';
  mapParts(batch, '', (part) => {
    if (text === '') text = fingerprint(isNDArray(part) ? hostValues(part) : (part as Int32Array), 64);
  });
  return Number.parseInt(text.slice(0, 6), 16);
}

/** The examples of a part, of arrays and labels in any structure: views of the same memory. */
export function cut<T>(values: T, { start, size }: Part): T {
  return mapParts(values, '', (part) => {
    if (!isNDArray(part)) return (part as Int32Array).subarray(start, start + size);
    const rest: number[] = part.shape.slice(1);
    return adopted(part.lo(start, ...rest.map(() => 0)).hi(size, ...rest));
  }) as T;
}
