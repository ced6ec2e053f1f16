// The images that scripts train on: from a folder that is named, from the usual place, or drawn.

import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join, relative, sep } from 'node:path';
import {
  type Cifar10,
  cifar10Size,
  type LoadCifar10Options,
  loadCifar10,
  writeSyntheticCifar10,
} from '../src/index.js';

/** Where `npm run data:cifar10` puts the real data set. */
export const USUAL_PLACE = join('data', 'cifar-10-batches-bin');

/** The images, and a sentence that says what they are. */
export interface LoadedImages {
  readonly data: Cifar10;
  readonly source: string;
}

/**
 * Loads CIFAR-10 from `dir`, else from `CIFAR10_DIR`, else from {@link USUAL_PLACE}; else draws the synthetic set into
 * a cache folder. Prints one line that says which. Splits that ask for more images than there are get fewer.
 *
 * @param dir - The folder that the user named.
 * @param synthetic - Whether to draw the synthetic set without looking for another.
 * @throws {Error} if the folder that was named, by `dir` or by `CIFAR10_DIR`, does not exist.
 */
export function loadImages(dir: string | undefined, split: LoadCifar10Options = {}, synthetic = false): LoadedImages {
  const named = dir ?? (synthetic ? undefined : process.env.CIFAR10_DIR || undefined);
  if (named !== undefined && !existsSync(named)) {
    throw new Error(
      `${dir === undefined ? 'CIFAR10_DIR' : '--data'}: there is no folder ${named}. \`npm run data:cifar10\` ` +
        'downloads CIFAR-10 to data/, where it is found without --data; --synthetic trains on drawn pictures instead',
    );
  }
  const real = named ?? (!synthetic && existsSync(USUAL_PLACE) ? USUAL_PLACE : undefined);
  const folder = real ?? syntheticFolder();
  const { train, test } = cifar10Size(folder);
  const { numValidation = 1000, numTest = 1000, numTraining = 49000, ...rest } = split;
  const validation = Math.min(numValidation, Math.floor(train / 5));
  const data = loadCifar10(folder, {
    ...rest,
    numTraining: Math.min(numTraining, train - validation),
    numValidation: validation,
    numTest: Math.min(numTest, test),
  });
  const kind = real === undefined ? 'synthetic pictures' : 'CIFAR-10';
  const counts = `${data.yTrain.length} to train on, ${data.yVal.length} to validate, ${data.yTest.length} to test`;
  const hint = real === undefined ? ' (for the real data set: npm run data:cifar10)' : '';
  const source = `${kind} in ${shown(folder)}: ${counts}`;
  console.log(`Data: ${source}${hint}`);
  return { data, source };
}

/** A folder's name in reports, which may be published: relative to this folder or to the home folder. */
function shown(folder: string): string {
  const below = (base: string): string | null => {
    const path = relative(base, folder);
    return path.startsWith('..') || isAbsolute(path) ? null : path || '.';
  };
  if (!isAbsolute(folder)) return folder;
  const [here, home] = [below(process.cwd()), homedir() === '' ? null : below(homedir())];
  return here ?? (home === null ? folder : `~${sep}${home}`);
}

function syntheticFolder(): string {
  const cache = process.env.XDG_CACHE_HOME || (homedir() ? join(homedir(), '.cache') : tmpdir());
  const folder = join(cache, 'layerwise', 'synthetic-cifar10');
  // An interrupted first run may have left an incomplete folder: draw it again.
  try {
    cifar10Size(folder);
    return folder;
  } catch {
    return writeSyntheticCifar10(folder);
  }
}
