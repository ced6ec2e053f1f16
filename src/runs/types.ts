// What a run is made from and what it gives: plain types, which the commands share.

import type { NDArray } from '../arrays/index.js';
import type { Model } from '../classifiers/index.js';
import type { DataLoader, ExampleDataset } from '../data/index.js';
import type { Logger } from '../loggers/index.js';
import type { Module } from '../nn/index.js';
import type { CheckpointOptions, FitHistory, TrainingEvent } from '../training/index.js';
import type { Communicator } from '../training/parallel/index.js';

/** A value in a config: plain JSON. */
export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | readonly ConfigValue[]
  | { readonly [name: string]: ConfigValue };

/** Settings by name. */
export type ConfigSection = Readonly<Record<string, ConfigValue>>;

/** The kinds of data that runs train on. */
export type DataKind = 'synthetic' | 'cifar10' | 'cifar100' | 'mnist' | 'fashion-mnist' | 'folder' | 'csv';

/**
 * Everything that a run is made from, as `config.json` has it: plain JSON, complete, its keys always in the same order.
 * The same config gives the same bits.
 */
export interface RunConfig {
  /** The version of the library that made it. */
  readonly layerwise: string;
  readonly model: {
    /** A name of the library's, or that of the file without its ending. */
    readonly name: string;
    /** The path of the user's file; missing where the model is the library's. */
    readonly file?: string;
    /** The file's SHA-256, in hexadecimal digits. */
    readonly sha256?: string;
    readonly options: ConfigSection;
  };
  /** The kind, the path (null of data that are drawn), the split, and how examples are prepared. */
  readonly data: ConfigSection & { readonly kind: DataKind; readonly path: string | null };
  /** Epochs, batch size, optimizer, learning rate and the rest of the recipe. */
  readonly training: ConfigSection & {
    readonly epochs: number;
    readonly batchSize: number;
    readonly optimizer: string;
    readonly lr: number;
    readonly printEvery: number;
  };
  /** Of the weights, the minibatches and the split. */
  readonly seed: number | string;
}

/** Which of the two loops trains a model. */
export type Loop = 'Solver' | 'fit';

/** What is told of work that takes a while: `onProgress('reading CIFAR-10', 3, 10)`. */
export type OnProgress = (what: string, done: number, total: number) => void;

/** A part of the data: for training, validation or testing. */
export interface TaskPart {
  /** How many examples it has. */
  readonly length: number;
  /** The label of each example; null where targets are numbers. */
  readonly labels: Int32Array | null;
  /** Targets that are numbers, in the units of the file, shape (N, T); null where they are labels. */
  readonly targets: NDArray | null;
  /** The examples as they are read, before they are prepared; rows of a CSV file are prepared already. */
  readonly dataset: ExampleDataset<NDArray, number | NDArray>;
  /** Batches `[X, y]` in the order of the examples, as the model is evaluated on them: prepared, not augmented. */
  readonly loader: DataLoader<NDArray, Int32Array | NDArray>;
  /** Examples at the given places as the model takes them, shape (n, …). */
  batch(indices: ArrayLike<number>): NDArray;
  /** Pictures at the given places as they are in the file, (n, C, H, W), values 0 to 255; null of tables. */
  pictures(indices: ArrayLike<number>): NDArray | null;
}

/** The data of a run, split. */
export interface TaskData {
  readonly train: TaskPart;
  /** Null where the config leaves it empty. */
  readonly val: TaskPart | null;
  readonly test: TaskPart | null;
  /** The names of the classes in the order of their labels; null where targets are numbers. */
  readonly classes: readonly string[] | null;
  /** The shape of one example as the model takes it: [C, H, W] of pictures, [D] of rows. */
  readonly inputShape: readonly number[];
  /** What the data are, in a sentence: `CIFAR-10 in data/cifar-10-batches-bin: 49000 to train on, …`. */
  readonly source: string;
  /** How examples are prepared for the model. */
  readonly preprocessing: Preprocessing;
}

/**
 * What has been learned of the training examples, and turns other examples into what the model takes. Plain JSON: a run
 * keeps it as `preprocessing.json`.
 */
export type Preprocessing = ImagePreprocessing | RowPreprocessing;

/** How pictures are prepared. */
export interface ImagePreprocessing {
  readonly kind: 'images';
  readonly inputShape: readonly number[];
  readonly classes: readonly string[];
  /** What is subtracted from pixels of 0 to 255: a number for each channel, or for each value of an image; []: 0. */
  readonly mean: readonly number[];
  /** What the channels are divided by; null: nothing. */
  readonly std: readonly number[] | null;
}

