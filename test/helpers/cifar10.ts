import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

export const BATCHES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat('test_batch.bin');

/** An empty folder that is removed when the test has finished. */
export function temporaryDir(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-'));
  onTestFinished(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A record of a batch file: a label, then 3,072 pixels by their place in the file. */
export function record(label: number, pixel: (p: number) => number): Uint8Array {
  const bytes = new Uint8Array(3073);
  bytes[0] = label;
  for (let p = 0; p < 3072; p++) bytes[p + 1] = pixel(p);
  return bytes;
}

/** Writes the records as a batch file. */
export function writeBatch(dir: string, name: string, records: readonly Uint8Array[]): string {
  const file = path.join(dir, name);
  fs.writeFileSync(file, Buffer.concat(records));
  return file;
}

/**
 * Writes the six batch files with `perBatch` records each. Record k, counted over all six, has label k % 10, and its
 * planes are filled with 10k, 10k + 1 and 10k + 2 (mod 256).
 */
export function writeBatches(dir: string, perBatch: number): string {
  fs.mkdirSync(dir, { recursive: true });
  BATCHES.forEach((name, b) => {
    const records = Array.from({ length: perBatch }, (_, i) => {
      const k = b * perBatch + i;
      return record(k % 10, (p) => 10 * k + Math.floor(p / 1024));
    });
    writeBatch(dir, name, records);
  });
  return dir;
}
