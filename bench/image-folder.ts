// How fast a loader reads a folder of JPEG files with worker threads, and how much memory an epoch of training takes:
//
//   npx ts-node bench/image-folder.ts --workers 0 1 2          images a second, for each number of workers
//   npx ts-node bench/image-folder.ts --workers 2 --train      trains a net for an epoch of all files
//
// It draws some pictures of 500 × 375 and links each to many names. Prints a JSON object for each number of workers;
// `rss` is the most memory that the process has held, in MB. With --train, one number of workers to a process. The
// pictures are drawn by a process of their own (--draw): encoding them takes 150 MB.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { DataLoader, fit, imageFolder, nn, optim, Random, transforms, writeImage } from '../src/index.js';

const [HEIGHT, WIDTH] = [375, 500];
const CLASSES = 10;

/** Draws `distinct` pictures and links `files` names to them, in folders of ten classes. */
function drawFolder(dir: string, files: number, distinct: number): void {
  const random = new Random(0);
  for (let label = 0; label < CLASSES; label++) fs.mkdirSync(path.join(dir, `class${label}`));
  for (let i = 0; i < files; i++) {
    const nameOf = (at: number): string => path.join(dir, `class${at % CLASSES}`, `${at}.jpg`);
    if (i >= distinct) {
      fs.linkSync(nameOf(i % distinct), nameOf(i));
      continue;
    }
    // Coarse noise: a file of a size that photographs have.
    const image = transforms.resize([HEIGHT, WIDTH])(random.rand([1, 3, HEIGHT / 5, WIDTH / 5]), random);
    for (let p = 0; p < image.size; p++) image.data[p] *= 255;
    writeImage(nameOf(i), image.pick(0), { quality: 90 });
  }
}

interface Options {
  files: number;
  distinct: number;
  workers: string[];
  batches: number;
  size: number;
  train: boolean;
  draw?: string;
}

function main(): void {
  const command = new Command('image-folder')
    .option('--files <n>', 'names in the folder', Number, 20_000)
    .option('--distinct <n>', 'pictures that are drawn', Number, 200)
    .option('--workers <n...>', 'numbers of workers', ['0', '1', '2'])
    .option('--batches <n>', 'batches of 32 images to time', Number, 30)
    .option('--size <pixels>', 'side of an image of a batch', Number, 64)
    .option('--train', 'train a net for an epoch instead', false)
    .option('--draw <dir>', 'draw the pictures into a folder, and do nothing else')
    .parse();
  const { files, distinct, workers, batches, size, train, draw } = command.opts<Options>();
  if (draw !== undefined) {
    drawFolder(draw, files, distinct);
    return;
  }
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-images-'));
  try {
    const drawing = ['--draw', dir, '--files', String(files), '--distinct', String(distinct)];
    execFileSync(process.execPath, [...process.execArgv, __filename, ...drawing]);
    const dataset = imageFolder(dir, { size: train ? size : size + 8 });
    for (const count of workers.map(Number)) {
      const transform = transforms.compose([
        train ? transforms.randomCrop(size, { padding: 4 }) : transforms.randomResizedCrop(size),
        transforms.randomHorizontalFlip(),
        transforms.colorJitter({ brightness: 0.2, contrast: 0.2, saturation: 0.2 }),
      ]);
      const loader = new DataLoader(dataset, { batchSize: 32, shuffle: true, seed: 0, transform, workers: count });
      const [images, seconds] = train ? epoch(loader, size) : rate(loader, batches);
      loader.close();
      const rss = Math.round(process.resourceUsage().maxRSS / 1024);
      console.log(JSON.stringify({ workers: count, images, seconds, perSecond: images / seconds, rss }));
    }
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/** Reads some batches, after those that wait for the workers to start. */
function rate(loader: DataLoader, batches: number): [images: number, seconds: number] {
  const warm = 6;
  let [read, images, start] = [0, 0, 0];
  for (const [X] of loader) {
    if (read++ < warm) {
      start = performance.now();
      continue;
    }
    images += X.shape[0];
    if (read === warm + batches) break;
  }
  return [images, (performance.now() - start) / 1000];
}

function epoch(loader: DataLoader, size: number): [images: number, seconds: number] {
  const random = new Random(1);
  const model = new nn.Sequential(
    new nn.Conv2d(3, 16, 3, { stride: 2, padding: 1, random }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(16 * (size / 4) ** 2, CLASSES, { random }),
  );
  const start = performance.now();
  fit(model, loader, { optimizer: new optim.SGD(model.parameters(), { lr: 1e-6 }), epochs: 1 });
  return [loader.length * loader.batchSize, (performance.now() - start) / 1000];
}

main();
