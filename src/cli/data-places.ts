import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { cifar10Size } from '../data/index.js';
import { oneLine } from './errors.js';
import type { Io } from './io.js';

/** Data in one of the usual places. */
export interface FoundData {
  readonly name: string;
  /** As a user would write it: relative where it is below the current folder. */
  readonly path: string;
  /** How many; null where they cannot be read. */
  readonly examples: number | null;
  readonly problem: string | null;
}

interface Place {
  readonly name: string;
  readonly path: string;
  readonly count: (path: string) => number;
}

/** The folder of what is made once and used by all: the synthetic set. */
export function cacheFolder(env: Io['env']): string {
  return join(env.XDG_CACHE_HOME || (homedir() ? join(homedir(), '.cache') : tmpdir()), 'layerwise');
}

/** The data sets that are in the usual places. */
export function findData({ cwd, env }: Pick<Io, 'cwd' | 'env'>): FoundData[] {
  return places(env)
    .filter(({ path }) => existsSync(resolve(cwd, path)))
    .map(({ name, path, count }) => {
      const place = resolve(cwd, path);
      const below = relative(cwd, place);
      const shown = below !== '' && !below.startsWith('..') ? below : place;
      try {
        return { name, path: shown, examples: count(place), problem: null };
      } catch (error) {
        return { name, path: shown, examples: null, problem: oneLine(error) };
      }
    });
}

function places(env: Io['env']): Place[] {
  const cifar10 = (path: string): number => {
    const { train, test } = cifar10Size(path);
    return train + test;
  };
  return [
    ...(env.CIFAR10_DIR ? [{ name: 'CIFAR-10', path: env.CIFAR10_DIR, count: cifar10 }] : []),
    { name: 'CIFAR-10', path: join('data', 'cifar-10-batches-bin'), count: cifar10 },
    { name: 'synthetic', path: join('data', 'synthetic'), count: cifar10 },
    { name: 'synthetic', path: join(cacheFolder(env), 'synthetic-cifar10'), count: cifar10 },
  ];
}
