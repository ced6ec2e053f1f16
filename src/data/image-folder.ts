import {
  argumentError,
  checkCount,
  checkedIn,
  checkLabels,
  checkPath,
  describe,
  faultOf,
  type NDArray,
  type OptionsOf,
  oneOf,
  option,
  printable,
  type Range,
  settingsOf,
} from '../arrays/index.js';
import {
  decoded,
  decodePixels,
  IMAGE,
  type ImageSettings,
  imageBytes,
  type ReadImageOptions,
} from '../images/index.js';
import type { ExampleDataset } from './dataset.js';
import { type Listed, listImages } from './image-files.js';
import { PORTABLE, type PortableDataset } from './portable.js';
import { remedied } from './source.js';

const EXTENSIONS: Range = {
  allows: (list) =>
    Array.isArray(list) && list.length > 0 && list.every((end) => typeof end === 'string' && /^\.[^./\\]+$/.test(end)),
  expected: "a list of endings as '.png'",
  Kind: TypeError,
};

const FOLDER = {
  ...IMAGE,
  /** How the names of pictures end, in capitals or not. Default `['.png', '.jpg', '.jpeg']`. */
  extensions: option<readonly string[]>(['.png', '.jpg', '.jpeg'], EXTENSIONS),
  /**
   * What becomes of a file that cannot be read as a picture. `'throw'`: an error that names it, when it is read.
   * `'skip'`: it is left out, and listed in `skipped`; for this each file is decoded once when the dataset is made, so
   * that the length and the places of the examples are fixed from then on. Default `'throw'`.
   */
  onBroken: option<'throw' | 'skip'>('throw', oneOf('throw', 'skip')),
};

/** Options of {@link imageFolder}. */
export interface ImageFolderOptions extends OptionsOf<typeof FOLDER> {}

/** What an {@link ImageFolder} is made of: plain values, which can be sent to a worker thread. */
export interface ImageFolderParts {
  /** The names of the classes, in the order of their labels. */
  readonly classes: readonly string[];
  /** The paths of the pictures. */
  readonly files: readonly string[];
  /** The class of each picture, a number from 0 to `classes.length - 1`. */
  readonly labels: ArrayLike<number>;
  /** How the pictures are read. */
  readonly options?: ReadImageOptions;
  /** The pictures that were left out. Default none. */
  readonly skipped?: readonly SkippedImage[];
}

/** A picture that was left out of an {@link ImageFolder}, and why. */
export interface SkippedImage {
  readonly file: string;
  readonly reason: string;
}

/**
 * Pictures in files and their labels, as a dataset that reads a picture when it is asked for: only the paths are in
 * memory. {@link imageFolder} makes one of a folder; the constructor, of any list of files.
 *
 * @example
 * const dataset = new ImageFolder({
 *   classes: ['cat', 'dog'],
 *   files: ['a.jpg', 'b.jpg', 'c.png'],
 *   labels: [0, 1, 0],
 *   options: { size: 64 },
 * });
 */
export class ImageFolder implements ExampleDataset {
  /** The names of the classes, in the order of their labels. */
  readonly classes: readonly string[];
  /** The paths of the pictures. */
  readonly files: readonly string[];
  /** The class of each picture, a number from 0 to `classes.length - 1`. */
  readonly labels: Int32Array;
  /** The pictures that were left out, where `onBroken` is `'skip'`. */
  readonly skipped: readonly SkippedImage[];
  readonly #settings: ImageSettings;

