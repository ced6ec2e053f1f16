// The main job: trains a two-layer net on CIFAR-10 with the notebook's settings. `--help` lists the options.

import { Command } from 'commander';
import { TwoLayerNet } from '../src/index.js';
import { withDataOptions } from './cifar10-data.js';
import { finish, nonNegative, wholeNumber } from './options.js';
import { leads, withRankOptions } from './ranks.js';
import { trainOnImages } from './training-report.js';

const command = withRankOptions(
  withDataOptions(
    new Command('train-two-layer-net').description('Trains a two-layer net on CIFAR-10 and reports its test accuracy.'),
  ),
)
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
  leads(command.opts());
  const { hidden: hiddenDim, weightScale, reg, seed } = options;
  trainOnImages(new TwoLayerNet({ hiddenDim, weightScale, reg, seed }), 'sgd', command.opts());
});
