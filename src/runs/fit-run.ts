// A module of a config, trained by fit.

import { defaultGenerator, F, manualSeed, type Tensor } from '../autograd/index.js';
import { type ByteDataset, DataLoader, transforms } from '../data/index.js';
import { r2Score } from '../metrics/index.js';
import type { Module } from '../nn/index.js';
import { type FitAsyncOptions, fitAsync } from '../training/index.js';
import { optimizerFor, scheduleFor } from './optimizer.js';
import { imageTransform } from './prepare.js';
import type { Trainer } from './solver-run.js';
import type { Outcome, RunConfig, TaskData, TrainOptions } from './types.js';

/** A run of fit for a config: its examples are in loaders. */
export function fitFor(config: RunConfig, model: Module, data: TaskData): Trainer {
  const { training, seed } = config;
  const { epochs, printEvery, labelSmoothing } = training;
  const loader = trainLoader(config, data);
  // Drawn from by dropouts: whatever else draws between now and the training changes nothing.
  const drawn = defaultGenerator().stateDict();
  const isLabelled = data.classes !== null;
  const smoothed = (scores: Tensor, y: Int32Array): Tensor =>
    F.crossEntropy(scores, y, { labelSmoothing: labelSmoothing as number });
  const train = async (options: TrainOptions): Promise<Outcome> => {
    const { checkpoint, resume = false, loggers = [], ui, signal, onEvent, verbose = true } = options;
    const { distributed, syncBatchnorm, verify } = options;
    manualSeed(seed);
    defaultGenerator().loadStateDict(drawn);
    const optimizer = optimizerFor(model, training);
    const { clipGradNorm, weightAverage, patience, accumulate, keepBest } = training;
    const stepsPerEpoch = Math.ceil(loader.length / (accumulate as number));
    const schedule = scheduleFor(optimizer, training, stepsPerEpoch);
    const settings = {
      ...{ optimizer, epochs, printEvery, verbose, accumulate },
      ...(schedule !== undefined && { schedule }),
      ...(isLabelled
        ? (labelSmoothing as number) > 0 && { loss: smoothed }
        : { loss: F.mseLoss, metrics: { r2: r2Score } }),
      ...(data.val !== null && { valLoader: evaluationLoader(config, data), keepBest }),
      ...(typeof clipGradNorm === 'number' && { clipGradNorm }),
      ...(typeof weightAverage === 'number' && { weightAverage }),
      ...(typeof patience === 'number' && { patience }),
      loggers: onEvent === undefined ? loggers : [...loggers, { onStep: onEvent, onEpoch: onEvent }],
      ...(checkpoint !== undefined && { checkpoint, resume }),
      ...(ui !== undefined && { ui }),
      ...(distributed !== undefined && { distributed, syncBatchnorm, verify }),
      ...(signal !== undefined && { signal }),
    };
    const history = await fitAsync(model, loader, settings as unknown as FitAsyncOptions);
    const { epoch, iteration, bestValAcc, bestValue } = history;
    const hasBest = data.val !== null && history.bestEpoch > 0;
    return {
      ...{ epoch, iteration, history },
      bestValAcc: isLabelled && hasBest ? bestValAcc : null,
      bestValLoss: !isLabelled && hasBest ? bestValue : null,
    };
  };
  return { total: epochs * loader.length, train };
}

/** The loader to train on: a new order each epoch, augmented, then prepared. */
function trainLoader({ data: settings, training, seed }: RunConfig, data: TaskData): DataLoader {
  const { train, preprocessing, inputShape } = data;
  const steps = preprocessing.kind === 'images' ? [imageTransform(preprocessing)] : [];
  if (settings.flip === true) steps.unshift(transforms.randomHorizontalFlip());
  const padding = (settings.crop ?? 0) as number;
  if (padding > 0) steps.unshift(transforms.randomCrop([inputShape[1], inputShape[2]], { padding }));
  const present = steps.filter((step) => step !== undefined);
  return new DataLoader(train.dataset as ByteDataset, {
    ...{ batchSize: training.batchSize, shuffle: true, seed, workers: (settings.workers ?? 0) as number },
    ...(present.length > 0 && { transform: transforms.compose(present) }),
  });
}

/** A loader of the validation examples of the run's own: others go through theirs without changing its state. */
function evaluationLoader({ data: settings, seed }: RunConfig, { val, preprocessing }: TaskData): DataLoader {
  const transform = preprocessing.kind === 'images' ? imageTransform(preprocessing) : undefined;
  return new DataLoader(val?.dataset as ByteDataset, {
    ...{ batchSize: 250, seed, workers: (settings.workers ?? 0) as number },
    ...(transform && { transform }),
  });
}
