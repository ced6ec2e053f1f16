// A run that can be stopped at any time: it is saved as it goes, and the same script, started again, continues it to
// the same bits. The best weights are loaded from its folder, as another script would.

import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkAccuracy,
  csvLogger,
  DataLoader,
  type FitAsyncOptions,
  fitAsync,
  loadCheckpoint,
  manualSeed,
  nn,
  optim,
  Random,
} from 'layerwise';

const folder = mkdtempSync(join(tmpdir(), 'layerwise-checkpoints-'));
const dir = join(folder, 'run');

// The class is the sign of a product of two of the ten features.
const X = new Random(0).randn([1000, 10]);
const y = Array.from({ length: 1000 }, (_, n) => Number(X.get(n, 0) * X.get(n, 1) > 0));
const valLoader = new DataLoader({ X: X.lo(800, 0), y: y.slice(800) }, { batchSize: 200 });

function newModel(): nn.Sequential {
  return new nn.Sequential(new nn.Linear(10, 100), new nn.ReLU(), new nn.Dropout(0.2), new nn.Linear(100, 2));
}

/** What the script does each time it is started. */
async function train(options: Partial<FitAsyncOptions>): Promise<string> {
  manualSeed(0);
  const model = newModel();
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
  const loader = new DataLoader({ X: X.hi(800, 10), y: y.slice(0, 800) }, { batchSize: 50, shuffle: true, seed: 0 });
  const { lossHistory } = await fitAsync(model, loader, {
    optimizer,
    valLoader,
    epochs: 6,
    verbose: false,
    ...options,
  });
  return lossHistory.join();
}

/** A run that is stopped in its fourth epoch, and continued. */
async function interrupted(): Promise<string> {
  const options = { checkpoint: { dir, keep: 2 }, resume: true, loggers: [csvLogger(join(folder, 'run.csv'))] };
  const stop = new AbortController();
  // A script says: process.once('SIGINT', () => stop.abort('by Ctrl-C'));
  let steps = 0;
  const onStep = (): void => {
    if (++steps === 55) stop.abort('by Ctrl-C');
  };
  try {
    await train({ ...options, onStep, signal: stop.signal });
  } catch (reason) {
    const { epoch, iteration } = loadCheckpoint(dir);
    console.log(`stopped ${reason}: ${epoch} epochs and ${iteration} steps are saved`);
  }
  return train(options);
}

async function main(): Promise<void> {
  const whole = await train({});
  console.log(`continued to the same losses: ${(await interrupted()) === whole}`);

  const best = loadCheckpoint(dir, { best: true });
  const model = newModel();
  model.loadStateDict(best.model);
  console.log(`the best, of epoch ${best.epoch}: ${checkAccuracy(valLoader, model).toFixed(3)}`);

  const epochs = readFileSync(join(folder, 'run.csv'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('epoch'));
  console.log(`rows of run.csv for epochs: ${epochs.length}`);
}

main();
