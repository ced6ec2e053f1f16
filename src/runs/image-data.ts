// Pictures: CIFAR, MNIST, the synthetic set, and folders.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { array, hostValues, type NDArray } from '../arrays/index.js';
import {
  ByteDataset,
  channelStats,
  cifar10Size,
  DataLoader,
  loadCifar10,
  loadCifar100,
  loadFashionMnist,
  loadMnist,
  TensorDataset,
  transforms,
} from '../data/index.js';
import { openFolder } from './image-folder-data.js';
import { mnistSize } from './mnist-size.js';
import { shownPath, syntheticFolder } from './places.js';
import { imageTransform } from './prepare.js';
import type { Pictures, RawImages } from './raw-images.js';
import { type Counts, countsOf } from './split.js';
import type { ImagePreprocessing, OnProgress, RunConfig, TaskData, TaskPart } from './types.js';

const TITLES = {
  ...{ synthetic: 'synthetic pictures', cifar10: 'CIFAR-10', cifar100: 'CIFAR-100', mnist: 'MNIST' },
  'fashion-mnist': 'Fashion-MNIST',
} as const;

/** Reads the pictures of a config, and learns of the training pictures what they are prepared by. */
export function openImages(fn: string, config: RunConfig, onProgress: OnProgress): TaskData {
  const raw = config.data.kind === 'folder' ? openFolder(fn, config) : openKnown(fn, config, onProgress);
  const preprocessing = preprocessingOf(raw, config, onProgress);
  const transform = imageTransform(preprocessing);
  const part = (pictures: Pictures): TaskPart => {
    const { dataset, labels } = pictures;
    const loader = new DataLoader(dataset as ByteDataset, { batchSize: 250, ...(transform && { transform }) });
    const asTheyAre = new DataLoader(dataset as ByteDataset);
    return {
      ...{ length: labels.length, labels, targets: null, dataset, loader: loader as TaskPart['loader'] },
      batch: (indices) => loader.batch(indices)[0],
      pictures: (indices) => asTheyAre.batch(indices)[0],
    };
  };
  const { train, val, test, classes, shape, title } = raw;
  const counts = `${train.labels.length} to train on, ${val?.labels.length ?? 0} to validate`;
  return {
    ...{ train: part(train), val: val && part(val), test: test && part(test) },
    ...{ classes, inputShape: shape, preprocessing },
    source: `${title}: ${counts}, ${test?.labels.length ?? 0} to test`,
  };
}

function openKnown(fn: string, config: RunConfig, onProgress: OnProgress): RawImages {
  const { kind, path, size } = config.data;
  const name = TITLES[kind as keyof typeof TITLES];
  if (path === null) onProgress('drawing the synthetic pictures', 0, 1);
  const folder = path ?? syntheticFolder();
  if (path === null) onProgress('drawing the synthetic pictures', 1, 1);
  const reading = `reading ${name}`;
  onProgress(reading, 0, 1);
  const available = sizeOf(kind, folder);
  const counts = countsOf(fn, config.data, available, shownPath(folder));
  const loaded = loadKnown(kind, folder, counts);
  onProgress(reading, 1, 1);
  const resize = typeof size === 'number' ? transforms.resize([size, size]) : null;
  const resized = (X: Loaded['XTrain']): Loaded['XTrain'] =>
    resize === null || X.shape[0] === 0 ? X : resize(array(X.data, X.shape), undefined as never);
  const pictures = (X: Loaded['XTrain'], labels: Int32Array): Pictures | null =>
    labels.length === 0 ? null : { dataset: datasetOf(resized(X), labels), labels };
  const { classes, meanImage } = loaded;
  const [C, H, W] = loaded.XTrain.shape.slice(1);
  return {
    train: pictures(loaded.XTrain, loaded.yTrain) as Pictures,
    val: pictures(loaded.XVal, loaded.yVal),
    test: pictures(loaded.XTest, loaded.yTest),
    ...{ classes, shape: resize === null ? [C, H, W] : [C, size as number, size as number] },
    meanImage: resize === null ? meanImage : null,
    title: `${name} in ${shownPath(folder)}`,
  };
}

