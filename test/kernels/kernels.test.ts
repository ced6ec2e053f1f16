import { afterAll, describe, expect, test } from 'vitest';
import { type DType, type Floats, Random } from '../../src/arrays/index.js';
import { type Kernels, type ProductForm, reference } from '../../src/kernels/index.js';
import { firstDisagreement } from '../../src/kernels/self-test.js';
import { describeFirstQuick } from '../helpers/slow.js';
import { engineSets, testEngine } from './engines.js';

/** What a kernel may differ by from the reference, beside rounding of the result: relative to the sum of magnitudes. */
const TOLERANCE = { float32: 2e-6, float64: 4e-15 };

/** Either side of a vector, a tile, two tiles, and more than one of each. */
const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 23, 24, 25];

/** Either side of a vector and of a work item. */
const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 31, 16383, 16384, 16385, 50001];

const engines = engineSets();
afterAll(() => {
  for (const engine of engines) engine.end();
});

describeFirstQuick(engines, '$simd SIMD, $threads threads', ({ kernels, simd, threads }) => {
  describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
    const random = new Random(`${dtype} kernels`);
    const some = (length: number): Floats => random.randn([length], dtype).data;
    /** As `some`, but of few different values, which are made sooner. */
    const many = (length: number): Floats => {
      const made = new (ctor(dtype))(length);
      const values = some(Math.min(length, 9973));
      for (let from = 0; from < length; from += values.length) made.set(values.subarray(0, length - from), from);
      return made;
    };
    const positive = (length: number): Floats => some(length).map((v) => v * v);

    /** Runs a kernel and the reference on equal copies and compares every array, and what they return. */
    const compare = (operands: Floats[], call: (k: Kernels, operands: Floats[]) => unknown, scale = 1): void => {
      const [ours, theirs] = [operands.map((a) => a.slice()), operands.map((a) => a.slice())];
      const [result, expected] = [call(kernels, ours), call(reference, theirs)];
      expectClose([Number(result ?? 0)], [Number(expected ?? 0)], dtype, scale);
      ours.forEach((values, i) => {
        expectClose(values, theirs[i], dtype, scale);
      });
    };

    test.each(['NN', 'NT', 'TN'] as const)('gemm %s on edges of every size', (form) => {
      for (const N of SIZES) {
        for (const M of SIZES) {
          const K = SIZES[(N * 7 + M) % SIZES.length];
          compare([some(N * K), some(K * M), some(N * M)], (k, [a, b, out]) => k.gemm({ form, a, b, out, N, K, M }), K);
        }
      }
    });

    type Product = [form: ProductForm, N: number, K: number, M: number];
    const inBlocks = (...[form, N, K, M]: Product): void => {
      compare([many(N * K), many(K * M), many(N * M)], (k, [a, b, out]) => k.gemm({ form, a, b, out, N, K, M }), K);
    };

    test.each([
      ['NN', 50, 3000, 70],
      ['NT', 200, 30, 300],
      ['TN', 301, 64, 203],
      ['NN', 7, 40000, 9],
      ['TN', 5, 17000, 3],
      ['NT', 2, 100, 6000],
      // By shares of K.
      ['NN', 50, 1200, 41],
      ['NT', 13, 2100, 65],
      ['TN', 61, 1025, 9],
      // One operand is packed as it is multiplied: B, or A.
      ['NN', 11, 1100, 405],
      ['NT', 13, 514, 411],
      ['NN', 305, 600, 15],
      ['TN', 301, 513, 9],
    ] satisfies Product[])('gemm %s of %i × %i × %i, in blocks', inBlocks);

    // Blocks are cut in the same places whichever instructions multiply them.
    const isCut = simd === 'relaxed';
    test.runIf(isCut).each([
      ['TN', 5, 17000, 403],
      ['NT', 310, 16900, 3],
    ] satisfies Product[])('gemm %s of %i × %i × %i, in blocks of all three sizes', { tags: 'slow' }, inBlocks);

    test.runIf(isCut)('gemm deeper than a block, of operands that are wide too', { tags: 'slow' }, () => {
      const [N, K, M] = [200, 16500, 830];
      const [u, v, values] = [some(N), some(K), some(9973)];
      const make = (length: number, value: (i: number) => number): Floats => {
        const made = dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
        for (let i = 0; i < length; i++) made[i] = value(i);
        return made;
      };
      const a = make(N * K, (i) => u[Math.floor(i / K)] * v[i % K]);
      const b = make(K * M, (i) => values[i % 9973]);
      const [row, out] = [some(M), some(N * M)];
      reference.gemm({ form: 'NN', a: v, b, out: row, N: 1, K, M });
      kernels.gemm({ form: 'NN', a, b, out, N, K, M });
      expectClose(
        out,
        out.map((_, i) => u[Math.floor(i / M)] * row[i % M]),
        dtype,
        K,
      );
    });

    test('rows and columns: bias, ReLU with sums, sums either way', () => {
      for (const [N, M] of [...SIZES.map((M) => [3, M]), ...SIZES.map((N) => [N, 5]), [400, 63], [9, 65], [2, 20000]]) {
        const x = some(N * M);
        compare([some(M), x], (k, [b, out]) => k.addRow(b, out, N, M));
        compare([some(M), x], (k, [b, out]) => k.addRowRelu(b, out, N, M));
        compare([x, some(M)], (k, [a, out]) => k.sumRows(a, out, N, M), N);
        compare([x, some(N)], (k, [a, out]) => k.sumColumns(a, out, N, M), M);
        const operands = [some(N * M), x, some(N * M), some(M)];
        compare(operands, (k, [dout, a, dx, sums]) => k.reluBackwardSumRows({ dout, x: a, dx, sums, N, M }), N);
      }
    });

    test('channels: ReLU with sums', () => {
      for (const S of [...SIZES, 31, 32, 33, 1025]) {
        const [N, C] = [3, 5];
        const operands = [some(N * C * S), some(N * C * S), some(N * C * S), some(C)];
        compare(operands, (k, [dout, y, dx, sums]) => k.reluBackwardSumChannels(dout, y, dx, sums, { N, C, S }), N * S);
      }
    });

    test('element by element: ReLU, norms, bounds, penalty', () => {
      for (const n of LENGTHS) {
        const [w, dw, state] = [some(n), some(n), some(n)];
        compare([w, dw], (k, [x, out]) => k.relu(x, out));
        compare([w, dw, state], (k, [dout, x, dx]) => k.reluBackward(dout, x, dx));
        compare([w, dw], (k, [x, dx]) => void k.addL2Gradient(x, dx, 0.3));
        for (const norm of [
          (k: Kernels) => k.sumSquares(w),
          (k: Kernels) => k.addL2Gradient(w, dw.slice(), 0.3),
          (k: Kernels) => k.sumAbs(w),
        ]) {
          // In float64 for either type. Whatever the order, the sum of n values that are not negative is off by up to
          // n · ε/2 of itself, and so is the reference's.
          const sum = norm(reference);
          expect(Math.abs(norm(kernels) - sum)).toBeLessThanOrEqual(n * Number.EPSILON * sum);
        }
        compare([w], (k, [x]) => k.maxAbs(x));
        compare([w], (k, [x]) => k.scale(x, x, 0.3));
        compare([w], (k, [x]) => k.clamp(x, 0.5));
      }
    });

    test('the largest absolute value may stand anywhere, and NaN is the largest; a bound leaves NaN alone', () => {
      for (const n of LENGTHS) {
        for (const at of [0, n >> 1, n - 1]) {
          for (const value of [-7, Number.NaN]) {
            const x = some(n).map((v) => v / 8);
            x[at] = value;
            expect(kernels.maxAbs(x)).toBe(Math.abs(value));
            kernels.clamp(x, 2);
            expect(x[at]).toBe(Math.max(-2, value));
          }
        }
      }
    });

    test.each([0, 0.01])('every update rule, with a weight decay of %d', (weightDecay) => {
      for (const n of [1, 2, 3, 4, 5, 31, 16385]) {
        const [w, dw, state, squares, more] = [some(n), some(n), some(n), positive(n), some(n)];
        compare([w, dw], (k, [x, dx]) => k.sgd(x, dx, 0.1, weightDecay));
        const moved = { learningRate: 0.1, momentum: 0.9, dampening: 0.3, weightDecay };
        const scaled = { learningRate: 0.1, epsilon: 1e-8, weightDecay };
        compare([w, dw, state], (k, [w, dw, velocity]) => k.sgdMomentum({ w, dw, velocity, ...moved }));
        compare([w, dw, state], (k, [w, dw, velocity]) => k.dampedMomentum({ w, dw, velocity, ...moved }));
        compare([w, dw, state], (k, [w, dw, velocity]) => k.nesterov({ w, dw, velocity, ...moved }));
        compare([w, dw, squares], (k, [w, dw, cache]) => k.adagrad({ w, dw, cache, ...scaled }));

        const averaged = { learningRate: 0.1, decayRate: 0.9, epsilon: 1e-8, momentum: 0.9, weightDecay };
        const mean = squares.map((v) => v / (1 + v));
        for (const moves of [false, true]) {
          for (const isCentred of [false, true]) {
            compare([w, dw, squares, state, mean], (k, [w, dw, cache, v, m]) =>
              k.rmsprop({ w, dw, cache, velocity: moves ? v : null, mean: isCentred ? m : null, ...averaged }),
            );
          }
        }

        const adam = [w, dw, state, squares, more];
        for (const decoupledDecay of [0, 0.02]) {
          const step = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, t: 3, weightDecay, decoupledDecay };
          compare(adam, (k, [w, dw, m, v]) => k.adam({ w, dw, m, v, largest: null, ...step }));
          compare(adam, (k, [w, dw, m, v, largest]) => k.adam({ w, dw, m, v, largest, ...step }));
        }
      }
    });

    test('arithmetic, in place too', () => {
      for (const n of LENGTHS) {
        const [a, b] = [some(n), some(n)];
        for (const name of ['add', 'subtract', 'multiply', 'divide'] as const) {
          compare([a, b, some(n)], (k, [a, b, out]) => k[name](a, b, out), 0);
          compare([a, b], (k, [a, b]) => k[name](a, b, a), 0);
          compare([a, b], (k, [a, b]) => k[name](a, b, b), 0);
        }
        compare([a, b], (k, [x, out]) => k.scale(x, out, -0.75), 0);
        compare([a], (k, [x]) => k.scale(x, x, -0.75), 0);
        for (const weight of [0, 0.25, 1]) compare([a, b], (k, [a, b]) => k.lerp(a, b, weight));
      }
    });

    test('losses, with scores of up to 1e4', () => {
      for (const scale of [1, 1e4]) {
        for (const [N, C] of [...SIZES.map((C) => [4, C]), [1, 10], [5000, 10], [3, 1000]]) {
          const x = some(N * C).map((v) => v * scale);
          const y = random.randint(0, C, N);
          compare([x, some(N * C)], (k, [a, dx]) => k.softmaxLoss(a, y, dx, N, C), scale * Math.sqrt(N));
          compare(
            [x, some(N * C), some(N)],
            (k, [x, dx, values]) => k.hingeLoss({ x, y, dx, values, N, C, divisor: N }),
            scale * C * N,
          );
        }
      }
    });

    test('gatherRows, from the heap and from WebAssembly memory', () => {
      for (const D of [1, 3, 8, 3072]) {
        const source = some(11 * D);
        const rows = random.randint(0, 11, 20);
        compare([source, some(20 * D)], (k, [from, out]) => k.gatherRows(from, rows, out, D));
        const { memory } = engines[0];
        const inside = memory.resident(source.length, dtype);
        inside.set(source);
        const [out, expected] = [some(20 * D), some(20 * D)];
        engines[0].kernels.gatherRows(inside, rows, out, D);
        reference.gatherRows(source, rows, expected, D);
        expect(out).toEqual(expected);
      }
    });

    test('the e^x of softmax, from the smallest power to the largest', () => {
      // Two scores: their softmax is 1 / (1 + e^d) and 1 / (1 + e^−d).
      const spread = dtype === 'float32' ? 100 : 740;
      for (let d = -spread; d <= spread; d += spread / 400) {
        compare([new (ctor(dtype))([d, 0]), new (ctor(dtype))(2)], (k, [x, dx]) =>
          k.softmaxLoss(x, Int32Array.of(1), dx, 1, 2),
        );
      }
    });

    test('NaN and infinity are not lost', () => {
      const x = new (ctor(dtype))([1, Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
      compare([x, x], (k, [a, out]) => k.relu(a, out));
      const out = new (ctor(dtype))(5);
      kernels.relu(x, out);
      expect([...out]).toEqual([1, Number.NaN, 0, Number.POSITIVE_INFINITY, 0]);
      expect(kernels.softmaxLoss(x, Int32Array.of(0), out, 1, 5)).toBeNaN();
      expect(kernels.hingeLoss({ x, y: Int32Array.of(0), dx: out, values: null, N: 1, C: 5, divisor: 1 })).toBeNaN();
      expect(kernels.sumSquares(x)).toBeNaN();
    });
  });

  test.runIf(threads === 1)('passes the self-test', { tags: 'slow' }, () => {
    expect(firstDisagreement(kernels)).toBeNull();
  });
});

