// The networks of the CIFAR-10 challenge, and how each is trained.

import { models, type nn, transforms } from '../../src/index.js';
import { MODELS } from '../../src/runs/models.js';
import { optimizerFor, scheduleFor } from '../../src/runs/optimizer.js';
import type { RunConfig } from '../../src/runs/types.js';
import { fast, record } from './airbench.js';
import type { Recipe, Training } from './recipe.js';

/** How `layerwise train` trains a network unless it is told otherwise. */
function recipeOf(name: keyof typeof MODELS) {
  const training = {
    weightDecayOf: 'all',
    lrDecay: 1,
    labelSmoothing: 0,
    keepBest: true,
    ...MODELS[name].recipe.training,
  };
  const { batchSize, epochs, lr, labelSmoothing, weightAverage, keepBest } = training as unknown as Settings;
  return {
    ...{ batch: batchSize, epochs, lr, labelSmoothing, weightAverage, keepBest },
    train: (model: nn.Module, { stepsPerEpoch, ...asked }: Training) => {
      const settings = { ...training, ...asked } as unknown as Settings;
      const optimizer = optimizerFor(model, settings);
      return { optimizer, schedule: scheduleFor(optimizer, settings, stepsPerEpoch) };
    },
  } satisfies Partial<Recipe>;
}

type Settings = RunConfig['training'] & Pick<Recipe, 'labelSmoothing' | 'weightAverage' | 'keepBest'>;

/** The notebook's network: three blocks of two convolutions, and two fully connected layers. */
const notebook: Recipe = {
  ...recipeOf('convnet6'),
  title: "the notebook's network",
  method:
    "The notebook's recipe: SGD with Nesterov's momentum, learning rate 0.01, and no augmentation. At a rate that " +
    'does not fall the weights of neighbouring steps differ by two hundredths of accuracy, so an average of the last ' +
    'weights is scored, that of the epoch with the best validation accuracy.',
  views: [],
  augmentation: [],
  build: () => models.convnet6(),
};

const resnet: Recipe = {
  ...recipeOf('fastResnet'),
  title: 'a small residual network',
  method:
    'SGD with Nesterov momentum and weight decay on one cycle of the learning rate; random crops and mirror ' +
    'images; label smoothing; an average of the weights; scores averaged over each test image and its mirror image.',
  views: [(X) => X, transforms.horizontalFlip()],
  // In ten epochs the training accuracy ends at 0.94. With a network of half the products and crops of four pixels it
  // ended at 0.90, and with cut-out squares and batches of 128 at twice the rate below a validation accuracy of 0.898.
  augmentation: [transforms.randomCrop(32, { padding: 2 }), transforms.randomHorizontalFlip()],
  build: () => models.fastResnet(),
};

/** The recipes, by the names of `--model`. */
export const recipes = { airbench: record, fast, resnet, notebook } as const;
