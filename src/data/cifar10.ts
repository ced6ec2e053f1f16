import type { NdArray } from 'ndarray';
import {
  argumentError,
  checkPath,
  type DType,
  describe,
  FLAG,
  type NDArray,
  ndarray,
  type OptionsOf,
  oneOf,
  option,
  settingsOf,
  sizeOf,
  typedArrayName,
} from '../arrays/index.js';
import { requireBuiltin } from '../node.js';
import {
  batchSource,
  CIFAR10,
  checkRecordLabels,
  countRecords,
  findBatches,
  IMAGE_BYTES,
  printed,
  RECORD_BYTES,
  readClasses,
  readRecords,
  TEST_FILE,
  TRAIN_FILES,
} from './cifar10-files.js';
import { type Split, splitImages, splitOptions } from './image-split.js';

/** What {@link readCifar10Batch} returns. */
export interface Cifar10Batch {
  /** The images one after the other, N · 3072 bytes: per image three planes (red, green, blue) of 32 rows of 32. */
  images: Uint8Array;
  /** The classes, N numbers from 0 to 9. */
  labels: Uint8Array;
}

const SPLIT = {
  ...splitOptions(49000, 1000, 1000),
  /** Whether to subtract the mean training image from every image. Default true; of bytes false. */
  subtractMean: option<boolean | undefined>(undefined, FLAG),
  /** Default `'float32'`; `'uint8'` keeps the images as bytes. */
  dtype: option<DType | 'uint8'>('float32', oneOf('float32', 'float64', 'uint8')),
};

/** Options of {@link loadCifar10}. */
export interface LoadCifar10Options extends Omit<OptionsOf<typeof SPLIT>, 'dtype'> {
  /** Of the images, as an array. Default `'float32'`; `'uint8'` keeps them as bytes, see {@link loadCifar10}. */
  dtype?: DType;
}

/** CIFAR-10, split as cs231n does; `X` is the type of its images, floats or bytes. */
export interface Cifar10<X = NDArray> {
  /** Shape (numTraining, 3, 32, 32). Pixels keep their scale of 0 to 255, less the mean where it is subtracted. */
  XTrain: X;
  /** Shape (numTraining,), numbers from 0 to 9. */
  yTrain: Int32Array;
  /** Shape (numValidation, 3, 32, 32). */
  XVal: X;
  yVal: Int32Array;
  /** Shape (numTest, 3, 32, 32). */
  XTest: X;
  yTest: Int32Array;
  /** The names of the ten classes, in the order of their labels. */
  classes: string[];
  /** The mean of the training images, shape (3, 32, 32), whether it was subtracted or not. */
  meanImage: NDArray;
}

/**
 * One batch file of CIFAR-10 in its binary version, as bytes.
 *
 * @param file - Path of, say, `data_batch_1.bin`.
 * @throws {Error} if there is no such file, or its size is not that of a whole number of records of 3,073 bytes.
 * @throws {RangeError} if a label is above 9, naming the record.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version"
 */
export function readCifar10Batch(file: string): Cifar10Batch {
  const fn = 'readCifar10Batch';
  checkPath(fn, 'file', file);
  const N = countRecords(fn, file);
  const batch = allocate(fn, file, N);
  readRecords(fn, file, 0, N, (records, before) => takeRecords(batch, records, before));
  return batch;
}

/** Takes records into a batch, behind the `before` that are there. */
function takeRecords({ images, labels }: Cifar10Batch, records: Uint8Array, before: number): void {
  for (let at = 0, n = before; at < records.length; at += RECORD_BYTES, n++) {
    labels[n] = records[at];
    images.set(records.subarray(at + 1, at + RECORD_BYTES), n * IMAGE_BYTES);
  }
}

/**
 * The bytes of a batch file of CIFAR-10 in its binary version: {@link readCifar10Batch} without a file, as in a
 * browser.
 *
 * @param bytes - The whole file.
 * @throws {TypeError} if it is no Uint8Array.
 * @throws {RangeError} if its length is not that of a whole number of records of 3,073 bytes, or a label is above 9.
 *
 * @example
 * const { images, labels } = decodeCifar10Batch(new Uint8Array(await file.arrayBuffer()));
 */
export function decodeCifar10Batch(bytes: Uint8Array): Cifar10Batch {
  const fn = 'decodeCifar10Batch';
  if (typedArrayName(bytes) !== 'Uint8Array') {
    const [found, expected] = [`is ${describe(bytes)}`, 'a Uint8Array'];
    throw argumentError(TypeError, { fn, arg: 'bytes', found, expected });
  }
  if (bytes.length === 0 || bytes.length % RECORD_BYTES !== 0) {
    const found = `has ${printed(bytes.length)} bytes`;
    const expected = `a whole number of records of ${printed(RECORD_BYTES)} bytes`;
    throw argumentError(RangeError, { fn, arg: 'bytes', found, expected });
  }
  checkRecordLabels(fn, 'bytes', bytes, 0, CIFAR10);
  const N = bytes.length / RECORD_BYTES;
  const batch = { images: new Uint8Array(N * IMAGE_BYTES), labels: new Uint8Array(N) };
  takeRecords(batch, bytes, 0);
  return batch;
}

