// Trains a small net on a folder of pictures, and prints the losses and the memory: `image-folder.ts DIR [PICTURES]`,
// default all of them, for as long a run as the folder is large.

import { DataLoader, fit, imageFolder, manualSeed, nn, optim, randomSplit, transforms } from '../../src/index.js';

const dataset = imageFolder(process.argv[2], { size: 32 });
const count = Number(process.argv[3] ?? dataset.length);
const pictures =
  count < dataset.length ? randomSplit(dataset, [count, dataset.length - count], { seed: 0 })[0] : dataset;
const loader = new DataLoader(pictures, {
  batchSize: 32,
  shuffle: true,
  seed: 0,
  transform: transforms.normalize(128, 64),
});
manualSeed(0);
const model = new nn.Sequential(
  new nn.Conv2d(3, 8, 3, { padding: 1 }),
  new nn.ReLU(),
  new nn.MaxPool2d(4),
  new nn.Flatten(),
  new nn.Linear(512, dataset.classes.length),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const { lossHistory } = fit(model, loader, { optimizer, epochs: 1, verbose: false });
// Kilobytes.
console.log(JSON.stringify({ images: dataset.length, lossHistory, megabytes: process.resourceUsage().maxRSS / 1024 }));
