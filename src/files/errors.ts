import { builtin } from '../node.js';

/** What the system tells of a file. Of Node's type only what is used: programs without Node's types read this one. */
export interface Stats {
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
  isBlockDevice(): boolean;
}

/** What is done to a file, for `cannot … <path>`. */
export type Action = 'read' | 'write' | 'make' | 'look at' | 'remove';

/** What the errors of the system mean, and the way out, by their codes. */
const MEANINGS = new Map<string, readonly [meaning: string, wayOut: string]>([
  ['ENOENT', ['there is no such file or folder', 'check the path']],
  ['ENOTDIR', ['a part of the path is a file, not a folder', 'choose another place']],
  ['EEXIST', ['something of that name is there already', 'move it away, or choose another name']],
  ['EISDIR', ['it is a folder', 'name a file in it']],
  ['ERR_FS_EISDIR', ['it is a folder', 'move it away']],
  ['ENOTEMPTY', ['the folder is not empty', 'move it away, or choose another name']],
  ['EACCES', ['permission denied', 'change the permissions, or choose another place']],
  ['EPERM', ['the system does not permit it', 'change the permissions, or choose another place']],
  ['EROFS', ['the file system is read-only', 'choose another place']],
  ['ELOOP', ['symbolic links lead in a circle', 'remove them, or name the file itself']],
  ['ENAMETOOLONG', ['the name is longer than the file system allows', 'choose a shorter one']],
  ['ENOSPC', ['the disk is full', 'free some space, or choose another disk']],
  ['EDQUOT', ['the disk quota is used up', 'free some space, or choose another disk']],
  [
    'EFBIG',
    ['the file is larger than the file system or `ulimit -f` allows', 'choose another disk, or raise the limit'],
  ],
  ['EMFILE', ['the process has too many files open', 'close some, or raise the limit (ulimit -n)']],
  ['ENFILE', ['the system has too many files open', 'close some']],
  ['EBUSY', ['it is in use, or a mount point', 'choose another name']],
  ['EIO', ['the disk reports a fault', 'check the disk']],
  ['ENXIO', ['nothing is behind the device', 'choose another place']],
]);

/**
 * An error of the system in words: function, path, what it means and the way out. Any other error comes back as it is.
 *
 * `code`, `syscall` and `path` are those of the error, which is the cause.
 */
export function fileError(fn: string, action: Action, path: string, error: unknown): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || (syscall === undefined && !code.startsWith('ERR_FS_'))) return error;
  // Of Node's "CODE: reason, call 'path' -> 'path'", the reason: the rest may name a file that nobody knows of.
  const fallback = message.replace(/^\w+: /, '').split(', ')[0];
  const [meaning, wayOut] = MEANINGS.get(code) ?? [fallback, 'choose another place'];
  const obstacle = code === 'ENOTDIR' ? obstacleTo(path) : code === 'EEXIST' ? obstacleAt(path) : null;
  const said = `${fn}: cannot ${action} ${path} (${code}: ${obstacle ?? meaning}); ${wayOut}`;
  return Object.assign(new Error(said, { cause: error }), { code, syscall, path });
}

/** The first part of a path that should be a folder and is none, in words. */
function obstacleTo(file: string): string | null {
  const fs = builtin('node:fs');
  const path = builtin('node:path');
  if (fs === null || path === null) return null;
  for (let folder = path.dirname(file); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const found = obstacleAt(folder);
    if (found !== null) return `${folder} is ${found.slice('it is '.length)}, not a folder`;
  }
  return obstacleAt(file);
}

/** What is at a path where something else was expected, in words; null if nothing is, or a folder. */
function obstacleAt(path: string): string | null {
  try {
    const stat = builtin('node:fs')?.statSync(path, { throwIfNoEntry: false });
    return stat === undefined || stat.isDirectory() ? null : `it is ${kindOf(stat)}`;
  } catch {
    return null;
  }
}

/** Does something to a file; what the system refuses comes in words. */
export function attempt<Result>(fn: string, action: Action, path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw fileError(fn, action, path, error);
  }
}

/** What is at a path, in words. */
export function kindOf(stat: Stats): string {
  if (stat.isFile()) return 'a file';
  if (stat.isDirectory()) return 'a folder';
  if (stat.isSymbolicLink()) return 'a symbolic link';
  if (stat.isFIFO()) return 'a FIFO (named pipe)';
  if (stat.isSocket()) return 'a socket';
  return stat.isBlockDevice() ? 'a block device' : 'a character device';
}

/**
 * Refuses what is no regular file: a device or a FIFO may block, or never end.
 *
 * @throws {Error} naming what it is.
 */
export function checkRegular(fn: string, file: string, stat: Stats, wayOut: string): void {
  if (!stat.isFile()) throw new Error(`${fn}: ${file} is ${kindOf(stat)}, expected a regular file; ${wayOut}`);
}
