import { requireBuiltin } from '../node.js';
import { attempt, checkRegular, fileError, type Stats } from './errors.js';

/** What is at a path, links followed, or undefined if there is nothing. */
export function statOf(fn: string, path: string): Stats | undefined {
  return found(fn, path, (at) => requireBuiltin(fn, 'node:fs').statSync(at, { throwIfNoEntry: false }));
}

/** What is at a path, be it a link, or undefined if there is nothing. */
export function linkStatOf(fn: string, path: string): Stats | undefined {
  return found(fn, path, (at) => requireBuiltin(fn, 'node:fs').lstatSync(at, { throwIfNoEntry: false }));
}

function found(fn: string, path: string, stat: (path: string) => Stats | undefined): Stats | undefined {
  try {
    return stat(path);
  } catch (error) {
    // Below a file there is nothing either.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw fileError(fn, 'look at', path, error);
  }
}

/** Makes a folder, and those above it, where they are missing. */
export function makeFolder(fn: string, dir: string): void {
  const fs = requireBuiltin(fn, 'node:fs');
  const path = requireBuiltin(fn, 'node:path');
  attempt(fn, 'make', dir, () => {
    // Node has no end where the system says ENOENT of a folder that is not there, as in /proc, and says ENOENT itself
    // of a read-only file system. The first folder that is missing says what it is.
    let missing = path.resolve(dir);
    if (!fs.existsSync(missing)) {
      while (!fs.existsSync(path.dirname(missing))) missing = path.dirname(missing);
      try {
        fs.mkdirSync(missing);
      } catch (error) {
        // Another process may have made it.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !fs.existsSync(missing)) throw error;
      }
    }
    fs.mkdirSync(dir, { recursive: true });
  });
}

/** Flags to open a file with that others could have put there: no link is followed, no FIFO is waited for. */
export function noFollow(fn: string): number {
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = requireBuiltin(fn, 'node:fs').constants;
  return O_NOFOLLOW | O_NONBLOCK;
}

/**
 * Opens a regular file.
 *
 * @param flags - Of `fs.constants`, as for `fs.openSync`. Default: to read, links followed.
 * @param wayOut - What to do where it is something else.
 * @throws {Error} if it is none, without waiting for it, or it cannot be opened.
 */
export function openRegular(fn: string, file: string, wayOut: string, flags?: number): number {
  const fs = requireBuiltin(fn, 'node:fs');
  const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK = 0 } = fs.constants;
  const action = flags !== undefined && (flags & (O_WRONLY | O_RDWR)) !== 0 ? 'write' : 'read';
  // Before it is opened too: opening a device can move it.
  const there = statOf(fn, file);
  if (there !== undefined) checkRegular(fn, file, there, wayOut);
  const fd = attempt(fn, action, file, () => fs.openSync(file, flags ?? O_RDONLY | O_NONBLOCK));
  try {
    checkRegular(fn, file, fs.fstatSync(fd), wayOut);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return fd;
}

/** Opens a regular file to read, and closes it when `work` is done. */
export function withRegular<Result>(fn: string, file: string, wayOut: string, work: (fd: number) => Result): Result {
  const fs = requireBuiltin(fn, 'node:fs');
  const fd = openRegular(fn, file, wayOut);
  try {
    return attempt(fn, 'read', file, () => work(fd));
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * The bytes of a file.
 *
 * @throws {Error} if it is no regular file, longer than `most` bytes, or cannot be read.
 */
export function readBytes(fn: string, file: string, most: number, wayOut: string): Uint8Array {
  const fs = requireBuiltin(fn, 'node:fs');
  return withRegular(fn, file, wayOut, (fd) => {
    const { size } = fs.fstatSync(fd);
    if (size > most) throw new Error(`${fn}: ${file} has more than ${most} bytes; ${wayOut}`);
    const bytes = new Uint8Array(size);
    let filled = 0;
    for (let read = -1; read !== 0 && filled < size; filled += read) {
      // The system's calls take less than 2 GB.
      read = fs.readSync(fd, bytes, filled, Math.min(size - filled, 2 ** 30), filled);
    }
    return bytes.subarray(0, filled);
  });
}

/**
 * The text of a small file.
 *
 * @throws {Error} if it is no regular file, or longer than `most` bytes.
 */
export function readText(fn: string, file: string, most: number, wayOut: string): string {
  const fs = requireBuiltin(fn, 'node:fs');
  return withRegular(fn, file, wayOut, (fd) => {
    const bytes = new Uint8Array(most + 1);
    let filled = 0;
    for (let read = -1; read !== 0 && filled < bytes.length; filled += read) {
      read = fs.readSync(fd, bytes, filled, bytes.length - filled, filled);
    }
    if (filled > most) throw new Error(`${fn}: ${file} has more than ${most} bytes; ${wayOut}`);
    return new TextDecoder().decode(bytes.subarray(0, filled));
  });
}
