import { afterAll, describe, expect, test } from 'vitest';
import { type Floats, Random } from '../../src/arrays/index.js';
import { type ElementwiseLossOperands, type Kernels, reference } from '../../src/kernels/index.js';
import { describeFirstQuick } from '../helpers/slow.js';
import { engineSets } from './engines.js';

/** Of a value of size 1: the reference computes in float64 and rounds once. */
const TOLERANCE = { float32: 1e-6, float64: 4e-15 };

/** Either side of a vector and of a work item. */
const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 31, 16383, 16385, 40001];

const engines = engineSets();
afterAll(() => {
  for (const engine of engines) engine.end();
});

type Loss = (k: Kernels, operands: ElementwiseLossOperands & { readonly positive: Floats | null }) => number;

const LOSSES: Readonly<Record<string, Loss>> = {
  squaredLoss: (k, o) => k.squaredLoss(o),
  absoluteLoss: (k, o) => k.absoluteLoss(o),
  huberLoss: (k, o) => k.huberLoss({ ...o, threshold: 0.4, curvature: 2.5, slope: 1 }),
  bceLoss: (k, o) => k.bceLoss(o),
  bceWithLogitsLoss: (k, o) => k.bceWithLogitsLoss(o),
  klLoss: (k, o) => k.klLoss(o),
  klLogLoss: (k, o) => k.klLogLoss(o),
};

