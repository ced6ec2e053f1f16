// A sanity check before any long run: nets of three and of five layers learn 50 images by heart within 20 epochs.

import { Command } from 'commander';
import { FullyConnectedNet, kernelInfo, Solver } from '../src/index.js';
import { loadImages, withDataOptions } from './cifar10-data.js';
import { describeKernels, finish, wholeNumber } from './options.js';

/** Layers, and the weight scale and learning rate for that depth: a deeper net needs smaller ones. */
const NETS = [
  { layers: 3, weightScale: 3e-2, learningRate: 4e-3 },
  { layers: 5, weightScale: 6e-2, learningRate: 3e-3 },
];

const command = withDataOptions(
  new Command('overfit-small-data').description(
    'Trains a three-layer and a five-layer net on 50 images until they know them by heart.',
  ),
)
  .option('--epochs <n>', 'passes over the images', wholeNumber, 20)
  .option('--hidden <n>', 'units of each hidden layer', wholeNumber, 100)
  .option('--seed <seed>', 'seed of the weights and the minibatches', '231')
  .allowExcessArguments(false)
  .parse();
const options = command.opts();

finish(() => {
  const { data } = loadImages(options.data, { numTraining: 50 }, options.synthetic);
  console.log(describeKernels(kernelInfo()));

  let learnt = true;
  for (const { layers, weightScale, learningRate } of NETS) {
    console.log(`\n${layers} layers, weight scale ${weightScale}, learning rate ${learningRate}`);
    const hidden = new Array<number>(layers - 1).fill(options.hidden);
    const model = new FullyConnectedNet(hidden, { weightScale, seed: options.seed });
    const solver = new Solver(model, data, {
      updateRule: 'sgd',
      optimConfig: { learningRate },
      batchSize: 25,
      numEpochs: options.epochs,
      numTrainSamples: null,
      seed: options.seed,
    });
    solver.train();
    const best = Math.max(...solver.trainAccHistory);
    const epoch = Math.ceil(
      (solver.trainAccHistory.indexOf(best) * options.epochs) / (solver.trainAccHistory.length - 1),
    );
    console.log(`Best training accuracy ${(100 * best).toFixed(0)} %, reached in epoch ${epoch}`);
    learnt &&= best === 1;
  }
  if (!learnt) process.exitCode = 1;
});
