import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { full, heap, type Storage, withStorage } from '../../src/arrays/index.js';
import {
  cifar10Size,
  decodeCifar10Batch,
  type LoadCifar10Options,
  loadCifar10,
  readCifar10Batch,
} from '../../src/data/index.js';
import { BATCHES, record, temporaryDir, writeBatch, writeBatches } from '../helpers/cifar10.js';

describe('decodeCifar10Batch', () => {
  const bytes = new Uint8Array([...record(3, (p) => p % 256), ...record(9, (p) => 255 - (p % 256))]);

  test('reads what readCifar10Batch reads', () => {
    const file = writeBatch(temporaryDir(), 'data_batch_1.bin', [bytes]);
    expect(decodeCifar10Batch(bytes)).toEqual(readCifar10Batch(file));
  });

  test.each<[string, unknown, string]>([
    ['no bytes', 'data', "is 'data', expected a Uint8Array"],
    ['nothing', new Uint8Array(0), 'has 0 bytes, expected a whole number of records of 3,073 bytes'],
    ['half a record', bytes.subarray(0, 5000), 'has 5,000 bytes, expected a whole number of records of 3,073 bytes'],
  ])('refuses %s', (_, value, message) => {
    expect(() => decodeCifar10Batch(value as Uint8Array)).toThrow(`decodeCifar10Batch: bytes ${message}`);
  });

  test('names a record whose label is that of no class', () => {
    const wrong = bytes.map((byte, i) => (i === 3073 ? 10 : byte));
    const message = 'decodeCifar10Batch: bytes: record 1 (counted from 0) has label 10, expected 0 to 9; the file is';
    expect(() => decodeCifar10Batch(wrong)).toThrow(message);
  });
});

describe('readCifar10Batch', () => {
  test('takes the labels and the images apart', () => {
    const a = record(3, (p) => p % 256);
    const b = record(9, (p) => 255 - (p % 256));
    const { images, labels } = readCifar10Batch(writeBatch(temporaryDir(), 'data_batch_1.bin', [a, b]));

    expect(labels).toEqual(Uint8Array.of(3, 9));
    expect(images).toEqual(new Uint8Array([...a.subarray(1), ...b.subarray(1)]));
  });

  test('reads files that are longer than what it reads at a time', () => {
    const records = Array.from({ length: 2001 }, (_, i) => record(i % 10, (p) => i + p));
    const { images, labels } = readCifar10Batch(writeBatch(temporaryDir(), 'data_batch_1.bin', records));

    expect(labels).toEqual(Uint8Array.from(records, (bytes) => bytes[0]));
    expect(Buffer.compare(images, Buffer.concat(records.map((bytes) => bytes.subarray(1))))).toBe(0);
  });

  test('names a file that is missing, and says how to get the data', () => {
    const dir = temporaryDir();
    expect(() => readCifar10Batch(path.join(dir, 'data_batch_1.bin'))).toThrow(
      `readCifar10Batch: there is no file data_batch_1.bin in ${dir}; get CIFAR-10 with ` +
        `downloadCifar10('${dir}'), or draw a stand-in with writeSyntheticCifar10('${dir}')`,
    );
  });

  test('says so where the Python version of the data is', () => {
    const dir = temporaryDir();
    fs.writeFileSync(path.join(dir, 'data_batch_1'), 'pickle');
    expect(() => readCifar10Batch(path.join(dir, 'data_batch_1.bin'))).toThrow(
      `there is no file data_batch_1.bin in ${dir} (what is there is not the binary version)`,
    );
  });

  test.each([
    [0, '0'],
    [3072, '3,072'],
    [30_729_999, '30,729,999'],
  ])('refuses a file of %d bytes', (bytes, printed) => {
    const file = path.join(temporaryDir(), 'data_batch_2.bin');
    fs.writeFileSync(file, new Uint8Array(bytes));
    expect(() => readCifar10Batch(file)).toThrow(
      `readCifar10Batch: ${file} has ${printed} bytes, expected 30,730,000 (10,000 records of 3,073 bytes), ` +
        'or another whole number of records; replace the file, it is damaged',
    );
  });

  test('names the record of a label that is none', () => {
    const records = Array.from({ length: 1500 }, (_, i) => record(i === 1234 ? 10 : 9, () => 0));
    const file = writeBatch(temporaryDir(), 'test_batch.bin', records);
    expect(() => readCifar10Batch(file)).toThrow(RangeError);
    expect(() => readCifar10Batch(file)).toThrow(
      `readCifar10Batch: ${file}: record 1234 (counted from 0) has label 10, expected 0 to 9; the file is damaged, ` +
        'or no batch of CIFAR-10 in its binary version',
    );
  });

  test.each([
    [7, '7'],
    ['', "''"],
    [undefined, 'undefined'],
  ])('refuses the path %s', (file, printed) => {
    expect(() => readCifar10Batch(file as string)).toThrow(
      new TypeError(`readCifar10Batch: file is ${printed}, expected a path`),
    );
  });
});

