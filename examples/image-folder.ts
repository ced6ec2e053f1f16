// Pictures in folders, a folder a class, learned with what another net already knows: a net is trained on some shapes
// and its weights are saved; a second one takes them over, keeps them frozen, and learns other shapes by its last layer
// alone.

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import {
  array,
  checkAccuracy,
  DataLoader,
  fit,
  imageFolder,
  manualSeed,
  type NDArray,
  nn,
  optim,
  Random,
  randomSplit,
  transforms,
  writeImage,
} from 'layerwise';

const SIZE = 24;

/** The shapes by their names: whether a point of the square −1 … 1 is in it. */
const SHAPES: Readonly<Record<string, (u: number, v: number) => boolean>> = {
  disc: (u, v) => u * u + v * v < 0.8,
  ring: (u, v) => Math.abs(Math.sqrt(u * u + v * v) - 0.7) < 0.2,
  cross: (u, v) => Math.min(Math.abs(u), Math.abs(v)) < 0.25,
  rows: (_u, v) => Math.floor(3 * (v + 1)) % 2 === 0,
  columns: (u, _v) => Math.floor(3 * (u + 1)) % 2 === 0,
  square: (u, v) => Math.max(Math.abs(u), Math.abs(v)) < 0.8,
};

/** Draws a folder of `count` pictures of each shape, `dir/ring/0.png` and so on. */
function drawFolder(dir: string, names: readonly string[], count: number, seed: number): string {
  const random = new Random(seed);
  for (const name of names) {
    mkdirSync(join(dir, name), { recursive: true });
    for (let n = 0; n < count; n++) {
      const [x, y, scale, ...colours] = random.rand([9]).data;
      const half = SIZE / 4 + (SIZE / 4) * scale;
      const [left, top] = [x, y].map((place) => half + (SIZE - 2 * half) * place);
      const picture = array(random.randn([3, SIZE, SIZE]));
      for (let c = 0; c < 3; c++) {
        for (let i = 0; i < SIZE; i++) {
          for (let j = 0; j < SIZE; j++) {
            const [u, v] = [(j - left) / half, (i - top) / half];
            const isInside = Math.max(Math.abs(u), Math.abs(v)) < 1 && SHAPES[name](u, v);
            const value = 255 * (isInside ? 0.4 + 0.6 * colours[c] : 0.4 * colours[3 + c]) + 12 * picture.get(c, i, j);
            picture.set(c, i, j, Math.min(255, Math.max(0, value)));
          }
        }
      }
      writeImage(join(dir, name, `${n}.png`), picture);
    }
  }
  return dir;
}

/** Convolutions that turn a picture into 64 numbers, which a linear layer scores. */
class Net extends nn.Module {
  readonly backbone = new nn.Sequential(
    ...[
      [3, 16],
      [16, 32],
      [32, 64],
    ].flatMap(([from, to]) => [
      new nn.Conv2d(from, to, 3, { padding: 1, bias: false }),
      new nn.BatchNorm2d(to),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
    ]),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
  );
  readonly head: nn.Linear;
  #isFrozen = false;

  constructor(numClasses: number) {
    super();
    this.head = new nn.Linear(64, numClasses);
  }

  override forward(x: NDArray) {
    return this.head.forward(this.backbone.forward(x));
  }

  /** Keeps the weights of the backbone as they are. */
  freezeBackbone(): void {
    this.#isFrozen = true;
    this.backbone.requiresGrad_(false);
  }

  /** Frozen, the batch normalizations keep their statistics in training too. */
  override train(mode = true): this {
    super.train(mode);
    if (this.#isFrozen) this.backbone.eval();
    return this;
  }
}

/** Loaders of a folder: three quarters to learn from, the rest to score. Pictures are read when they are asked for. */
function loadersOf(dir: string): { train: DataLoader; test: DataLoader; classes: readonly string[] } {
  const pictures = imageFolder(dir, { size: SIZE });
  const [train, test] = randomSplit(pictures, [0.75, 0.25], { seed: 0, stratify: pictures.labels });
  const normalize = transforms.normalize([90, 90, 90], [60, 60, 60]);
  return {
    train: new DataLoader(train, { batchSize: 16, shuffle: true, seed: 0, transform: normalize }),
    test: new DataLoader(test, { batchSize: 64, transform: normalize }),
    classes: pictures.classes,
  };
}

const folder = mkdtempSync(join(tmpdir(), 'image-folder-'));
manualSeed(0);

// A net that knows four shapes, and its weights in a file.
const many = loadersOf(drawFolder(join(folder, 'many'), ['disc', 'ring', 'rows', 'columns'], 60, 0));
const teacher = new Net(many.classes.length);
fit(teacher, many.train, { optimizer: new optim.Adam(teacher.parameters(), { lr: 5e-3 }), epochs: 8, verbose: false });
console.log(`${many.classes.join(', ')}: test accuracy ${checkAccuracy(many.test, teacher).toFixed(2)}`);
const file = join(folder, 'weights.bin');
writeFileSync(file, serialize(teacher.stateDict()));

// Two other shapes, of which there are few pictures. The weights of the convolutions are taken over and frozen; those
// of the last layer, whose shape is another one, are left out and learned.
const few = loadersOf(drawFolder(join(folder, 'few'), ['cross', 'square'], 16, 1));
const model = new Net(few.classes.length);
const saved: Record<string, NDArray> = deserialize(readFileSync(file));
const known = Object.entries(saved).filter(([name]) => name.startsWith('backbone.'));
model.loadStateDict(Object.fromEntries(known), { strict: false });
model.freezeBackbone();

const before = model.backbone.stateDict();
const optimizer = new optim.Adam(model.head.parameters(), { lr: 2e-2 });
fit(model, few.train, { optimizer, epochs: 20, verbose: false });
console.log(`${few.classes.join(', ')}: test accuracy ${checkAccuracy(few.test, model).toFixed(2)}`);
const after = model.backbone.stateDict();
const isSame = Object.keys(before).every((name) => before[name].data.every((v, i) => v === after[name].data[i]));
console.log(`the backbone is as it was: ${isSame}`);
