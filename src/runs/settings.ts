// Settings are declared in tables, one entry each: default, range and comment. Checks, help and nearest names use them.

import { AMOUNT, count, FLAG, FRACTION, oneOf, orNull, POSITIVE, type Range, SHARE } from '../arrays/index.js';
import type { ConfigValue } from './types.js';

/** A setting of a config. */
export interface Setting {
  /** Its value where neither the user nor the recipe of the model says another. */
  readonly byDefault: ConfigValue;
  readonly range: Range;
  /** What it is, for help: a line. */
  readonly comment: string;
}

/** Settings by name. */
export type SettingTable = Readonly<Record<string, Setting>>;

/** An entry of a table. */
export function setting(byDefault: ConfigValue, range: Range, comment: string): Setting {
  return { byDefault, range, comment };
}

const isColumn = (value: unknown): boolean => typeof value === 'string' || Number.isInteger(value);
const isList = (value: unknown, of: (entry: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(of);

/** Sizes of hidden layers; empty is allowed where `least` is 0. */
export function sizes(least: number): Range {
  return {
    allows: (value) => Array.isArray(value) && value.length >= least && value.every(count(1).allows),
    expected: 'a list of whole numbers ≥ 1, such as [100,50]',
    Kind: RangeError,
  };
}

const SHARES: Range = {
  allows: (value) => Array.isArray(value) && value.length === 2 && value.every(SHARE.allows),
  expected: 'two numbers in [0, 1), such as [0.9,0.999]',
  Kind: RangeError,
};
const COLUMN: Range = {
  allows: (value) => isColumn(value) || isList(value, isColumn),
  expected: 'a column by name or place, or a list of them',
  Kind: TypeError,
};
const COLUMNS: Range = {
  allows: (value) => value === null || isList(value, isColumn),
  expected: 'a list of columns by name or place, or null',
  Kind: TypeError,
};
const NAMES: Range = {
  allows: (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string' && entry !== ''),
  expected: 'a list of columns, such as ["town","year"] or town,year',
  Kind: TypeError,
};
const DELIMITER: Range = {
  allows: (value) => typeof value === 'string' && value.length === 1 && !'"\r\n'.includes(value),
  expected: "a character such as ',', ';' or \"\\t\"",
  Kind: RangeError,
};
/** Of 0 < x < 1. */
const DECAY: Range = {
  ...FRACTION,
  allows: (value) => SHARE.allows(value) && value !== 0,
  expected: 'a number in (0, 1)',
};
const CHANNELS: Range = {
  ...oneOf(),
  allows: (value) => value === 1 || value === 3,
  expected: '1 (grey) or 3 (colour)',
};

/** How data are split. */
const SPLIT = {
  numTraining: setting(null, orNull(count(1)), 'examples to train on; null: all that are left'),
  numValidation: setting(null, orNull(count(0)), 'examples to validate on; null: 1000, at most a fifth of them'),
  numTest: setting(null, orNull(count(0)), 'examples to test on; null: all, or a fifth where there is no test set'),
};

/** Of all pictures. */
const PICTURES = {
  ...SPLIT,
  normalize: setting(
    'channels',
    oneOf('mean', 'channels', 'none'),
    'what is subtracted: the mean image, or the mean of each channel, which is divided by its deviation too',
  ),
};

/** Of pictures that are made into batches as they are needed. */
export const AUGMENTATION = {
  crop: setting(0, count(0, 64), 'pixels around each picture, of which a random part of its size is cut; 0: none'),
  flip: setting(false, FLAG, 'whether every second picture is mirrored, at random'),
  workers: setting(0, count(0, 64), 'threads that prepare batches; the bits are the same for any number'),
} as const satisfies SettingTable;

const SIZE = count(1, 4096);

/** The settings of data by their kind, those of augmentation aside. */
export const DATA = {
  synthetic: PICTURES,
  cifar10: PICTURES,
  cifar100: PICTURES,
  mnist: { ...PICTURES, size: setting(null, orNull(SIZE), 'pixels of a side; null: 28, as they are') },
  'fashion-mnist': { ...PICTURES, size: setting(null, orNull(SIZE), 'pixels of a side; null: 28, as they are') },
  folder: {
    ...PICTURES,
    size: setting(32, SIZE, 'pixels of a side: pictures are resized, and cut to a square'),
    channels: setting(3, CHANNELS, '3 for colour, 1 for grey'),
  },
  csv: {
    ...SPLIT,
    target: setting(-1, COLUMN, 'the column to predict, by name or place; -1: the last one'),
    columns: setting(null, COLUMNS, 'the columns to predict from; null: all others'),
    categories: setting([], NAMES, 'columns whose texts are names of categories'),
    missing: setting(
      'error',
      oneOf('error', 'drop', 'nan', 'mean'),
      'a missing value: an error, drops its row, or is the mean of the training rows (nan) or of all (mean)',
    ),
    encode: setting('oneHot', oneOf('oneHot', 'codes'), 'a column of 0 and 1 for each category, or its number'),
    header: setting(true, FLAG, 'whether the first line has the names of the columns'),
    delimiter: setting(',', DELIMITER, 'what separates two fields'),
    standardize: setting(true, FLAG, 'whether columns get mean 0 and deviation 1 of the training rows'),
  },
} as const satisfies Readonly<Record<string, SettingTable>>;

/** Of both loops. */
export const TRAINING = {
  epochs: setting(10, count(1), 'passes through the training examples'),
  batchSize: setting(64, count(1), 'examples to a minibatch'),
  printEvery: setting(100, count(1), 'iterations between two lines of loss'),
} as const satisfies SettingTable;

const LR_DECAY = setting(1, AMOUNT, 'factor on the learning rate after each epoch');

/** Of one loop: classifiers with `params` and `loss` are trained by a Solver, modules by fit. */
export const LOOPS = {
  Solver: { lrDecay: LR_DECAY },
  fit: {
    labelSmoothing: setting(0, SHARE, 'share of a label that is spread over all classes'),
    clipGradNorm: setting(null, orNull(POSITIVE), 'most that the norm of a gradient may be; null: any'),
    accumulate: setting(1, count(1), 'batches to a step'),
    weightAverage: setting(null, orNull(DECAY), 'decay of an average of the weights, which is scored; null: none'),
    weightDecayOf: setting('all', oneOf('all', 'matrices'), 'whether weight decay leaves vectors out: biases, scales'),
    keepBest: setting(true, FLAG, 'whether the weights of the best epoch are kept, or the last ones'),
    patience: setting(null, orNull(count(1)), 'epochs without a better score that end the run; null: any number'),
  },
} as const satisfies Readonly<Record<string, SettingTable>>;

/** Of a schedule of fit. */
export const SCHEDULES = {
  constant: { lrDecay: LR_DECAY },
  step: {
    stepSize: setting(30, count(1), 'epochs between two decays'),
    gamma: setting(0.1, AMOUNT, 'factor on the learning rate'),
  },
  cosine: { etaMin: setting(0, AMOUNT, 'the lowest learning rate') },
  onecycle: {
    pctStart: setting(0.3, FRACTION, 'share of the steps on the way up'),
    annealStrategy: setting('cos', oneOf('cos', 'linear'), 'the way between two rates'),
    divFactor: setting(25, POSITIVE, 'lr is the peak; the first rate is lr / divFactor'),
    finalDivFactor: setting(1e4, POSITIVE, 'the last rate is the first divided by this'),
  },
} as const satisfies Readonly<Record<string, SettingTable>>;

const lr = (byDefault: number): Setting => setting(byDefault, POSITIVE, 'learning rate');
const EPSILON = setting(1e-8, AMOUNT, 'added to the denominator');
const PENALTY = setting(0, AMOUNT, 'strength of the L2 penalty');
const MOMENTUM = setting(0.9, AMOUNT, 'share of the velocity that is kept');
const BETAS = setting([0.9, 0.999], SHARES, 'decays of the averages of gradients and of their squares');
const ADAM = {
  lr: lr(1e-3),
  beta1: setting(0.9, SHARE, 'decay of the average of gradients'),
  beta2: setting(0.999, SHARE, 'decay of the average of squared gradients'),
  epsilon: EPSILON,
};
const DECOUPLED = setting(1e-2, AMOUNT, 'share of each weight that a step takes off, times the learning rate');

/** Of an optimizer: cs231n's update rules for a Solver, PyTorch's optimizers for fit. */
export const OPTIMIZERS = {
  Solver: {
    sgd: { lr: lr(1e-2) },
    sgd_momentum: { lr: lr(1e-2), momentum: MOMENTUM },
    nesterov: { lr: lr(1e-2), momentum: MOMENTUM },
    rmsprop: {
      lr: lr(1e-2),
      decayRate: setting(0.99, FRACTION, 'share of the average of squares that is kept'),
      epsilon: EPSILON,
    },
    adagrad: { lr: lr(1e-2), epsilon: EPSILON },
    adam: ADAM,
    adamw: { ...ADAM, weightDecay: DECOUPLED },
  },
  fit: {
    SGD: {
      lr: lr(1e-3),
      momentum: { ...MOMENTUM, byDefault: 0 },
      weightDecay: PENALTY,
      nesterov: setting(false, FLAG, "whether the momentum is Nesterov's"),
    },
    Adam: { lr: lr(1e-3), betas: BETAS, eps: EPSILON, weightDecay: PENALTY },
    AdamW: { lr: lr(1e-3), betas: BETAS, eps: EPSILON, weightDecay: DECOUPLED },
    RMSprop: {
      lr: lr(1e-2),
      alpha: setting(0.99, FRACTION, 'share of the average of squares that is kept'),
      eps: EPSILON,
      momentum: { ...MOMENTUM, byDefault: 0 },
      weightDecay: PENALTY,
    },
    Adagrad: { lr: lr(1e-2), eps: { ...EPSILON, byDefault: 1e-10 }, weightDecay: PENALTY },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, SettingTable>>>>;

/** Other names of an optimizer, and what they say beside it. */
export const OTHER_NAMES: Readonly<Record<string, Readonly<Record<string, [string, Record<string, ConfigValue>]>>>> = {
  Solver: {
    SGD: ['sgd', {}],
    Adam: ['adam', {}],
    AdamW: ['adamw', {}],
    RMSprop: ['rmsprop', {}],
    Adagrad: ['adagrad', {}],
  },
  fit: {
    sgd: ['SGD', { momentum: 0, nesterov: false }],
    sgd_momentum: ['SGD', { momentum: 0.9, nesterov: false }],
    nesterov: ['SGD', { momentum: 0.9, nesterov: true }],
    adam: ['Adam', {}],
    adamw: ['AdamW', {}],
    rmsprop: ['RMSprop', {}],
    adagrad: ['Adagrad', {}],
  },
};

/** The scale of initial weights, the penalty and so on: what the three classifiers share. */
export function classifierSettings(weightScale: number, reg: number): SettingTable {
  return {
    weightScale: setting(weightScale, AMOUNT, 'standard deviation of the initial weights'),
    reg: setting(reg, AMOUNT, 'strength of the L2 penalty'),
  };
}

/** Of every model of the library. */
export const NUM_CLASSES = setting(null, orNull(count(1)), 'outputs; null: as many as the data have classes');
