import { join } from 'node:path';
import { BEST, namesIn, PATTERN } from '../checkpoints/folder.js';
import { statOf } from '../files/index.js';

/** Whether a run has weights to open: of the best epoch, or of the last checkpoint. */
export function hasWeights(
  { model, checkpoints }: { readonly model: string; readonly checkpoints: string },
  weights: 'best' | 'last',
): boolean {
  if (weights === 'best') return [model, join(checkpoints, BEST)].some((file) => statOf('run', file) !== undefined);
  return namesIn('run', checkpoints).length > 0;
}

/** The iteration of a run's last checkpoint; null where there is none. */
export function lastCheckpoint({ checkpoints }: { readonly checkpoints: string }): number | null {
  const [, iteration] = PATTERN.exec(namesIn('run', checkpoints)[0] ?? '') ?? [];
  return iteration === undefined ? null : Number(iteration);
}
