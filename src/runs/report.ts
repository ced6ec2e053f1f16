import { writeAtomically } from '../files/index.js';
import { pageWith } from '../ui/page-with.js';
import type { RunFolder } from './folder.js';
import { type Seen, snapshotOf } from './snapshot.js';

/**
 * Writes the report of a run: one page with its curves, confusion matrix, most confident mistakes, filters and layers,
 * which needs nothing beside itself.
 *
 * @param seen - Null for a run without weights: then it has curves and settings.
 * @param file - Default: `report.html` in the folder of the run.
 * @returns The file.
 * @throws {Error} naming the file and the reason, if it cannot be written.
 */
export function writeReport(
  fn: string,
  run: RunFolder,
  seen: Seen | null,
  { file = run.report, onProgress }: { file?: string; onProgress?: (done: number, total: number) => void } = {},
): string {
  writeAtomically(fn, file, pageWith([snapshotOf(run, seen, onProgress)]));
  return file;
}
