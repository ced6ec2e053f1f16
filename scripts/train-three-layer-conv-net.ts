// Trains a three-layer convolutional net on CIFAR-10 with the notebook's settings. `--help` lists the options.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { type NDArray, savePng, ThreeLayerConvNet, visualizeGrid, zeros } from '../src/index.js';
import { withDataOptions } from './cifar10-data.js';
import { finish, nonNegative, wholeNumber } from './options.js';
import { leads, withRankOptions } from './ranks.js';
import { trainOnImages } from './training-report.js';

/** Pixels of the picture for each weight of a filter, and between the grids. */
const SCALE = 6;
const GAP = 24;

const command = withRankOptions(
  withDataOptions(
    new Command('train-three-layer-conv-net').description(
      'Trains a three-layer convolutional net on CIFAR-10, reports its test accuracy and draws its filters.',
    ),
  ),
)
  .option('--epochs <n>', 'passes over the training images', wholeNumber, 1)
  .option('--filters <n>', 'filters of the convolution', wholeNumber, 32)
  .option('--filter-size <n>', 'height and width of a filter, odd', wholeNumber, 7)
  .option('--hidden <n>', 'units of the hidden layer', wholeNumber, 500)
  .option('--batch <n>', 'images to a minibatch', wholeNumber, 50)
  .option('--lr <rate>', 'learning rate of Adam', nonNegative, 1e-4)
  .option('--lr-decay <factor>', 'factor on the learning rate after each epoch', nonNegative, 1)
  .option('--reg <strength>', 'strength of the L2 penalty', nonNegative, 1e-3)
  .option('--weight-scale <std>', 'standard deviation of the initial weights', nonNegative, 1e-3)
  .option('--train <n>', 'images to train on', wholeNumber, 49000)
  .option('--print-every <n>', 'iterations between two lines of loss', wholeNumber, 20)
  .option('--seed <seed>', 'seed of the weights and the minibatches', '231')
  .option('--out <file>', 'where the history goes', 'results/three-layer-conv-net.json')
  .option(
    '--picture <file>',
    'where the filters go, before and after training',
    'results/three-layer-conv-net-filters.png',
  )
  .allowExcessArguments(false)
  .parse();
const options = command.opts();

async function main(): Promise<void> {
  leads(command.opts());
  const { filters: numFilters, filterSize, hidden: hiddenDim, weightScale, reg, seed } = options;
  const model = new ThreeLayerConvNet({ numFilters, filterSize, hiddenDim, weightScale, reg, seed });
  const before = gridOf(model);
  if (!trainOnImages(model, 'adam', command.opts())) return;
  mkdirSync(dirname(options.picture), { recursive: true });
  await savePng(options.picture, sideBySide(before, gridOf(model)));
  console.log(`Filters before training (left) and after written to ${options.picture}`);
}

/** The filters of the first layer as images, in a grid. */
function gridOf(model: ThreeLayerConvNet): NDArray {
  return visualizeGrid(model.params.W1.transpose(0, 2, 3, 1));
}

/** Two images of the same shape beside each other on white, enlarged without smoothing. */
function sideBySide(left: NDArray, right: NDArray): NDArray {
  const [H, W, C] = left.shape;
  const picture = zeros([SCALE * H, 2 * SCALE * W + GAP, C]);
  picture.data.fill(255);
  for (const [offset, image] of [[0, left] as const, [SCALE * W + GAP, right] as const]) {
    for (let h = 0; h < SCALE * H; h++) {
      for (let w = 0; w < SCALE * W; w++) {
        for (let c = 0; c < C; c++) {
          picture.set(h, offset + w, c, image.get(Math.floor(h / SCALE), Math.floor(w / SCALE), c));
        }
      }
    }
  }
  return picture;
}

finish(main);
