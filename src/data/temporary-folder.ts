import { attempt, isRunning } from '../files/index.js';
import { requireBuiltin } from '../node.js';

/** The parts between the dashes of a UUID. */
const UUID_PARTS = 5;

/**
 * A new folder in `dir` for files that are not finished. Its name says who made it, so that those of processes of this
 * machine that were killed are removed here.
 *
 * @param prefix - What its name begins with.
 */
export function temporaryFolder(fn: string, dir: string, prefix: string): string {
  const fs = requireBuiltin(fn, 'node:fs');
  const path = requireBuiltin(fn, 'node:path');
  const mine = `${prefix}${requireBuiltin(fn, 'node:os').hostname()}-`;
  for (const name of attempt(fn, 'read', dir, () => fs.readdirSync(dir))) {
    if (!name.startsWith(mine)) continue;
    const [pid, ...id] = name.slice(mine.length).split('-');
    // One more part belongs to a machine whose name only begins like this one's.
    if (id.length > UUID_PARTS || isRunning(Number(pid))) continue;
    try {
      fs.rmSync(path.join(dir, name), { recursive: true, force: true });
    } catch {
      // It is another user's, or another process removes it now.
    }
  }
  // Not mkdtemp, which would close the folder to other users; it may be given its final name.
  const folder = path.join(dir, `${mine}${process.pid}-${crypto.randomUUID()}`);
  attempt(fn, 'make', folder, () => fs.mkdirSync(folder));
  return folder;
}