describeFirstQuick(engines, '$simd SIMD, $threads threads', ({ kernels }) => {
  describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
    const random = new Random(`${dtype} losses`);
    const some = (length: number): Floats => random.randn([length], dtype).data;
    const inside = (length: number): Floats => random.rand([length], dtype).data.map((v) => 0.05 + 0.9 * v);
    const room = (length: number): Floats => new (ctor(dtype))(length);

    const expectClose = (ours: ArrayLike<number>, theirs: ArrayLike<number>, scale = 1): void => {
      for (let i = 0; i < theirs.length; i++) {
        const off = Math.abs(ours[i] - theirs[i]);
        if (Object.is(ours[i], theirs[i]) || off <= TOLERANCE[dtype] * Math.max(scale, Math.abs(theirs[i]))) continue;
        expect.fail(`value ${i} of ${theirs.length} is ${ours[i]}, expected ${theirs[i]}`);
      }
    };

    test.each(Object.entries(LOSSES))('%s on every size', (_, loss) => {
      for (const length of LENGTHS) {
        for (const isFull of [true, false]) {
          const given = { x: inside(length), y: inside(length), weight: isFull ? some(length) : null };
          const positive = isFull ? inside(length) : null;
          const run = (k: Kernels) => {
            const [values, dx, dy] = [isFull ? room(length) : null, room(length), isFull ? room(length) : null];
            return { sum: loss(k, { ...given, positive, values, dx, dy, scale: 0.3 }), values, dx, dy };
          };
          const [ours, theirs] = [run(kernels), run(reference)];
          expectClose([ours.sum], [theirs.sum], 10 * length);
          // Slopes of the binary cross-entropy are up to 20, with weights up to 4.
          for (const name of ['values', 'dx', 'dy'] as const) expectClose(ours[name] ?? [], theirs[name] ?? [], 8);
        }
      }
    });

    test('logarithms, near 1, of the smallest numbers, and at the ends', () => {
      const tiny = dtype === 'float32' ? 1e-44 : 5e-324;
      const near = Array.from({ length: 200 }, (_, i) => 1 + (i - 100) / 1e4);
      const powers = Array.from({ length: 300 }, (_, i) => 10 ** (-i / (dtype === 'float32' ? 7 : 1)));
      const y = new (ctor(dtype))([...near, ...powers, tiny, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e30]);
      const [x, one] = [room(y.length), room(y.length).fill(1)];
      // With x = −1, the slope in y is ln y.
      x.fill(1);
      const logs = (k: Kernels): Floats => {
        const [dx, dy] = [room(y.length), room(y.length)];
        k.klLoss({ x, y, weight: one, values: null, dx, dy, scale: 1 });
        return dy;
      };
      expectClose(logs(kernels), logs(reference));
    });

    test('probabilities and logits from end to end', () => {
      const spread = Array.from({ length: 401 }, (_, i) => i / 400);
      const p = new (ctor(dtype))([...spread, 1e-7, 1e-30, 1 - 2 ** -20, Number.NaN, -0.5, 1.5]);
      const x = p.map((v) => 400 * (v - 0.5));
      for (const target of [0, 0.3, 1]) {
        const y = p.map(() => target);
        const run = (k: Kernels, x: Floats, loss: Loss): Floats[] => {
          const [values, dx, dy] = [room(x.length), room(x.length), room(x.length)];
          loss(k, { x, y, weight: null, positive: null, values, dx, dy, scale: 1 });
          return [values, dx, dy];
        };
        for (const [given, loss] of [
          [p, LOSSES.bceLoss],
          [x, LOSSES.bceWithLogitsLoss],
          [x, LOSSES.klLogLoss],
        ] as const) {
          const [ours, theirs] = [run(kernels, given, loss), run(reference, given, loss)];
          ours.forEach((values, i) => {
            expectClose(values, theirs[i]);
          });
        }
      }
    });

    test('crossEntropy on strips of every size', () => {
      for (const [N, C, S] of [
        [1, 1, 1],
        [1, 5, 3],
        [2, 3, 4],
        [3, 7, 17],
        [1, 10, 40],
        [2, 2, 33],
        [1, 3000, 37],
        [2, 3, 9000],
      ]) {
        const [x, target, weight] = [some(N * C * S).map((v) => 3 * v), inside(N * C * S), inside(C)];
        const labels = Int32Array.from({ length: N * S }, (_, i) => ((i * 7) % (C + 1)) - 1);
        for (const isLabelled of [true, false]) {
          const run = (k: Kernels) => {
            const [values, dx, dtarget] = [room(N * S), room(N * C * S), isLabelled ? null : room(N * C * S)];
            const given = isLabelled ? { labels, target: null } : { labels: null, target };
            const rest = { weight: S > 4 ? weight : null, smoothing: S % 3 === 0 ? 0 : 0.1, scale: 0.7 };
            const sum = k.crossEntropy({ x, ...given, ...rest, values, dx, dtarget, shape: { N, C, S } });
            return { sum, values, dx, dtarget };
          };
          const [ours, theirs] = [run(kernels), run(reference)];
          const scale = 4 * C;
          expectClose([ours.sum], [theirs.sum], scale * N * S);
          expectClose(ours.values, theirs.values, scale);
          expectClose(ours.dx, theirs.dx, isLabelled ? 1 : C);
          expectClose(ours.dtarget ?? [], theirs.dtarget ?? [], 4);
        }
      }
    });
  });
});

test('sums and gradients do not depend on the number of threads', () => {
  const random = new Random('threads');
  const [x, y] = [random.randn([100_003]).data, random.rand([100_003]).data];
  const results = engines
    .filter(({ simd }) => simd === 'relaxed')
    .map(({ kernels }) => {
      const dx = new Float32Array(x.length);
      const sum = kernels.bceWithLogitsLoss({
        x,
        y,
        weight: null,
        positive: null,
        values: null,
        dx,
        dy: null,
        scale: 1,
      });
      const scores = new Float32Array(99_000);
      const labels = Int32Array.from({ length: 33_000 }, (_, i) => i % 3);
      const rest = {
        weight: null,
        smoothing: 0.1,
        values: null,
        dtarget: null,
        scale: 1,
        shape: { N: 1, C: 3, S: 33_000 },
      };
      const entropy = kernels.crossEntropy({ x: x.subarray(0, 99_000), labels, target: null, dx: scores, ...rest });
      return [sum, entropy, ...dx, ...scores];
    });
  expect(results[1].every((value, i) => Object.is(value, results[0][i]))).toBe(true);
});

function ctor(dtype: 'float32' | 'float64') {
  return dtype === 'float32' ? Float32Array : Float64Array;
}