/** How rows of a CSV file are prepared. */
export interface RowPreprocessing {
  readonly kind: 'rows';
  readonly inputShape: readonly number[];
  readonly classes: readonly string[] | null;
  /** The columns that are read, in their order, and the target or targets. */
  readonly inputs: readonly string[];
  readonly targets: readonly string[];
  readonly categories: Readonly<Record<string, readonly string[]>>;
  /** Mean and standard deviation of each column of X, and of each target that is a number; null: as they are. */
  readonly standardize: { readonly mean: readonly number[]; readonly std: readonly number[] } | null;
  readonly standardizeTargets: { readonly mean: readonly number[]; readonly std: readonly number[] } | null;
  /** How the file is read: `header`, `delimiter`, `missing`, `encode`. */
  readonly reading: ConfigSection;
}

/** Options of {@link Task.train}. */
export interface TrainOptions {
  /** Where, and how often, the run is saved. Default: nowhere. */
  readonly checkpoint?: CheckpointOptions;
  /** Whether it continues from the checkpoint that is there. Default false. */
  readonly resume?: boolean;
  readonly loggers?: readonly Logger[];
  /** The live page's options, passed on to the loop. */
  readonly ui?: unknown;
  /** Ends the run between two steps, by rejecting the promise with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each step and each evaluation; what it returns is not awaited. */
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Whether the loop prints. Default true. */
  readonly verbose?: boolean;
  /** The processes that train together, each with this task. Default: this one. */
  readonly distributed?: Communicator;
  /** Whether batch normalization takes its statistics over all of them. Default false. */
  readonly syncBatchnorm?: boolean;
  /** Steps between two checks that all of them hold the same bits. Default: none. */
  readonly verify?: number;
}

/** What a run has come to. The model has the best weights then. */
export interface Outcome {
  readonly epoch: number;
  readonly iteration: number;
  /** Of the best epoch on the validation examples; null where there are none, or targets are numbers. */
  readonly bestValAcc: number | null;
  /** The lowest mean loss of the validation examples, where targets are numbers; else null. */
  readonly bestValLoss: number | null;
  /** Losses and accuracies, as `plotHistory` draws them. */
  readonly history: Pick<FitHistory, 'lossHistory' | 'trainAccHistory' | 'valAccHistory'>;
}

/** A config, opened: the data are read, the model is built. */
export interface Task {
  readonly config: RunConfig;
  readonly model: Module | Model;
  /** Which loop trains it. */
  readonly kind: Loop;
  readonly data: TaskData;
  /** Iterations of the whole run. */
  readonly total: number;
  /** Trains; may be called once. */
  train(options?: TrainOptions): Promise<Outcome>;
}

/** A folder of a run, as far as {@link openTrained} needs it. */
export interface RunPlace {
  readonly dir: string;
  readonly config: RunConfig;
  /** The folder of its checkpoints. */
  readonly checkpoints: string;
}

/** A trained model, and what it takes. */
export interface Trained {
  readonly config: RunConfig;
  readonly model: Module | Model;
  readonly classes: readonly string[] | null;
  readonly inputShape: readonly number[];
  readonly preprocessing: Preprocessing;
  /** Where the weights are from: a sentence for people. */
  readonly weights: string;
  /** Warnings: a model file that has changed since, say. */
  readonly notes: readonly string[];
  /** @returns Probabilities (N, C) of prepared examples; numbers (N, T) in the units of the targets. */
  predict(X: NDArray): NDArray;
  /** The examples of a file, prepared: one picture (1, C, H, W), or the rows of a CSV file (N, D). */
  readInputs(file: string): NDArray;
  /** A PNG or JPEG picture, prepared: (1, C, H, W). @param name - What errors call it. */
  pictureInputs(bytes: Uint8Array, name: string): NDArray;
  /** The rows of a CSV text with its header, prepared: (N, D). @param name - What errors call it. */
  rowInputs(text: string, name: string): NDArray;
  /** Pictures of 0 to 255, (N, C, H, W), or encoded rows of numbers, (N, D), prepared. */
  prepare(X: NDArray): NDArray;
  /** The data of the run, read again. */
  data(options?: { onProgress?: OnProgress }): Promise<TaskData>;
}
