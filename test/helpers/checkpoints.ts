import { array, zeros } from '../../src/arrays/index.js';
import type { NewCheckpoint } from '../../src/checkpoints/index.js';

/** A small checkpoint, with something of everything. */
export function someCheckpoint(iteration = 500, values: Partial<Record<string, unknown>> = {}): NewCheckpoint {
  return {
    kind: 'fit',
    iteration,
    epoch: Math.floor(iteration / 100),
    config: { batchSize: 64, seed: 'a', schedule: null },
    state: {
      model: { 'fc.weight': array([1, -0, Number.NaN, 1e-40], [2, 2]), 'fc.bias': array([0.1, 2], [2], 'float64') },
      history: { lossHistory: Array.from({ length: 100 }, (_, i) => Math.sin(i)), epoch: 5 },
      best: zeros([0, 3]),
      ...values,
    },
  };
}
