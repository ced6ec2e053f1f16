import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Floats } from '../../src/arrays/index.js';
import { configureKernels, kernelInfo } from '../../src/index.js';
import { type ConvShape, kernels, reference } from '../../src/kernels/index.js';
import { fastestTiles, noTiles, takesTiles } from '../../src/kernels/wasm/winograd-choice.js';
import { gridsOf, type TileInputs } from '../../src/kernels/wasm/winograd-plan.js';
import { describeFirstQuick } from '../helpers/slow.js';
import { type TestEngine, testEngine } from './engines.js';
import { convShape, convTrials, expectEqualBits, inMemory, onHeap, reals, type Trial } from './trials.js';

/** Of the largest output: a tenth of what is promised. 1.7e-5 was found, in a forward pass. */
const BOUND = 2e-5;

/** Random shapes, by the engine. */
const RUNS = { relaxed: 60, plain: 20 };

/**
 * Each kind of tile, and filters that it takes: whole, or in up to three pieces along an axis; and what its error is at
 * most, of the largest sum of magnitudes that an output is the sum of.
 */
const TILES: { inputs: TileInputs; name: string; tolerance: number; sizes: [number, number][] }[] = [
  { inputs: 4, name: 'F(2×2, 3×3)', tolerance: 5e-6, sizes: [[3, 3]] },
  { inputs: 6, name: 'F(4×4, 3×3)', tolerance: 5e-6, sizes: [[3, 3]] },
  {
    inputs: 8,
    name: 'F(4×4, 5×5)',
    tolerance: 2e-5,
    sizes: [
      [5, 5],
      [7, 7],
      [4, 4],
      [6, 3],
      [2, 9],
      [11, 1],
    ],
  },
];

const THREADS = [1, 3];

const engines = (['relaxed', 'plain'] as const).flatMap((simd) =>
  TILES.map(({ inputs, name, tolerance, sizes }) => {
    const tiles = (_: unknown, s: ConvShape): TileInputs | null => (takesTiles(s, inputs) ? inputs : null);
    const exact = testEngine(simd, 1, { tiles: noTiles });
    return {
      simd,
      name,
      tolerance,
      sizes,
      exact,
      sets: THREADS.map((threads) => testEngine(simd, threads, { tiles })),
    };
  }),
);
afterAll(() => {
  for (const { sets } of engines) for (const engine of sets) engine.end();
});

/** Shapes whose images, channels and filters end on either side of every tile, lane and panel. */
function shapesOf(sizes: [number, number][]): fc.Arbitrary<ConvShape> {
  return fc
    .record({
      N: fc.integer({ min: 1, max: 5 }),
      C: fc.integer({ min: 1, max: 10 }),
      F: fc.integer({ min: 1, max: 14 }),
      filter: fc.constantFrom(...sizes),
      pads: fc.tuple(fc.nat(9), fc.nat(9)),
      extra: fc.tuple(fc.nat(12), fc.nat(12)),
    })
    .map(({ N, C, F, filter, pads, extra }) => {
      const pad = filter.map((size, axis) => Math.floor((size * pads[axis]) / 10)) as [number, number];
      const [H, W] = filter.map((size, axis) => Math.max(1, size - 2 * pad[axis]) + extra[axis]);
      return convShape(N, C, H, W, F, ...filter, { pad });
    });
}

/** Shapes that are cut into many work items, or into blocks of filters, and sizes that tiles do not fill. */
function largeShapes([HH, WW]: [number, number]): ConvShape[] {
  const pad = { pad: [(HH - 1) >> 1, (WW - 1) >> 1] } as const;
  return [
    convShape(1, 32, 32, 32, 20, HH, WW, pad),
    convShape(9, 64, 8, 8, 40, HH, WW, pad),
    convShape(3, 70, 7, 7, 66, HH, WW, pad),
    convShape(1, 40, 4, 5, 65, HH, WW, pad),
    convShape(4, 16, 5, 9, 17, HH, WW, { pad: [HH - 1, 0] }),
    convShape(1, 9, 21, 70, 8, HH, WW),
    convShape(40, 12, 2, 2, 20, HH, WW, pad),
    convShape(16, 4, 32, 32, 4, HH, WW, pad),
  ];
}

/** The passes of a convolution. */
function passes(shape: ConvShape, seed: number): Trial[] {
  return convTrials(shape, reals('float32', seed)).filter(({ what }) => what !== 'sumChannels');
}

function inDouble(trial: Trial): Floats {
  return onHeap(reference, { ...trial, read: trial.read.map((a) => Float64Array.from(a)) }, 'float64');
}

function largest(values: Floats): number {
  let most = 0;
  for (const v of values) most = Math.max(most, Math.abs(v));
  return most;
}

/** By the products, which `convolution.test.ts` compares with the reference: far quicker on large shapes. */
function inDoubleByProducts(trial: Trial): Floats {
  const { kernels } = engines[0].exact;
  return onHeap(kernels, { ...trial, read: trial.read.map((a) => Float64Array.from(a)) }, 'float64');
}

