import { dtypeOf, hostRoom, hostValues, type NDArray, type Random, zeros } from '../arrays/index.js';
import { gatherRows, type Source } from './source.js';
import { type AnyBatch, type Arrays, mapParts } from './structure.js';
import type { Step } from './transforms/steps.js';
import type { BatchPlace } from './transforms/transform.js';

/** The examples of a batch that one process of several takes. */
export interface Share {
  /** The place of the first in the batch. */
  readonly start: number;
  /** How many, at least one. */
  readonly size: number;
}

/** The share of a batch of `total` examples. */
export type ShareOf = (total: number) => Share;

/** What is made in one call. */
export interface Wanted {
  /** The places in the dataset of all examples of the batch. */
  readonly indices: Int32Array;
  /** The epoch, from 0. */
  readonly epoch: number;
  /** The examples that are made, as they are in the whole batch; null: all. */
  readonly share: Share | null;
}

/** Where among the steps of a loader a share can be cut out of a batch. */
export interface Cut {
  /** The steps before it see as many examples as the batch has; those behind change each by itself and draw nothing. */
  readonly place: number;
  /** Whether a step before it may mix examples, or draw as their values say. */
  readonly isMixed: boolean;
}

export function cutOf(steps: readonly Step[]): Cut {
  const mixes = ({ recipe }: Step): boolean => recipe === undefined || recipe.of === 'batch';
  let place = steps.length;
  while (place > 0 && !mixes(steps[place - 1]) && !steps[place - 1].recipe?.draws) place--;
  return { place, isMixed: steps.some(mixes) };
}

/**
 * A batch after the steps, or a share of it: then all examples are read where a step mixes them. Else only its own are,
 * and transforms get zeros in the place of the others: what the library's draw does not depend on values.
 */
export function makeBatch(source: Source, steps: readonly Step[], cut: Cut, wanted: Wanted, random: Random): AnyBatch {
  const { indices, share } = wanted;
  if (share === null) return applySteps(source.gather(indices), steps, random, wanted);
  if (cut.isMixed) return applyAndCut(source.gather(indices), steps, cut.place, { ...wanted, share }, random);
  const own = placeOf(share, wanted);
  const [X, ...targets] = source.gather(own.indices);
  if (cut.place === 0) return applySteps([X, ...targets] as AnyBatch, steps, random, own);
  const padded = mapParts(X, '', (part) => padRows(part as NDArray, share, indices.length)) as Arrays;
  const [made] = applyAndCut([padded], steps, cut.place, { ...wanted, share }, random);
  return [made, ...targets] as unknown as AnyBatch;
}

/** The batch after the steps; `share` is cut out of it after `place` of them, if there are so many. */
export function applyAndCut(
  batch: AnyBatch,
  steps: readonly Step[],
  place: number,
  wanted: Wanted & { readonly share: Share },
  random: Random,
): AnyBatch {
  const { share } = wanted;
  const whole = applySteps(batch, steps.slice(0, place), random, wanted);
  if (place > steps.length) return whole;
  const rows = Int32Array.from({ length: share.size }, (_, n) => share.start + n);
  const own = whole.map((parts) => mapParts(parts, '', (part) => gatherRows(part as NDArray | Int32Array, rows)));
  return applySteps(own as unknown as AnyBatch, steps.slice(place), random, placeOf(share, wanted));
}

export function applySteps(batch: AnyBatch, steps: readonly Step[], random: Random, place: BatchPlace): AnyBatch {
  return steps.reduce((made, step) => step.apply(made, random, place), batch);
}

/** The examples of a share. */
function placeOf({ start, size }: Share, { indices, epoch }: Wanted): BatchPlace & { readonly indices: Int32Array } {
  return { indices: indices.subarray(start, start + size), epoch };
}

/** The rows of a share at their places among `total`, the others zeros. */
function padRows(rows: NDArray, { start }: Share, total: number): NDArray {
  const [size, ...rest] = rows.shape;
  const out = zeros([total, ...rest], dtypeOf(rows));
  hostRoom(out).set(hostValues(rows), (start * rows.size) / size);
  return out;
}
