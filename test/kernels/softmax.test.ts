import { afterAll, describe, expect, test } from 'vitest';
import { type DType, type Floats, Random } from '../../src/arrays/index.js';
import { type ChannelShape, type Kernels, reference } from '../../src/kernels/index.js';
import { describeFirstQuick } from '../helpers/slow.js';
import { engineSets } from './engines.js';

const engines = engineSets();
afterAll(() => {
  for (const engine of engines) engine.end();
});

/** Either side of a vector, a cache line, a work item of rows and a stripe of pixels. */
const SHAPES: readonly ChannelShape[] = [
  ...[1, 2, 3, 4, 5, 7, 8, 9, 10, 31, 1000, 16_384, 16_385].map((C) => ({ N: 3, C, S: 1 })),
  { N: 3000, C: 10, S: 1 },
  ...[2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 400].map((S) => ({ N: 2, C: 3, S })),
  ...[1, 2, 10, 100, 257, 2000].map((C) => ({ N: 2, C, S: 33 })),
  { N: 2, C: 10, S: 1024 },
];

/** What a result may differ by from the reference: in shares of the largest that enters it. */
const TOLERANCE = { float32: 1e-6, float64: 3e-15 };

describeFirstQuick(engines, '$simd SIMD, $threads threads', ({ kernels, simd }) => {
  describe.each<DType>(['float32', 'float64'])('%s', (dtype) => {
    const pool = new Random(`${dtype} softmax`).randn([400_000], dtype).data;
    const some = (length: number, from: number): Floats => pool.slice(from, from + length);

    /** All results for a shape, of scores some of which are far apart. */
    const results = (k: Kernels, shape: ChannelShape): Record<string, Floats> => {
      const n = shape.N * shape.C * shape.S;
      const [x, dout] = [some(n, 11).map((v, i) => v * (i % 7 === 0 ? 20 : 1)), some(n, 177_777)];
      const make = () => x.slice().fill(Number.NaN);
      const made = { softmax: make(), dSoftmax: make(), logSoftmax: make(), dLogSoftmax: make() };
      k.softmax(x, made.softmax, shape);
      k.softmaxBackward(dout, made.softmax, made.dSoftmax, shape);
      k.logSoftmax(x, made.logSoftmax, shape);
      k.logSoftmaxBackward(dout, made.logSoftmax, made.dLogSoftmax, shape);
      return made;
    };

    test.each(SHAPES)('of $N × $C × $S agrees with the reference', (shape) => {
      const [ours, theirs] = [results(kernels, shape), results(reference, shape)];
      for (const [name, expected] of Object.entries(theirs)) {
        // A gradient loses as much as the sum over the classes, whose terms are about 1.
        const size = name === 'logSoftmax' ? 80 : name === 'dLogSoftmax' ? 5 * Math.sqrt(shape.C) : 4;
        let worst = 0;
        for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(ours[name][i] - expected[i]));
        expect(worst, name).toBeLessThanOrEqual(size * TOLERANCE[dtype]);
      }
      // Far apart, a probability is small beside the largest; its digits are right all the same.
      const wrong = theirs.softmax.findIndex(
        (e, i) => !(Math.abs(ours.softmax[i] - e) <= 20 * TOLERANCE[dtype] * e + 1e-44),
      );
      expect(wrong, `softmax ${wrong}: ${ours.softmax[wrong]} and ${theirs.softmax[wrong]}`).toBe(-1);
    });

    test('the bits do not depend on the threads', () => {
      const single = engines.find((engine) => engine.simd === simd && engine.threads === 1)!;
      for (const shape of [SHAPES[13], SHAPES.at(-1)!]) {
        const [ours, theirs] = [results(kernels, shape), results(single.kernels, shape)];
        for (const [name, expected] of Object.entries(theirs)) {
          expect(
            expected.findIndex((v, i) => !Object.is(v, ours[name][i])),
            name,
          ).toBe(-1);
        }
      }
    });
  });
});