/** @throws {RangeError} if that many images do not fit into memory. */
function allocate(fn: string, file: string, N: number): Cifar10Batch {
  try {
    return { images: new Uint8Array(N * IMAGE_BYTES), labels: new Uint8Array(N) };
  } catch (cause) {
    const found = `holds ${printed(N)} images, ${printed(N * IMAGE_BYTES)} bytes, which do not fit into memory; `;
    const wayOut = 'loadCifar10(dir, { numTraining }) reads a part of them';
    throw argumentError(RangeError, { fn, arg: file, found: found + wayOut }, { cause });
  }
}

/**
 * How many images there are, counted from the sizes of the files: to choose a split by.
 *
 * @param dir - The folder with the six batch files, or the one that holds `cifar-10-batches-bin`.
 * @returns For the official data `{ train: 50000, test: 10000 }`.
 * @throws {Error} if a batch file is missing, or its size is not that of a whole number of records.
 */
export function cifar10Size(dir: string): { train: number; test: number } {
  const fn = 'cifar10Size';
  checkPath(fn, 'dir', dir);
  const folder = findBatches(fn, dir);
  const path = requireBuiltin(fn, 'node:path');
  const sizes = TRAIN_FILES.map((name) => countRecords(fn, path.join(folder, name)));
  return { train: sizes.reduce((sum, size) => sum + size), test: countRecords(fn, path.join(folder, TEST_FILE)) };
}

/**
 * CIFAR-10 as arrays, in the split of cs231n: the first `numTraining` of the training images, the `numValidation` that
 * follow them, the first `numTest` of the test batch; from all of them the mean of the training images is subtracted.
 *
 * Reads only as much of the files as the split needs, and converts it straight into the arrays: all 60,000 images in
 * float32 take 737 MB and little beside. With `dtype: 'uint8'` they take 184 MB, for a {@link ByteDataset}; their mean
 * is not subtracted, which bytes could not hold.
 *
 * @param dir - The folder with the batch files, or the one that holds `cifar-10-batches-bin`.
 * @throws {Error} if the folder or a file that is needed is missing, or a file is damaged.
 * @throws {RangeError} if there are not enough images for the split, or an option is out of its range.
 * @throws {TypeError} if there is no option of a given name.
 *
 * @example
 * const { XTrain, yTrain, XVal, yVal, classes } = loadCifar10('data', { numTraining: 5000 });
 *
 * @example
 * const { XTrain, yTrain } = loadCifar10('data', { dtype: 'uint8' });
 * const { mean, std } = channelStats(XTrain);
 * const loader = new DataLoader(new ByteDataset(XTrain, yTrain), { transform: transforms.normalize(mean, std) });
 */
export function loadCifar10(
  dir: string,
  options: Omit<LoadCifar10Options, 'dtype'> & { dtype: 'uint8' },
): Cifar10<NdArray<Uint8Array>>;
export function loadCifar10(dir: string, options?: LoadCifar10Options): Cifar10;
export function loadCifar10(
  dir: string,
  options: OptionsOf<typeof SPLIT> = {},
): Cifar10<NDArray> | Cifar10<NdArray<Uint8Array>> {
  const fn = 'loadCifar10';
  checkPath(fn, 'dir', dir);
  const { dtype, subtractMean = dtype !== 'uint8', ...numbers } = settingsOf(fn, SPLIT, options);
  if (dtype === 'uint8' && subtractMean) {
    const wayOut = 'subtract it from the batches, by transforms.normalize(mean, 1) of channelStats(XTrain)';
    const [found, expected] = ['is true', "false with dtype 'uint8'"];
    throw argumentError(RangeError, { fn, arg: 'subtractMean', found, expected, wayOut });
  }

  const folder = findBatches(fn, dir);
  const training = batchSource(fn, folder, TRAIN_FILES, numbers.numTraining + numbers.numValidation);
  const testing = batchSource(fn, folder, [TEST_FILE], numbers.numTest);
  const place = `${folder}; cifar10Size(dir) counts them`;
  const classes = readClasses(fn, folder);
  const settings = { ...numbers, subtractMean, dtype: dtype === 'uint8' ? 'float32' : dtype };
  const shape = [3, 32, 32] as const;
  if (dtype !== 'uint8') {
    const floats = splitImages(fn, place, training, testing, shape, settings);
    return named(floats, classes);
  }
  const bytesOf = (sizes: readonly number[]): NdArray<Uint8Array> =>
    ndarray(new Uint8Array(sizeOf(sizes)), sizes as number[]);
  const bytes = splitImages(fn, place, training, testing, shape, settings, bytesOf);
  return named(bytes, classes);
}

function named<X>({ training, validation, testing, meanImage }: Split<X>, classes: string[]): Cifar10<X> {
  return {
    XTrain: training.X,
    yTrain: training.labels[0],
    XVal: validation.X,
    yVal: validation.labels[0],
    XTest: testing.X,
    yTest: testing.labels[0],
    classes,
    meanImage,
  };
}
