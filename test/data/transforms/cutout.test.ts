import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CutoutOptions, type NDArray, Random, transforms } from '../../../src/index.js';
import { numbered } from './images.js';

/** Where an image is blank, in its first channel: the rows and columns that are touched, and how many pixels. */
function blanks(out: NDArray, n: number, fill = 0) {
  const [, , H, W] = out.shape;
  const rows = new Set<number>();
  const columns = new Set<number>();
  let count = 0;
  for (let i = 0; i < H; i++) {
    for (let j = 0; j < W; j++) {
      if (out.get(n, 0, i, j) !== fill) continue;
      rows.add(i);
      columns.add(j);
      count++;
    }
  }
  return { rows: [...rows], columns: [...columns], count };
}

describe('cutout', () => {
  test('blanks one square around a pixel, clipped at the border, in all channels, and nothing else', () => {
    const sizes = fc.integer({ min: 1, max: 7 });
    fc.assert(
      fc.property(sizes, sizes, sizes, fc.integer(), (H, W, size, seed) => {
        const X = numbered([4, 2, H, W]);
        const out = transforms.cutout(size)(X, new Random(seed));
        for (let n = 0; n < 4; n++) {
          const { rows, columns, count } = blanks(out, n);
          // A full rectangle, some centre of which lies inside of the image.
          expect(count).toBe(rows.length * columns.length);
          const half = Math.floor(size / 2);
          for (const [found, length] of [
            [rows, H],
            [columns, W],
          ] as const) {
            const spans = Array.from({ length }, (_, centre) =>
              Array.from({ length: size }, (_, k) => centre - half + k).filter((k) => k >= 0 && k < length),
            );
            expect(spans.map(String)).toContain(String(found));
          }
          const wrong: number[][] = [];
          for (let i = 0; i < H; i++) {
            for (let j = 0; j < W; j++) {
              const blank = rows.includes(i) && columns.includes(j);
              for (const c of [0, 1])
                if (out.get(n, c, i, j) !== (blank ? 0 : X.get(n, c, i, j))) wrong.push([c, i, j]);
            }
          }
          expect(wrong).toEqual([]);
        }
      }),
      { seed: 1 },
    );
  });

  test('the centre is each pixel as often as the others', () => {
    const N = 9000;
    const out = transforms.cutout(1)(numbered([N, 1, 3, 3]), new Random(2));
    const counts = new Map<string, number>();
    for (let n = 0; n < N; n++) {
      const { rows, columns } = blanks(out, n);
      const centre = `${rows} ${columns}`;
      counts.set(centre, (counts.get(centre) ?? 0) + 1);
    }
    expect(counts.size).toBe(9);
    // Chi-squared with 8 degrees of freedom is above 32 once in 10,000 runs.
    expect([...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(32);
  });

  test('has as many squares as asked for, with the fill asked for', () => {
    const out = transforms.cutout(1, { count: 3, fill: -5 })(numbered([200, 1, 10, 10]), new Random(3));
    const counts = Array.from({ length: 200 }, (_, n) => blanks(out, n, -5).count);
    // Squares may meet, but rarely do.
    expect(Math.max(...counts)).toBe(3);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
    expect(counts.filter((count) => count === 3).length).toBeGreaterThan(180);
  });

  test('leaves an image whole with probability 1 − p, whatever the number of squares', () => {
    const N = 4000;
    const X = numbered([N, 1, 2, 2]);
    const out = transforms.cutout(1, { p: 0.25, count: 2 })(X, new Random(4));
    const cut = Array.from({ length: N }, (_, n) => blanks(out, n).count).filter((count) => count > 0).length;
    // Four standard deviations: outside once in 16,000 runs.
    expect(Math.abs(cut / N - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / N));
    expect(transforms.cutout(1, { p: 0 })(X, new Random(4))).toEqualBits(X);
  });

  test.each<[size: unknown, options: unknown, error: string, message: string]>([
    [0, {}, 'RangeError', 'cutout: size is 0, expected a whole number ≥ 1'],
    [1.5, {}, 'RangeError', 'cutout: size is 1.5, expected a whole number ≥ 1'],
    [8, { count: 0 }, 'RangeError', 'cutout: count is 0, expected a whole number ≥ 1'],
    [8, { p: 2 }, 'RangeError', 'cutout: p is 2, expected a probability, in [0, 1]'],
    [8, { fill: Number.NaN }, 'RangeError', 'cutout: fill is NaN, expected a finite number'],
    [8, { holes: 2 }, 'TypeError', "cutout: unknown option 'holes', expected count, fill, p"],
  ])('names what is wrong: case %#', (size, options, name, message) => {
    const make = () => transforms.cutout(size as number, options as CutoutOptions);
    expect(make).toThrow(expect.objectContaining({ name, message }));
  });
});
