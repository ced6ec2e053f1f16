import { describe, expect, test } from 'vitest';
import {
  array,
  DataLoader,
  type DataLoaderState,
  type NDArray,
  Random,
  toNested,
  transforms,
} from '../../../src/index.js';
import { pretend } from '../../helpers/pretend.js';
import { places } from '../loading.js';
import { numbered } from './images.js';

const { alternatingFlip, compose, horizontalFlip, randomCrop, translate } = transforms;

describe('horizontalFlip', () => {
  test('mirrors the columns of all images, or of one', () => {
    expect(toNested(horizontalFlip()(numbered([2, 1, 1, 3])))).toEqual([[[[3, 2, 1]]], [[[6, 5, 4]]]]);
    expect(toNested(horizontalFlip()(numbered([1, 2, 2])))).toEqual([
      [
        [2, 1],
        [4, 3],
      ],
    ]);
  });
});

describe('translate', () => {
  const X = numbered([1, 1, 3, 3]);

  test.each<[by: [number, number], options: transforms.TranslateOptions, rows: number[][]]>([
    [
      [0, 0],
      {},
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
    ], // prettier
    [
      [1, 0],
      {},
      [
        [0, 0, 0],
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      [0, -1],
      { fill: 5 },
      [
        [2, 3, 5],
        [5, 6, 5],
        [8, 9, 5],
      ],
    ],
    [
      [1, 1],
      { paddingMode: 'reflect' },
      [
        [5, 4, 5],
        [2, 1, 2],
        [5, 4, 5],
      ],
    ],
    [
      [-1, -1],
      { paddingMode: 'reflect' },
      [
        [5, 6, 5],
        [8, 9, 8],
        [5, 6, 5],
      ],
    ],
    [
      [-2, 1],
      { paddingMode: 'replicate' },
      [
        [7, 7, 8],
        [7, 7, 8],
        [7, 7, 8],
      ],
    ],
    [
      [9, 0],
      {},
      [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
    ],
    [
      [0, -4],
      { paddingMode: 'replicate' },
      [
        [3, 3, 3],
        [6, 6, 6],
        [9, 9, 9],
      ],
    ],
    [
      [0, 5],
      { paddingMode: 'replicate' },
      [
        [1, 1, 1],
        [4, 4, 4],
        [7, 7, 7],
      ],
    ],
    [
      [0, -4],
      { fill: 2 },
      [
        [2, 2, 2],
        [2, 2, 2],
        [2, 2, 2],
      ],
    ],
  ])('by %j with %j', (by, options, rows) => {
    expect(toNested(translate(by, options)(X))).toEqual([[rows]]);
  });

  test('refuses what does not fit', () => {
    expect(() => translate(pretend(1))).toThrow('translate: by is 1, expected [down, right], whole numbers of pixels');
    expect(() => translate([0.5, 0])).toThrow('expected [down, right], whole numbers of pixels');
    expect(() => translate([3, 0], { paddingMode: 'reflect' })(X)).toThrow(
      'translate: by is (3, 0), expected less than (3, 3), the images, to reflect them',
    );
  });
});

describe('alternatingFlip', () => {
  const X = numbered([40, 1, 1, 2]);
  const dataset = { X, y: places(40).y };
  const options = { batchSize: 7, shuffle: true, seed: 1, transform: alternatingFlip() };
  const isFlipped = (image: NDArray): boolean => image.get(0, 0, 0) > image.get(0, 0, 1);

  /** Which images an epoch shows in the mirror. */
  function flippedIn(loader: DataLoader): boolean[] {
    const flipped: boolean[] = [];
    for (const [images, labels] of loader) {
      labels.forEach((n, i) => {
        flipped[n] = isFlipped(images.pick(i));
      });
    }
    return flipped;
  }

  test('shows each image the other way round in the next epoch', () => {
    const loader = new DataLoader(dataset, options);
    const epochs = [1, 2, 3, 4].map(() => flippedIn(loader));
    expect(epochs[1]).toEqual(epochs[0].map((is) => !is));
    expect(epochs[2]).toEqual(epochs[0]);
    expect(epochs[3]).toEqual(epochs[1]);
  });

  test('begins with about a half, which another seed changes', () => {
    const many = { X: numbered([10_000, 1, 1, 2]), y: places(10_000).y };
    const [first, other] = [0, 1].map((seed) =>
      flippedIn(new DataLoader(many, { batchSize: 500, transform: alternatingFlip({ seed }) })),
    );
    // Four standard deviations.
    expect(Math.abs(first.filter(Boolean).length - 5000)).toBeLessThan(200);
    expect(Math.abs(first.filter((is, n) => is === other[n]).length - 5000)).toBeLessThan(200);
  });

  test('goes on within an epoch, and after it, from a state that survives JSON', () => {
    for (const taken of [0, 3, 6, 8]) {
      const saving = new DataLoader(dataset, options);
      flippedIn(saving);
      const batches = (function* () {
        for (;;) yield* saving;
      })();
      for (let i = 0; i < taken; i++) batches.next();
      const state = JSON.parse(JSON.stringify(saving.stateDict())) as DataLoaderState;
      expect(state.epoch).toBe(taken < 6 ? 1 : taken === 6 ? 2 : 2);
      const resumed = new DataLoader(dataset, { ...options, seed: 9 });
      resumed.loadStateDict(state);
      expect(resumed.stateDict()).toEqual(state);
      const rest = (function* () {
        for (;;) yield* resumed;
      })();
      for (let i = 0; i < 14; i++) {
        const [a, b] = [batches.next().value, rest.next().value].map((batch) => [toNested(batch[0]), [...batch[1]]]);
        expect(b).toEqual(a);
      }
    }
  });

  test('is the same in a composition, in shares, and where workers make the batches', { tags: 'slow' }, () => {
    const transform = compose([alternatingFlip({ seed: 3 }), randomCrop([1, 2], { padding: [0, 1] })]);
    const images = { X: numbered([40, 1, 1, 2]), y: places(40).y };
    const epochs = (workers: number): unknown[] => {
      const loader = new DataLoader(images, { ...options, transform, workers });
      try {
        return [1, 2, 3].map(() => Array.from(loader, ([x, y]) => [toNested(x), [...y]]));
      } finally {
        loader.close();
      }
    };
    expect(epochs(2)).toEqual(epochs(0));
  });

  test('a state without the epoch is refused, and so is one with it where nothing counts', () => {
    const counting = new DataLoader(dataset, options);
    const plain = new DataLoader(dataset, { ...options, transform: horizontalFlip() });
    expect(() => counting.loadStateDict(plain.stateDict())).toThrow("state has no entry 'epoch'");
    expect(() => plain.loadStateDict(counting.stateDict())).toThrow("state has an unknown entry 'epoch'");
    expect(() => counting.loadStateDict({ ...counting.stateDict(), epoch: -1 })).toThrow(
      'DataLoader.loadStateDict: epoch is -1, expected a whole number ≥ 0',
    );
  });

  test('refuses a seed that is none, and to work without a loader', () => {
    expect(() => alternatingFlip({ seed: -1 })).toThrow('alternatingFlip: seed is -1');
    expect(() => alternatingFlip()(X, new Random(0))).toThrow(
      'alternatingFlip: the caller is none, expected a DataLoader, which tells it the examples and the epoch',
    );
    expect(() => alternatingFlip()(array([1]), new Random(0))).toThrow('alternatingFlip: X has shape (1,)');
  });
});