/** What the loaders return, floats or bytes. */
interface Loaded {
  readonly XTrain: { readonly data: Uint8Array; readonly shape: readonly number[] } | NDArray;
  readonly XVal: Loaded['XTrain'];
  readonly XTest: Loaded['XTrain'];
  readonly yTrain: Int32Array;
  readonly yVal: Int32Array;
  readonly yTest: Int32Array;
  readonly classes: readonly string[];
  readonly meanImage: NDArray;
}

function datasetOf(X: Loaded['XTrain'], y: Int32Array): Pictures['dataset'] {
  if (X.data instanceof Uint8Array) return new ByteDataset({ data: X.data, shape: X.shape }, y);
  return new TensorDataset(X as NDArray, y) as unknown as Pictures['dataset'];
}

/** Records of a file of CIFAR-100: two labels and an image. */
const RECORD_BYTES = 2 + 3072;

function sizeOf(kind: string, folder: string): { train: number; test: number } {
  if (kind === 'cifar10' || kind === 'synthetic') return cifar10Size(folder);
  if (kind !== 'cifar100') return mnistSize(kind, folder);
  const bytes = (name: string): number => {
    const places = [join(folder, name), join(folder, 'cifar-100-binary', name)];
    // Where there is none, the loader says so.
    const stats = places.map((file) => statSync(file, { throwIfNoEntry: false }));
    return stats.find((stat) => stat !== undefined)?.size ?? 60_000 * RECORD_BYTES;
  };
  const [train, test] = ['train.bin', 'test.bin'].map((name) => Math.floor(bytes(name) / RECORD_BYTES));
  return { train, test };
}

function loadKnown(kind: string, folder: string, counts: Counts): Loaded {
  const numbers = { numTraining: counts.train, numValidation: counts.val, numTest: counts.test };
  if (kind === 'cifar10' || kind === 'synthetic') {
    return loadCifar10(folder, { ...numbers, dtype: 'uint8' }) as unknown as Loaded;
  }
  const floats = { ...numbers, subtractMean: false };
  if (kind === 'cifar100') return loadCifar100(folder, floats);
  return kind === 'mnist' ? loadMnist(folder, floats) : loadFashionMnist(folder, floats);
}

/** What the training pictures say: their mean, and the deviation of the channels. */
function preprocessingOf(
  { train, shape, classes, meanImage }: RawImages,
  { data }: RunConfig,
  onProgress: OnProgress,
): ImagePreprocessing {
  const base = { kind: 'images', inputShape: shape, classes } as const;
  if (data.normalize === 'none') return { ...base, mean: [], std: null };
  const what = data.normalize === 'mean' ? 'the mean image' : 'the mean of each channel';
  const N = train.labels.length;
  const dataset = train.dataset as ByteDataset;
  const told = {
    length: N,
    get(i: number): readonly [NDArray] {
      if (i % 100 === 0) onProgress(what, i, N);
      return [dataset.get(i)[0]];
    },
  };
  const bytes = dataset instanceof ByteDataset ? dataset.bytes : null;
  if (data.normalize === 'channels') {
    const { mean, std } = channelStats(bytes ?? told);
    if (bytes === null) onProgress(what, N, N);
    return { ...base, mean, std: std.map((deviation) => (deviation > 0 ? deviation : 1)) };
  }
  if (meanImage !== null) return { ...base, mean: [...hostValues(meanImage)], std: null };
  const sum = new Float64Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < N; i++) {
    const x = hostValues(told.get(i)[0]);
    for (let p = 0; p < sum.length; p++) sum[p] += x[p];
  }
  onProgress(what, N, N);
  return { ...base, mean: Array.from(sum, (total) => Math.fround(total / N)), std: null };
}
