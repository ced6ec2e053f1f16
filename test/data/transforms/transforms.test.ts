import { describe, expect, test } from 'vitest';
import { array, type NDArray, Random, type Transform, transforms, workspace, zeros } from '../../../src/index.js';
import { DTYPES } from '../../helpers/fixtures.js';
import { expectSameOnViews } from '../../helpers/views.js';

/** What every transform of images keeps to. */
const IMAGE_TRANSFORMS: [name: string, transform: Transform][] = [
  ['normalize', transforms.normalize([1, 2, 3], [4, 5, 6])],
  ['randomCrop', transforms.randomCrop([3, 5], { padding: [1, 2], fill: 7 })],
  ['randomHorizontalFlip', transforms.randomHorizontalFlip()],
  ['cutout', transforms.cutout(3)],
  ['resize', transforms.resize([3, 7])],
  ['centerCrop', transforms.centerCrop([3, 7])],
  ['randomResizedCrop', transforms.randomResizedCrop([3, 7])],
  ['colorJitter', transforms.colorJitter({ brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.5, max: 3 })],
  ['randomErasing', transforms.randomErasing({ p: 0.7, value: 'random' })],
  ['randomRotation', transforms.randomRotation(30, { fill: 7 })],
];

describe.each(IMAGE_TRANSFORMS)('%s', (name, transform) => {
  test.each(DTYPES)('takes any view, does not write to it, returns a new array of its dtype: %s', (dtype) => {
    expectSameOnViews([new Random(1).randn([6, 3, 4, 5], dtype)], (X) => {
      const out = transform(X, new Random(2));
      // By name: that of another realm is another class.
      expect([out.data.constructor.name, out.shape.length]).toEqual([X.data.constructor.name, 4]);
      return [out];
    });
  });

  test('gives the same within a workspace', () => {
    const X = new Random(1).randn([6, 3, 4, 5]);
    const inside = workspace(() => transform(X, new Random(2)));
    expect(inside).toEqualBits(transform(X, new Random(2)));
  });

  test('draws the same for any contents and either dtype', () => {
    const stateAfter = (X: NDArray) => {
      const random = new Random(3);
      transform(X, random);
      return random.state();
    };
    expect(stateAfter(new Random(1).randn([6, 3, 4, 5], 'float64'))).toEqual(stateAfter(zeros([6, 3, 4, 5])));
  });

  test.each<[X: NDArray, message: string]>([
    [zeros([4, 5]), 'X has shape (4, 5), expected (N, C, H, W)'],
    [zeros([2, 3, 0, 5]), 'X has shape (2, 3, 0, 5), expected (N, C, H, W) with every size at least 1'],
    [[1] as never, 'X is [1], expected an array of float32 or float64'],
  ])('refuses what are not images', (X, message) => {
    expect(() => transform(X, new Random(0))).toThrow(`${name}: ${message}`);
  });
});

const DRAW_NOTHING = ['normalize', 'resize', 'centerCrop'];

test.each(IMAGE_TRANSFORMS.filter(([name]) => DRAW_NOTHING.includes(name)))('%s takes one image', (_, transform) => {
  const X = new Random(1).randn([1, 3, 4, 5]);
  const random = new Random(0);
  expectSameOnViews([X.pick(0)], (image) => [transform(image, random)]);
  const one = array(transform(X, random).pick(0));
  expect(array(transform(X.pick(0), random))).toEqualBits(one);
  expect(array(workspace(() => transform(array(X.pick(0)), random)))).toEqualBits(one);
});

test.each(IMAGE_TRANSFORMS.filter(([name]) => !DRAW_NOTHING.includes(name)))(
  '%s needs a Random, and a batch',
  (name, transform) => {
    expect(() => transform(zeros([3, 4, 5]), new Random(0))).toThrow(
      `${name}: X has shape (3, 4, 5), expected (N, C, H, W)`,
    );
    const run = () => (transform as (X: NDArray) => NDArray)(zeros([1, 3, 4, 5]));
    const message = `${name}: random is undefined, expected a Random, as a DataLoader gives`;
    expect(run).toThrow(expect.objectContaining({ name: 'TypeError', message }));
  },
);

describe('compose', () => {
  test('applies the transforms in their order, each drawing after the other', () => {
    const step =
      (name: string): Transform =>
      (X, random) => {
        seen.push(`${name} ${random.randint(0, 1000, 1)}`);
        return array(X);
      };
    const seen: string[] = [];
    const [a, b] = new Random(5).randint(0, 1000, 2);
    transforms.compose([step('a'), step('b')])(zeros([1, 1]), new Random(5));
    expect(seen).toEqual([`a ${a}`, `b ${b}`]);
  });

  test('of no transforms changes nothing', () => {
    const X = zeros([2, 3]);
    expect(transforms.compose([])(X, new Random(0))).toBe(X);
  });

  test('keeps a copy of the list', () => {
    const steps = [transforms.normalize(1, 1)];
    const composed = transforms.compose(steps);
    steps.pop();
    expect(composed(zeros([1, 1, 1, 1]), new Random(0)).data[0]).toBe(-1);
  });

  test.each<[steps: unknown, message: string]>([
    [5, 'compose: transforms is 5, expected a list of functions'],
    [[(X: NDArray) => X, 'flip'], "compose: transforms[1] is 'flip', expected a function (X, random) => X"],
  ])('refuses what are not transforms: case %#', (steps, message) => {
    expect(() => transforms.compose(steps as Transform[])).toThrow(
      expect.objectContaining({ name: 'TypeError', message }),
    );
  });

  test('names the one that returns no array', () => {
    const composed = transforms.compose([(X) => X, () => 'X' as never]);
    expect(() => composed(zeros([1, 1]), new Random(0))).toThrow(
      "compose: what transforms[1] returned is 'X', expected an array of float32 or float64",
    );
  });
});
