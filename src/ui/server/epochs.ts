import type { EpochRow, RunState } from '../protocol.js';

/** Whether a run in this state makes no further step. */
export function isOver(state: RunState): boolean {
  return state === 'finished' || state === 'interrupted' || state === 'failed';
}

/** The evaluation with the best validation accuracy; without accuracies that with the lowest validation loss. */
export function bestOf(epochs: readonly EpochRow[]): EpochRow | null {
  let best: EpochRow | null = null;
  for (const row of epochs) if (best === null || isBetter(row, best)) best = row;
  return best;
}

function isBetter(row: EpochRow, best: EpochRow): boolean {
  if (row.valAcc !== null) return best.valAcc === null || row.valAcc > best.valAcc;
  if (best.valAcc !== null || row.valLoss === null) return false;
  return best.valLoss === null || row.valLoss < best.valLoss;
}
