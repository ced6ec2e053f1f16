import { argumentError, checkPath, type NDArray, type OptionsOf, settingsOf, tuple } from '../arrays/index.js';
import { kindOf, statOf } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import { idxOf } from './idx.js';
import { type ImageSource, splitImages, splitOptions } from './image-split.js';

const SPLIT = splitOptions(59000, 1000, 10000);

/** Options of {@link loadMnist} and {@link loadFashionMnist}. */
export interface LoadMnistOptions extends OptionsOf<typeof SPLIT> {}

/** MNIST or Fashion-MNIST, split as {@link loadCifar10} splits CIFAR-10. */
export interface Mnist {
  /** Shape (numTraining, 1, 28, 28). Pixels keep their scale of 0 to 255, less the mean where it is subtracted. */
  XTrain: NDArray;
  /** Shape (numTraining,), numbers from 0 to 9. */
  yTrain: Int32Array;
  /** Shape (numValidation, 1, 28, 28). */
  XVal: NDArray;
  yVal: Int32Array;
  /** Shape (numTest, 1, 28, 28). */
  XTest: NDArray;
  yTest: Int32Array;
  /** The names of the ten classes, in the order of their labels. */
  classes: string[];
  /** The mean of the training images, shape (1, 28, 28), whether it was subtracted or not. */
  meanImage: NDArray;
}

/** A data set in the files of MNIST. */
interface Kind {
  readonly fn: string;
  /** Where torchvision keeps it. */
  readonly folder: string;
  readonly classes: readonly string[];
  readonly from: string;
}

/**
 * MNIST as arrays: the first `numTraining` of the training images, the `numValidation` that follow them, the first
 * `numTest` of the test images; from all of them the mean of the training images is subtracted.
 *
 * @param dir - The folder with the four IDX files, packed (`train-images-idx3-ubyte.gz`) or not; or the one that holds
 *   `MNIST/raw`, as torchvision has them.
 * @throws {Error} if the folder or a file is missing, or a file is damaged.
 * @throws {RangeError} if there are not enough images for the split, or an option is out of its range.
 * @throws {TypeError} if there is no option of a given name.
 * @see http://yann.lecun.com/exdb/mnist/
 *
 * @example
 * const { XTrain, yTrain, XTest, yTest } = loadMnist('data/mnist', { numTraining: 5000 });
 */
export function loadMnist(dir: string, options: LoadMnistOptions = {}): Mnist {
  const classes = Array.from({ length: 10 }, (_, digit) => String(digit));
  const from = 'MNIST from https://ossci-datasets.s3.amazonaws.com/mnist/';
  return load({ fn: 'loadMnist', folder: 'MNIST', classes, from }, dir, options);
}

/**
 * Fashion-MNIST as arrays: see {@link loadMnist}.
 *
 * @param dir - The folder with the four IDX files, packed or not; or the one that holds `FashionMNIST/raw`.
 * @throws {Error} if the folder or a file is missing, or a file is damaged.
 * @throws {RangeError} if there are not enough images for the split, or an option is out of its range.
 * @throws {TypeError} if there is no option of a given name.
 * @see https://github.com/zalandoresearch/fashion-mnist
 *
 * @example
 * const { XTrain, yTrain, classes } = loadFashionMnist('data/fashion-mnist');
 */
export function loadFashionMnist(dir: string, options: LoadMnistOptions = {}): Mnist {
  const names = 'T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot';
  const from = 'Fashion-MNIST from https://github.com/zalandoresearch/fashion-mnist';
  return load({ fn: 'loadFashionMnist', folder: 'FashionMNIST', classes: names.split(','), from }, dir, options);
}

