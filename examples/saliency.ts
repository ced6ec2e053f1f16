// Where does a net look? A net learns to tell two shapes apart, hidden somewhere in noise; the gradient of its score
// with respect to the pixels shows that it looks at the shape.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  array,
  autograd,
  checkAccuracy,
  DataLoader,
  fit,
  manualSeed,
  type NDArray,
  nn,
  optim,
  Random,
  tensor,
  visualizeGrid,
  writeImage,
  zeros,
} from 'layerwise';

const SIZE = 20;
const SHAPE = 6;

/** Images of noise with a cross (class 0) or a frame (class 1) of 6 × 6 pixels in each, at the places `at`. */
function draw(count: number, seed: number): { X: NDArray; y: number[]; at: [row: number, column: number][] } {
  const random = new Random(seed);
  const X = array(random.randn([count, 1, SIZE, SIZE]));
  const y = Array.from({ length: count }, (_, n) => n % 2);
  const at = y.map((label, n): [number, number] => {
    const [row, column] = random.randint(0, SIZE - SHAPE + 1, 2);
    for (let i = 0; i < SHAPE; i++) {
      for (let j = 0; j < SHAPE; j++) {
        const edges = [i, j].some((k) => k === 0 || k === SHAPE - 1);
        const middle = [i, j].some((k) => k === 2 || k === 3);
        if (label === 0 ? middle : edges) X.set(n, 0, row + i, column + j, X.get(n, 0, row + i, column + j) + 2.5);
      }
    }
    return [row, column];
  });
  return { X, y, at };
}

manualSeed(0);
const model = new nn.Sequential(
  new nn.Conv2d(1, 8, 5, { padding: 2 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(8, 16, 3, { padding: 1 }),
  new nn.ReLU(),
  new nn.AdaptiveAvgPool2d(1),
  new nn.Flatten(),
  new nn.Linear(16, 2),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 5e-3 });
const loader = new DataLoader(draw(1000, 0), { batchSize: 50, shuffle: true, seed: 0 });
fit(model, loader, { optimizer, epochs: 8, verbose: false });

const test = draw(200, 1);
model.eval();
console.log(`test accuracy: ${checkAccuracy(new DataLoader(test, { batchSize: 200 }), model).toFixed(3)}`);

// The gradient of each image's own score. Images do not influence one another, so the sum of the scores has the
// gradients of all of them at once.
const x = tensor(test.X, { requiresGrad: true });
const y = array(test.y, [test.y.length, 1]);
const [slopes] = autograd.grad(model.forward(x).gather(1, y).sum(), x);
const saliency = slopes.abs();

// How much of the saliency lies on the shape and the two pixels around it, which fill a quarter of the image.
const MARGIN = 2;
const shares = test.at.map(([row, column], n) => {
  const image = saliency.slice([n, 0]);
  const from = [row, column].map((start) => Math.max(0, start - MARGIN));
  const to = [row, column].map((start) => Math.min(SIZE, start + SHAPE + MARGIN));
  const inside = image.slice([
    [from[0], to[0]],
    [from[1], to[1]],
  ]);
  return inside.sum().item() / image.sum().item();
});
const share = shares.reduce((sum, value) => sum + value, 0) / shares.length;
console.log(`saliency on the shape: ${(100 * share).toFixed(0)} %, of at most 25 % of the pixels`);

/** The first images as columns: above the pixels, below their saliency, each from black to white. */
const COLUMNS = 8;
const sheet = zeros([2 * COLUMNS, SIZE, SIZE, 1]);
for (const [row, images] of [test.X, saliency.data].entries()) {
  for (let n = 0; n < COLUMNS; n++) {
    for (let i = 0; i < SIZE; i++) {
      for (let j = 0; j < SIZE; j++) sheet.set(row * COLUMNS + n, i, j, 0, images.get(n, 0, i, j));
    }
  }
}
const file = join(mkdtempSync(join(tmpdir(), 'saliency-')), 'saliency.png');
writeImage(file, visualizeGrid(sheet).transpose(2, 0, 1));
console.log(`drawn: ${file}`);
