// CIFAR-10 in loaders, with the preprocessing of the notebook's PyTorch part.

import type { Command } from 'commander';
import { DataLoader, type NDArray, transforms } from '../src/index.js';
import { type LoadedImages, loadImages, withDataOptions } from './cifar10-data.js';
import { wholeNumber } from './options.js';

/** Mean and standard deviation of CIFAR-10's pixels in each channel, for pixels from 0 to 255. */
const MEAN = [0.4914, 0.4822, 0.4465].map((share) => 255 * share);
const STD = [0.2023, 0.1994, 0.201].map((share) => 255 * share);

/** Loaders of batches of normalized images. */
export interface Loaders {
  readonly train: DataLoader;
  readonly val: DataLoader;
  readonly test: DataLoader;
  readonly images: LoadedImages;
  /** The first training images, normalized. */
  sample(count: number): NDArray;
}

/** Options of the scripts that train on loaders. */
export interface LoaderOptions {
  readonly data?: string;
  readonly synthetic?: boolean;
  readonly train: number;
  readonly batch: number;
  readonly dropLast?: boolean | undefined;
  readonly seed: string;
}

/** Adds their options to a command. `batch`: how many images there are to a batch where it is not the recipe's. */
export function withLoaderOptions(command: Command, batch: number | null = 64): Command {
  const recipe = batch === null ? " (default: the recipe's)" : '';
  return withDataOptions(command)
    .option('--train <n>', 'images to train on', wholeNumber, 49000)
    .option('--batch <n>', `images to a minibatch${recipe}`, wholeNumber, batch ?? undefined)
    .option('--seed <seed>', 'seed of the weights and the minibatches', '231')
    .allowExcessArguments(false);
}

/** Loads the images, and puts them into loaders: those to train on in a new random order each epoch. */
export function loadLoaders(
  options: LoaderOptions,
  augmentation: readonly Parameters<typeof transforms.compose>[0][number][] = [],
): Loaders {
  const { data: dir, train, batch, dropLast = false, seed, synthetic } = options;
  const images = loadImages(dir, { numTraining: train, numTest: 10000, subtractMean: false }, synthetic);
  const { data } = images;
  // Fewer images than a batch make one that is not full.
  const isLeftOut = dropLast && batch <= data.yTrain.length;
  const normalize = transforms.normalize(MEAN, STD);
  const scoring = { batchSize: 250, transform: normalize };
  return {
    train: new DataLoader(
      { X: data.XTrain, y: data.yTrain },
      {
        batchSize: batch,
        shuffle: true,
        dropLast: isLeftOut,
        seed,
        transform: transforms.compose([...augmentation, normalize]),
      },
    ),
    val: new DataLoader({ X: data.XVal, y: data.yVal }, scoring),
    test: new DataLoader({ X: data.XTest, y: data.yTest }, scoring),
    images,
    sample: (count) => normalize(data.XTrain.hi(Math.min(count, data.yTrain.length), 3, 32, 32)),
  };
}
