// The models that a run can train by name, and the recipe of each.

import { count, FLAG, oneOf, orNull, POSITIVE, type Range, SHARE } from '../arrays/index.js';
import { FullyConnectedNet, type Model, ThreeLayerConvNet, TwoLayerNet } from '../classifiers/index.js';
import * as networks from '../models/index.js';
import type { Module } from '../nn/index.js';
import { classifierSettings, NUM_CLASSES, type SettingTable, setting, sizes } from './settings.js';
import type { ConfigSection, ConfigValue, Loop } from './types.js';

/** What a model is built for. */
export interface ModelInputs {
  /** Outputs: classes, or targets where those are numbers. */
  readonly classes: number;
  readonly inputShape: readonly number[];
  readonly seed: number | string;
}

/** Defaults that a model brings with it. */
export interface Recipe {
  readonly training: ConfigSection;
  readonly data: ConfigSection;
}

/** A model that can be trained by its name. */
export interface KnownModel {
  /** What it is, in a few words. */
  readonly title: string;
  readonly loop: Loop;
  /** Height and width of the pictures that it takes; null: any. */
  readonly side: number | null;
  /** Whether it takes larger ones too. Default false. */
  readonly isSideLeast?: boolean;
  /** Whether it takes rows of numbers too, and whether its outputs may be numbers. */
  readonly takesRows: boolean;
  readonly predictsNumbers: boolean;
  readonly options: SettingTable;
  readonly recipe: Recipe;
  build(options: ConfigSection, inputs: ModelInputs): Module | Model;
}

/** Probability of keeping a unit. */
const KEEP: Range = {
  ...POSITIVE,
  allows: (p) => POSITIVE.allows(p) && (p as number) <= 1,
  expected: 'a number in (0, 1]',
};
const ODD: Range = {
  ...count(1),
  allows: (n) => count(1).allows(n) && (n as number) % 2 === 1,
  expected: 'an odd whole number ≥ 1',
};
const REDUCTION: Range = { ...oneOf(), allows: (n) => n === 8 || n === 32, expected: '8 or 32' };

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const image = (shape: readonly number[]): [number, number, number] => shape as [number, number, number];

/** The mean image is subtracted, as the notebooks do. */
const MEAN_IMAGE = { normalize: 'mean' };

/** A classifier, whose options have the names of its constructor's. */
function classifier(
  title: string,
  takesRows: boolean,
  options: SettingTable,
  training: ConfigSection,
  build: (options: Record<string, ConfigValue>, inputs: ModelInputs) => Model,
): KnownModel {
  const recipe = { training, data: MEAN_IMAGE };
  const common = { loop: 'Solver', side: null, predictsNumbers: false } as const;
  return { title, ...common, takesRows, options: { ...options, numClasses: NUM_CLASSES }, recipe, build };
}

/** The notebook's recipe for its network of modules. */
const NOTEBOOK: Recipe = {
  training: {
    ...{ optimizer: 'SGD', lr: 0.01, momentum: 0.9, nesterov: true, batchSize: 64, epochs: 10 },
    // At a rate that does not fall the weights of neighbouring steps differ by two hundredths of accuracy.
    weightAverage: 0.995,
  },
  data: { normalize: 'channels' },
};

/** That of the residual networks: one cycle of the learning rate, random crops and mirror images. */
const ONE_CYCLE: Recipe = {
  training: {
    ...{ optimizer: 'SGD', lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4, weightDecayOf: 'matrices' },
    ...{ schedule: 'onecycle', pctStart: 0.25, annealStrategy: 'linear', divFactor: 10, finalDivFactor: 100 },
    ...{ batchSize: 64, epochs: 10, labelSmoothing: 0.1, weightAverage: 0.995, keepBest: false },
  },
  data: { normalize: 'channels', crop: 2, flip: true },
};

type ImageNetwork = (options: { numClasses: number; inChannels: number }) => Module;

/** A network of `models/` for pictures. */
function network(
  title: string,
  side: number | null,
  build: ImageNetwork,
  options: SettingTable = {},
  recipe: Recipe = ONE_CYCLE,
): KnownModel {
  return {
    ...{ title, side, recipe, loop: 'fit', takesRows: false, predictsNumbers: false },
    options: { ...options, numClasses: NUM_CLASSES },
    build: (own, { classes, inputShape }) => {
      const { numClasses: _, ...rest } = own;
      return build({ ...rest, numClasses: classes, inChannels: inputShape[0] });
    },
  };
}

