import { requireBuiltin } from '../node.js';

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
  for (const name of fs.readdirSync(dir)) {
    if (!name.startsWith(mine)) continue;
    const [pid] = name.slice(mine.length).split('-');
    if (!isRunning(Number(pid))) fs.rmSync(path.join(dir, name), { recursive: true, force: true });
  }
  // Not mkdtemp, which would close the folder to other users; it may be given its final name.
  const folder = path.join(dir, `${mine}${process.pid}-${crypto.randomUUID()}`);
  fs.mkdirSync(folder);
  return folder;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
