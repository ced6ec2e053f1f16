// @module-tag slow

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DataLoader, fit, manualSeed, nn, optim } from '../../src/index.js';
import { defineTrial, logUniform, search, space } from '../../src/search/index.js';
import type { Report } from '../../src/search/types.js';
import { blobs } from '../helpers/nets.js';

const { XTrain, yTrain, XVal, yVal } = blobs(60, 6, 3, 1);

const trial = defineTrial(space({ lr: logUniform(1e-3, 1) }), ({ lr }, seed, report) => {
  manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(6, 8), new nn.ReLU(), new nn.Dropout(0.2), new nn.Linear(8, 3));
  const { valLossHistory } = fit(
    model,
    new DataLoader({ X: XTrain, y: yTrain }, { batchSize: 10, shuffle: true, seed }),
    {
      optimizer: new optim.SGD(model.parameters(), { lr, momentum: 0.9 }),
      epochs: report.epochs ?? 4,
      valLoader: new DataLoader({ X: XVal, y: yVal }, { batchSize: 10 }),
      checkpoint: { dir: report.dir },
      resume: true,
      verbose: false,
      onEpoch: (run) => report(run.epoch, { loss: run.valLossHistory.at(-1) ?? 0 }),
    },
  );
  return { loss: valLossHistory.at(-1) ?? 0, epochs: valLossHistory.length };
});

test('training goes on from the checkpoint of the rung before, to the bits of a whole run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'layerwise-search-fit-'));
  try {
    const strategy = { name: 'halving', trials: 4, epochs: 4, eta: 2 } as const;
    const { best, outcomes } = await search({
      trial,
      metric: 'loss',
      mode: 'min',
      strategy,
      folder: join(folder, 'a'),
    });
    expect(outcomes.map(({ error }) => error)).toEqual(outcomes.map(() => null));
    expect(best?.metrics?.epochs).toBe(4);
    const { job } = best as NonNullable<typeof best>;
    const report: Report = Object.assign(() => true, { dir: join(folder, 'whole'), epochs: 4, threads: 1 });
    expect(await trial(job.config as never, job.seed, report)).toEqual(best?.metrics);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
