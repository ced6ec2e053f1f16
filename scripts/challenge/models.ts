// The networks of the CIFAR-10 challenge, and how each is trained.

import {
  F,
  models,
  type NDArray,
  nn,
  type optim,
  Random,
  type Schedule,
  type Tensor,
  transforms,
} from '../../src/index.js';
import { MODELS } from '../../src/runs/models.js';
import { optimizerFor, scheduleFor } from '../../src/runs/optimizer.js';
import type { RunConfig } from '../../src/runs/types.js';

/** A network with its recipe. */
export interface Recipe {
  /** A few words that describe it. */
  readonly title: string;
  /** How images and weights are treated, in a sentence. */
  readonly method: string;
  readonly batch: number;
  readonly epochs: number;
  /** Peak learning rate. */
  readonly lr: number;
  readonly labelSmoothing: number;
  /** Decay of the average of the weights, if there is one. */
  readonly weightAverage?: number;
  /** Whether the weights of the epoch that scores best on the validation images are kept, or the last ones. */
  readonly keepBest: boolean;
  /** Whether scores are averaged over each image and its mirror image. */
  readonly mirrored: boolean;
  readonly augmentation: readonly Parameters<typeof transforms.compose>[0][number][];
  build(): nn.Sequential;
  optimizer(model: nn.Module, lr: number): optim.Optimizer<{ lr: number }>;
  schedule(
    optimizer: optim.Optimizer<{ lr: number }>,
    lr: number,
    epochs: number,
    stepsPerEpoch: number,
  ): Schedule | undefined;
}

/** How `layerwise train` trains a network unless it is told otherwise. */
function recipeOf(name: keyof typeof MODELS) {
  const training = {
    weightDecayOf: 'all',
    lrDecay: 1,
    labelSmoothing: 0,
    keepBest: true,
    ...MODELS[name].recipe.training,
  };
  const { batchSize, epochs, lr, labelSmoothing, weightAverage, keepBest } = training as unknown as Training;
  return {
    ...{ batch: batchSize, epochs, lr, labelSmoothing, weightAverage, keepBest },
    optimizer: (model: nn.Module, lr: number) => optimizerFor(model, { ...training, lr } as unknown as Training),
    schedule: (optimizer: optim.Optimizer<{ lr: number }>, lr: number, epochs: number, stepsPerEpoch: number) =>
      scheduleFor(optimizer, { ...training, lr, epochs } as unknown as Training, stepsPerEpoch),
  } satisfies Partial<Recipe>;
}

type Training = RunConfig['training'] & Pick<Recipe, 'labelSmoothing' | 'weightAverage' | 'keepBest'>;

/** The notebook's network: three blocks of two convolutions, and two fully connected layers. */
const notebook: Recipe = {
  ...recipeOf('convnet6'),
  title: "the notebook's network",
  method:
    "The notebook's recipe: SGD with Nesterov's momentum, learning rate 0.01, and no augmentation. At a rate that " +
    'does not fall the weights of neighbouring steps differ by two hundredths of accuracy, so an average of the last ' +
    'weights is scored, that of the epoch with the best validation accuracy.',
  mirrored: false,
  augmentation: [],
  build: () => models.convnet6(),
};

const resnet: Recipe = {
  ...recipeOf('fastResnet'),
  title: 'a small residual network',
  method:
    'SGD with Nesterov momentum and weight decay on one cycle of the learning rate; random crops and mirror ' +
    'images; label smoothing; an average of the weights; scores averaged over each test image and its mirror image.',
  mirrored: true,
  // In ten epochs the training accuracy ends at 0.94. With a network of half the products and crops of four pixels it
  // ended at 0.90, and with cut-out squares and batches of 128 at twice the rate below a validation accuracy of 0.898.
  augmentation: [transforms.randomCrop(32, { padding: 2 }), transforms.randomHorizontalFlip()],
  build: () => models.fastResnet(),
};

/** The recipes, by the names of `--model`. */
export const recipes = { resnet, notebook } as const;

/** Mirrors every image, so the random numbers do not matter. */
const random = new Random(0);
const mirror = transforms.randomHorizontalFlip(1);

/** Scores of each image and of its mirror image, averaged. */
export class WithMirrorImages extends nn.Module {
  constructor(readonly model: nn.Module) {
    super();
  }

  forward(x: NDArray): Tensor {
    return F.mul(F.add(this.model.forward(x), this.model.forward(mirror(x, random))), 0.5);
  }
}
