import { requireBuiltin } from '../node.js';
import { attempt, checkRegular, type Stats } from './errors.js';
import { statOf } from './read.js';

/** Links that are followed one after the other: as many as Linux does. */
const MAX_LINKS = 40;

/**
 * Writes a file in one piece: under another name first, which is then renamed, so that no process sees a part of it.
 *
 * Mode and, where that is allowed, owner of an existing file are kept. Through a symbolic link, its target is written.
 *
 * @throws {Error} naming the file and the reason, also if the path is a device, a FIFO or a folder; an existing file is
 *   unchanged then.
 */
export function writeAtomically(fn: string, file: string, contents: string | Uint8Array): void {
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
      writeNew(fn, unfinished, contents, before);
      fs.renameSync(unfinished, target);
    } catch (error) {
      fs.rmSync(unfinished, { force: true });
      throw error;
    }
  });
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

function writeNew(fn: string, file: string, contents: string | Uint8Array, like: Stats | undefined): void {
  const fs = requireBuiltin(fn, 'node:fs');
  const fd = fs.openSync(file, 'wx');
  try {
    fs.writeFileSync(fd, contents);
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
