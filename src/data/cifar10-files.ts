import { argumentError } from '../arrays/index.js';
import { attempt, checkRegular, kindOf, openRegular, readText, statOf } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import type { ImageSource } from './image-split.js';

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

/** A binary version of CIFAR: files of records, each its labels in a byte each, then an image. */
export interface CifarFormat {
  readonly name: string;
  /** What the labels of a record are called, and how many classes they tell apart. */
  readonly labels: readonly { readonly name: string; readonly classes: number }[];
  /** Records in an official file. */
  officialRecords(file: string): number;
  /** The folder that the official archive unpacks to. */
  readonly folder: string;
  readonly files: readonly string[];
  /** How to get the data. */
  wayOut(dir: string): string;
}

export const CIFAR10: CifarFormat = {
  name: 'CIFAR-10',
  labels: [{ name: 'label', classes: 10 }],
  officialRecords: () => OFFICIAL_RECORDS,
  folder: BATCHES_FOLDER,
  files: [...TRAIN_FILES, TEST_FILE],
  wayOut: (dir) =>
    `get CIFAR-10 with downloadCifar10('${dir}'), or draw a stand-in with writeSyntheticCifar10('${dir}')`,
};

/** The longest file of class names that is read. The official one has 61 bytes. */
export const META_BYTES = 65_536;

/** Bounds the memory that reading takes beside the arrays it fills: 3 MB. */
const CHUNK_RECORDS = 1000;

/**
 * The folder that holds the batch files: `dir` itself, or the folder of the official archive in it.
 *
 * @throws {Error} if there is no folder `dir`; that the files are in it is not promised.
 */
export function findBatches(fn: string, dir: string, format = CIFAR10): string {
  const path = requireBuiltin(fn, 'node:path');
  const stat = statOf(fn, dir);
  const absolute = path.isAbsolute(dir) ? '' : ` (${path.resolve(dir)})`;
  if (stat === undefined) throw new Error(`${fn}: there is no folder ${dir}${absolute}; ${format.wayOut(dir)}`);
  if (!stat.isDirectory()) {
    throw new Error(`${fn}: ${dir}${absolute} is ${kindOf(stat)}, expected the folder that holds the batch files`);
  }
  const below = path.join(dir, format.folder);
  const here = format.files.some((name) => statOf(fn, path.join(dir, name)) !== undefined);
  return !here && statOf(fn, below)?.isDirectory() ? below : dir;
}

/**
 * The number of records in a batch file, from its size.
 *
 * @throws {Error} if there is no such regular file, or its size is not that of a whole number of records, at least one.
 */
export function countRecords(fn: string, file: string, format = CIFAR10): number {
  const path = requireBuiltin(fn, 'node:path');
  const stat = statOf(fn, file);
  if (stat === undefined) {
    const dir = path.dirname(file);
    // The Python version of the data has the same names without an ending, and is pickled.
    const python = statOf(fn, file.replace(/\.bin$/, '')) ? ' (what is there is not the binary version)' : '';
    throw new Error(`${fn}: there is no file ${path.basename(file)} in ${dir}${python}; ${format.wayOut(dir)}`);
  }
  checkRegular(fn, file, stat, 'replace it by a batch file');
  const recordBytes = recordBytesOf(format);
  if (stat.size === 0 || stat.size % recordBytes !== 0) {
    const records = format.officialRecords(path.basename(file));
    const official = printed(records * recordBytes);
    throw new Error(
      `${fn}: ${file} has ${printed(stat.size)} bytes, expected ${official} (${printed(records)} records of ` +
        `${printed(recordBytes)} bytes), or another whole number of records; replace the file, it is damaged`,
    );
  }
  return stat.size / recordBytes;
}

