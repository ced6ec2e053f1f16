import { openRows } from './csv-data.js';
import { openImages } from './image-data.js';
import type { OnProgress, RunConfig, TaskData } from './types.js';

/**
 * The data of a config, read and split: the same config gives the same examples in the same order.
 *
 * @param options - `fn`: what errors begin with. `onProgress`: told of work that takes a while.
 */
export async function openData(
  config: RunConfig,
  { fn = 'openData', onProgress = () => {} }: { fn?: string; onProgress?: OnProgress } = {},
): Promise<TaskData> {
  return config.data.kind === 'csv' ? openRows(fn, config, onProgress) : openImages(fn, config, onProgress);
}
