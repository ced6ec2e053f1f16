import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readIdx } from '../data/index.js';

/** How many images of MNIST or Fashion-MNIST there are, by their files of labels, which are small. */
export function mnistSize(kind: string, folder: string): { train: number; test: number } {
  const places = ['', join(kind === 'mnist' ? 'MNIST' : 'FashionMNIST', 'raw'), 'raw'];
  const count = (part: 'train' | 't10k', official: number): number => {
    const names = [`${part}-labels-idx1-ubyte`, `${part}-labels.idx1-ubyte`].flatMap((name) => [name, `${name}.gz`]);
    const files = places.flatMap((place) => names.map((name) => join(folder, place, name)));
    const file = files.find((one) => existsSync(one));
    // Where there is none, the loader says so.
    return file === undefined ? official : readIdx(file).shape[0];
  };
  return { train: count('train', 60_000), test: count('t10k', 10_000) };
}
