// Downloads CIFAR-10 (162 MB) into data/, or the folder that is named.

import { Command } from 'commander';
import { downloadCifar10, ProgressBar } from '../src/index.js';
import { finish } from './options.js';

const command = new Command('download-cifar10')
  .description('Downloads CIFAR-10 from its home page, checks it and unpacks it.')
  .argument('[dir]', 'folder that gets cifar-10-batches-bin', 'data')
  .parse();
const [dir = 'data'] = command.args;

async function main(): Promise<void> {
  let bar: ProgressBar | null = null;
  let phase = '';
  const folder = await downloadCifar10(dir, {
    onProgress: (progress) => {
      if (progress.phase !== phase) {
        bar?.clear();
        bar = null;
        phase = progress.phase;
        console.log({ download: 'Downloading', verify: 'Verifying', unpack: 'Unpacking' }[progress.phase]);
      }
      if (progress.phase !== 'download' || progress.total === null) return;
      bar ??= new ProgressBar(Math.round(progress.total / 1e6), 'MB');
      bar.update(Math.round(progress.received / 1e6));
    },
  });
  console.log(`CIFAR-10 is in ${folder}`);
}

finish(main);
