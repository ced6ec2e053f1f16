import fs from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type DType, type Floats, Random } from '../../src/arrays/index.js';
import { type Kernels, reference } from '../../src/kernels/index.js';
import { describeFirstQuick } from '../helpers/slow.js';
import { expectUlps } from '../helpers/ulps.js';
import { engineSets } from './engines.js';

/** Kernels of one input, those with a slope taking this one. */
const ALPHA = 0.7;
/** β and threshold of a softplus; beyond it the values differ by less than a unit in the last place of float32. */
const SOFTPLUS = [1.5, 20] as const;
const FORWARD = {
  leakyRelu: (k, x, out) => k.leakyRelu(x, out, ALPHA),
  relu6: (k, x, out) => k.relu6(x, out),
  hardswish: (k, x, out) => k.hardswish(x, out),
  hardsigmoid: (k, x, out) => k.hardsigmoid(x, out),
  sigmoid: (k, x, out) => k.sigmoid(x, out),
  tanh: (k, x, out) => k.tanh(x, out),
  elu: (k, x, out) => k.elu(x, out, ALPHA),
  gelu: (k, x, out) => k.gelu(x, out),
  silu: (k, x, out) => k.silu(x, out),
  geluTanh: (k, x, out) => k.geluTanh(x, out),
  softplus: (k, x, out) => k.softplus(x, out, ...SOFTPLUS),
} satisfies Record<string, (k: Kernels, x: Floats, out: Floats) => void>;

/** Kernels of an upstream gradient and an input or output. */
const BACKWARD = {
  leakyReluBackward: (k, dout, x, dx) => k.leakyReluBackward(dout, x, dx, ALPHA),
  relu6Backward: (k, dout, x, dx) => k.relu6Backward(dout, x, dx),
  hardswishBackward: (k, dout, x, dx) => k.hardswishBackward(dout, x, dx),
  hardsigmoidBackward: (k, dout, x, dx) => k.hardsigmoidBackward(dout, x, dx),
  sigmoidBackward: (k, dout, out, dx) => k.sigmoidBackward(dout, out, dx),
  tanhBackward: (k, dout, out, dx) => k.tanhBackward(dout, out, dx),
  eluBackward: (k, dout, x, dx) => k.eluBackward(dout, x, dx, ALPHA),
  geluBackward: (k, dout, x, dx) => k.geluBackward(dout, x, dx),
  siluBackward: (k, dout, x, dx) => k.siluBackward(dout, x, dx),
  geluTanhBackward: (k, dout, x, dx) => k.geluTanhBackward(dout, x, dx),
  softplusBackward: (k, dout, x, dx) => k.softplusBackward(dout, x, dx, ...SOFTPLUS),
} satisfies Record<string, (k: Kernels, dout: Floats, x: Floats, dx: Floats) => void>;

/** What the functions may be off from their values in 60 digits: units in the last place. */
const UNITS = {
  sigmoid: 2.5,
  tanh: 2.6,
  elu: 1.5,
  eluSlope: 1.5,
  gelu: 3.5,
  geluSlope: 4,
  silu: 4,
  siluSlope: 5,
  softplus: 3,
};

/** The reference computes in float64 and rounds to float32; its quotients for Φ are longer than those of the others. */
const UNITS_OF_REFERENCE = {
  float32: {
    sigmoid: 0.51,
    tanh: 0.51,
    elu: 0.51,
    eluSlope: 0.51,
    gelu: 0.51,
    geluSlope: 0.51,
    silu: 0.51,
    siluSlope: 0.51,
    softplus: 0.51,
  },
  float64: { ...UNITS, gelu: 7, geluSlope: 7 },
};

/** What a kernel may differ by from the reference: what either may be off by, and what α loses in float32. */
const FROM_REFERENCE = {
  float32: {
    leakyRelu: 1.5,
    relu6: 0,
    sigmoid: 3,
    tanh: 3.1,
    elu: 3,
    gelu: 4,
    silu: 5,
    hardswish: 2,
    hardsigmoid: 2,
    geluTanh: 5,
    softplus: 4,
  },
  float64: {
    leakyRelu: 0,
    relu6: 0,
    sigmoid: 4.5,
    tanh: 4.6,
    elu: 3.5,
    gelu: 9,
    silu: 6,
    hardswish: 2,
    hardsigmoid: 2,
    geluTanh: 6,
    softplus: 4,
  },
};
const BACKWARD_FROM_REFERENCE = {
  float32: {
    leakyReluBackward: 1.5,
    sigmoidBackward: 2.5,
    tanhBackward: 2.5,
    eluBackward: 3.5,
    geluBackward: 5,
    relu6Backward: 0,
    siluBackward: 6,
    hardswishBackward: 8,
    hardsigmoidBackward: 1,
    geluTanhBackward: 6,
    softplusBackward: 4,
  },
  float64: {
    leakyReluBackward: 0,
    sigmoidBackward: 3,
    tanhBackward: 0,
    eluBackward: 3.5,
    geluBackward: 9,
    relu6Backward: 0,
    siluBackward: 10,
    hardswishBackward: 8,
    hardsigmoidBackward: 1,
    geluTanhBackward: 10,
    softplusBackward: 4,
  },
};

