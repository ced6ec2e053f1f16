import { checkPath, type NDArray, type OptionsOf, settingsOf } from '../arrays/index.js';
import { batchSource, type CifarFormat, findBatches, readClasses } from './cifar10-files.js';
import { splitImages, splitOptions } from './image-split.js';

const TRAIN_FILE = 'train.bin';
const TEST_FILE = 'test.bin';

const CIFAR100: CifarFormat = {
  name: 'CIFAR-100',
  labels: [
    { name: 'coarse label', classes: 20 },
    { name: 'label', classes: 100 },
  ],
  officialRecords: (file) => (file === TEST_FILE ? 10_000 : 50_000),
  folder: 'cifar-100-binary',
  files: [TRAIN_FILE, TEST_FILE],
  wayOut: (dir) =>
    `get the binary version of CIFAR-100 from https://www.cs.toronto.edu/~kriz/cifar.html and unpack it in ${dir}`,
};

/** The names of the 100 classes, in the order of their labels. */
const CLASSES = (
  'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle ' +
  'caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant ' +
  'flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man ' +
  'maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree ' +
  'plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper ' +
  'snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train ' +
  'trout tulip turtle wardrobe whale willow_tree wolf woman worm'
).split(' ');

/** The names of the 20 coarse classes, in the order of their labels. */
const COARSE_CLASSES = (
  'aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices ' +
  'household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes ' +
  'large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees ' +
  'vehicles_1 vehicles_2'
).split(' ');

const SPLIT = splitOptions(49000, 1000, 1000);

/** Options of {@link loadCifar100}. */
export interface LoadCifar100Options extends OptionsOf<typeof SPLIT> {}

/** CIFAR-100, split as {@link loadCifar10} splits CIFAR-10. */
export interface Cifar100 {
  /** Shape (numTraining, 3, 32, 32). Pixels keep their scale of 0 to 255, less the mean where it is subtracted. */
  XTrain: NDArray;
  /** Shape (numTraining,), numbers from 0 to 99. */
  yTrain: Int32Array;
  /** Coarse labels, shape (numTraining,), numbers from 0 to 19. */
  yTrainCoarse: Int32Array;
  /** Shape (numValidation, 3, 32, 32). */
  XVal: NDArray;
  yVal: Int32Array;
  yValCoarse: Int32Array;
  /** Shape (numTest, 3, 32, 32). */
  XTest: NDArray;
  yTest: Int32Array;
  yTestCoarse: Int32Array;
  /** The names of the 100 classes, in the order of their labels. */
  classes: string[];
  /** The names of the 20 coarse classes, in the order of their labels. */
  coarseClasses: string[];
  /** The mean of the training images, shape (3, 32, 32), whether it was subtracted or not. */
  meanImage: NDArray;
}

/**
 * CIFAR-100 in its binary version as arrays, in the split of cs231n: see {@link loadCifar10}.
 *
 * @param dir - The folder with `train.bin` and `test.bin`, or the one that holds `cifar-100-binary`.
 * @throws {Error} if the folder or a file is missing, or a file is damaged.
 * @throws {RangeError} if there are not enough images for the split, or an option is out of its range.
 * @throws {TypeError} if there is no option of a given name.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html, "CIFAR-100 binary version"
 *
 * @example
 * const { XTrain, yTrain, yTrainCoarse, classes } = loadCifar100('data', { numTraining: 5000 });
 */
export function loadCifar100(dir: string, options: LoadCifar100Options = {}): Cifar100 {
  const fn = 'loadCifar100';
  checkPath(fn, 'dir', dir);
  const settings = settingsOf(fn, SPLIT, options);
  const folder = findBatches(fn, dir, CIFAR100);
  const training = batchSource(fn, folder, [TRAIN_FILE], settings.numTraining + settings.numValidation, CIFAR100);
  const testing = batchSource(fn, folder, [TEST_FILE], settings.numTest, CIFAR100);
  const classes = readClasses(fn, folder, 'fine_label_names.txt', CLASSES);
  const coarseClasses = readClasses(fn, folder, 'coarse_label_names.txt', COARSE_CLASSES);
  const parts = splitImages(fn, folder, training, testing, [3, 32, 32], settings);
  const { training: train, validation: val, testing: test, meanImage } = parts;
  return {
    XTrain: train.X,
    yTrain: train.labels[1],
    yTrainCoarse: train.labels[0],
    XVal: val.X,
    yVal: val.labels[1],
    yValCoarse: val.labels[0],
    XTest: test.X,
    yTest: test.labels[1],
    yTestCoarse: test.labels[0],
    classes,
    coarseClasses,
    meanImage,
  };
}
