// Trains a small net on a folder of pictures, and prints the losses of the first and the last steps and the memory.

import { DataLoader, fit, imageFolder, manualSeed, nn, optim, transforms } from '../../src/index.js';

const dataset = imageFolder(process.argv[2], { size: 32 });
const loader = new DataLoader(dataset, {
  batchSize: 64,
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
