import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import {
  array,
  ByteDataset,
  type Bytes,
  channelStats,
  DataLoader,
  type LoadCifar10Options,
  loadCifar10,
  Random,
  readCifar10Batch,
  Subset,
  TensorDataset,
  toNested,
  transforms,
  workspace,
} from '../../src/index.js';
import { temporaryDir, writeBatches } from '../helpers/cifar10.js';

const random = new Random(1);
const data = Uint8Array.from(random.randint(0, 256, 7 * 12));
const y = Int32Array.from({ length: 7 }, (_, i) => i % 3);
const bytes: Bytes = { data, shape: [7, 3, 2, 2] };
const floats = array(data, [7, 3, 2, 2]);

/** Everything in an epoch's batches. */
const batchesOf = (dataset: ByteDataset | TensorDataset, options: object = {}) => {
  const loader = new DataLoader(dataset as TensorDataset, { batchSize: 3, shuffle: true, seed: 2, ...options });
  const batches = Array.from(loader, ([X, labels]) => [X.data.constructor, toNested(X), [...labels]]);
  loader.close();
  return batches;
};

describe('ByteDataset', () => {
  test('gives the batches of a TensorDataset of the same numbers', () => {
    const expected = new TensorDataset(floats, y);
    const transform = transforms.compose([transforms.randomCrop(2, { padding: 1 }), transforms.normalize(100, 50)]);
    for (const options of [{}, { transform }]) {
      for (const X of [bytes, ndarray(data, [7, 3, 2, 2])]) {
        expect(batchesOf(new ByteDataset(X, y), options)).toEqual(batchesOf(expected, options));
      }
    }
  });

  test('gives them by workers too', { tags: 'slow' }, () => {
    const transform = transforms.randomCrop(2, { padding: 1 });
    const expected = batchesOf(new TensorDataset(floats, y), { transform });
    expect(batchesOf(new ByteDataset(bytes, y), { workers: 1, transform })).toEqual(expected);
  });

  test('keeps the bytes, and gives single examples as float32', () => {
    const dataset = new ByteDataset(bytes, y);
    expect([dataset.bytes.data, dataset.length]).toEqual([data, 7]);
    expect(dataset.bytes.data).toBe(data);
    const [x, label] = dataset.get(4);
    expect(x).toEqualBits(array(data.subarray(48, 60), [3, 2, 2]));
    expect(label).toBe(1);
  });

  test('is read in a workspace, and in a subset', () => {
    const dataset = new ByteDataset(bytes, y);
    const loader = new DataLoader(new Subset(dataset, [5, 1]), { batchSize: 2 });
    const [X] = workspace(() => loader.batch(Int32Array.of(0, 1)));
    expect(X.get(1, 2, 1, 1)).toBe(data[23]);
  });

  test('with a get of its own is read by it', () => {
    class Halved extends ByteDataset {
      override get(i: number): ReturnType<ByteDataset['get']> {
        return [array([this.bytes.data[12 * i] / 2]), this.labels[i]];
      }
    }
    const [[X]] = new DataLoader(new Halved(bytes, y), { batchSize: 7 });
    expect(X.data[6]).toBe(data[72] / 2);
  });

  test.each<[X: unknown, labels: unknown, error: string, message: string]>([
    [
      floats,
      y,
      'TypeError',
      'X is an array of shape (7, 3, 2, 2), expected { data, shape } with a Uint8Array, or an ndarray over one',
    ],
    [data, y, 'TypeError', 'X is a Uint8Array, expected { data, shape } with a Uint8Array, or an ndarray over one'],
    [
      { data, shape: [7, 3] },
      y,
      'ShapeError',
      'X has shape (7, 3) over 84 bytes, expected (N, …), as many bytes, in row-major order',
    ],
    [
      ndarray(data, [7, 12]).transpose(1, 0),
      y,
      'ShapeError',
      'X has shape (12, 7), a strided view, over 84 bytes, expected (N, …), as many bytes, in row-major order',
    ],
    [bytes, [1, 2], 'ShapeError', 'y has shape (2,), expected (N=7,)'],
    [bytes, y.map((label) => -label), 'RangeError', 'y[1] is -1, expected an integer ≥ 0'],
  ])('refuses what does not fit: case %#', (X, labels, name, message) => {
    const make = () => new ByteDataset(X as Bytes, labels as Int32Array);
    expect(make).toThrow(expect.objectContaining({ name, message: `ByteDataset: ${message}` }));
  });

  test('refuses a place that there is not', () => {
    expect(() => new ByteDataset(bytes, y).get(7)).toThrow('ByteDataset.get: i is 7, expected an index from 0 to 6');
  });
});

test('channelStats of bytes are those of the same floats', () => {
  expect(channelStats(bytes)).toEqual(channelStats(floats));
  expect(() => channelStats({ data, shape: [7, 12] })).toThrow(
    'channelStats: X has shape (7, 12), expected (N, C, H, W)',
  );
});

describe("loadCifar10 with dtype 'uint8'", () => {
  const split = { numTraining: 12, numValidation: 3, numTest: 2 };

  test('gives the bytes of the same images, and the same mean', () => {
    const dir = writeBatches(temporaryDir(), 3);
    const kept = loadCifar10(dir, { ...split, dtype: 'uint8' });
    const expected = loadCifar10(dir, { ...split, subtractMean: false });
    for (const part of ['XTrain', 'XVal', 'XTest'] as const) {
      expect(kept[part].data).toBeInstanceOf(Uint8Array);
      expect(kept[part].shape).toEqual(expected[part].shape);
      expect(array(kept[part])).toEqualBits(expected[part]);
    }
    expect(kept.meanImage).toEqualBits(expected.meanImage);
    expect([kept.yTrain, kept.yVal, kept.yTest]).toEqual([expected.yTrain, expected.yVal, expected.yTest]);
    const [[X]] = new DataLoader(new ByteDataset(kept.XTrain, kept.yTrain), { batchSize: 12 });
    expect(X).toEqualBits(expected.XTrain);
  });

  test('does not subtract the mean', () => {
    const options = { ...split, dtype: 'uint8', subtractMean: true } as const;
    expect(() => loadCifar10(writeBatches(temporaryDir(), 3), options)).toThrow(
      "loadCifar10: subtractMean is true, expected false with dtype 'uint8': " +
        'subtract it from the batches, by transforms.normalize(mean, 1) of channelStats(XTrain)',
    );
  });

  test('names a dtype that there is not', () => {
    const options = { dtype: 'int8' } as unknown as LoadCifar10Options;
    expect(() => loadCifar10('data', options)).toThrow(
      "loadCifar10: dtype is 'int8', expected 'float32', 'float64' or 'uint8'",
    );
  });
});

test('a batch file is a dataset as it was read', () => {
  const dir = writeBatches(temporaryDir(), 3);
  const { images, labels } = readCifar10Batch(`${dir}/data_batch_1.bin`);
  const dataset = new ByteDataset({ data: images, shape: [labels.length, 3, 32, 32] }, labels);
  expect(dataset.get(2)[0].get(1, 31, 31)).toBe(21);
});