test('the self-test names a kernel that is wrong', () => {
  const wrong: Kernels = { ...reference, sumRows: (x, out, N, M) => reference.sumColumns(x, out, N, M) };
  expect(firstDisagreement(wrong)).toBe('sumRows (float32)');
});

test('results do not depend on the number of threads', () => {
  const [one, three] = engines.filter(({ simd }) => simd === 'relaxed').map(({ kernels }) => kernels);
  const random = new Random('threads');
  for (const dtype of ['float32', 'float64'] as const) {
    const [N, K, M] = [211, 307, 403];
    const some = (length: number): Floats => random.randn([length], dtype).data;
    const [a, b, bias] = [some(N * K), some(K * M), some(M)];
    const y = random.randint(0, M, N);
    const results = [one, three].map((k) => {
      const [out, dx, sums, dw] = [N * M, N * M, M, N * M].map((length) => new (ctor(dtype))(length));
      k.gemm({ form: 'NN', a, b, out, N, K, M });
      k.addRowRelu(bias, out, N, M);
      const loss = k.softmaxLoss(out, y, dx, N, M);
      k.reluBackwardSumRows({ dout: dx, x: out, dx: dw, sums, N, M });
      k.reluBackwardSumChannels(dx, out, dw, sums, { N: 1, C: M, S: N });
      const squares = k.addL2Gradient(out, dw, 0.1);
      const step = { learningRate: 1, beta1: 0.9, beta2: 0.9, epsilon: 1, t: 1, weightDecay: 0.1, decoupledDecay: 0.1 };
      k.adam({ w: out, dw, m: dx, v: dx.map(Math.abs), largest: null, ...step });
      return { out, dx, sums, dw, loss, squares };
    });
    expect(results[1]).toEqual(results[0]);
  }
});