describe('cifar10Size', () => {
  test('counts the records by the sizes of the files', () => {
    const dir = writeBatches(temporaryDir(), 2);
    fs.writeFileSync(path.join(dir, 'data_batch_4.bin'), new Uint8Array(5 * 3073));
    fs.writeFileSync(path.join(dir, 'test_batch.bin'), new Uint8Array(7 * 3073));
    expect(cifar10Size(dir)).toEqual({ train: 13, test: 7 });
    expect(cifar10Size(`${dir}/`)).toEqual({ train: 13, test: 7 });
  });

  test('finds the batches one folder below', () => {
    const dir = temporaryDir();
    writeBatches(path.join(dir, 'cifar-10-batches-bin'), 1);
    expect(cifar10Size(dir)).toEqual({ train: 5, test: 1 });
  });

  test('names what is missing', () => {
    const dir = writeBatches(temporaryDir(), 1);
    fs.rmSync(path.join(dir, 'data_batch_3.bin'));
    expect(() => cifar10Size(dir)).toThrow(`cifar10Size: there is no file data_batch_3.bin in ${dir}; get CIFAR-10`);
    expect(() => cifar10Size(path.join(dir, 'no'))).toThrow(`cifar10Size: there is no folder ${dir}/no; get CIFAR-10`);
    expect(() => cifar10Size('./no such folder')).toThrow(
      `there is no folder ./no such folder (${path.resolve('no such folder')}); get CIFAR-10`,
    );
  });
});

