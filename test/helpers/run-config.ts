import type { RunConfig } from '../../src/runs/index.js';

/** The config of a run that nobody trains. */
export function runConfig(name = 'twolayer'): RunConfig {
  return {
    layerwise: '0.0.0',
    model: { name, options: { hiddenDim: 8 } },
    data: { kind: 'synthetic', path: null },
    training: { epochs: 2, batchSize: 10, optimizer: 'sgd', lr: 0.1, printEvery: 10 },
    seed: 231,
  };
}