/** The models by name. */
export const MODELS: Readonly<Record<string, KnownModel>> = {
  twolayer: classifier(
    'affine, ReLU, affine: the two-layer net of the notebook',
    true,
    { hiddenDim: setting(100, count(1), 'units of the hidden layer'), ...classifierSettings(1e-3, 0) },
    { optimizer: 'sgd', lr: 1e-3, lrDecay: 0.95, batchSize: 100, epochs: 10 },
    (options, { classes, inputShape, seed }) =>
      new TwoLayerNet({ ...options, numClasses: classes, inputDim: product(inputShape), seed }),
  ),
  fc: classifier(
    'fully connected net of any depth',
    true,
    {
      hiddenDims: setting([100, 100], sizes(1), 'units of each hidden layer'),
      normalization: setting(
        null,
        orNull(oneOf('batchnorm', 'layernorm')),
        'normalization between each hidden affine layer and its ReLU; null: none',
      ),
      dropout: setting(1, KEEP, 'probability of keeping a unit; 1: no dropout'),
      ...classifierSettings(1e-2, 0),
    },
    { optimizer: 'adam', lr: 1e-3, lrDecay: 0.95, batchSize: 100, epochs: 10 },
    ({ hiddenDims, ...options }, { classes, inputShape, seed }) =>
      new FullyConnectedNet(hiddenDims as number[], {
        ...options,
        ...{ numClasses: classes, inputDim: product(inputShape), seed },
      }),
  ),
  convnet3: classifier(
    'convolution, ReLU, max pooling, affine, ReLU, affine: the three-layer net of the notebook',
    false,
    {
      numFilters: setting(32, count(1), 'filters of the convolution'),
      filterSize: setting(7, ODD, 'height and width of a filter, odd'),
      hiddenDim: setting(500, count(1), 'units of the hidden layer'),
      ...classifierSettings(1e-3, 1e-3),
    },
    { optimizer: 'adam', lr: 1e-4, batchSize: 50, epochs: 1, printEvery: 20 },
    (options, { classes, inputShape, seed }) =>
      new ThreeLayerConvNet({ ...options, numClasses: classes, inputDim: image(inputShape), seed }),
  ),
  mlp: {
    ...{ title: 'multilayer perceptron of modules', loop: 'fit', side: null, takesRows: true, predictsNumbers: true },
    options: {
      hiddenDims: setting([100], sizes(0), 'units of each hidden layer'),
      batchNorm: setting(false, FLAG, 'whether a batch normalization follows each hidden layer'),
      dropout: setting(0, SHARE, 'share of the hidden values that are dropped'),
      numClasses: NUM_CLASSES,
    },
    recipe: {
      training: { optimizer: 'Adam', lr: 1e-3, batchSize: 64, epochs: 10 },
      data: { normalize: 'channels' },
    },
    build: ({ hiddenDims, batchNorm, dropout }, { classes, inputShape }) =>
      networks.mlp([product(inputShape), ...(hiddenDims as number[]), classes], {
        batchNorm: batchNorm as boolean,
        dropout: dropout as number,
      }),
  },
  convnet6: network('six convolutions: the last network of the notebook', 32, networks.convnet6, {}, NOTEBOOK),
  fastResnet: network('small residual network that trains fast', 32, networks.fastResnet),
  resnet8: network('residual network of 8 layers', null, networks.resnet8),
  resnet14: network('residual network of 14 layers', null, networks.resnet14),
  resnet20: network('residual network of 20 layers', null, networks.resnet20),
  resnet32: network('residual network of 32 layers', null, networks.resnet32),
  mobilenetV2: network('MobileNetV2', null, networks.mobilenetV2, {
    width: setting(1, POSITIVE, 'factor of all numbers of channels'),
    reduction: setting(8, REDUCTION, 'by how much the last feature map is smaller than the picture'),
    dropout: setting(0.2, SHARE, 'share of the features that are dropped before the last layer'),
  }),
  vgg11: {
    ...network('VGG with 11 layers', 32, networks.vgg11, {
      batchNorm: setting(true, FLAG, 'whether a batch normalization follows each convolution'),
      hiddenDims: setting([], sizes(0), 'units of each hidden linear layer'),
      dropout: setting(0.5, SHARE, 'share of the hidden values that are dropped'),
    }),
    isSideLeast: true,
  },
};

/** The recipe of a user's model that brings none. */
export const PLAIN_RECIPES: Readonly<Record<Loop, Recipe>> = {
  Solver: { training: { optimizer: 'adam', lr: 1e-3, batchSize: 100, epochs: 10 }, data: MEAN_IMAGE },
  fit: { training: { optimizer: 'Adam', lr: 1e-3, batchSize: 64, epochs: 10 }, data: { normalize: 'channels' } },
};
