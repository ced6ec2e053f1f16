import path from 'node:path';
import { writeSyntheticCifar10 } from '../../src/data/synthetic-cifar10.js';

/**
 * The environment of a script that trains without real data: it finds 1,200 drawn pictures in a cache under `folder`,
 * where it would draw 12,000.
 */
export function withFewPictures(folder: string): NodeJS.ProcessEnv {
  const cache = path.join(folder, 'cache');
  writeSyntheticCifar10(path.join(cache, 'layerwise', 'synthetic-cifar10'), { trainPerBatch: 200, test: 200 });
  return { ...process.env, CIFAR10_DIR: '', XDG_CACHE_HOME: cache };
}
