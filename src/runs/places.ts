// Where data usually are, and how their folders are named to people.

import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join, relative, sep } from 'node:path';
import { cifar10Size, writeSyntheticCifar10 } from '../data/index.js';

/** Where relative paths begin, and the variables that name places. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A folder's name for people, also in reports, which may be published: relative to this or to the home folder. */
export function shownPath(path: string, cwd = process.cwd()): string {
  const below = (base: string): string | null => {
    const way = relative(base, path);
    return way.startsWith('..') || isAbsolute(way) ? null : way || '.';
  };
  if (!isAbsolute(path)) return path;
  const [here, home] = [below(cwd), homedir() === '' ? null : below(homedir())];
  return here ?? (home === null ? path : `~${sep}${home}`);
}

/** The folder of the synthetic pictures, in the user's cache; they are drawn where they are missing. */
export function syntheticFolder(env: Surroundings['env'] = process.env): string {
  const cache = env.XDG_CACHE_HOME || (homedir() ? join(homedir(), '.cache') : tmpdir());
  const folder = join(cache, 'layerwise', 'synthetic-cifar10');
  // An interrupted first run may have left an incomplete folder: draw it again.
  try {
    cifar10Size(folder);
    return folder;
  } catch {
    return writeSyntheticCifar10(folder);
  }
}