/** Large shapes of filters with their passes and what float64 says of them: once for all engines. */
const large = new Map(
  (
    [
      [3, 3],
      [5, 5],
      [7, 7],
    ] as [number, number][]
  ).map((filter) => [
    filter[0],
    largeShapes(filter).map((shape) => ({
      ...shape,
      passes: once(() => passes(shape, 3).map((trial) => ({ trial, expected: inDoubleByProducts(trial) }))),
    })),
  ]),
);

/** What `make` returns, made at the first call. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function expectWithin(trial: Trial, actual: Floats, expected: Floats, bound: number): void {
  const error = largest(expected.map((e, i) => (Number.isNaN(actual[i]) ? Number.POSITIVE_INFINITY : actual[i] - e)));
  if (!(error <= bound)) expect.fail(`${trial.what}: error ${error}, expected at most ${bound}`);
}

/** Checks a pass on one thread, and that more threads and arrays in WebAssembly memory change no bit. */
function expectEqualOnThreads(trial: Trial, sets: readonly TestEngine[]): Floats {
  const result = onHeap(sets[0].kernels, trial, 'float32');
  for (const [i, engine] of sets.entries()) {
    const threads = THREADS[i];
    expectEqualBits(`${trial.what}, ${threads} threads`, onHeap(engine.kernels, trial, 'float32'), result);
    expectEqualBits(`${trial.what}, in memory, ${threads} threads`, inMemory(engine, trial, 'float32'), result);
  }
  return result;
}

describeFirstQuick(engines, '$name, $simd SIMD', ({ simd, tolerance, sizes, sets, exact }) => {
  const [[HH, WW]] = sizes;
  const same = { pad: [(HH - 1) / 2, (WW - 1) / 2] };

  test(`agrees with float64 on ${RUNS[simd]} shapes, with equal bits on 1 and 3 threads`, () => {
    const check = (shape: ConvShape, seed: number): void => {
      for (const trial of passes(shape, seed)) {
        const result = expectEqualOnThreads(trial, sets);
        const magnitudes = inDouble({ ...trial, read: trial.read.map((a) => a.map(Math.abs)) });
        expectWithin(trial, result, inDouble(trial), tolerance * largest(magnitudes));
      }
    };
    fc.assert(fc.property(shapesOf(sizes), fc.nat(1000), check), { numRuns: RUNS[simd], seed: 2 });
  });

  test.runIf(HH === 3)('agrees with float64 on batches whose images end in tiles of three rows or columns', () => {
    const pad = { pad: [1, 1] };
    const shapes = [
      convShape(64, 33, 7, 7, 34, 3, 3, pad),
      convShape(67, 9, 3, 3, 13, 3, 3, pad),
      convShape(65, 34, 7, 4, 33, 3, 3, pad),
      convShape(65, 34, 4, 7, 33, 3, 3, pad),
      convShape(66, 40, 5, 7, 41, 3, 3, { pad: [0, 1] }),
      convShape(64, 70, 9, 9, 66, 3, 3, { pad: [2, 0] }),
      // More images than are taken together.
      convShape(170, 70, 7, 7, 66, 3, 3, pad),
    ];
    // A few are enough for plain SIMD: work is cut in the same places.
    for (const [seed, shape] of shapes.slice(0, simd === 'relaxed' ? undefined : 3).entries()) {
      expect(gridsOf(shape, 6)[0]).not.toEqual(gridsOf({ ...shape, N: 1 }, 6)[0]);
      for (const trial of passes(shape, seed)) {
        const result = expectEqualOnThreads(trial, sets);
        const magnitudes = inDoubleByProducts({ ...trial, read: trial.read.map((a) => a.map(Math.abs)) });
        expectWithin(trial, result, inDoubleByProducts(trial), tolerance * largest(magnitudes));
      }
    }
  });

  // One shape of each filter for plain SIMD: work is cut in the same places.
  const most = simd === 'relaxed' ? undefined : 1;
  test.each(sizes.flatMap(([size]) => large.get(size)?.slice(0, most) ?? []))(
    'is within 2e-5 of the largest output on $N × $C × $H × $W, $F filters of $HH × $WW',
    { tags: 'slow' },
    ({ passes }) => {
      for (const { trial, expected } of passes()) {
        const result = expectEqualOnThreads(trial, sets);
        expectWithin(trial, result, expected, BOUND * largest(expected));
        // It is another method, not the products under another name.
        const products = onHeap(exact.kernels, trial, 'float32');
        expect(result.some((v, i) => v !== products[i])).toBe(true);
      }
    },
  );

  test('a NaN reaches all outputs that it should, and none of other images', () => {
    for (const trial of passes(convShape(3, 5, 9, 11, 7, HH, WW, same), 6)) {
      const read = trial.read.map((a) => a.slice());
      read[0][read[0].length >> 1] = Number.NaN;
      const result = onHeap(sets[0].kernels, { ...trial, read }, 'float32');
      const expected = onHeap(reference, { ...trial, read }, 'float32');
      for (const [i, e] of expected.entries()) if (Number.isNaN(e)) expect(result[i]).toBeNaN();
      if (!trial.what.startsWith('convBackwardWeights')) {
        const third = result.length / 3;
        expect([...result.subarray(0, third), ...result.subarray(2 * third)]).not.toContain(Number.NaN);
      }
    }
  });

  test.runIf(simd === 'relaxed')('works in less than twice the room of its operands', { tags: 'slow' }, () => {
    const { kernels, memory } = sets[1];
    const used: string[] = [];
    for (const s of [
      convShape(64, 32, 16, 16, 64, HH, WW, same),
      convShape(64, 128, 8, 8, 128, HH, WW, same),
      convShape(64, 128, 4, 4, 256, HH, WW, same),
      convShape(4, 256, 4, 4, 256, HH, WW, same),
    ]) {
      for (const { what, read, written, run } of convTrials(s, (length) => new Float32Array(length))) {
        if (what === 'sumChannels') continue;
        const arrays = [...read, new Float32Array(written)].map(({ length }) => memory.resident(length, 'float32'));
        const operands = 4 * arrays.reduce((sum, { length }) => sum + length, 0);
        const before = memory.used;
        memory.resetPeak();
        run(kernels, arrays.slice(0, -1), arrays[arrays.length - 1]);
        const ratio = (memory.peak - before) / operands;
        if (!(ratio > 0 && ratio < 2)) used.push(`${what} on ${s.C} × ${s.H} × ${s.W}: ${ratio}`);
      }
    }
    expect(used).toEqual([]);
  });

  test('float64 goes by the products', () => {
    const shape = convShape(2, 5, 9, 9, 7, HH, WW, same);
    for (const trial of convTrials(shape, reals('float64', 4))) {
      const products = onHeap(exact.kernels, trial, 'float64');
      expectEqualBits(trial.what, onHeap(sets[0].kernels, trial, 'float64'), products);
    }
  });
});

