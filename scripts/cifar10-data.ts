// The images that scripts train on: from a folder that is named, from the usual place, or drawn.

import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type Cifar10, cifar10Size, type LoadCifar10Options, loadCifar10 } from '../src/index.js';
import { USUAL_PLACE } from '../src/runs/data-sources.js';
import { shownPath, syntheticFolder } from '../src/runs/places.js';

/** The images, and a sentence that says what they are. */
export interface LoadedImages {
  readonly data: Cifar10;
  readonly source: string;
}

/**
 * Loads CIFAR-10 from `dir`, else from `CIFAR10_DIR`, else from the usual place; else draws the synthetic set into
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
  const source = `${kind} in ${shownPath(folder)}: ${counts}`;
  console.log(`Data: ${source}${hint}`);
  return { data, source };
}

/** Adds the options that say which images {@link loadImages} loads. */
export function withDataOptions(command: Command): Command {
  return command
    .option(
      '--data <dir>',
      'folder with the binary batches (default: CIFAR10_DIR, else data/, else synthetic pictures)',
    )
    .option('--synthetic', 'draw synthetic pictures without looking for CIFAR-10');
}
