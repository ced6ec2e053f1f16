import { attempt, statOf } from '../files/index.js';
import { requireBuiltin } from '../node.js';

/** The file that says that a run has begun in a folder. */
const MARK = '.begun';

/** Notes in the folder of a run that it has begun: what its loggers have written is its own. */
export function markBegun(fn: string, dir: string): void {
  const mark = pathOf(fn, dir);
  attempt(fn, 'write', mark, () => requireBuiltin(fn, 'node:fs').writeFileSync(mark, ''));
}

/** Whether a run has begun in a folder, if only to end before its first checkpoint. */
export function hasBegun(fn: string, dir: string): boolean {
  return statOf(fn, pathOf(fn, dir)) !== undefined;
}

function pathOf(fn: string, dir: string): string {
  return requireBuiltin(fn, 'node:path').join(dir, MARK);
}