test('operands may lie in WebAssembly memory, beyond its first growth, or in both worlds', () => {
  const { kernels, memory } = testEngine('relaxed', 1);
  const random = new Random(3);
  const early = memory.resident(6, 'float32');
  early.set([1, 2, 3, 4, 5, 6]);
  memory.resident(2 ** 23, 'float32'); // 32 MB: makes the memory grow
  const late = memory.resident(6, 'float32');
  late.set(early);
  expect(memory.holds(early) && memory.holds(late)).toBe(true);
  const outside = random.randn([6]).data;
  const [out, expected] = [new Float32Array(4), new Float32Array(4)];
  for (const inside of [early, late]) {
    kernels.gemm({ form: 'NN', a: inside, b: outside, out, N: 2, K: 3, M: 2 });
    reference.gemm({ form: 'NN', a: inside, b: outside, out: expected, N: 2, K: 3, M: 2 });
    expectClose(out, expected, 'float32', 3);
  }
});

test('when memory is full the reference runs, and nothing is half-written', () => {
  const { kernels, memory } = testEngine('relaxed', 1, { maximum: 2 ** 24 });
  const held = memory.resident(3 * 2 ** 20, 'float32'); // 12 of 16 MB
  const [x, out] = [new Float32Array(2 ** 20).fill(-1).fill(2, 5), new Float32Array(2 ** 20)];
  kernels.relu(x, out); // needs 8 MB of copies
  expect([out[0], out[4], out[5], out[2 ** 20 - 1]]).toEqual([0, 0, 2, 2]);
  expect(memory.resident(2 ** 22, 'float32').buffer).not.toBe(held.buffer);
  expect(memory.used).toBe(held.byteLength);
});

function ctor(dtype: DType): typeof Float32Array | typeof Float64Array {
  return dtype === 'float64' ? Float64Array : Float32Array;
}

/** Every value within tolerance · (scale + |expected|): `scale` is how many values of size 1 were added up. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, dtype: DType, scale: number): void {
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    if (Object.is(a, e) || a === e) continue;
    if (!(Math.abs(a - e) <= TOLERANCE[dtype] * (scale + Math.abs(e)))) {
      expect.fail(`value ${i} of ${expected.length} is ${a}, expected ${e} (${dtype}, scale ${scale})`);
    }
  }
}