describe('the choice', () => {
  const names = ['forward', 'input', 'weights'] as const;
  const same = { pad: [1, 1] };

  test.each<[what: string, s: ConvShape]>([
    ['filters of 1 × 1', convShape(64, 32, 32, 32, 32, 1, 1)],
    ['filters of 3 × 1', convShape(64, 32, 32, 32, 32, 3, 1)],
    ['a stride of 2', convShape(64, 32, 32, 32, 32, 3, 3, { stride: [2, 2] })],
    ['a stride along one axis', convShape(64, 32, 32, 32, 32, 3, 3, { stride: [1, 2] })],
    ['a pad of 3', convShape(64, 32, 32, 32, 32, 3, 3, { pad: [3, 1] })],
    ['images of few channels', convShape(64, 3, 32, 32, 32, 3, 3, same)],
    ['one channel and one filter', convShape(64, 1, 32, 32, 1, 3, 3)],
    ['more filters than pixels', convShape(1, 512, 2, 2, 512, 3, 3, same)],
    ['more filters of 5 × 5 than pixels', convShape(1, 256, 8, 8, 256, 5, 5, { pad: [2, 2] })],
  ])('leaves %s to the products', (_, s) => {
    for (const pass of names) expect(fastestTiles(pass, s)).toBe(null);
  });

  test.each<[inputs: TileInputs, what: string, s: ConvShape]>([
    [6, 'wide images', convShape(64, 32, 32, 32, 32, 3, 3, same)],
    [6, 'many channels', convShape(64, 128, 8, 8, 128, 3, 3, same)],
    [6, 'images of one tile', convShape(64, 256, 4, 4, 256, 3, 3, same)],
    [4, 'images of 6 × 6', convShape(64, 64, 6, 6, 64, 3, 3, same)],
    [4, 'images of 2 × 2', convShape(64, 64, 2, 2, 64, 3, 3, same)],
    [4, 'few pixels for many filters', convShape(1, 256, 8, 8, 256, 3, 3, same)],
    [8, 'filters of 5 × 5 for images of three channels', convShape(64, 3, 32, 32, 32, 5, 5, { pad: [2, 2] })],
    [8, 'filters of 7 × 7', convShape(64, 32, 8, 8, 32, 7, 7, { pad: [3, 3] })],
  ])('takes tiles of %i inputs for %s', (inputs, _, s) => {
    for (const pass of names) expect(fastestTiles(pass, s)).toBe(inputs);
  });
});

describe('exact', () => {
  afterEach(() => {
    configureKernels({ exact: false });
  });

  test('switches Winograd off, and says so', () => {
    const shape = convShape(4, 32, 16, 16, 32, 3, 3, { pad: [1, 1] });
    const products = testEngine('relaxed', 1, { tiles: noTiles }).kernels;
    expect(kernelInfo().exact).toBe(false);
    const trials = passes(shape, 5);
    const fast = trials.map((trial) => onHeap(kernels(), trial, 'float32'));
    expect(configureKernels({ exact: true }).exact).toBe(true);
    for (const [i, trial] of trials.entries()) {
      const expected = onHeap(products, trial, 'float32');
      expectEqualBits(trial.what, onHeap(kernels(), trial, 'float32'), expected);
      expect(fast[i].some((v, j) => v !== expected[j])).toBe(true);
    }
  });
});
