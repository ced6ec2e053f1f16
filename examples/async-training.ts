// Training that leaves the event loop free: timers, input and requests are served between the steps, callbacks may be
// asynchronous, and an AbortSignal stops the training between two steps.

import { setTimeout as sleep } from 'node:timers/promises';
import { DataLoader, fitAsync, manualSeed, nn, optim, Random, Solver, TwoLayerNet } from 'layerwise';

// The class is the sign of a product of two of the ten features.
const X = new Random(0).randn([1000, 10]);
const y = Array.from({ length: 1000 }, (_, n) => Number(X.get(n, 0) * X.get(n, 1) > 0));

/** A module: its training is stopped by a signal, as the button of a page would. */
async function stopped(): Promise<void> {
  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(10, 100), new nn.ReLU(), new nn.Linear(100, 2));
  const loader = new DataLoader({ X, y }, { batchSize: 50, shuffle: true, seed: 0 });
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });

  const stop = new AbortController();
  let steps = 0;
  const onStep = (): void => {
    if (++steps === 150) stop.abort('no longer wanted');
  };
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  try {
    await fitAsync(model, loader, { optimizer, epochs: 1000, onStep, verbose: false, signal: stop.signal });
  } catch (reason) {
    console.log(`stopped after ${steps} steps: ${reason}`);
  } finally {
    clearInterval(timer);
  }
  console.log(`timers ran during the training: ${ticks > 0}`);
}

/** A classifier: its training runs to the end, and waits after each epoch for an asynchronous callback. */
async function complete(): Promise<void> {
  const data = { XTrain: X.hi(800, 10), yTrain: y.slice(0, 800), XVal: X.lo(800, 0), yVal: y.slice(800) };
  const model = new TwoLayerNet({ inputDim: 10, hiddenDim: 100, numClasses: 2, weightScale: 0.3, seed: 0 });
  let reports = 0;
  const onEpoch = async (): Promise<void> => {
    await sleep(1); // a request to a server, for example
    reports++;
  };
  const optimConfig = { learningRate: 1e-2 };
  const options = { updateRule: 'adam', optimConfig, numEpochs: 5, batchSize: 50, seed: 0, verbose: false } as const;
  const solver = new Solver(model, data, { ...options, onEpoch });
  await solver.trainAsync();
  console.log(`reports: ${reports}`);
  console.log(`validation accuracy: ${solver.bestValAcc.toFixed(3)}`);
}

stopped().then(complete);
