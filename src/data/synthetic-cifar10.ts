import {
  checkPath,
  count,
  FUNCTION,
  type OptionsOf,
  oneOf,
  option,
  Random,
  SEED,
  settingsOf,
} from '../arrays/index.js';
import { attempt, checkRegular, linkStatOf, makeFolder, readText, withLock } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import { type Cifar10Batch, decodeCifar10Batch } from './cifar10.js';
import { META_BYTES, META_FILE, RECORD_BYTES, TEST_FILE, TRAIN_FILES } from './cifar10-files.js';
import { drawNoise, drawShape, SHAPES } from './synthetic-shapes.js';
import { temporaryFolder } from './temporary-folder.js';

/** A batch is drawn in memory: 307 MB at the most. */
const MAX_RECORDS = 100_000;

const SYNTHETIC = {
  /** The same seed gives the same bytes. Default 0. */
  seed: option<number | string>(0, SEED),
  /** Images in each of the five training batches, 1 to 100,000. Default 2000; the official data has 10,000. */
  trainPerBatch: option(2000, count(1, MAX_RECORDS)),
  /** Images in the test batch, 1 to 100,000. Default 2000; the official data has 10,000. */
  test: option(2000, count(1, MAX_RECORDS)),
  /** Called now and then with how many images are drawn, and how many there will be. */
  onProgress: option<(done: number, total: number) => void>(() => {}, FUNCTION),
};

/** Options of {@link writeSyntheticCifar10}. */
export interface SyntheticCifar10Options extends OptionsOf<typeof SYNTHETIC> {}

const FILES = [META_FILE, ...TRAIN_FILES, TEST_FILE];
const CLASSES = Object.keys(SHAPES);

/**
 * Writes a stand-in for CIFAR-10 that needs no download: ten classes of drawn shapes (discs, rings, stripes, …) in the
 * files and the layout of the official binary version, for {@link loadCifar10}.
 *
 * It is made to tell classifiers apart. Place, size, tilt, colours and noise vary, and a shape may be darker than its
 * ground or lighter. On the default 12,000 images a linear classifier reaches about 30 % and a network with 100 hidden
 * units about 60 %, after ten epochs of SGD.
 *
 * Picture k of a file is the same however many are written. The files appear under their names complete, one after the
 * other; files that an earlier call wrote are replaced.
 *
 * @param dir - The folder to write to; made where it is missing.
 * @returns `dir`.
 * @throws {Error} if there is other data in `dir`, which stays as it is.
 * @throws {RangeError} if an option is out of its range.
 * @throws {TypeError} if there is no option of a given name, or the seed is no number or string.
 *
 * @example
 * const data = loadCifar10(writeSyntheticCifar10('data/synthetic'), { numTraining: 9000 });
 */
export function writeSyntheticCifar10(dir: string, options: SyntheticCifar10Options = {}): string {
  const fn = 'writeSyntheticCifar10';
  checkPath(fn, 'dir', dir);
  const { seed, trainPerBatch, test, onProgress } = settingsOf(fn, SYNTHETIC, options);

  const fs = requireBuiltin(fn, 'node:fs');
  const path = requireBuiltin(fn, 'node:path');
  const names = `${CLASSES.join('\n')}\n`;
  checkOurs(fn, dir, names);

  makeFolder(fn, dir);
  const unfinished = temporaryFolder(fn, dir, '.drawing-');
  try {
    const noise = drawNoise(new Random(`${seed}/noise`));
    const write = (name: string, contents: string | Uint8Array): void => {
      const file = path.join(unfinished, name);
      attempt(fn, 'write', file, () => fs.writeFileSync(file, contents));
    };
    write(META_FILE, names);
    const total = trainPerBatch * TRAIN_FILES.length + test;
    for (const [before, name] of [...TRAIN_FILES, TEST_FILE].entries()) {
      const onDrawn = (drawn: number): void => onProgress(before * trainPerBatch + drawn, total);
      write(name, drawRecords(`${seed}/${name}`, name === TEST_FILE ? test : trainPerBatch, noise, onDrawn));
    }
    // Of several processes the last one's files are there in the end, and not some of each.
    withLock(fn, path.join(dir, '.drawing.lock'), () => {
      checkOurs(fn, dir, names);
      // The class names go first: they mark what follows as ours, so that an interrupted call can be repeated.
      for (const name of FILES) {
        const file = path.join(dir, name);
        attempt(fn, 'write', file, () => fs.renameSync(path.join(unfinished, name), file));
      }
    });
  } finally {
    fs.rmSync(unfinished, { recursive: true, force: true });
  }
  return dir;
}

