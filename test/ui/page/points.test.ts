import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, Points, Smoothed } from '../../../src/ui/page/points.js';
import { bytesFrom, madePoints } from '../made-up.js';

function exactly(buffer: Buffer): ArrayBuffer {
  return Uint8Array.from(buffer).buffer;
}

test('points that come in pieces are those of the whole', () => {
  const all = madePoints(1500);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 6 }), (cuts) => {
      const points = new Points();
      let from = 0;
      for (const to of [...cuts.sort((a, b) => a - b), 1500]) {
        const columns = Float64Array.from([0, 1, 2].flatMap((c) => [...all.subarray(c * 1500, c * 1500 + to)]));
        expect(points.append(exactly(bytesFrom(columns, from)))).toBe(to - from);
        from = to;
      }
      expect(points.iteration).toEqual(all.subarray(0, 1500));
      expect(points.loss).toEqual(all.subarray(1500, 3000));
      expect(points.learningRate).toEqual(all.subarray(3000));
    }),
    { numRuns: 8 },
  );
});

test('points are no piece of a point', () => {
  expect(() => new Points().append(new ArrayBuffer(25))).toThrow('points have 25 bytes, 24 a point');
});

test('points of another run begin anew', () => {
  const points = new Points();
  points.append(exactly(bytesFrom(Float64Array.of(1, 2, 3, Number.NaN, 5, Infinity, 0.1, 0.1, 0.1), 0)));
  expect(points.notFinite).toBe(2);
  points.clear();
  points.append(exactly(bytesFrom(madePoints(4), 0)));
  expect([...points.iteration]).toEqual([1, 2, 3, 4]);
  expect(points.notFinite).toBe(0);
});

test('bytes of a base64 text', () => {
  expect([...bytesOf(Buffer.from([0, 127, 255]).toString('base64'))]).toEqual([0, 127, 255]);
});

test('an average by hand: weights 1/2 and 1/4, over their sum', () => {
  const smoothed = new Smoothed(2).of(Float64Array.of(4, 8, Number.NaN, 2));
  // (4/4 + 8/2) / (3/4); then ((4/8 + 8/4) + 2/2) / (7/8): what is not a number weighs nothing.
  expect([...smoothed]).toEqual([4, 20 / 3, Number.NaN, 4]);
});

test('an average over one value is the value, and a growing column changes none that is done', () => {
  const loss = madePoints(3000).subarray(3000, 6000);
  expect(new Smoothed(1).of(loss)).toBe(loss);
  const [growing, whole] = [new Smoothed(30), new Smoothed(30)];
  for (const length of [1, 7, 1500, 2999]) growing.of(loss.subarray(0, length));
  expect(growing.of(loss)).toEqual(whole.of(loss));
  expect(growing.of(loss.subarray(0, 10))).toEqual(new Smoothed(30).of(loss.subarray(0, 10)));
});