describe('loadCifar10', () => {
  test('splits as cs231n does and subtracts the mean of the training images', () => {
    // Images 0, 10, 20 | 30, 40, 50, 60 of the training files, two to a file; 100 of the test file. The mean is 10.
    const dir = writeBatches(temporaryDir(), 2);
    const data = loadCifar10(dir, { numTraining: 3, numValidation: 4, numTest: 1 });

    expect([data.XTrain, data.XVal, data.XTest, data.meanImage].map((a) => a.shape)).toEqual([
      [3, 3, 32, 32],
      [4, 3, 32, 32],
      [1, 3, 32, 32],
      [3, 32, 32],
    ]);
    const at = (X: typeof data.XTrain) => Array.from({ length: X.shape[0] }, (_, n) => X.get(n, 1, 5, 7));
    expect(at(data.XTrain)).toEqual([-10, 0, 10]);
    expect(at(data.XVal)).toEqual([20, 30, 40, 50]);
    expect(at(data.XTest)).toEqual([90]);
    expect([0, 1, 2].map((c) => data.meanImage.get(c, 31, 31))).toEqual([10, 11, 12]);
    expect([data.yTrain, data.yVal, data.yTest]).toEqual([
      Int32Array.of(0, 1, 2),
      Int32Array.of(3, 4, 5, 6),
      Int32Array.of(0),
    ]);
    expect(data.XTrain.data).toBeInstanceOf(Float32Array);
  });

  test('places a pixel by channel, row and column', () => {
    const dir = temporaryDir();
    writeBatch(dir, 'data_batch_1.bin', [record(0, (p) => (p === 2 * 1024 + 3 * 32 + 5 ? 77 : 0))]);
    const { XTrain } = loadCifar10(dir, { numTraining: 1, numValidation: 0, numTest: 0, subtractMean: false });
    expect(XTrain.get(0, 2, 3, 5)).toBe(77);
    expect([...XTrain.data].reduce((sum, x) => sum + x)).toBe(77);
  });

  test('computes the mean exactly, and subtracts what it returns', () => {
    // Two of three images are 255 and one is 0, at every pixel: a mean that no float holds.
    const dir = temporaryDir();
    writeBatch(
      dir,
      'data_batch_1.bin',
      [0, 255, 255].map((value) => record(1, () => value)),
    );
    const split = { numTraining: 3, numValidation: 0, numTest: 0 };
    const double = loadCifar10(dir, { ...split, dtype: 'float64' });
    const single = loadCifar10(dir, { ...split, dtype: 'float32' });

    expect(double.meanImage).toEqualBits(full([3, 32, 32], 510 / 3, 'float64'));
    expect(single.meanImage).toEqualBits(full([3, 32, 32], 170, 'float32'));
    expect([double.XTrain.get(0, 0, 0, 0), double.XTrain.get(1, 0, 0, 0)]).toEqual([-170, 85]);
    expect(single.XTrain.get(2, 2, 31, 31)).toBe(85);
  });

  test('rounds the mean once', () => {
    const dir = temporaryDir();
    writeBatch(
      dir,
      'data_batch_1.bin',
      [0, 0, 1].map((value) => record(1, () => value)),
    );
    const { XTrain, meanImage } = loadCifar10(dir, { numTraining: 3, numValidation: 0, numTest: 0 });
    expect(meanImage.get(0, 0, 0)).toBe(Math.fround(1 / 3));
    expect(XTrain.get(2, 0, 0, 0)).toBe(Math.fround(1 - Math.fround(1 / 3)));
  });

  test('leaves the bytes as they are without the mean, which it still computes', () => {
    const dir = writeBatches(temporaryDir(), 1);
    const data = loadCifar10(dir, { numTraining: 3, numValidation: 1, numTest: 1, subtractMean: false });
    expect([data.XTrain, data.XVal, data.XTest].map((X) => X.get(0, 2, 0, 0))).toEqual([2, 32, 52]);
    expect(data.meanImage.get(2, 0, 0)).toBe(12);
  });

  test('for every split, the images are those of the files in their order', () => {
    const dir = writeBatches(temporaryDir(), 3);
    const images = BATCHES.slice(0, 5).flatMap((name) => [...readCifar10Batch(path.join(dir, name)).images]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 15 }), fc.nat(15), fc.nat(3), (numTraining, more, numTest) => {
        const numValidation = Math.min(more, 15 - numTraining);
        const options = { numTraining, numValidation, numTest, subtractMean: false };
        const { XTrain, XVal, XTest, yTrain, yVal, yTest } = loadCifar10(dir, options);
        const read = [...XTrain.data, ...XVal.data];
        expect(read.length).toBe((numTraining + numValidation) * 3072);
        expect(read.every((pixel, i) => pixel === images[i])).toBe(true);
        expect([...yTrain, ...yVal]).toEqual(Array.from({ length: numTraining + numValidation }, (_, k) => k % 10));
        expect([XTest.shape[0], yTest.length]).toEqual([numTest, numTest]);
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  test('needs only the files that the split reaches into', () => {
    const dir = writeBatches(temporaryDir(), 2);
    for (const name of ['data_batch_3.bin', 'data_batch_4.bin', 'data_batch_5.bin', 'test_batch.bin']) {
      fs.rmSync(path.join(dir, name));
    }
    const data = loadCifar10(dir, { numTraining: 3, numValidation: 1, numTest: 0 });
    expect(data.XTest.shape).toEqual([0, 3, 32, 32]);
    expect(data.yVal).toEqual(Int32Array.of(3));
    expect(() => loadCifar10(dir, { numTraining: 4, numValidation: 1, numTest: 0 })).toThrow(
      `loadCifar10: there is no file data_batch_3.bin in ${dir}; get CIFAR-10`,
    );
    expect(() => loadCifar10(dir, { numTraining: 3, numValidation: 1, numTest: 1 })).toThrow(
      `loadCifar10: there is no file test_batch.bin in ${dir}; get CIFAR-10`,
    );
  });

  test('finds the batches one folder below, after those in the folder itself', () => {
    const dir = temporaryDir();
    writeBatches(path.join(dir, 'cifar-10-batches-bin'), 1);
    const split = { numTraining: 2, numValidation: 1, numTest: 1, subtractMean: false };
    expect(loadCifar10(dir, split).XVal.get(0, 0, 0, 0)).toBe(20);

    writeBatch(
      dir,
      'data_batch_1.bin',
      [7, 8, 9].map((value) => record(1, () => value)),
    );
    writeBatch(dir, 'test_batch.bin', [record(1, () => 1)]);
    expect(loadCifar10(dir, split).XVal.get(0, 0, 0, 0)).toBe(9);
  });

  test('makes its arrays on the storage that is in place', () => {
    const dir = writeBatches(temporaryDir(), 1);
    const made: number[] = [];
    const storage: Storage = {
      allocate: (length, dtype) => {
        made.push(length);
        return heap.allocate(length, dtype);
      },
      adopt: () => {},
    };
    withStorage(storage, () => loadCifar10(dir, { numTraining: 3, numValidation: 2, numTest: 1 }));
    expect(made.sort((a, b) => a - b)).toEqual([3072, 3072, 2 * 3072, 3 * 3072]);
  });

  describe('class names', () => {
    const split = { numTraining: 1, numValidation: 0, numTest: 0 };

    test('come from batches.meta.txt', () => {
      const dir = writeBatches(temporaryDir(), 1);
      fs.writeFileSync(path.join(dir, 'batches.meta.txt'), 'a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj k\n\n');
      expect(loadCifar10(dir, split).classes).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j k']);
    });

    test('are the official ones without that file', () => {
      const { classes } = loadCifar10(writeBatches(temporaryDir(), 1), split);
      expect(classes.join()).toBe('airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck');
    });

    test('are ten', () => {
      const dir = writeBatches(temporaryDir(), 1);
      const file = path.join(dir, 'batches.meta.txt');
      fs.writeFileSync(file, 'a\nb\n');
      expect(() => loadCifar10(dir, split)).toThrow(
        `loadCifar10: ${file} names 2 classes, expected 10, one to a line; remove the file to use the official names`,
      );
    });
  });

  describe('refuses', () => {
    const load = (options: object, perBatch = 1) => {
      const dir = writeBatches(temporaryDir(), perBatch);
      return { dir, call: () => loadCifar10(dir, { numTraining: 3, numValidation: 1, numTest: 1, ...options }) };
    };

    test.each([
      [{ numTraining: 0 }, 'numTraining is 0, expected a whole number ≥ 1'],
      [{ numTraining: 1.5 }, 'numTraining is 1.5, expected a whole number ≥ 1'],
      [{ numTraining: Number.NaN }, 'numTraining is NaN, expected a whole number ≥ 1'],
      [{ numValidation: -1 }, 'numValidation is -1, expected a whole number ≥ 0'],
      [{ numTest: '5' }, "numTest is '5', expected a whole number ≥ 0"],
      [{ numTest: null }, 'numTest is null, expected a whole number ≥ 0'],
      [{ dtype: 'int8' }, "dtype is 'int8', expected 'float32', 'float64' or 'uint8'"],
    ])('%j', (options, message) => {
      const { call } = load(options);
      expect(call).toThrow(RangeError);
      expect(call).toThrow(`loadCifar10: ${message}`);
    });

    test.each([
      [{ subtractMean: 1 }, 'subtractMean is 1, expected true or false'],
      [{ numTrain: 5 }, "unknown option 'numTrain', expected numTraining, numValidation, numTest, subtractMean, dtype"],
    ])('%j', (options, message) => {
      const { call } = load(options);
      expect(call).toThrow(TypeError);
      expect(call).toThrow(`loadCifar10: ${message}`);
    });

    test.each([
      [{ numTraining: 11 }, 'numTraining is 11, expected at most 10: there are 10 training images in'],
      [
        { numTraining: 8, numValidation: 3 },
        'numValidation is 3, expected at most 2: there are 2 images after numTraining in',
      ],
      [{ numTest: 3 }, 'numTest is 3, expected at most 2: there are 2 test images in'],
    ])('more images than there are: %j', (options, message) => {
      const { dir, call } = load(options, 2);
      expect(call).toThrow(RangeError);
      expect(call).toThrow(`loadCifar10: ${message} ${dir}; cifar10Size(dir) counts them; set { num`);
    });

    test('the defaults on a folder of fewer images, with a split that fits', () => {
      const { dir, call } = load({ numTraining: 49000, numValidation: 1000 }, 4);
      expect(call).toThrow('; set { numTraining: 18, numValidation: 2 }, say');
      expect(loadCifar10(dir, { numTraining: 18, numValidation: 2, numTest: 4 }).XTrain.shape[0]).toBe(18);
    });

    test('options that are no object', () => {
      expect(() => loadCifar10('data', null as unknown as LoadCifar10Options)).toThrow(
        new TypeError(
          'loadCifar10: options is null, expected an object with any of numTraining, numValidation, numTest, ' +
            'subtractMean, dtype',
        ),
      );
    });

    test('a folder that is missing, or a file, with what a user of the package can do', () => {
      const dir = temporaryDir();
      const missing = path.join(dir, 'data');
      const message =
        `loadCifar10: there is no folder ${missing}; get CIFAR-10 with ` +
        `downloadCifar10('${missing}'), or draw a stand-in with writeSyntheticCifar10('${missing}')`;
      expect(() => loadCifar10(missing)).toThrow(message);
      expect(() => loadCifar10(missing)).not.toThrow('npm');
      fs.writeFileSync(missing, '');
      expect(() => loadCifar10(missing)).toThrow(
        `loadCifar10: ${missing} is a file, expected the folder that holds the batch files`,
      );
    });

    test('an empty folder', () => {
      const dir = temporaryDir();
      expect(() => loadCifar10(dir)).toThrow(`loadCifar10: there is no file data_batch_1.bin in ${dir}; get CIFAR-10`);
    });

    test('a damaged file, before it makes an array', () => {
      const dir = writeBatches(temporaryDir(), 1);
      const file = path.join(dir, 'test_batch.bin');
      fs.truncateSync(file, 3072);
      const storage: Storage = { allocate: () => expect.unreachable('an array was made'), adopt: () => {} };
      const call = () => loadCifar10(dir, { numTraining: 1, numValidation: 0, numTest: 1 });
      expect(() => withStorage(storage, call)).toThrow(`loadCifar10: ${file} has 3,072 bytes, expected 30,730,000`);
    });

    test.each(['data_batch_1.bin', 'data_batch_2.bin', 'test_batch.bin'])('a label above 9 in %s', (name) => {
      const dir = writeBatches(temporaryDir(), 2);
      const file = writeBatch(dir, name, [record(0, () => 0), record(200, () => 0)]);
      expect(() => loadCifar10(dir, { numTraining: 2, numValidation: 2, numTest: 2 })).toThrow(
        `loadCifar10: ${file}: record 1 (counted from 0) has label 200, expected 0 to 9`,
      );
    });
  });
});

const real = process.env.CIFAR10_DIR;

describe.skipIf(!real)(`CIFAR-10 itself${real ? '' : ' (skipped: CIFAR10_DIR names no folder that holds it)'}`, () => {
  test('has the known order, labels and mean', () => {
    const dir = real as string;
    expect(cifar10Size(dir)).toEqual({ train: 50000, test: 10000 });
    const data = loadCifar10(dir);

    expect(data.classes[9]).toBe('truck');
    expect([...data.yTrain.subarray(0, 10)]).toEqual([6, 9, 9, 4, 1, 1, 2, 7, 8, 3]);
    expect([...data.yTest.subarray(0, 10)]).toEqual([3, 8, 8, 0, 6, 6, 1, 6, 3, 1]);
    // cs231n prints these for the same split; a copy that went through JPEG is off by less than 1.
    const corner = [0, 1, 2].map((c) => data.meanImage.get(c, 0, 0));
    [130.64189796, 135.98173469, 132.47391837].forEach((mean, c) => {
      expect(Math.abs(corner[c] - mean)).toBeLessThan(1);
    });
    expect(data.XTrain.shape).toEqual([49000, 3, 32, 32]);
    expect(data.yVal.length + data.yTest.length).toBe(2000);
  });
});
