import { basename, join, resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { shellWord } from '../../terminal/index.js';
import { CliError } from '../errors.js';
import { interruptible } from '../interrupt.js';
import type { Io } from '../io.js';

/** Where to get what this command does not, and where it is looked for. */
const ELSEWHERE: Readonly<Record<string, { readonly get: string; readonly folder: string }>> = {
  cifar100: {
    get: 'the binary version of CIFAR-100 from https://www.cs.toronto.edu/~kriz/cifar.html and unpack it',
    folder: 'data',
  },
  mnist: {
    get: 'the four files of MNIST from https://ossci-datasets.s3.amazonaws.com/mnist/ and put them',
    folder: join('data', 'mnist'),
  },
  'fashion-mnist': {
    get: 'the four files of Fashion-MNIST from https://github.com/zalandoresearch/fashion-mnist and put them',
    folder: join('data', 'fashion-mnist'),
  },
};

const NAMES = ['cifar10', ...Object.keys(ELSEWHERE)];

const MB = 1e6;

interface Options {
  readonly dir: string;
  readonly url?: string;
}

/** `layerwise data download`: CIFAR-10 from its home page. */
export function dataDownloadCommand(io: Io): Command {
  // It has no example: 170 MB from the network are none that anybody runs to see how it goes.
  return new Command('download')
    .summary('download CIFAR-10 (170 MB), check it and unpack it')
    .description(
      'Downloads CIFAR-10 (170 MB) from its home page, checks it and unpacks it. What was interrupted goes on where ' +
        'it broke off. For the other data sets it says where to get them.',
    )
    .addArgument(new Argument('[name]', 'the data set').choices(NAMES).default('cifar10'))
    .option('--dir <dir>', 'the folder that gets cifar-10-batches-bin', 'data')
    .option('--url <url>', 'another copy of the archive')
    .action((name: string, options: Options) => download(io, name, options));
}

async function download(io: Io, name: string, { dir, url }: Options): Promise<void> {
  const elsewhere = ELSEWHERE[name];
  if (elsewhere !== undefined) {
    const { get, folder } = elsewhere;
    throw new CliError(`data download: ${name} is not downloaded by this command: get ${get} in ${folder}`);
  }
  const { downloadCifar10 } = await import('../../data/index.js');
  const reports = reporter(io);
  const again = ['layerwise data download', ...(dir === 'data' ? [] : [`--dir ${shellWord(dir)}`])].join(' ');
  const place = await interruptible(`data download: interrupted; ${again} goes on from here`, (signal) =>
    downloadCifar10(resolve(io.cwd, dir), { signal, onProgress: reports, ...(url !== undefined && { url }) }),
  );
  if (io.isJson) io.json({ name, path: place });
  else io.print(`CIFAR-10 is in ${join(dir, basename(place))}`);
}

/** Shows each phase of a download: its name, and how far it is in MB. */
function reporter(io: Io): (progress: { phase: string; received: number; total: number | null }) => void {
  const titles: Readonly<Record<string, string>> = {
    download: 'Downloading CIFAR-10',
    verify: 'Checking the archive',
    unpack: 'Unpacking it',
  };
  let now = '';
  let bar: ReturnType<Io['progress']> | null = null;
  return ({ phase, received, total }) => {
    if (phase !== now) {
      bar?.clear();
      bar = null;
      now = phase;
      if (!io.isJson) io.note(titles[phase] ?? phase);
    }
    if (total === null) return;
    bar ??= io.progress(Math.round(total / MB), 'MB');
    bar.update(Math.round(received / MB));
    if (received >= total) bar.clear();
  };
}