function load(kind: Kind, dir: string, options: LoadMnistOptions): Mnist {
  const { fn, classes } = kind;
  checkPath(fn, 'dir', dir);
  const settings = settingsOf(fn, SPLIT, options);
  const folder = findFolder(kind, dir);
  const training = sourceOf(kind, folder, 'train');
  const testing = settings.numTest === 0 ? { ...training, size: 0 } : sourceOf(kind, folder, 't10k');
  const { shape } = training;
  if (tuple(testing.shape) !== tuple(shape)) {
    const [found, expected] = [`has images of shape ${tuple(testing.shape)}`, `${tuple(shape)}, as for training`];
    throw argumentError(Error, { fn, arg: testing.file, found, expected });
  }
  const parts = splitImages(fn, folder, training, testing, [1, ...shape], settings);
  const { training: train, validation: val, testing: test, meanImage } = parts;
  return {
    XTrain: train.X,
    yTrain: train.labels[0],
    XVal: val.X,
    yVal: val.labels[0],
    XTest: test.X,
    yTest: test.labels[0],
    classes: [...classes],
    meanImage,
  };
}

/** The folder that holds the files: `dir` itself, or where torchvision puts them in it. */
function findFolder({ fn, folder, from }: Kind, dir: string): string {
  const path = requireBuiltin(fn, 'node:path');
  const stat = statOf(fn, dir);
  const absolute = path.isAbsolute(dir) ? '' : ` (${path.resolve(dir)})`;
  if (stat === undefined) throw new Error(`${fn}: there is no folder ${dir}${absolute}; get ${from}`);
  if (!stat.isDirectory()) {
    throw new Error(`${fn}: ${dir}${absolute} is ${kindOf(stat)}, expected the folder that holds the four files`);
  }
  const places = [dir, path.join(dir, folder, 'raw'), path.join(dir, 'raw')];
  return places.find((place) => fileIn(fn, place, 'train', 'images') !== null) ?? dir;
}

/** A file of images or labels, under one of the names that it goes by, or null. */
function fileIn(fn: string, folder: string, part: 'train' | 't10k', what: 'images' | 'labels'): string | null {
  const path = requireBuiltin(fn, 'node:path');
  const axes = what === 'images' ? 3 : 1;
  const names = [`${part}-${what}-idx${axes}-ubyte`, `${part}-${what}.idx${axes}-ubyte`];
  const files = names.flatMap((name) => [name, `${name}.gz`]).map((name) => path.join(folder, name));
  return files.find((file) => statOf(fn, file) !== undefined) ?? null;
}

/** Images and labels, the images of shape (H, W). */
interface IdxSource extends ImageSource {
  readonly file: string;
  readonly shape: readonly [H: number, W: number];
}

function sourceOf({ fn, classes, from }: Kind, folder: string, part: 'train' | 't10k'): IdxSource {
  const read = (what: 'images' | 'labels', axes: number) => {
    const file = fileIn(fn, folder, part, what);
    if (file === null) {
      const name = `${part}-${what}-idx${axes}-ubyte`;
      throw new Error(`${fn}: there is no file ${name} or ${name}.gz in ${folder}; get ${from}`);
    }
    const { shape, data } = idxOf(fn, file);
    if (shape.length === axes && data instanceof Uint8Array && !shape.includes(0)) return { file, shape, data };
    const found = `has ${data.constructor.name.replace('Array', '')} numbers of shape ${tuple(shape)}`;
    const expected = `bytes of shape ${axes === 3 ? '(N, H, W)' : '(N,)'}, N ≥ 1`;
    throw argumentError(Error, { fn, arg: file, found, expected });
  };
  const images = read('images', 3);
  const labels = read('labels', 1);
  const [size, H, W] = images.shape;
  if (labels.shape[0] !== size) {
    const [found, expected] = [`has ${labels.shape[0]} labels`, `${size}, the images of ${images.file}`];
    throw argumentError(Error, { fn, arg: labels.file, found, expected });
  }
  const bad = labels.data.findIndex((label) => label >= classes.length);
  if (bad >= 0) {
    const [found, expected] = [`is ${labels.data[bad]}`, `0 to ${classes.length - 1}`];
    throw argumentError(RangeError, { fn, arg: `${labels.file}: label ${bad} (counted from 0)`, found, expected });
  }
  const each: ImageSource['each'] = (first, N, take) => {
    for (let n = 0; n < N; n++) take(images.data, (first + n) * H * W, n);
  };
  return { file: images.file, shape: [H, W], size, each, labels: [(_, __, index) => labels.data[index]] };
}
