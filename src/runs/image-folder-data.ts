// Pictures in a folder for each class; in train/, val/ and test/ where there are such folders.

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { argumentError, describe } from '../arrays/index.js';
import { type ImageFolder, imageFolder, Subset } from '../data/index.js';
import { shownPath } from './places.js';
import type { Pictures, RawImages } from './raw-images.js';
import { countsOf, placesOf } from './split.js';
import type { RunConfig } from './types.js';

/** The pictures of a folder, listed and split; none is read yet. */
export function openFolder(fn: string, { data, seed }: RunConfig): RawImages {
  const path = data.path as string;
  const size = data.size as number;
  const channels = data.channels as 1 | 3;
  const open = (dir: string): ImageFolder => imageFolder(dir, { size: [size, size], channels });
  const below = (name: string): string | null => (isFolder(join(path, name)) ? join(path, name) : null);
  const own = below('train');
  const all = open(own ?? path);
  const { classes, labels } = all;
  const part = (name: string): ImageFolder | null => {
    const dir = own === null ? null : below(name);
    if (dir === null) return null;
    const folder = open(dir);
    checkClasses(fn, dir, folder.classes, classes);
    return folder;
  };
  const val = part('val') ?? part('valid') ?? part('validation');
  const test = part('test');
  const N = all.length;
  const ofAll = { ...data, ...(val !== null && { numValidation: 0 }) };
  const counts = countsOf(fn, ofAll, { train: N, test: test === null ? null : test.length }, shownPath(path));
  const places = placesOf({ ...counts, ...(test !== null && { test: 0 }) }, N, seed, labels);
  const pictures = (folder: ImageFolder, indices: Int32Array): Pictures | null =>
    indices.length === 0
      ? null
      : {
          dataset: new Subset(folder as never, indices) as unknown as Pictures['dataset'],
          labels: indices.map((i) => folder.labels[i]),
        };
  const some = (folder: ImageFolder, n: unknown): Pictures | null => {
    const count = typeof n === 'number' ? Math.min(n, folder.length) : folder.length;
    if (count === 0) return null;
    const chosen = placesOf({ train: count, val: 0, test: 0 }, folder.length, seed, folder.labels).train;
    return pictures(folder, chosen.sort());
  };
  return {
    train: pictures(all, places.train) as Pictures,
    val: val === null ? pictures(all, places.val) : some(val, data.numValidation),
    test: test === null ? pictures(all, places.test) : some(test, data.numTest),
    ...{ classes, shape: [channels, size, size], meanImage: null },
    title: `pictures in ${shownPath(path)}`,
  };
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function checkClasses(fn: string, dir: string, found: readonly string[], expected: readonly string[]): void {
  const odd = [...found, ...expected].find((name) => !(found.includes(name) && expected.includes(name)));
  if (odd === undefined) return;
  const isMissing = expected.includes(odd);
  throw argumentError(Error, {
    fn,
    arg: shownPath(dir),
    found: `has ${isMissing ? 'no class' : 'a class'} ${describe(odd)}`,
    expected: `the classes of the training pictures: ${expected.slice(0, 20).join(', ')}`,
  });
}