  /**
   * A dataset of the given files. They are not looked at before they are asked for.
   *
   * @throws {TypeError | ShapeError | RangeError} naming what is missing or does not fit: a label for each file, each
   *   from 0 to `classes.length - 1`.
   */
  constructor(parts: ImageFolderParts) {
    const fn = 'ImageFolder';
    if (typeof parts !== 'object' || parts === null) {
      const [found, expected] = [`is ${describe(parts)}`, '{ classes, files, labels, options, skipped }'];
      throw argumentError(TypeError, { fn, arg: 'parts', found, expected });
    }
    const { classes, files, labels, options = {}, skipped = [] } = parts;
    checkedIn(fn, 'classes', classes, TEXTS);
    checkedIn(fn, 'files', files, { ...TEXTS, expected: 'a list of paths, at least one' });
    this.#settings = settingsOf(fn, IMAGE, options);
    this.classes = [...classes];
    this.files = [...files];
    this.labels = checkLabels(fn, 'labels', labels, files.length, classes.length);
    this.skipped = [...skipped];
    if (this.#settings.size !== undefined) return;
    remedied(this, (i) => `${this.files[i]} is of another size, set { size } for pictures of one size`);
  }

  /** How many pictures there are. */
  get length(): number {
    return this.files.length;
  }

  /** What a dataset of the same pictures is made of, in a worker thread too: `new ImageFolder(parts)`. */
  get parts(): ImageFolderParts {
    const { classes, files, labels, skipped } = this;
    return { classes, files, labels, options: { ...this.#settings }, skipped };
  }

  /** @internal */
  [PORTABLE](): PortableDataset {
    return { kind: 'images', parts: this.parts };
  }

  /**
   * Picture `i`, read and decoded now, and its label.
   *
   * @returns The image, shape (channels, height, width), values 0 to 255.
   * @throws {Error} naming the file that cannot be read as a picture.
   * @throws {RangeError} if there is no picture `i`.
   */
  get(i: number): [image: NDArray, label: number] {
    checkCount('ImageFolder.get', 'i', i, 0, this.length - 1);
    const [fn, file] = ['ImageFolder.get', this.files[i]];
    return [decoded(fn, file, imageBytes(fn, file), this.#settings), this.labels[i]];
  }
}

const TEXTS: Range = {
  allows: (list) => Array.isArray(list) && list.length > 0 && list.every((text) => typeof text === 'string' && text),
  expected: 'a list of names, at least one',
  Kind: TypeError,
};

/**
 * The pictures of a folder, in which each folder is a class: `dir/cat/1.jpg`, `dir/dog/2.png`, …
 *
 * The classes are sorted by code point, and so are the pictures of a class, those of folders in its folder with them.
 * Symbolic links are followed. Hidden files and folders (`.name`) and files with other endings are passed over. A
 * picture is read when it is asked for, a JPEG by the package `@jsquash/jpeg`.
 *
 * @param dir - The folder of the folders.
 * @throws {Error} if there is no folder `dir`, there are no folders in it or a picture beside them, a class has no
 *   pictures, the names of two differ by case alone, or links lead in a circle.
 * @throws {TypeError | RangeError} naming an option that is out of its range.
 *
 * @example
 * const dataset = imageFolder('data/train', { size: 64 });
 * const loader = new DataLoader(dataset, { batchSize: 32, shuffle: true, seed: 0 });
 * for (const [X, y] of loader) trainStep(X, y); // X: (32, 3, 64, 64), y: dataset.classes by number
 */
export function imageFolder(dir: string, options: ImageFolderOptions = {}): ImageFolder {
  const fn = 'imageFolder';
  checkPath(fn, 'dir', dir);
  const { extensions, onBroken, ...settings } = settingsOf(fn, FOLDER, options);
  const listed = listImages(fn, dir, extensions);
  if (onBroken === 'throw') return new ImageFolder({ ...listed, options: settings });
  return new ImageFolder({ ...readable(fn, listed, settings.maxPixels), options: settings });
}

/**
 * The pictures that can be decoded, and why the others cannot.
 *
 * @throws {Error} if a class has none; if the system refuses to read a file, since that may pass.
 */
function readable(
  fn: string,
  { classes, files, labels }: Listed,
  maxPixels: number,
): Omit<ImageFolderParts, 'options'> {
  const skipped: SkippedImage[] = [];
  const good: number[] = [];
  for (const [i, file] of files.entries()) {
    try {
      decodePixels(fn, file, imageBytes(fn, file), maxPixels);
      good.push(i);
    } catch (error) {
      const fault = faultOf(error);
      if (fault?.arg !== file) throw error;
      skipped.push({ file, reason: fault.found });
    }
  }
  const kept = { files: good.map((i) => files[i]), labels: good.map((i) => labels[i]) };
  const empty = classes.findIndex((_, label) => !kept.labels.includes(label));
  if (empty < 0) return { classes, ...kept, skipped };
  const { file, reason } = skipped.find((picture) => labels[files.indexOf(picture.file)] === empty) as SkippedImage;
  throw new Error(`${fn}: the class '${printable(classes[empty])}' has no picture that can be read; ${file} ${reason}`);
}
