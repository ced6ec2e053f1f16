import { kindOf, linkStatOf, statOf } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import { OFFICIAL_RECORDS, printed, RECORD_BYTES, TEST_FILE, TRAIN_FILES } from './cifar10-files.js';

/** The checksum of the official archive. */
export const OFFICIAL_MD5 = 'c32a1d4ab5d03f1284b67883e8d87530';

/**
 * Whether the folder exists and is complete.
 *
 * @throws {Error} if it exists and is not complete.
 */
export function isFinished(fn: string, folder: string, md5: string): boolean {
  if (linkStatOf(fn, folder) === undefined) return false;
  const wayOut = 'move or delete it, then call again';
  const stat = statOf(fn, folder);
  if (stat === undefined) throw new Error(`${fn}: ${folder} is a symbolic link to nothing; ${wayOut}`);
  if (!stat.isDirectory()) throw new Error(`${fn}: ${folder} is ${kindOf(stat)}, expected a folder; ${wayOut}`);
  const flaw = flawIn(fn, folder, md5);
  if (flaw !== null) throw new Error(`${fn}: ${folder} is there but ${flaw}; ${wayOut}`);
  return true;
}

/** What is wrong with the batch files in `folder`, or null. The official ones hold 10,000 records each. */
export function flawIn(fn: string, folder: string, md5: string): string | null {
  const path = requireBuiltin(fn, 'node:path');
  for (const name of [...TRAIN_FILES, TEST_FILE]) {
    const stat = statOf(fn, path.join(folder, name));
    if (stat === undefined) return `${name} is missing`;
    if (!stat.isFile()) return `${name} is ${kindOf(stat)}, expected a regular file`;
    const { size } = stat;
    const records = size / RECORD_BYTES;
    if (md5 === OFFICIAL_MD5 && records !== OFFICIAL_RECORDS) {
      return `${name} has ${printed(size)} bytes, expected ${printed(OFFICIAL_RECORDS * RECORD_BYTES)}`;
    }
    if (!Number.isInteger(records) || records === 0) {
      return `${name} has ${printed(size)} bytes, expected a whole number of records of ${printed(RECORD_BYTES)} bytes`;
    }
  }
  return null;
}
