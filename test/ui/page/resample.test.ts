import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parts, resample } from '../../../src/ui/page/resample.js';
import { madePoints } from '../made-up.js';

const all = madePoints(100_000);
const curve = { x: all.subarray(0, 100_000), y: all.subarray(100_000, 200_000) };

function known(values: (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

test('few points stay as they are, over the places of all curves', () => {
  const drawn = resample(
    [
      { x: [1, 2, 4], y: [5, Number.NaN, 6] },
      { x: [2, 3], y: [7, 8] },
    ],
    1,
    4,
    100,
  );
  expect(drawn).toEqual([
    [1, 2, 3, 4],
    [5, null, null, 6],
    [null, 7, 8, null],
  ]);
});

test('many points become the smallest and the largest of each column, in their order', () => {
  const [x, y] = resample([curve], 1, 100_000, 500);
  expect(x.length).toBeLessThanOrEqual(2 * 502);
  expect(x).toEqual([...x].sort((a, b) => a - b));
  expect(Math.min(...known(y!))).toBe(Math.min(...curve.y));
  expect(Math.max(...known(y!))).toBe(Math.max(...curve.y));
  const width = (100_000 - 1) / 500;
  for (const column of [0, 7, 499]) {
    const inside = [...curve.y].slice(Math.ceil(column * width), Math.ceil((column + 1) * width));
    const drawn = [y![2 * column + 2]!, y![2 * column + 3]!];
    expect(drawn).toEqual([...drawn].sort((a, b) => inside.indexOf(a) - inside.indexOf(b)));
    expect(Math.min(...drawn)).toBe(Math.min(...inside));
    expect(Math.max(...drawn)).toBe(Math.max(...inside));
  }
});

test('each place is in the picture or one column beside it, whatever is seen', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: 2, max: 10_000 }), (from, length) => {
      const [x, y] = resample([curve], from, from + length, 300);
      const seen = x.filter((_, i) => y![i] !== null);
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.at(0)).toBeGreaterThanOrEqual(from - 2 * (length / 300) - 1);
      expect(seen.at(-1)).toBeLessThanOrEqual(from + length + 2 * (length / 300) + 1);
    }),
    { numRuns: 15 },
  );
});

test('a line to a point that is far outside leaves the picture on its way there', () => {
  const sparse = { x: [0, 40_000, 90_000], y: [0, 4, 9] };
  const [x, , y] = resample([curve, sparse], 30_000, 50_000, 200);
  const drawn = x.flatMap((place, i) => (y![i] === null ? [] : [[place, y![i]!] as const]));
  expect(drawn).toHaveLength(3);
  for (const [place, value] of drawn) expect(value).toBeCloseTo(place / 10_000, 1);
  expect(drawn[0]![0]).toBeLessThan(30_000);
  expect(drawn[2]![0]).toBeGreaterThan(50_000);
});

test('a logarithmic axis leaves out what has no logarithm', () => {
  expect(resample([{ x: [1, 2, 3], y: [1, 0, -2] }], 1, 3, 100, true)).toEqual([
    [1, 2, 3],
    [1, null, null],
  ]);
});

test('curves without points are drawn as nothing', () => {
  expect(resample([{ x: [], y: [] }], 0, 1, 100)).toEqual([[], []]);
});

test('parts of a curve cover it once', () => {
  const rows = parts(curve, 25);
  expect(rows.map(({ from, to }) => [from, to])).toEqual(
    Array.from({ length: 25 }, (_, i) => [4000 * i + 1, 4000 * i + 4000]),
  );
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
  expect(parts({ x: [3, 5, 9], y: [1, Number.NaN, 4] }, 2)).toEqual([
    { from: 3, to: 3, count: 1, mean: 1, min: 1, max: 1 },
    { from: 5, to: 9, count: 2, mean: 4, min: 4, max: 4 },
  ]);
});
