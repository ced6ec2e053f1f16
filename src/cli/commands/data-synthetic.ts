import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { shellWord } from '../../terminal/index.js';
import { CliError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { renamed } from '../runs.js';
import { wholeNumber } from '../values.js';

/** The training images are in so many files, as those of CIFAR-10. */
const FILES = 5;

/** The most pictures of a file. */
const MOST = 100_000;

interface Options {
  readonly seed: string;
  readonly train: number;
  readonly test: number;
}

/** `layerwise data synthetic`: the stand-in for CIFAR-10 that needs no download. */
export function dataSyntheticCommand(io: Io): Command {
  const command = new Command('synthetic')
    .summary('draw pictures of ten shapes in the files of CIFAR-10')
    .description(
      'Draws pictures of ten shapes in the files and the layout of CIFAR-10: a stand-in that needs no download. The ' +
        'same seed gives the same bytes.',
    )
    .argument('[dir]', 'the folder to write to', join('data', 'synthetic'))
    .option('--seed <seed>', 'a number or a text', '0')
    .option('--train <n>', 'training images, in five files', training, 10_000)
    .option('--test <n>', 'test images', wholeNumber(1, MOST), 2000)
    .action((dir: string, options: Options) => draw(io, dir, options));
  return examples(command, ['layerwise data synthetic data/synthetic --train 1000 --test 200']);
}

function training(text: string): number {
  const images = wholeNumber(FILES, FILES * MOST)(text);
  if (images % FILES !== 0) throw new InvalidArgumentError(`expected a multiple of ${FILES}: there are five files`);
  return images;
}

async function draw(io: Io, dir: string, { seed, train, test }: Options): Promise<void> {
  const { writeSyntheticCifar10 } = await import('../../data/index.js');
  const place = resolve(io.cwd, dir);
  const bar = io.progress(train + test, 'picture');
  try {
    // A number and its text are the same seed.
    writeSyntheticCifar10(place, { seed, trainPerBatch: train / FILES, test, onProgress: (done) => bar.update(done) });
  } catch (error) {
    throw new CliError(renamed(error, 'data synthetic'), undefined, { cause: error });
  } finally {
    bar.clear();
  }
  if (io.isJson) io.json({ path: place, train, test, seed });
  else io.print(`The pictures are in ${dir}: --data ${shellWord(dir)} trains on them`);
}
