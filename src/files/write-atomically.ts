import { requireBuiltin } from '../node.js';
import { attempt, checkRegular, type Stats } from './errors.js';
import { statOf } from './read.js';

/** Links that are followed one after the other: as many as Linux does. */
const MAX_LINKS = 40;

/** The names of files that are being written. */
const UNFINISHED = /^\.[-0-9a-f]{36}\.tmp$/;

/** Bytes that are written at a time: the system's calls take less than 2 GB. */
const CHUNK = 2 ** 30;

/**
 * Writes a file in one piece: under another name first, which is then renamed, so that no process sees a part of it.
 *
 * Mode and, where that is allowed, owner of an existing file are kept. Through a symbolic link, its target is written.
 *
 * @param durable - Whether the file is on the disk when the call returns, and a power failure leaves the old one or the
 *   new one. Default false: the system writes it when it likes.
 * @throws {Error} naming the file and the reason, also if the path is a device, a FIFO or a folder; an existing file is
 *   unchanged then.
 */
export function writeAtomically(fn: string, file: string, contents: string | Uint8Array, durable = false): void {
  const fs = requireBuiltin(fn, 'node:fs');
  const path = requireBuiltin(fn, 'node:path');
  const folder = path.dirname(file);
  if (!statOf(fn, folder)?.isDirectory()) {
    throw new Error(`${fn}: there is no folder ${folder} to write ${path.basename(file)} to`);
  }
  const before = statOf(fn, file);
  if (before?.isDirectory() || file.endsWith('/') || file.endsWith(path.sep)) {
    throw new Error(`${fn}: cannot write ${file} (EISDIR: it is a folder); name a file in it`);
  }
  if (before !== undefined) checkRegular(fn, file, before, 'name another file');

  attempt(fn, 'write', file, () => {
    // A read-only file is not to be replaced because its folder can be written to.
    if (before !== undefined) fs.accessSync(file, fs.constants.W_OK);
    const target = behindLinks(fn, file);
    // Short whatever the name is: names have 255 bytes at most.
    const unfinished = path.join(path.dirname(target), `.${crypto.randomUUID()}.tmp`);
    try {
      writeNew(fn, unfinished, contents, before, durable);
      fs.renameSync(unfinished, target);
    } catch (error) {
      fs.rmSync(unfinished, { force: true });
      throw error;
    }
    if (durable) syncFolder(fn, path.dirname(target));
  });
}

/**
 * Removes what processes that were killed within a write have left in a folder.
 *
 * For the one who has the lock of the folder.
 *
 * @param pattern - What the names of unfinished files are like. Default those of {@link writeAtomically}.
 */
export function removeUnfinished(fn: string, folder: string, pattern = UNFINISHED): void {
  const fs = requireBuiltin(fn, 'node:fs');
  const names = attempt(fn, 'read', folder, () => fs.readdirSync(folder)).filter((name) => pattern.test(name));
  for (const name of names) {
    const file = `${folder}/${name}`;
    attempt(fn, 'remove', file, () => fs.rmSync(file, { force: true }));
  }
}

/** Writes the folder's list of names to the disk, where the system has a way to. */
function syncFolder(fn: string, folder: string): void {
  const fs = requireBuiltin(fn, 'node:fs');
  try {
    const fd = fs.openSync(folder, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    // Windows opens no folders, and some file systems do not sync them.
  }
}

/** The path that a file has behind all symbolic links; there need not be anything. */
function behindLinks(fn: string, file: string): string {
  const fs = requireBuiltin(fn, 'node:fs');
  const path = requireBuiltin(fn, 'node:path');
  let target = file;
  for (let followed = 0; followed <= MAX_LINKS; followed++) {
    // Of the real folder: `..` in a link counts from there.
    const folder = fs.realpathSync(path.dirname(target));
    target = path.join(folder, path.basename(target));
    if (!fs.lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target;
    target = path.resolve(folder, fs.readlinkSync(target));
  }
  return fs.realpathSync(file); // throws ELOOP
}

function writeNew(
  fn: string,
  file: string,
  contents: string | Uint8Array,
  like: Stats | undefined,
  durable: boolean,
): void {
  const fs = requireBuiltin(fn, 'node:fs');
  const fd = fs.openSync(file, 'wx');
  try {
    const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
    // On a full disk a call may write a part, without an error: the next one has it.
    for (let at = 0; at < bytes.length; ) {
      at += fs.writeSync(fd, bytes, at, Math.min(bytes.length - at, CHUNK));
    }
    if (durable) fs.fsyncSync(fd);
    if (like === undefined) return;
    const { uid, gid } = fs.fstatSync(fd);
    if (uid !== like.uid || gid !== like.gid) {
      try {
        fs.fchownSync(fd, like.uid, like.gid);
      } catch {
        // Only the superuser may give files away.
      }
    }
    // After the owner, since a change of that takes bits away.
    fs.fchmodSync(fd, like.mode & 0o7777);
  } finally {
    fs.closeSync(fd);
  }
}
