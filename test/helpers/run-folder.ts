import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';

/** A folder for each test's run; it is made by the run, and removed after the test. */
export function runFolder(): { readonly dir: string; readonly root: string } {
  const folder = { root: '', dir: '' };
  beforeEach(() => {
    folder.root = mkdtempSync(join(tmpdir(), 'layerwise-run-'));
    folder.dir = join(folder.root, 'run');
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder.root, { recursive: true, force: true });
  });
  return folder;
}

/** The iterations of the checkpoints in a folder; `best` where there is the best one. */
export function checkpointsIn(dir: string): (number | 'best')[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).flatMap((name): (number | 'best')[] => {
    if (name === 'best.safetensors') return ['best'];
    const match = /^checkpoint-(\d+)\.safetensors$/.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}