/** Where slopes are 0, and the size of what cancels there. */
const BENDS: Record<string, readonly [at: number, size: number]> = {
  geluBackward: [-0.75, 0.2],
  geluTanhBackward: [-0.75, 0.4],
  siluBackward: [-1.28, 0.3],
  hardswishBackward: [-1.5, 0.5],
};

/**
 * What is raised to a power, and rounded before: each unit in its last place is as many of the power as it is large.
 */
function argumentOf(name: string, x: number): number {
  if (name.startsWith('geluTanh')) return x * (1.6 + 0.0714 * x * x);
  return name.startsWith('softplus') ? SOFTPLUS[0] * x : 0;
}

/** Either side of a vector and of a work item. */
const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 31, 16383, 16384, 16385, 50001];

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const tables = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'activation_values.json'), 'utf8'),
) as Record<DType, Record<'x' | 'normalCdf' | keyof typeof UNITS, number[]>>;

const engines = engineSets();
afterAll(() => {
  for (const engine of engines) engine.end();
});

const ARRAYS = { float32: Float32Array, float64: Float64Array };
const DTYPES = ['float32', 'float64'] as const;

describe.each([
  { name: 'reference', kernels: reference },
  ...engines.filter(({ threads }) => threads === 1).map(({ simd, kernels }) => ({ name: `${simd} SIMD`, kernels })),
])('$name', ({ kernels: k }) => {
  describe.each(DTYPES)('%s', (dtype) => {
    const of = (values: readonly number[]): Floats => ARRAYS[dtype].from(values);
    const one = (length: number): Floats => new ARRAYS[dtype](length).fill(1);
    const run = (kernel: (out: Floats) => void, length: number): Floats => {
      const out = new ARRAYS[dtype](length).fill(nan);
      kernel(out);
      return out;
    };

    test('agrees with values in 60 digits, from subnormal numbers to ±1e4', () => {
      const table = tables[dtype];
      const units = k === reference ? UNITS_OF_REFERENCE[dtype] : UNITS;
      const x = of(table.x);
      const n = x.length;
      const results = {
        sigmoid: run((out) => k.sigmoid(x, out), n),
        tanh: run((out) => k.tanh(x, out), n),
        elu: run((out) => k.elu(x, out, 1), n),
        eluSlope: run((dx) => k.eluBackward(one(n), x, dx, 1), n),
        gelu: run((out) => k.gelu(x, out), n),
        silu: run((out) => k.silu(x, out), n),
        softplus: run((out) => k.softplus(x, out, 1, 1e6), n),
      };
      for (const [name, values] of Object.entries(results) as [keyof typeof results, Floats][]) {
        expectUlps(values, table[name], dtype, units[name], name);
      }
      // GELU's slope is a sum of Φ and of x·φ, which cancel at its zero.
      const slope = run((dx) => k.geluBackward(one(n), x, dx), n);
      expectUlps(slope, table.geluSlope, dtype, units.geluSlope, 'geluSlope', table.normalCdf);
      // So is SiLU's, of σ and x·σ·(1 − σ).
      const siluSlope = run((dx) => k.siluBackward(one(n), x, dx), n);
      expectUlps(siluSlope, table.siluSlope, dtype, units.siluSlope, 'siluSlope', table.sigmoid);
    });

    test('far from 0, at infinity and for NaN', () => {
      const x = of([1e3, -1e3, 1e4, -1e4, 3e38, -3e38, inf, -inf, nan]);
      const expected: [keyof typeof FORWARD, number[]][] = [
        ['leakyRelu', [...x].map((v) => (v > 0 ? v : of([v * of([ALPHA])[0]])[0]))],
        ['sigmoid', [1, 0, 1, 0, 1, 0, 1, 0, nan]],
        ['tanh', [1, -1, 1, -1, 1, -1, 1, -1, nan]],
        ['elu', [...x].map((v) => (v > 0 ? v : v < 0 ? -of([ALPHA])[0] : nan))],
        ['gelu', [...x].map((v) => (v < 0 ? 0 : v))],
        ['silu', [...x].map((v) => (v < 0 ? 0 : v))],
        ['relu6', [...x].map((v) => (v < 0 ? 0 : v > 6 ? 6 : v))],
        ['hardswish', [...x].map((v) => (v < 0 ? 0 : v))],
        ['hardsigmoid', [1, 0, 1, 0, 1, 0, 1, 0, nan]],
        ['geluTanh', [...x].map((v) => (v < 0 ? 0 : v))],
        ['softplus', [...x].map((v) => (v < 0 ? 0 : v))],
      ];
      for (const [name, values] of expected) {
        expectUlps(
          run((out) => FORWARD[name](k, x, out), x.length),
          values,
          dtype,
          1,
          name,
        );
      }
      const ones = one(x.length);
      const dElu = run((dx) => k.eluBackward(ones, x, dx, ALPHA), x.length);
      expect([...dElu]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, nan]);
      const dGelu = run((dx) => k.geluBackward(ones, x, dx), x.length);
      expect([...dGelu.map(Math.abs)]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, nan]);
      for (const name of ['siluBackward', 'geluTanhBackward', 'softplusBackward', 'hardswishBackward'] as const) {
        const slopes = run((dx) => BACKWARD[name](k, ones, x, dx), x.length);
        expect([...slopes.map(Math.abs)], name).toEqual([1, 0, 1, 0, 1, 0, 1, 0, nan]);
      }
      expect([...run((dx) => k.hardsigmoidBackward(ones, x, dx), x.length)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
      expect([...run((dx) => k.relu6Backward(ones, x, dx), x.length)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
      const [s, t] = [of([0, 1, nan]), of([-1, 1, nan])];
      expect([...run((dx) => k.sigmoidBackward(one(3), s, dx), 3)]).toEqual([0, 0, nan]);
      expect([...run((dx) => k.tanhBackward(one(3), t, dx), 3)]).toEqual([0, 0, nan]);
    });

    test('the sign of tanh near 0, and subnormal numbers', () => {
      const tiny = dtype === 'float32' ? 2 ** -149 : 2 ** -1074;
      const x = of([0, -0, tiny, -tiny, 5 * tiny, -5 * tiny, 2 ** -120, -(2 ** -120)]);
      expect([...run((out) => k.tanh(x, out), x.length)]).toEqual([...x]);
      expect([...run((out) => k.elu(x, out, 1), x.length)].map((v) => v + 0)).toEqual([...x].map((v) => v + 0));
      expect([...run((out) => k.sigmoid(x, out), x.length)]).toEqual([...x].map(() => 0.5));
      // ½·x is half-way between two of them.
      const halves = run((out) => k.gelu(x, out), x.length);
      halves.forEach((v, i) => {
        expect(Math.abs(v - x[i] / 2)).toBeLessThanOrEqual(tiny);
      });
    });

    test('upstream gradients of NaN and infinity come through', () => {
      const dout = of([nan, inf, -inf, nan, inf, -inf]);
      const x = of([0.5, 0.5, 0.5, -0.5, -0.5, -0.5]);
      for (const [name, backward] of Object.entries(BACKWARD)) {
        // An output of a sigmoid is not negative, and a ReLU's slope is 0.
        if (name === 'sigmoidBackward' || name === 'relu6Backward') continue;
        expect([...run((dx) => backward(k, dout, x, dx), 6)].map(Math.abs), name).toEqual([
          nan,
          inf,
          inf,
          nan,
          inf,
          inf,
        ]);
      }
    });

    test('maxout: the first of equal ones, and of NaN, takes the gradient', () => {
      // Groups of three, more than the lanes of a vector: one for each case, and some to fill up.
      const x = of([1, 3, 2, 5, 5, 5, nan, 1, nan, 1, nan, 7, -inf, -inf, -inf, -0, 0, -1, 4, 9, 9].concat([0, 0, 1]));
      const out = run((o) => k.maxout(x, o, 3), 8);
      expect([...out].map((v) => v + 0)).toEqual([3, 5, nan, nan, -inf, 0, 9, 1]);
      const dx = run((d) => k.maxoutBackward(of([1, 2, 3, 4, 5, 6, 7, 8]), x, d, 3), 24);
      const at = [0, 1, 0, 2, 0, 0, 3, 0, 0, 0, 4, 0, 5, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8];
      expect([...dx]).toEqual(at);
    });
  });
});

describeFirstQuick(engines, '$simd SIMD, $threads threads', ({ kernels, simd, memory }) => {
  describe.each(DTYPES)('%s', (dtype) => {
    const pool = new Random(`${dtype} activations`).randn([200_000], dtype).data;
    let next = 0;
    /** Other values at every call. */
    const some = (length: number): Floats => {
      next = (next + 7919) % (pool.length - length);
      return pool.slice(next, next + length);
    };
    /** Most of them where the curves bend, some where they end. */
    const wide = (length: number): Floats => some(length).map((v, i) => v * (i % 5 === 0 ? 12 : 1));
    const absolute = (values: Floats): Floats => values.map(Math.abs);

    /** What a kernel and the reference make of the inputs, which must stay as they are: arrays of the given lengths. */
    const both = (
      inputs: Floats[],
      lengths: number[],
      call: (k: Kernels, inputs: Floats[], outputs: Floats[]) => void,
    ): [ours: Floats[], theirs: Floats[]] => {
      const before = inputs.map((a) => a.slice());
      const [ours, theirs] = [kernels, reference].map((k) => {
        const outputs = lengths.map((length) => new ARRAYS[dtype](length).fill(nan));
        call(k, inputs, outputs);
        return outputs;
      });
      for (const [i, a] of inputs.entries()) expectSameBits(a, before[i], `input ${i}`);
      return [ours, theirs];
    };

    test.each(Object.keys(FORWARD) as (keyof typeof FORWARD)[])('%s on every length', (name) => {
      for (const n of LENGTHS) {
        const x = wide(n);
        const [[out], [expected]] = both([x], [n], (k, [a], [o]) => FORWARD[name](k, a, o));
        const scale = expected.map((v, i) => v * argumentOf(name, x[i]));
        expectUlps(out, expected, dtype, FROM_REFERENCE[dtype][name], `${name} of ${n}`, scale.map(Math.abs));
      }
    });

    test.each(Object.keys(BACKWARD) as (keyof typeof BACKWARD)[])('%s on every length', (name) => {
      for (const n of LENGTHS) {
        const [dout, x] = [some(n), wide(n)];
        if (name === 'sigmoidBackward') reference.sigmoid(x, x);
        if (name === 'tanhBackward') reference.tanh(x, x);
        const [[dx], [expected]] = both([dout, x], [n], (k, [d, a], [o]) => BACKWARD[name](k, d, a, o));
        // Each of the terms that cancel at the zero of a slope is of about this size there.
        const [bend, size] = BENDS[name] ?? [nan, 0];
        const scale = x.map((v, i) => {
          const near = Math.abs(v - bend) < 0.5 ? size * dout[i] : 0;
          return Math.max(Math.abs(near), Math.abs(expected[i] * argumentOf(name, v)));
        });
        expectUlps(dx, expected, dtype, BACKWARD_FROM_REFERENCE[dtype][name], `${name} of ${n}`, scale);
      }
    });

    test.each([
      [
        'of one value',
        [...[1, 2, 3, 4, 5, 7, 8, 9, 17, 63, 64, 65].map((C) => [5, C, 1]), [700, 70, 1], [2, 20000, 1]],
      ],
      ['of several', [...[2, 3, 4, 5, 7, 8, 9, 64].map((inner) => [3, 2, inner]), [9, 5, 49], [40, 3, 400], [1, 1, 2]]],
      ['of about a work item', [16383, 16384, 16385, 40000].map((inner) => [2, 2, inner])],
      ['that are one', [...LENGTHS.map((inner) => [1, 1, inner])]],
    ])('prelu with channels %s', (_, shapes) => {
      for (const [N, C, inner] of shapes) {
        const what = `prelu of ${N} × ${C} × ${inner}`;
        const n = N * C * inner;
        const [dout, x, alpha] = [some(n), some(n), some(C)];
        const [[out], [expectedOut]] = both([x, alpha], [n], (k, [a, s], [o]) => k.prelu(a, s, o, inner));
        expectUlps(out, expectedOut, dtype, 0.6, what);

        const [[dx, dalpha], [expectedDx, expectedDalpha]] = both([dout, x, alpha], [n, C], (k, [d, a, s], [o, ds]) =>
          k.preluBackward({ dout: d, x: a, alpha: s, dx: o, dalpha: ds, inner }),
        );
        expectUlps(dx, expectedDx, dtype, 0.6, `dx of ${what}`);
        // With slopes of 1 and magnitudes below 0 the sum is that of the sizes.
        const sizes = new ARRAYS[dtype](C);
        const below = absolute(x).map((v) => -v);
        reference.preluBackward({
          dout: absolute(dout),
          x: below,
          alpha,
          dx: new ARRAYS[dtype](n),
          dalpha: sizes,
          inner,
        });
        dalpha.forEach((v, c) => {
          const allowed = (dtype === 'float32' ? 1e-6 : 2e-15) * Math.abs(sizes[c]);
          expect(Math.abs(v - expectedDalpha[c]), `dalpha[${c}] of ${what}`).toBeLessThanOrEqual(allowed);
        });
      }
    });

    test('maxout: groups of every size, with equal values', () => {
      for (const pieces of [1, 2, 3, 4, 5, 7, 8, 20000]) {
        for (const groups of pieces > 8 ? [1, 3] : [1, 2, 3, 4, 5, 7, 8, 9, 33, 5000]) {
          const what = `of ${groups} × ${pieces}`;
          const n = groups * pieces;
          const x = some(n).map((v) => Math.round(v * 2));
          const [[out], [expected]] = both([x], [groups], (k, [a], [o]) => k.maxout(a, o, pieces));
          expectUlps(out, expected, dtype, 0, `maxout ${what}`);
          const [[dx], [expectedDx]] = both([some(groups), x], [n], (k, [d, a], [o]) =>
            k.maxoutBackward(d, a, o, pieces),
          );
          expectUlps(dx, expectedDx, dtype, 0, `maxoutBackward ${what}`);
        }
      }
    });

    test('the bits depend neither on the threads nor on where operands lie', () => {
      const single = engines.find((engine) => engine.simd === simd && engine.threads === 1)!;
      const [N, C, inner] = [7, 3, 4099];
      const n = N * C * inner;
      const [x, dout, alpha, columns] = [some(n), some(n), some(C), some(inner * C)];
      /** Every result, of operands that `place` puts somewhere. */
      const results = (k: Kernels, place: (a: Floats) => Floats): Record<string, Floats> => {
        const [a, d, s, w] = [x, dout, alpha, columns].map(place);
        const made: Record<string, Floats> = {};
        const into = (name: string, length: number): Floats => {
          made[name] = place(new ARRAYS[dtype](length));
          return made[name];
        };
        for (const [name, forward] of Object.entries(FORWARD)) forward(k, a, into(name, n));
        for (const [name, backward] of Object.entries(BACKWARD)) backward(k, d, a, into(name, n));
        k.prelu(a, s, into('prelu', n), inner);
        k.preluBackward({ dout: d, x: a, alpha: s, dx: into('preluBackward', n), dalpha: into('dalpha', C), inner });
        k.prelu(a, w, into('prelu by columns', n), 1);
        k.preluBackward({
          dout: d,
          x: a,
          alpha: w,
          dx: into('preluBackward by columns', n),
          dalpha: into('dalpha by columns', C * inner),
          inner: 1,
        });
        k.maxout(a, into('maxout', n / 3), 3);
        k.maxoutBackward(d.subarray(0, n / 3), a, into('maxoutBackward', n), 3);
        return made;
      };
      const expected = results(single.kernels, (a) => a.slice());
      const expectThese = (made: Record<string, Floats>, where: string): void => {
        for (const [name, values] of Object.entries(expected)) expectSameBits(made[name], values, `${name} ${where}`);
      };
      expectThese(
        results(kernels, (a) => a.slice()),
        'on the heap',
      );
      const inside = (a: Floats): Floats => {
        // From the second value on: aligned to no vector.
        const room = memory.resident(a.length + 1, dtype).subarray(1);
        room.set(a);
        return room;
      };
      expectThese(results(kernels, inside), 'in WebAssembly memory');
    });
  });
});

function expectSameBits(actual: Floats, expected: Floats, what: string): void {
  const bytes = ({ buffer, byteOffset, byteLength }: Floats): Buffer => Buffer.from(buffer, byteOffset, byteLength);
  expect(bytes(actual).equals(bytes(expected)), what).toBe(true);
}
