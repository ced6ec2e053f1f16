import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { onTestFinished } from 'vitest';
import { array, zeros } from '../../src/arrays/index.js';
import { CheckpointWriter, type NewCheckpoint, type WriterOptions } from '../../src/checkpoints/index.js';
import type { System } from '../../src/checkpoints/store.js';

/** A small checkpoint, with something of everything. */
export function someCheckpoint(iteration = 500, values: Partial<Record<string, unknown>> = {}): NewCheckpoint {
  return {
    kind: 'fit',
    iteration,
    epoch: Math.floor(iteration / 100),
    config: { batchSize: 64, seed: 'a', schedule: null },
    state: {
      model: { 'fc.weight': array([1, -0, Number.NaN, 1e-40], [2, 2]), 'fc.bias': array([0.1, 2], [2], 'float64') },
      history: { lossHistory: Array.from({ length: 100 }, (_, i) => Math.sin(i)), epoch: 5 },
      best: zeros([0, 3]),
      ...values,
    },
  };
}

/** The name of the checkpoint of an iteration. */
export function checkpointName(iteration: number): string {
  return `checkpoint-${String(iteration).padStart(9, '0')}.safetensors`;
}

/** What is in the folder of a run beside its lock. */
export function filesOf(dir: string): string[] {
  return fs.readdirSync(dir).filter((file) => file !== '.checkpoints.lock');
}

/** A writer that is closed when the test has finished. Default: of this thread, as most tests need no other. */
export function writerOf(dir: string, options: WriterOptions = { system: systemWith({}) }): CheckpointWriter {
  const writer = new CheckpointWriter('fit', dir, options);
  onTestFinished(() => {
    try {
      writer.close();
    } catch {
      // What the test was about.
    }
  });
  return writer;
}

/** File system and hash, of which some functions are replaced. */
export function systemWith(replaced: Partial<System['fs']>): System {
  return { fs: { ...fs, ...replaced }, createHash };
}

/** A function of the file system that refuses. */
export function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(`${code}: refused, call`), { code, syscall: 'call' });
  };
}
