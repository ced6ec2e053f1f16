// The files that `predict` is given.

import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliError, UsageError } from '../errors.js';

/** What stands for the standard input. */
export const STDIN = '-';

/** The largest input that is read, in bytes. */
const MOST_BYTES = 2 ** 29;

const PICTURE = /\.(png|jpe?g)$/i;

/** An example of the run's own data: `test:17`. */
const OWN = /^(train|val|test):(\d{1,9})$/;

/** An example of the run's own data. */
export interface OwnExample {
  readonly name: string;
  readonly split: 'train' | 'val' | 'test';
  readonly index: number;
}

/**
 * What is meant by the names that the user gave: examples of the run, unless there is a file of that name; and files,
 * of a folder those of the pictures in it and below it.
 *
 * @throws {CliError} if a folder has no pictures.
 */
export function filesOf(fn: string, cwd: string, names: readonly string[]): { own: OwnExample[]; files: string[] } {
  if (names.filter((name) => name === STDIN).length > 1) {
    throw new UsageError(`${fn}: ${STDIN} is given twice, and stdin can be read once`);
  }
  const own: OwnExample[] = [];
  const files: string[] = [];
  for (const name of names) {
    const stat = name === STDIN ? undefined : statSync(resolve(cwd, name), { throwIfNoEntry: false });
    const [, split, index] = (stat === undefined && OWN.exec(name)) || [];
    if (split !== undefined) own.push({ name, split: split as OwnExample['split'], index: Number(index) });
    else if (stat?.isDirectory() !== true) files.push(name);
    else {
      const found = picturesIn(resolve(cwd, name), name);
      if (found.length === 0)
        throw new CliError(`${fn}: the folder ${name} has no PNG or JPEG files; name other files`);
      files.push(...found);
    }
  }
  return { own, files };
}

function picturesIn(folder: string, name: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  return entries.flatMap((entry) => {
    if (entry.name.startsWith('.')) return [];
    const below = join(name, entry.name);
    if (entry.isDirectory()) return picturesIn(join(folder, entry.name), below);
    return PICTURE.test(entry.name) ? [below] : [];
  });
}

/** All bytes of the standard input. */
export async function readStdin(fn: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Uint8Array);
    length += (chunk as Uint8Array).length;
    if (length > MOST_BYTES) throw new CliError(`${fn}: stdin has more than ${MOST_BYTES} bytes; give it in parts`);
  }
  return Buffer.concat(chunks);
}

/** Whether bytes begin as those of a PNG or JPEG file do. */
export function isPicture(bytes: Uint8Array): boolean {
  const begins = (...head: number[]): boolean => head.every((byte, i) => bytes[i] === byte);
  return begins(0x89, 0x50, 0x4e, 0x47) || begins(0xff, 0xd8, 0xff);
}
