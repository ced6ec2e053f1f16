import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadCifar100 } from '../../src/data/index.js';
import { temporaryDir } from '../helpers/cifar10.js';

/** A record: coarse label, label, and an image whose planes are filled with `level`, `level + 1` and `level + 2`. */
function record(coarse: number, label: number, level: number): Uint8Array {
  const bytes = new Uint8Array(3074);
  bytes.set([coarse, label]);
  for (let c = 0; c < 3; c++) bytes.fill(level + c, 2 + 1024 * c, 2 + 1024 * (c + 1));
  return bytes;
}

const TRAIN = [0, 1, 2, 3, 4].map((i) => record(i, 99 - i, 10 * i));
const TEST = [record(19, 0, 100), record(7, 42, 110)];

function folderOf(below = '', train: readonly Uint8Array[] = TRAIN): string {
  const dir = temporaryDir();
  const folder = path.join(dir, below);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'train.bin'), Buffer.concat(train));
  fs.writeFileSync(path.join(folder, 'test.bin'), Buffer.concat(TEST));
  return dir;
}

const tiny = { numTraining: 3, numValidation: 2, numTest: 2 };

describe('loadCifar100', () => {
  test('splits as loadCifar10 does, with both kinds of labels', () => {
    const data = loadCifar100(folderOf(), tiny);
    expect(data.XTrain.shape).toEqual([3, 3, 32, 32]);
    // The mean of the first plane is 10.
    expect([0, 1, 2].map((n) => data.XTrain.get(n, 0, 31, 31))).toEqual([-10, 0, 10]);
    expect([0, 1].map((n) => data.XVal.get(n, 2, 0, 0))).toEqual([20, 30]);
    expect([0, 1].map((n) => data.XTest.get(n, 1, 5, 5))).toEqual([90, 100]);
    expect([0, 1, 2].map((c) => data.meanImage.get(c, 3, 4))).toEqual([10, 11, 12]);
    expect([data.yTrain, data.yVal, data.yTest]).toEqual([
      Int32Array.of(99, 98, 97),
      Int32Array.of(96, 95),
      Int32Array.of(0, 42),
    ]);
    expect([data.yTrainCoarse, data.yValCoarse, data.yTestCoarse]).toEqual([
      Int32Array.of(0, 1, 2),
      Int32Array.of(3, 4),
      Int32Array.of(19, 7),
    ]);
  });

  test('names the classes, sorted as the official files have them, or as files beside the data say', () => {
    const dir = folderOf('cifar-100-binary');
    const { classes, coarseClasses } = loadCifar100(dir, tiny);
    expect([classes.length, classes[0], classes[42], classes[99]]).toEqual([100, 'apple', 'leopard', 'worm']);
    expect([coarseClasses.length, coarseClasses[0], coarseClasses[19]]).toEqual([20, 'aquatic_mammals', 'vehicles_2']);
    for (const names of [classes, coarseClasses]) expect(names).toEqual([...new Set(names)].sort());
    const file = path.join(dir, 'cifar-100-binary', 'coarse_label_names.txt');
    fs.writeFileSync(file, Array.from({ length: 20 }, (_, i) => `c${i}\n`).join(''));
    expect(loadCifar100(dir, tiny).coarseClasses[7]).toBe('c7');
    fs.writeFileSync(file, 'one\ntwo\n');
    expect(() => loadCifar100(dir, tiny)).toThrow(
      `loadCifar100: ${file} names 2 classes, expected 20, one to a line; remove the file to use the official names`,
    );
  });

  test('names what is wrong', () => {
    const where =
      'get the binary version of CIFAR-100 from https://www.cs.toronto.edu/~kriz/cifar.html and unpack it in';
    const dir = folderOf();
    expect(() => loadCifar100(dir)).toThrow(
      `loadCifar100: numTraining is 49000, expected at most 5: there are 5 training images in ${dir}`,
    );
    expect(() => loadCifar100(path.join(dir, 'no'))).toThrow(`there is no folder ${dir}/no; ${where} ${dir}/no`);
    fs.rmSync(path.join(dir, 'test.bin'));
    expect(() => loadCifar100(dir, tiny)).toThrow(`loadCifar100: there is no file test.bin in ${dir}; ${where} ${dir}`);
    fs.writeFileSync(path.join(dir, 'test.bin'), new Uint8Array(3073));
    expect(() => loadCifar100(dir, tiny)).toThrow(
      `loadCifar100: ${dir}/test.bin has 3,073 bytes, expected 30,740,000 (10,000 records of 3,074 bytes), or another`,
    );
    for (const [bad, found] of [
      [record(20, 0, 0), 'has coarse label 20, expected 0 to 19'],
      [record(0, 100, 0), 'has label 100, expected 0 to 99'],
    ] as const) {
      const damaged = folderOf('', [...TRAIN.slice(0, 4), bad]);
      expect(() => loadCifar100(damaged, tiny)).toThrow(
        `loadCifar100: ${damaged}/train.bin: record 4 (counted from 0) ${found}; the file is damaged, or no batch of ` +
          'CIFAR-100 in its binary version',
      );
    }
  });
});
