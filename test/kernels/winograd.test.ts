import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Floats } from '../../src/arrays/index.js';
import { configureKernels, kernelInfo } from '../../src/index.js';
import { type ConvShape, kernels, reference } from '../../src/kernels/index.js';
import { fastestTiles, noTiles, type TileSize, takesTiles } from '../../src/kernels/wasm/winograd-plan.js';
import { type TestEngine, testEngine } from './engines.js';
import { convShape, convTrials, expectEqualBits, inMemory, onHeap, reals, type Trial } from './trials.js';

/** Of the largest output: what is promised. */
const BOUND = 2e-4;

/** Of the largest sum of magnitudes that an output is the sum of. */
const TOLERANCE = 5e-6;

const RUNS = 60;

const engines = (['relaxed', 'plain'] as const).flatMap((simd) =>
  ([2, 4] as const).map((size) => {
    const tiles = (_: unknown, s: ConvShape): TileSize | null => (takesTiles(s) ? size : null);
    const exact = testEngine(simd, 1, { tiles: noTiles });
    return { simd, size, exact, sets: [1, 2, 3].map((threads) => testEngine(simd, threads, { tiles })) };
  }),
);
afterAll(() => {
  for (const { sets } of engines) for (const engine of sets) engine.end();
});

/** Shapes whose images, channels and filters end on either side of every tile, lane and panel. */
const shapes = fc
  .record({
    N: fc.integer({ min: 1, max: 5 }),
    C: fc.integer({ min: 1, max: 10 }),
    F: fc.integer({ min: 1, max: 14 }),
    pads: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
    sizes: fc.tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 13 })),
  })
  .map(({ N, C, F, pads, sizes }) => {
    const [H, W] = sizes.map((size, axis) => Math.max(size, 3 - 2 * pads[axis]));
    return convShape(N, C, H, W, F, 3, 3, { pad: pads });
  });

/** What larger nets are made of, cut into many work items, and sizes that tiles do not fill. */
const LARGE = [
  convShape(2, 32, 32, 32, 32, 3, 3, { pad: [1, 1] }),
  convShape(9, 64, 8, 8, 40, 3, 3, { pad: [1, 1] }),
  convShape(5, 100, 7, 7, 66, 3, 3, { pad: [1, 1] }),
  convShape(4, 16, 5, 9, 17, 3, 3, { pad: [2, 0] }),
  convShape(1, 9, 21, 70, 8, 3, 3),
  convShape(40, 12, 2, 2, 20, 3, 3, { pad: [1, 1] }),
];

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

function expectWithin(trial: Trial, actual: Floats, bound: number): void {
  const expected = inDouble(trial);
  const error = largest(expected.map((e, i) => (Number.isNaN(actual[i]) ? Number.POSITIVE_INFINITY : actual[i] - e)));
  if (!(error <= bound)) expect.fail(`${trial.what}: error ${error}, expected at most ${bound}`);
}

/** Checks a pass on one thread, and that more threads and arrays in WebAssembly memory change no bit. */
function expectEqualOnThreads(trial: Trial, sets: readonly TestEngine[]): Floats {
  const result = onHeap(sets[0].kernels, trial, 'float32');
  for (const [i, engine] of sets.entries()) {
    expectEqualBits(`${trial.what}, ${i + 1} threads`, onHeap(engine.kernels, trial, 'float32'), result);
    expectEqualBits(`${trial.what}, in memory, ${i + 1} threads`, inMemory(engine, trial, 'float32'), result);
  }
  return result;
}

describe.each(engines)('F($size×$size, 3×3), $simd SIMD', ({ sets, exact }) => {
  test(`agrees with float64 on ${RUNS} shapes, with equal bits on 1, 2 and 3 threads`, () => {
    const check = (shape: ConvShape, seed: number): void => {
      for (const trial of passes(shape, seed)) {
        const result = expectEqualOnThreads(trial, sets);
        const magnitudes = inDouble({ ...trial, read: trial.read.map((a) => a.map(Math.abs)) });
        expectWithin(trial, result, TOLERANCE * largest(magnitudes));
      }
    };
    fc.assert(fc.property(shapes, fc.nat(1000), check), { numRuns: RUNS, seed: 2 });
  });

  test.each(LARGE)('is within 2e-4 of the largest output on $N × $C × $H × $W, $F filters', (shape) => {
    for (const trial of passes(shape, 3)) {
      const result = expectEqualOnThreads(trial, sets);
      expectWithin(trial, result, BOUND * largest(inDouble(trial)));
      // It is another method, not the products under another name.
      const products = onHeap(exact.kernels, trial, 'float32');
      expect(result.some((v, i) => v !== products[i])).toBe(true);
    }
  });

  test('float64 goes by the products', () => {
    const shape = convShape(2, 5, 9, 9, 7, 3, 3, { pad: [1, 1] });
    for (const trial of convTrials(shape, reals('float64', 4))) {
      const products = onHeap(exact.kernels, trial, 'float64');
      expectEqualBits(trial.what, onHeap(sets[0].kernels, trial, 'float64'), products);
    }
  });
});

describe('the choice', () => {
  const wide = convShape(2, 32, 32, 32, 32, 3, 3, { pad: [1, 1] });
  const names = ['forward', 'input', 'weights'] as const;

  test.each<[what: string, s: ConvShape]>([
    ['filters of 5 × 5', convShape(2, 32, 32, 32, 32, 5, 5, { pad: [2, 2] })],
    ['filters of 3 × 1', convShape(2, 32, 32, 32, 32, 3, 1)],
    ['a stride of 2', convShape(2, 32, 32, 32, 32, 3, 3, { stride: [2, 2] })],
    ['a stride along one axis', convShape(2, 32, 32, 32, 32, 3, 3, { stride: [1, 2] })],
    ['a pad of 3', convShape(2, 32, 32, 32, 32, 3, 3, { pad: [3, 1] })],
    ['one channel and one filter', convShape(2, 1, 32, 32, 1, 3, 3)],
  ])('leaves %s to the products', (_, s) => {
    for (const pass of names) expect(fastestTiles(pass, s)).toBe(null);
  });

  test('takes tiles where they are faster', () => {
    for (const pass of names) expect(fastestTiles(pass, wide)).toBe(4);
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