/** Bytes of a record. */
export function recordBytesOf({ labels }: CifarFormat): number {
  return labels.length + IMAGE_BYTES;
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
 * @throws {RangeError} if a label is that of no class.
 */
export function readRecords(
  fn: string,
  file: string,
  first: number,
  length: number,
  visit: (records: Uint8Array, before: number) => void,
  format = CIFAR10,
): void {
  const fs = requireBuiltin(fn, 'node:fs');
  const recordBytes = recordBytesOf(format);
  const buffer = new Uint8Array(Math.min(length, CHUNK_RECORDS) * recordBytes);
  const fd = openRegular(fn, file, 'replace it by a batch file');
  try {
    for (let before = 0; before < length; before += CHUNK_RECORDS) {
      const records = buffer.subarray(0, Math.min(length - before, CHUNK_RECORDS) * recordBytes);
      const from = (first + before) * recordBytes;
      for (let filled = 0; filled < records.length; ) {
        const at = { offset: filled, position: from + filled };
        const read = attempt(fn, 'read', file, () => fs.readSync(fd, records, at));
        if (read === 0)
          throw new Error(`${fn}: ${file} ended at byte ${printed(from + filled)}: it changed while read`);
        filled += read;
      }
      checkRecordLabels(fn, file, records, first + before, format);
      visit(records, before);
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** @throws {RangeError} if a label of some records is that of no class, naming the record. */
export function checkRecordLabels(
  fn: string,
  file: string,
  records: Uint8Array,
  first: number,
  format: CifarFormat,
): void {
  const recordBytes = recordBytesOf(format);
  for (const [byte, { name, classes }] of format.labels.entries()) {
    for (let at = byte; at < records.length; at += recordBytes) {
      if (records[at] < classes) continue;
      throw argumentError(RangeError, {
        fn,
        arg: `${file}: record ${first + (at - byte) / recordBytes} (counted from 0)`,
        found: `has ${name} ${records[at]}`,
        expected: `0 to ${classes - 1}; the file is damaged, or no batch of ${format.name} in its binary version`,
      });
    }
  }
}

/**
 * The names of the classes of the data in `folder`: those in a file of it, the official ones without that file.
 *
 * @throws {Error} if the file is no regular one, or does not hold as many names, one to a line.
 */
export function readClasses(fn: string, folder: string, name = META_FILE, official = OFFICIAL_CLASSES): string[] {
  const file = requireBuiltin(fn, 'node:path').join(folder, name);
  if (statOf(fn, file) === undefined) return [...official];
  const wayOut = 'remove the file to use the official names';
  const names = readText(fn, file, META_BYTES, wayOut)
    .split('\n')
    .map((line) => line.trim());
  const classes = names.filter((line) => line !== '');
  if (classes.length !== official.length) {
    const expected = `expected ${official.length}, one to a line`;
    throw new Error(`${fn}: ${file} names ${classes.length} classes, ${expected}; ${wayOut}`);
  }
  return classes;
}

/** Files that are read as one row of records. */
interface Batches {
  readonly files: readonly { readonly file: string; readonly records: number }[];
  readonly size: number;
}

/** As many of the files, from the first, as hold `needed` records; all of them where they hold fewer. */
function openBatches(
  fn: string,
  folder: string,
  names: readonly string[],
  needed: number,
  format: CifarFormat,
): Batches {
  const path = requireBuiltin(fn, 'node:path');
  const files: { file: string; records: number }[] = [];
  let size = 0;
  for (const name of names) {
    if (size >= needed) break;
    const file = path.join(folder, name);
    const records = countRecords(fn, file, format);
    files.push({ file, records });
    size += records;
  }
  return { files, size };
}

/**
 * The images of files, of which as many are looked at as hold `needed` records.
 *
 * @throws {Error} if one of them is missing or damaged.
 */
export function batchSource(
  fn: string,
  folder: string,
  names: readonly string[],
  needed: number,
  format = CIFAR10,
): ImageSource {
  const { files, size } = openBatches(fn, folder, names, needed, format);
  const recordBytes = recordBytesOf(format);
  const count = format.labels.length;
  const each: ImageSource['each'] = (first, N, take) => {
    let skip = first;
    let taken = 0;
    for (const { file, records } of files) {
      const length = Math.min(records - skip, N - taken);
      if (length > 0) {
        const start = taken;
        const visit = (bytes: Uint8Array, before: number): void => {
          for (let at = count, n = start + before; at < bytes.length; at += recordBytes, n++) take(bytes, at, n);
        };
        readRecords(fn, file, skip, length, visit, format);
        taken += length;
      }
      skip = Math.max(0, skip - records);
    }
  };
  const labels = format.labels.map((_, byte) => (bytes: Uint8Array, at: number) => bytes[at - count + byte]);
  return { size, each, labels };
}
