// Leaves an epoch of a loader with workers in different ways: test/data/workers/process.test.ts runs it.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DataLoader, workerDataset } from '../../src/index.js';

const [way, workers = '2'] = process.argv.slice(2);

function loaderOf(): DataLoader {
  const dataset = workerDataset(path.join(__dirname, '../data/workers/squares.mjs'), { count: 12 });
  return new DataLoader(dataset, { batchSize: 2, workers: Number(workers) });
}

/** Threads of this process. */
const threads = (): number => fs.readdirSync('/proc/self/task').length;

/** A loader that nothing refers to afterwards. */
function abandon(): void {
  for (const _ of loaderOf()) break;
}

/** The threads that workers of collected loaders leave. */
async function collected(): Promise<{ before: number; during: number; after: number }> {
  abandon();
  const collect = globalThis.gc as () => void;
  const settle = async (most: number, limit: number): Promise<void> => {
    for (let tries = 0; tries < limit && threads() > most; tries++) {
      collect();
      await setTimeout(50);
    }
  };
  await settle(0, 20);
  const before = threads();
  for (let i = 0; i < 3; i++) abandon();
  const during = threads();
  await settle(before, 100);
  return { before, during, after: threads() };
}

async function main(): Promise<void> {
  if (way === 'collect') {
    console.log(JSON.stringify(await collected()));
    return;
  }
  let batches = 0;
  try {
    for (const _ of loaderOf()) {
      batches++;
      if (way !== 'all') break;
    }
    console.log(JSON.stringify({ batches, at: Date.now() }));
  } catch (error) {
    console.log(JSON.stringify({ batches, message: (error as Error).message }));
  }
  if (way === 'exit') process.exit(3);
  if (way === 'throw') throw new Error('thrown');
}

void main();
