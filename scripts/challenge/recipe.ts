// What a recipe of the CIFAR-10 challenge says.

import type { NDArray, nn, Schedule, Stepper, transforms, View, WeightedView } from '../../src/index.js';

/** How long a network is trained, and at which peak rate. */
export interface Training {
  readonly lr: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/** What trains a network. */
export interface Trainer {
  readonly optimizer: Stepper;
  readonly schedule?: Schedule;
  /** What is left to do after the last step. */
  finish?(): void;
}

/** A network with its recipe. */
export interface Recipe {
  /** A few words that describe it. */
  readonly title: string;
  /** How images and weights are treated, in a sentence. */
  readonly method: string;
  readonly batch: number;
  /** Whether a last batch that is not full is left out. Default false. */
  readonly dropLast?: boolean;
  readonly epochs: number;
  /** Peak learning rate. */
  readonly lr: number;
  /** Whether the rate of batches of another size is as much larger or smaller. Default false. */
  readonly scalesRate?: boolean;
  readonly labelSmoothing: number;
  /** Decay of the average of the weights, if there is one. */
  readonly weightAverage?: number;
  /** Whether the weights of the epoch that scores best on the validation images are kept, or the last ones. */
  readonly keepBest: boolean;
  /** The views of an image whose scores are averaged; none: the image as it is. */
  readonly views: readonly (View | WeightedView)[];
  readonly augmentation: readonly Parameters<typeof transforms.compose>[0][number][];
  /** @param images - So many of the training images, normalized. */
  build(images: (count: number) => NDArray): nn.Sequential;
  train(model: nn.Sequential, training: Training): Trainer;
}