const BATCH = {
  /** As of {@link writeSyntheticCifar10}: the same seed gives the same pictures. Default 0. */
  seed: option<number | string>(0, SEED),
  /** Which of the files: `'data_batch_1.bin'` to `'data_batch_5.bin'` or `'test_batch.bin'`. Default the first. */
  file: option(TRAIN_FILES[0], oneOf(...TRAIN_FILES, TEST_FILE)),
  /** Images, 1 to 100,000. Default 2000. */
  length: option(2000, count(1, MAX_RECORDS)),
};

/** Options of {@link syntheticCifar10Batch}. */
export interface SyntheticCifar10BatchOptions extends OptionsOf<typeof BATCH> {}

/**
 * One batch of the stand-in for CIFAR-10 that {@link writeSyntheticCifar10} writes, drawn in memory: no file and no
 * download, in a browser too.
 *
 * @returns The images and labels that `readCifar10Batch` would read, and the names of the ten classes.
 * @throws {RangeError | TypeError} if an option is unknown or out of its range.
 *
 * @example
 * const { images, labels, classes } = syntheticCifar10Batch({ length: 1000 });
 * const dataset = new ByteDataset({ data: images, shape: [1000, 3, 32, 32] }, labels);
 */
export function syntheticCifar10Batch(
  options: SyntheticCifar10BatchOptions = {},
): Cifar10Batch & { classes: string[] } {
  const { seed, file, length } = settingsOf('syntheticCifar10Batch', BATCH, options);
  const noise = drawNoise(new Random(`${seed}/noise`));
  const records = drawRecords(`${seed}/${file}`, length, noise, () => {});
  return { ...decodeCifar10Batch(records), classes: [...CLASSES] };
}

/** @throws {Error} if the folder has files that this function did not write and would replace. */
function checkOurs(fn: string, dir: string, names: string): void {
  const path = requireBuiltin(fn, 'node:path');
  const wayOut = 'choose another folder, or delete the files';
  // Looked for before the class names are read: another process that writes here puts these first.
  const found = FILES.filter((name) => {
    const file = path.join(dir, name);
    const stat = linkStatOf(fn, file);
    if (stat !== undefined) checkRegular(fn, file, stat, wayOut);
    return stat !== undefined;
  });
  if (found.length === 0) return;
  const meta = path.join(dir, META_FILE);
  if (linkStatOf(fn, meta) !== undefined && readText(fn, meta, META_BYTES, wayOut) === names) return;
  const other = found.find((name) => name !== META_FILE) ?? META_FILE;
  throw new Error(`${fn}: ${dir} holds other data (${other}), which this would replace; ${wayOut}`);
}

/** The bytes of a batch file of `length` records. Each ten in a row hold every class once, in random order. */
function drawRecords(
  seed: string,
  length: number,
  noise: Float32Array,
  onDrawn: (records: number) => void,
): Uint8Array {
  const bytes = new Uint8ClampedArray(length * RECORD_BYTES);
  for (let first = 0; first < length; first += 10) {
    // A generator for every ten records, so that no record hangs on how many there are.
    const random = new Random(`${seed}/${first}`);
    const labels = random.permutation(10);
    for (let i = 0; i < 10 && first + i < length; i++) {
      const at = (first + i) * RECORD_BYTES;
      bytes[at] = labels[i];
      drawShape(SHAPES[CLASSES[labels[i]]], random, noise, bytes.subarray(at + 1, at + RECORD_BYTES));
    }
    onDrawn(Math.min(length, first + 10));
  }
  return new Uint8Array(bytes.buffer);
}
