import { type Classifier, ThreeLayerConvNet, TwoLayerNet } from '../classifiers/index.js';
import { convnet6 } from '../models/index.js';
import type * as nn from '../nn/index.js';
import * as optim from '../optim/index.js';
import { fiveLayers, moduleStep, trainingStep, twoConvolutions, twoLayers } from './workloads.js';

/** A net of the notebooks, with a step of any batch. */
export interface TrainingNet {
  /** Examples to a batch in the notebook. */
  readonly batch: number;
  /** Sets up training, and returns a function that runs one step. */
  step(batch: number): () => void;
  /** Bytes of the gradients. */
  bytes(): number;
}

/** The nets of the notebooks by name, for float32 pictures of 3 × 32 × 32. */
export const trainingNets: Readonly<Record<string, TrainingNet>> = {
  'two layers of 100, SGD': classifier(100, () => new TwoLayerNet({ seed: 0 }), optim.sgd),
  'five layers of 100, Adam': classifier(200, () => fiveLayers('float32'), optim.adam),
  'the same, batch normalization': classifier(50, () => fiveLayers('float32', 'batchnorm'), optim.adam),
  'three-layer convnet, Adam': classifier(50, () => new ThreeLayerConvNet({ hiddenDim: 500, seed: 0 }), optim.adam),
  'two layers of 4000, Nesterov': module(64, twoLayers),
  'two convolutions, Nesterov': module(64, twoConvolutions),
  'three blocks, Nesterov': module(64, convnet6),
};

function classifier(batch: number, make: () => Classifier, rule: optim.UpdateRule<optim.OptimConfig>): TrainingNet {
  return {
    batch,
    step: (count) => trainingStep(make(), count, rule),
    bytes: () => 4 * Object.values(make().params).reduce((sum, { size }) => sum + size, 0),
  };
}

function module(batch: number, build: () => nn.Module): TrainingNet {
  return {
    batch,
    step: (count) => moduleStep(build, count),
    bytes: () =>
      4 *
      build()
        .parameters()
        .reduce((sum, { size }) => sum + size, 0),
  };
}
