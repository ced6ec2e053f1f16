import { argumentError } from '../arrays/index.js';
import { attempt, checkRegular, kindOf, openRegular, readText, statOf } from '../files/index.js';
import { requireBuiltin } from '../node.js';

/** Bytes of an image: three planes (red, green, blue) of 32 rows of 32 pixels. */
export const IMAGE_BYTES = 3 * 32 * 32;

/** Bytes of a record of a batch file: the label, then the image. */
export const RECORD_BYTES = 1 + IMAGE_BYTES;

/** Records in each batch file of the official data. */
export const OFFICIAL_RECORDS = 10_000;

/** The folder that the official archive unpacks to. */
export const BATCHES_FOLDER = 'cifar-10-batches-bin';

export const TRAIN_FILES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
export const TEST_FILE = 'test_batch.bin';
export const META_FILE = 'batches.meta.txt';

/** The names of the ten classes, in the order of their labels. */
const OFFICIAL_CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/** The longest file of class names that is read. The official one has 61 bytes. */
export const META_BYTES = 65_536;

/** Bounds the memory that reading takes beside the arrays it fills: 3 MB. */
const CHUNK_RECORDS = 1000;

/**
 * The folder that holds the batch files: `dir` itself, or `cifar-10-batches-bin` in it.
 *
 * @throws {Error} if there is no folder `dir`; that the files are in it is not promised.
 */
export function findBatches(fn: string, dir: string): string {
  const path = requireBuiltin(fn, 'node:path');
  const stat = statOf(fn, dir);
  const absolute = path.isAbsolute(dir) ? '' : ` (${path.resolve(dir)})`;
  if (stat === undefined) throw new Error(`${fn}: there is no folder ${dir}${absolute}; ${wayOut(dir)}`);
  if (!stat.isDirectory()) {
    throw new Error(`${fn}: ${dir}${absolute} is ${kindOf(stat)}, expected the folder that holds the batch files`);
  }
  const below = path.join(dir, BATCHES_FOLDER);
  const here = [...TRAIN_FILES, TEST_FILE].some((name) => statOf(fn, path.join(dir, name)) !== undefined);
  return !here && statOf(fn, below)?.isDirectory() ? below : dir;
}

function wayOut(dir: string): string {
  return `get CIFAR-10 with downloadCifar10('${dir}'), or draw a stand-in with writeSyntheticCifar10('${dir}')`;
}

/**
 * The number of records in a batch file, from its size.
 *
 * @throws {Error} if there is no such regular file, or its size is not that of a whole number of records, at least one.
 */
export function countRecords(fn: string, file: string): number {
  const path = requireBuiltin(fn, 'node:path');
  const stat = statOf(fn, file);
  if (stat === undefined) {
    const dir = path.dirname(file);
    // The Python version of the data has the same names without an ending, and is pickled.
    const python = statOf(fn, file.replace(/\.bin$/, '')) ? ' (what is there is not the binary version)' : '';
    throw new Error(`${fn}: there is no file ${path.basename(file)} in ${dir}${python}; ${wayOut(dir)}`);
  }
  checkRegular(fn, file, stat, 'replace it by a batch file');
  if (stat.size === 0 || stat.size % RECORD_BYTES !== 0) {
    const official = printed(OFFICIAL_RECORDS * RECORD_BYTES);
    throw new Error(
      `${fn}: ${file} has ${printed(stat.size)} bytes, expected ${official} (${printed(OFFICIAL_RECORDS)} records of ` +
        `${printed(RECORD_BYTES)} bytes), or another whole number of records; replace the file, it is damaged`,
    );
  }
  return stat.size / RECORD_BYTES;
}

/** A number as people read it: 30,730,000. */
export function printed(n: number): string {
  return n.toLocaleString('en-US');
}

/**
 * Hands the records [first, first + length) of a batch file to `visit`, some at a time and in order.
 *
 * @param visit - Takes whole records as bytes, valid during the call only, and how many came before them.
 * @throws {Error} if the file ends before that.
 * @throws {RangeError} if a label is above 9.
 */
export function readRecords(
  fn: string,
  file: string,
  first: number,
  length: number,
  visit: (records: Uint8Array, before: number) => void,
): void {
  const fs = requireBuiltin(fn, 'node:fs');
  const buffer = new Uint8Array(Math.min(length, CHUNK_RECORDS) * RECORD_BYTES);
  const fd = openRegular(fn, file, 'replace it by a batch file');
  try {
    for (let before = 0; before < length; before += CHUNK_RECORDS) {
      const records = buffer.subarray(0, Math.min(length - before, CHUNK_RECORDS) * RECORD_BYTES);
      const from = (first + before) * RECORD_BYTES;
      for (let filled = 0; filled < records.length; ) {
        const at = { offset: filled, position: from + filled };
        const read = attempt(fn, 'read', file, () => fs.readSync(fd, records, at));
        if (read === 0)
          throw new Error(`${fn}: ${file} ended at byte ${printed(from + filled)}: it changed while read`);
        filled += read;
      }
      checkLabels(fn, file, records, first + before);
      visit(records, before);
    }
  } finally {
    fs.closeSync(fd);
  }
}

function checkLabels(fn: string, file: string, records: Uint8Array, first: number): void {
  for (let at = 0; at < records.length; at += RECORD_BYTES) {
    if (records[at] > 9) {
      throw argumentError(RangeError, {
        fn,
        arg: `${file}: record ${first + at / RECORD_BYTES} (counted from 0)`,
        found: `has label ${records[at]}`,
        expected: '0 to 9; the file is damaged, or no batch of CIFAR-10 in its binary version',
      });
    }
  }
}

/**
 * The names of the classes of the data in `folder`: those in batches.meta.txt, the official ones without that file.
 *
 * @throws {Error} if the file is no regular one, or does not hold ten names, one to a line.
 */
export function readClasses(fn: string, folder: string): string[] {
  const file = requireBuiltin(fn, 'node:path').join(folder, META_FILE);
  if (statOf(fn, file) === undefined) return [...OFFICIAL_CLASSES];
  const wayOut = 'remove the file to use the official names';
  const names = readText(fn, file, META_BYTES, wayOut)
    .split('\n')
    .map((line) => line.trim());
  const classes = names.filter((name) => name !== '');
  if (classes.length !== 10) {
    throw new Error(`${fn}: ${file} names ${classes.length} classes, expected 10, one to a line; ${wayOut}`);
  }
  return classes;
}
