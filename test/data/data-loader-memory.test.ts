import { expect, test } from 'vitest';
import {
  array,
  type Batch,
  DataLoader,
  type ExampleDataset,
  keepsNothing,
  kernelInfo,
  type NDArray,
  type Transform,
  toNested,
  transforms,
  workspace,
} from '../../src/index.js';
import { isResident } from '../../src/kernels/index.js';
import { randomBatch } from '../helpers/nets.js';
import { labelsOf, places } from './loading.js';

test('a batch lies where it is asked for', () => {
  const loader = new DataLoader(places(4), { batchSize: 2, transform: transforms.compose([]) });
  const iterator = loader[Symbol.iterator]();
  const next = () => (iterator.next().value as Batch)[0];
  expect(isResident(next())).toBe(false);
  let inside: NDArray | undefined;
  workspace(() => {
    inside = next();
    expect(isResident(inside)).toBe(true);
    expect(toNested(inside)).toEqual([[2], [3]]);
  });
  expect(() => toNested(inside as NDArray)).toThrow('made in a workspace that has ended');
});

test('the built-in transforms leave nothing behind', () => {
  const { X, y } = randomBatch(8, [3, 6, 6], 5, 3);
  const transform = transforms.compose([
    transforms.randomCrop(6, { padding: 1 }),
    transforms.randomHorizontalFlip(),
    transforms.cutout(2),
    transforms.normalize(1, 2),
  ]);
  const loader = new DataLoader({ X, y }, { batchSize: 8, transform });
  const used = kernelInfo().memory?.used;
  workspace(() => {
    const [batch] = loader.batch([0, 1, 2]);
    expect(isResident(batch)).toBe(true);
  });
  expect(kernelInfo().memory?.used).toBe(used);
});

test('a transform of one’s own may keep what it is given and what it makes', () => {
  const kept: NDArray[] = [];
  const keeping: Transform = (X) => {
    const made = array(X);
    kept.push(X, made);
    return made;
  };
  for (const transform of [keeping, transforms.compose([keeping])]) {
    const loader = new DataLoader(places(2), { batchSize: 2, transform });
    workspace(() => {
      loader.batch([0, 1]);
    });
  }
  expect(kept.map(toNested)).toEqual(Array.from({ length: 4 }, () => [[0], [1]]));
});

test('a transform that is said to keep nothing gets the batch itself', () => {
  const seen: boolean[] = [];
  const transform = keepsNothing((X: NDArray) => {
    seen.push(isResident(X));
    return X;
  });
  workspace(() => {
    new DataLoader(places(2), { transform }).batch([0]);
  });
  expect(seen).toEqual([true]);
});

test('a dataset may keep what it makes', () => {
  const kept: NDArray[] = [];
  const dataset: ExampleDataset = {
    length: 3,
    get: (i) => {
      kept[i] ??= array([i, i]);
      return [kept[i], i];
    },
  };
  const loader = new DataLoader(dataset, { batchSize: 3 });
  workspace(() => {
    loader.batch([0, 1, 2]);
  });
  expect(labelsOf(loader)).toEqual([[0, 1, 2]]);
  expect(kept.map(toNested)).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
  ]);
});
