import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { loadFashionMnist, loadMnist } from '../../src/data/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { idxFile } from '../helpers/idx.js';

/** Images of 2 × 3 pixels: all of image n are `level(n)`. */
function images(N: number, level: (n: number) => number, shape = [2, 3]): Uint8Array {
  const size = shape[0] * shape[1];
  return idxFile(
    8,
    [N, ...shape],
    Uint8Array.from({ length: N * size }, (_, i) => level(Math.floor(i / size))),
  );
}

const labels = (N: number): Uint8Array =>
  idxFile(
    8,
    [N],
    Uint8Array.from({ length: N }, (_, n) => n % 10),
  );

const FILES: Readonly<Record<string, Uint8Array>> = {
  'train-images-idx3-ubyte': images(12, (n) => 10 * n),
  'train-labels-idx1-ubyte': labels(12),
  't10k-images-idx3-ubyte': images(3, (n) => 100 + n),
  't10k-labels-idx1-ubyte': labels(3),
};

/** Writes the files, with others in the place of some. */
function folderOf(changes: Readonly<Record<string, Uint8Array>> = {}, below = ''): string {
  const dir = temporaryDir();
  const folder = path.join(dir, below);
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries({ ...FILES, ...changes }))
    fs.writeFileSync(path.join(folder, name), bytes);
  return dir;
}

const tiny = { numTraining: 3, numValidation: 2, numTest: 2 };

describe.each([
  ['loadMnist', loadMnist, 'MNIST', ['0', '1', '9']],
  ['loadFashionMnist', loadFashionMnist, 'FashionMNIST', ['T-shirt/top', 'Trouser', 'Ankle boot']],
] as const)('%s', (fn, load, folder, [first, second, last]) => {
  test('splits as loadCifar10 does', () => {
    const data = load(folderOf(), tiny);
    expect([data.XTrain, data.XVal, data.XTest, data.meanImage].map((a) => a.shape)).toEqual([
      [3, 1, 2, 3],
      [2, 1, 2, 3],
      [2, 1, 2, 3],
      [1, 2, 3],
    ]);
    // Levels 0, 10, 20 | 30, 40 of the training files, 100, 101 of the test files. The mean is 10.
    const levels = (X: typeof data.XTrain) => Array.from({ length: X.shape[0] }, (_, n) => X.get(n, 0, 1, 2));
    expect([data.XTrain, data.XVal, data.XTest].map(levels)).toEqual([
      [-10, 0, 10],
      [20, 30],
      [90, 91],
    ]);
    expect([data.yTrain, data.yVal, data.yTest]).toEqual([
      Int32Array.of(0, 1, 2),
      Int32Array.of(3, 4),
      Int32Array.of(0, 1),
    ]);
    expect(data.classes).toHaveLength(10);
    expect([data.classes[0], data.classes[1], data.classes[9]]).toEqual([first, second, last]);
    expect(load(folderOf(), { ...tiny, subtractMean: false, dtype: 'float64' }).XVal.data).toEqual(
      Float64Array.from([...Array(6).fill(30), ...Array(6).fill(40)]),
    );
  });

  test('finds the files packed, by other names, and where torchvision puts them', () => {
    const packed = temporaryDir();
    for (const [name, bytes] of Object.entries(FILES)) {
      fs.writeFileSync(path.join(packed, `${name.replace('-idx', '.idx')}.gz`), gzipSync(bytes));
    }
    for (const dir of [packed, folderOf({}, `${folder}/raw`), folderOf({}, 'raw')]) {
      expect(load(dir, tiny)).toEqual(load(folderOf(), tiny));
    }
  });

  test('does not need the test files where none is asked for', () => {
    const dir = folderOf();
    fs.rmSync(path.join(dir, 't10k-images-idx3-ubyte'));
    expect(load(dir, { ...tiny, numTest: 0 }).XTest.shape).toEqual([0, 1, 2, 3]);
    expect(() => load(dir, tiny)).toThrow(
      `${fn}: there is no file t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz in ${dir}; get `,
    );
  });

  test.each<[Record<string, Uint8Array>, string]>([
    [
      { 'train-labels-idx1-ubyte': labels(11) },
      'FN: DIR/train-labels-idx1-ubyte has 11 labels, expected 12, the images of DIR/train-images-idx3-ubyte',
    ],
    [
      { 'train-labels-idx1-ubyte': idxFile(8, [12], Array(12).fill(10)) },
      'FN: DIR/train-labels-idx1-ubyte: label 0 (counted from 0) is 10, expected 0 to 9',
    ],
    [
      { 'train-images-idx3-ubyte': labels(12) },
      'FN: DIR/train-images-idx3-ubyte has Uint8 numbers of shape (12,), expected bytes of shape (N, H, W), N ≥ 1',
    ],
    [
      { 'train-labels-idx1-ubyte': idxFile(11, [1], [0, 1]) },
      'FN: DIR/train-labels-idx1-ubyte has Int16 numbers of shape (1,), expected bytes of shape (N,), N ≥ 1',
    ],
    [
      { 't10k-images-idx3-ubyte': images(3, () => 0, [3, 2]) },
      'FN: DIR/t10k-images-idx3-ubyte has images of shape (3, 2), expected (2, 3), as for training',
    ],
    [
      { 't10k-images-idx3-ubyte': new Uint8Array(0) },
      'FN: DIR/t10k-images-idx3-ubyte has no bytes, expected an IDX file',
    ],
  ])('refuses case %#', (changes, message) => {
    const dir = folderOf(changes);
    expect(() => load(dir, tiny)).toThrow(message.replace('FN', fn).replaceAll('DIR', dir));
  });

  test('refuses too large a split, a folder that is not there, and options out of their ranges', () => {
    const dir = folderOf();
    expect(() => load(dir)).toThrow(
      `${fn}: numTraining is 59000, expected at most 12: there are 12 training images in ${dir}`,
    );
    expect(() => load(dir, { ...tiny, numValidation: 10 })).toThrow('there are 9 images after numTraining in');
    expect(() => load(dir, { ...tiny, numTest: 4 })).toThrow(
      `${fn}: numTest is 4, expected at most 3: there are 3 test`,
    );
    expect(() => load(path.join(dir, 'no'))).toThrow(`${fn}: there is no folder ${dir}/no; get `);
    expect(() => load(path.join(dir, 'train-labels-idx1-ubyte'))).toThrow('is a file, expected the folder that holds');
    expect(() => load(temporaryDir(), tiny)).toThrow(`${fn}: there is no file train-images-idx3-ubyte or`);
    expect(() => load(dir, { numTraining: 0 })).toThrow(`${fn}: numTraining is 0, expected a whole number ≥ 1`);
    expect(() => load(7 as never)).toThrow(`${fn}: dir is 7, expected a path`);
  });
});
