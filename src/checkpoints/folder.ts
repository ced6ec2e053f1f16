import { isError } from '../arrays/index.js';
import { attempt, statOf, withRegular } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import type { Checkpoint } from './checkpoint.js';
import { readCheckpoint } from './decode.js';
import { CHUNK, Checksum } from './encode.js';

/** The name of the best checkpoint of a run. */
export const BEST = 'best.safetensors';

/** The names of the others, with the iteration as a group. */
export const PATTERN = /^checkpoint-([0-9]{9,15})\.safetensors$/;

/** The names of those that are being written. */
export const UNFINISHED = /^\.checkpoint-[-0-9a-f]{36}\.tmp$/;

/** The largest file that is read, in bytes: longer arrays do not exist everywhere. */
const MOST = 2 ** 32;

/** The name of the checkpoint after so many iterations. */
export function nameOf(iteration: number): string {
  return `checkpoint-${String(iteration).padStart(9, '0')}.safetensors`;
}

/** A name for a checkpoint that is being written. */
export function unfinishedName(): string {
  return `.checkpoint-${crypto.randomUUID()}.tmp`;
}

/** A checkpoint that was read, and those that could not be. */
export interface FoundCheckpoint {
  /** The path of the file. */
  readonly file: string;
  readonly checkpoint: Checkpoint;
  /** Later ones that are damaged, or cannot be read. */
  readonly refused: readonly { readonly file: string; readonly error: Error }[];
}

/** Whether there is a file at a path, rather than the folder of a run. */
export function isFile(fn: string, path: string): boolean {
  return statOf(fn, path)?.isFile() === true;
}

/** The names of the checkpoints in a folder, the latest first, then the best one. None if there is no folder. */
export function namesIn(fn: string, dir: string): string[] {
  if (statOf(fn, dir)?.isDirectory() !== true) return [];
  const names = attempt(fn, 'read', dir, () => requireBuiltin(fn, 'node:fs').readdirSync(dir));
  const iterationOf = (name: string): number => Number(PATTERN.exec(name)?.[1]);
  const numbered = names.filter((name) => PATTERN.test(name)).sort((a, b) => iterationOf(b) - iterationOf(a));
  return names.includes(BEST) ? [...numbered, BEST] : numbered;
}

/**
 * The checkpoint in a file. Its arrays share one piece of memory.
 *
 * @throws {Error} naming the file, if it is damaged or cannot be read.
 */
export function checkpointIn(fn: string, file: string): Checkpoint {
  const fs = requireBuiltin(fn, 'node:fs');
  const sum = new Checksum(fn);
  const bytes = withRegular(fn, file, 'name a checkpoint', (fd) => {
    const { size } = fs.fstatSync(fd);
    if (size > MOST) throw new Error(`${fn}: ${file} has more than ${MOST} bytes; name a checkpoint`);
    const whole = new Uint8Array(size);
    // What has been read is still in the cache when it is hashed.
    for (let at = 0; at < whole.length; at += CHUNK) {
      const chunk = whole.subarray(at, at + CHUNK);
      let filled = 0;
      for (let read = -1; read !== 0 && filled < chunk.length; filled += read) {
        read = fs.readSync(fd, chunk, filled, chunk.length - filled, at + filled);
      }
      sum.add(chunk, at);
    }
    return whole;
  });
  return readCheckpoint({ fn, file }, bytes, sum.digits(), true);
}

/**
 * The latest checkpoint in a folder that is whole; the best one where no other is. Null if there is none at all.
 *
 * @throws {Error} that names each, if all are damaged.
 */
export function latestCheckpoint(fn: string, dir: string): FoundCheckpoint | null {
  const { join } = requireBuiltin(fn, 'node:path');
  const refused: { file: string; error: Error }[] = [];
  for (const name of namesIn(fn, dir)) {
    const file = join(dir, name);
    try {
      return { file, checkpoint: checkpointIn(fn, file), refused };
    } catch (error) {
      if (!isError(error)) throw error;
      refused.push({ file, error });
    }
  }
  if (refused.length === 0) return null;
  const reasons = refused.map(({ error }) => error.message.replace(`${fn}: `, '')).join('; ');
  const cause = new AggregateError(refused.map(({ error }) => error));
  throw new Error(`${fn}: ${dir} has no checkpoint that can be read: ${reasons}`, { cause });
}
