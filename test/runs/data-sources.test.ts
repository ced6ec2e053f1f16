import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findData } from '../../src/runs/data-sources.js';
import { temporaryDir } from '../helpers/cifar10.js';

/** A folder with these files, all empty. */
function folderOf(...files: string[]): string {
  const dir = temporaryDir();
  for (const file of files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), '');
  }
  return dir;
}

const nowhere = { cwd: '/', env: {} };

describe('data are recognized by what a path holds', () => {
  test.each([
    ['cifar10', ['data_batch_1.bin']],
    ['cifar10', ['cifar-10-batches-bin/test_batch.bin']],
    ['cifar100', ['train.bin', 'test.bin']],
    ['cifar100', ['cifar-100-binary/train.bin']],
    ['mnist', ['train-images-idx3-ubyte.gz']],
    ['mnist', ['MNIST/raw/train-images-idx3-ubyte']],
    ['fashion-mnist', ['FashionMNIST/raw/t10k-images-idx3-ubyte.gz']],
    ['folder', ['cat/1.png', 'dog/2.JPG']],
    ['folder', ['train/cat/1.png', 'test/cat/2.png']],
  ] as const)('%s: %s', (kind, files) => {
    const path = folderOf(...files);
    expect(findData('train', path, nowhere)).toEqual({ kind, path });
  });

  test('a table by its ending, others by data.kind', () => {
    const dir = folderOf('a.csv', 'b.txt');
    expect(findData('train', 'a.csv', { cwd: dir, env: {} })).toEqual({ kind: 'csv', path: join(dir, 'a.csv') });
    expect(findData('train', 'b.txt', { cwd: dir, env: {} }, 'csv').kind).toBe('csv');
    expect(() => findData('train', 'b.txt', { cwd: dir, env: {} })).toThrow(
      'train: --data b.txt is a file, expected a folder, or a file that ends in .csv: --set data.kind=csv reads it ' +
        'as CSV',
    );
  });

  test('names mean the usual places, or what a variable names', () => {
    const cwd = folderOf('data/cifar-10-batches-bin/test_batch.bin', 'data/mnist/x', 'elsewhere/x');
    const path = (name: string): string => join(cwd, name);
    expect(findData('train', undefined, { cwd, env: {} }).path).toBe(path('data/cifar-10-batches-bin'));
    expect(findData('train', 'cifar10', { cwd, env: {} }).path).toBe(path('data/cifar-10-batches-bin'));
    expect(findData('train', 'mnist', { cwd, env: {} })).toEqual({ kind: 'mnist', path: path('data/mnist') });
    const env = { CIFAR10_DIR: 'elsewhere' };
    expect(findData('train', undefined, { cwd, env }).path).toBe(path('elsewhere'));
    expect(findData('train', 'synthetic', { cwd, env })).toEqual({ kind: 'synthetic', path: null });
    expect(findData('train', undefined, { cwd: '/', env: {} })).toEqual({ kind: 'synthetic', path: null });
  });

  test('what is not there is refused with what was looked for', () => {
    expect(() => findData('train', 'mnst', nowhere)).toThrow(
      'train: --data mnst: there is no such file or folder, expected a path or one of synthetic, cifar10, cifar100, ' +
        'mnist, fashion-mnist: did you mean mnist?',
    );
    expect(() => findData('train', 'cifar10', nowhere)).toThrow(
      /^train: --data cifar10: there is no cifar10 \(looked for CIFAR10_DIR, .*cifar-10-batches-bin\): `layerwise data/,
    );
    expect(() => findData('train', undefined, { cwd: '/', env: { CIFAR10_DIR: '/none' } })).toThrow(
      'train: CIFAR10_DIR: there is no folder /none',
    );
    expect(() => findData('train', folderOf('readme.txt', 'x.csv'), nowhere)).toThrow(
      /: there are no data in it, expected CIFAR-10 .*, or pictures in a folder for each class \(cat\/1\.png\): --data/,
    );
    expect(() => findData('train', folderOf('test_batch.bin', 'train.bin'), nowhere)).toThrow(
      /holds cifar10 and cifar100, expected one of them: --set data\.kind=cifar10 or --set data\.kind=cifar100$/,
    );
    expect(() => findData('train', undefined, nowhere, 'folder')).toThrow(
      'train: data.kind folder is given, expected --data with its path',
    );
  });
});
