import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  loadCifar10,
  readCifar10Batch,
  type SyntheticCifar10Options,
  syntheticCifar10Batch,
  writeSyntheticCifar10,
} from '../../src/data/index.js';
import { BATCHES, temporaryDir, writeBatches } from '../helpers/cifar10.js';

const small = { trainPerBatch: 20, test: 20 };
const bytesOf = (dir: string, name: string) => fs.readFileSync(path.join(dir, name));

describe('writeSyntheticCifar10', () => {
  test('writes the official files and returns the folder', () => {
    const dir = path.join(temporaryDir(), 'deep', 'down');
    expect(writeSyntheticCifar10(dir, { trainPerBatch: 3, test: 7 })).toBe(dir);
    expect(fs.readdirSync(dir).sort()).toEqual(['batches.meta.txt', ...BATCHES]);
    expect(BATCHES.map((name) => bytesOf(dir, name).length / 3073)).toEqual([3, 3, 3, 3, 3, 7]);
    expect(bytesOf(dir, 'batches.meta.txt').toString()).toBe(
      'disc\nring\nsquare\nframe\ntriangle\ncross\nrows\ncolumns\ndiagonals\nchecks\n',
    );
  });

  test('comes back through the loader', () => {
    const dir = writeSyntheticCifar10(temporaryDir(), small);
    const data = loadCifar10(dir, { numTraining: 90, numValidation: 10, numTest: 20, subtractMean: false });
    expect(data.classes[4]).toBe('triangle');
    const { images, labels } = readCifar10Batch(path.join(dir, 'test_batch.bin'));
    expect(data.yTest).toEqual(Int32Array.from(labels));
    expect(data.XTest.data).toEqual(Float32Array.from(images));
    // Every ten records hold each class once.
    expect([...data.yVal].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('gives the same bytes for the same seed, as ever', () => {
    const dir = writeSyntheticCifar10(temporaryDir(), small);
    const hash = createHash('sha256');
    for (const name of BATCHES) hash.update(bytesOf(dir, name));
    expect(hash.digest('hex')).toBe('3db1ee40b22d5e333f0846c4729db57aaad681e62e73d8281419711858ecfa05');

    const again = writeSyntheticCifar10(temporaryDir(), { ...small, seed: 0 });
    for (const name of BATCHES) expect(bytesOf(again, name).equals(bytesOf(dir, name))).toBe(true);
  });

  test('gives other pictures for another seed and in every file', () => {
    const a = writeSyntheticCifar10(temporaryDir(), small);
    const b = writeSyntheticCifar10(temporaryDir(), { ...small, seed: 'other' });
    const all = [a, b].flatMap((dir) => BATCHES.map((name) => bytesOf(dir, name).subarray(0, 3073).toString('hex')));
    expect(new Set(all).size).toBe(12);
  });

  test('draws record k the same however many there are', () => {
    const few = writeSyntheticCifar10(temporaryDir(), { trainPerBatch: 13, test: 4 });
    const many = writeSyntheticCifar10(temporaryDir(), { trainPerBatch: 31, test: 25 });
    for (const name of BATCHES) {
      const start = bytesOf(few, name);
      expect(bytesOf(many, name).subarray(0, start.length).equals(start)).toBe(true);
    }
  });

  test('keeps single pixels from giving the class away', { tags: 'slow' }, () => {
    // Nearest class mean is a linear classifier: it should be better than guessing, and not by much.
    const dir = writeSyntheticCifar10(temporaryDir(), { trainPerBatch: 400, test: 500 });
    const data = loadCifar10(dir, { numTraining: 2000, numValidation: 0, numTest: 500 });
    const means = Array.from({ length: 10 }, () => new Float64Array(3072));
    data.yTrain.forEach((label, n) => {
      for (let p = 0; p < 3072; p++) means[label][p] += data.XTrain.data[n * 3072 + p] / 200;
    });
    let right = 0;
    data.yTest.forEach((label, n) => {
      const image = data.XTest.data.subarray(n * 3072, (n + 1) * 3072);
      const distances = means.map((mean) => mean.reduce((sum, m, p) => sum + (m - image[p]) ** 2, 0));
      if (distances.indexOf(Math.min(...distances)) === label) right++;
    });
    expect(right / 500).toBeGreaterThan(0.14);
    expect(right / 500).toBeLessThan(0.4);
  });

  test('replaces what it wrote, and leaves other files alone', () => {
    const dir = writeSyntheticCifar10(temporaryDir(), small);
    fs.writeFileSync(path.join(dir, 'notes.txt'), 'mine');
    writeSyntheticCifar10(dir, { seed: 1, trainPerBatch: 2, test: 1 });
    expect(fs.readdirSync(dir).sort()).toEqual(['batches.meta.txt', ...BATCHES, 'notes.txt'].sort());
    expect(bytesOf(dir, 'data_batch_5.bin').length).toBe(2 * 3073);
  });

  test('removes what a process that is gone left, and not what one of another machine works on', () => {
    const dir = temporaryDir();
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const id = '01234567-89ab-4cde-8f01-23456789abcd';
    const mine = `.drawing-${os.hostname()}-${pid}-${id}`;
    // Its name begins as this machine's does.
    const other = `.drawing-${os.hostname()}-${pid}-77-${id}`;
    for (const name of [mine, other]) fs.mkdirSync(path.join(dir, name));
    writeSyntheticCifar10(dir, small);
    expect(fs.readdirSync(dir).sort()).toEqual([other, 'batches.meta.txt', ...BATCHES].sort());
  });

  test('does not touch other data', () => {
    const dir = writeBatches(temporaryDir(), 1);
    const before = BATCHES.map((name) => bytesOf(dir, name));
    expect(() => writeSyntheticCifar10(dir)).toThrow(
      `writeSyntheticCifar10: ${dir} holds other data (data_batch_1.bin), which this would replace; ` +
        'choose another folder, or delete the files',
    );
    fs.writeFileSync(path.join(dir, 'batches.meta.txt'), 'airplane\n');
    expect(() => writeSyntheticCifar10(dir)).toThrow('holds other data');
    expect(BATCHES.map((name) => bytesOf(dir, name))).toEqual(before);
    expect(fs.readdirSync(dir).length).toBe(7);
  });

  test.each([
    [{ trainPerBatch: 0 }, RangeError, 'trainPerBatch is 0, expected a whole number from 1 to 100000'],
    [{ test: 100001 }, RangeError, 'test is 100001, expected a whole number from 1 to 100000'],
    [{ test: 1.5 }, RangeError, 'test is 1.5, expected a whole number from 1 to 100000'],
    [{ seed: null }, TypeError, 'seed is null, expected a number or a string'],
    [{ trainPerbatch: 5 }, TypeError, "unknown option 'trainPerbatch', expected seed, trainPerBatch, test"],
  ])('refuses %j and writes nothing', (options, kind, message) => {
    const dir = path.join(temporaryDir(), 'new');
    const call = () => writeSyntheticCifar10(dir, options as SyntheticCifar10Options);
    expect(call).toThrow(kind);
    expect(call).toThrow(`writeSyntheticCifar10: ${message}`);
    expect(fs.existsSync(dir)).toBe(false);
  });
});

describe('syntheticCifar10Batch', () => {
  test('draws in memory what the files hold', () => {
    const dir = writeSyntheticCifar10(temporaryDir(), { ...small, seed: 3 });
    for (const file of ['data_batch_2.bin', 'test_batch.bin']) {
      const { classes, ...batch } = syntheticCifar10Batch({ seed: 3, file, length: 20 });
      expect(batch).toEqual(readCifar10Batch(path.join(dir, file)));
      expect(classes.slice(0, 2)).toEqual(['disc', 'ring']);
    }
  });

  test('refuses what it does not have', () => {
    expect(() => syntheticCifar10Batch({ file: 'data_batch_6.bin' })).toThrow(
      "syntheticCifar10Batch: file is 'data_batch_6.bin', expected 'data_batch_1.bin', ",
    );
    expect(() => syntheticCifar10Batch({ length: 0 })).toThrow('syntheticCifar10Batch: length is 0, expected');
  });
});
