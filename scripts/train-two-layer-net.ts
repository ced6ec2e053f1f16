// The main job: trains a two-layer net on CIFAR-10 with the notebook's settings. `--help` lists the options.

import { Command } from 'commander';
import { kernelInfo, Solver, TwoLayerNet } from '../src/index.js';
import { loadImages } from './cifar10-data.js';
import { KeptHistory } from './kept-history.js';
import { describeKernels, finish, nonNegative, wholeNumber } from './options.js';
import { historyOf, reportTraining } from './training-report.js';

const command = new Command('train-two-layer-net')
  .description('Trains a two-layer net on CIFAR-10 and reports its test accuracy.')
  .option('--data <dir>', 'folder with the binary batches (default: CIFAR10_DIR, else data/, else synthetic pictures)')
  .option('--synthetic', 'draw synthetic pictures without looking for CIFAR-10')
  .option('--epochs <n>', 'passes over the training images', wholeNumber, 10)
  .option('--hidden <n>', 'units of the hidden layer', wholeNumber, 100)
  .option('--batch <n>', 'images to a minibatch', wholeNumber, 100)
  .option('--lr <rate>', 'learning rate of SGD', nonNegative, 1e-3)
  .option('--lr-decay <factor>', 'factor on the learning rate after each epoch', nonNegative, 0.95)
  .option('--reg <strength>', 'strength of the L2 penalty', nonNegative, 0)
  .option('--weight-scale <std>', 'standard deviation of the initial weights', nonNegative, 1e-3)
  .option('--train <n>', 'images to train on', wholeNumber, 49000)
  .option('--print-every <n>', 'iterations between two lines of loss', wholeNumber, 100)
  .option('--seed <seed>', 'seed of the weights and the minibatches', '231')
  .option('--out <file>', 'where the history goes', 'results/two-layer-net.json')
  .allowExcessArguments(false)
  .parse();
const options = command.opts();

finish(() => {
  const begin = performance.now();
  const images = loadImages(options.data, { numTraining: options.train, numTest: 10000 }, options.synthetic);
  const loaded = performance.now();
  console.log(describeKernels(kernelInfo()));
  const kept = new KeptHistory(options.out);

  const model = new TwoLayerNet({
    hiddenDim: options.hidden,
    weightScale: options.weightScale,
    reg: options.reg,
    seed: options.seed,
  });
  const solver = new Solver(model, images.data, {
    updateRule: 'sgd',
    optimConfig: { learningRate: options.lr },
    lrDecay: options.lrDecay,
    batchSize: options.batch,
    numEpochs: options.epochs,
    printEvery: options.printEvery,
    seed: options.seed,
    onIteration: (solver) => kept.keep(() => ({ data: images.source, options, ...historyOf(solver) })),
  });
  solver.train();
  const trained = performance.now();

  reportTraining(solver, images, { begin, loaded, trained }, options, kept);
});
