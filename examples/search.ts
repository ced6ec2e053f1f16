// A search: which learning rate, width and optimizer suit a net. Successive halving trains 12 configs for one epoch,
// the best 6 of them for two, and the best 3 for four.

import { DataLoader, fit, manualSeed, models, optim, Random } from 'layerwise';
import { choice, defineTrial, integer, logUniform, search, space } from 'layerwise/search';

const configs = space({
  lr: logUniform(1e-4, 1),
  hidden: integer(2, 64, { log: true }),
  optimizer: choice('SGD', 'Adam'),
});

// Points in the plane, of which those near the middle are of class 1: to learn from, and to validate on.
const [train, val] = [0, 1].map((seed) => {
  const X = new Random(seed).randn([400, 2]);
  return { X, y: Array.from({ length: 400 }, (_, n) => Number(Math.hypot(X.get(n, 0), X.get(n, 1)) < 1.2)) };
});

/** Trains a net with a config up to an epoch. Later calls go further, from the checkpoint in `report.dir`. */
const trial = defineTrial(configs, ({ lr, hidden, optimizer }, seed, report) => {
  manualSeed(seed);
  const model = models.mlp([2, hidden, 2]);
  const { valAccHistory } = fit(model, new DataLoader(train, { batchSize: 10, shuffle: true, seed }), {
    optimizer: new optim[optimizer](model.parameters(), { lr }),
    valLoader: new DataLoader(val, { batchSize: 400 }),
    epochs: report.epochs ?? 4,
    checkpoint: { dir: report.dir },
    resume: true,
    onEpoch: (run) => report(run.valAccHistory.length, { valAcc: run.valAccHistory.at(-1) ?? 0 }),
    verbose: false,
  });
  return { valAcc: Math.max(...valAccHistory) };
});

const strategy = { name: 'halving', trials: 12, epochs: 4, eta: 2 } as const;
search({ trial, strategy, metric: 'valAcc' }).then(({ best, config, outcomes }) => {
  for (const epoch of [1, 2, 4]) {
    console.log(`up to epoch ${epoch}: ${outcomes.filter(({ job }) => job.epochs === epoch).length} trials`);
  }
  console.log(`best validation accuracy: ${best?.metrics?.valAcc.toFixed(3)}`);
  console.log(
    `found: ${config?.optimizer} with a rate of ${config?.lr.toPrecision(2)}, ${config?.hidden} hidden units`,
  );
});
