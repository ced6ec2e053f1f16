import { resolve } from 'node:path';
import type { NDArray } from '../arrays/index.js';
import type { ScoredPart } from './evaluation.js';
import { openData } from './task.js';
import type { OnProgress, TaskData, TaskPart, Trained } from './types.js';

/** Data as far as a model is evaluated on them. */
export interface OtherData extends Pick<TaskData, 'source'> {
  readonly train: ScoredPart;
  readonly val: ScoredPart | null;
  readonly test: ScoredPart | null;
}

/** Other data of the kind that a model was trained on, prepared as those were. */
export async function otherData(
  trained: Trained,
  path: string,
  options: { readonly onProgress?: OnProgress } = {},
): Promise<OtherData> {
  const { config } = trained;
  const data = await openData({ ...config, data: { ...config.data, path: resolve(path) } }, options);
  const prepared = (part: TaskPart): ScoredPart => ({
    ...part,
    batch: (indices) => trained.prepare(part.pictures(indices) as NDArray),
  });
  const { train, val, test, source } = data;
  return { source, train: prepared(train), val: val && prepared(val), test: test && prepared(test) };
}
