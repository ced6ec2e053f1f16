// @module-tag slow

import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type DType, type Floats, Random } from '../../src/arrays/index.js';
import { type AvgPoolShape, type ConvShape, reference } from '../../src/kernels/index.js';
import { noTiles } from '../../src/kernels/wasm/winograd-choice.js';
import { testFirstQuick } from '../helpers/slow.js';
import { type TestEngine, testEngine } from './engines.js';
import {
  bytesOf,
  convShape,
  convTrials,
  type Draw,
  expectEqualBits,
  from,
  inMemory,
  onHeap,
  reals,
  type Trial,
  wholes,
} from './trials.js';

/** Relative to the magnitudes that a result is the sum of. */
const TOLERANCE = { float32: 5e-7, float64: 1e-15 };

const DTYPES = ['float32', 'float64'] as const;
/** Random shapes of each property, by the engine. */
const RUNS = { relaxed: 200, plain: 60 };

const engines = (['relaxed', 'plain'] as const).map((simd) => ({
  simd,
  one: testEngine(simd, 1, { tiles: noTiles }),
  three: testEngine(simd, 3, { tiles: noTiles }),
}));
afterAll(() => {
  for (const { one, three } of engines) for (const engine of [one, three]) engine.end();
});

/** A size and the extent of the windows on it, along one axis. */
const convAxes = fc
  .record({
    size: fc.integer({ min: 1, max: 7 }),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.integer({ min: 0, max: 3 }),
    more: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ size, stride, pad, more }) => ({ size, stride, pad, length: Math.max(1, size - 2 * pad) + more }));

const convShapes: fc.Arbitrary<ConvShape> = fc
  .record({
    N: fc.integer({ min: 1, max: 4 }),
    C: fc.integer({ min: 1, max: 5 }),
    F: fc.integer({ min: 1, max: 13 }),
    rows: convAxes,
    columns: convAxes,
  })
  .map(({ N, C, F, rows, columns }) =>
    convShape(N, C, rows.length, columns.length, F, rows.size, columns.size, {
      stride: [rows.stride, columns.stride],
      pad: [rows.pad, columns.pad],
    }),
  );

const dilatedAxes = fc
  .record({
    size: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.integer({ min: 0, max: 4 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    more: fc.integer({ min: 0, max: 11 }),
  })
  .map(({ size, stride, pad, dilation, more }) => {
    return { size, stride, pad, dilation, length: Math.max(1, dilation * (size - 1) + 1 - 2 * pad) + more };
  });

/** In groups and dilated; with as many groups as channels, of one filter or more, where `channels` is 1. */
const groupedShapes: fc.Arbitrary<ConvShape> = fc
  .record({
    N: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 5 }),
    channels: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 4 })),
    filters: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 7 })),
    rows: dilatedAxes,
    columns: dilatedAxes,
  })
  .map(({ N, groups, channels, filters, rows, columns }) =>
    convShape(N, groups * channels, rows.length, columns.length, groups * filters, rows.size, columns.size, {
      stride: [rows.stride, columns.stride],
      pad: [rows.pad, columns.pad],
      dilation: [rows.dilation, columns.dilation],
      groups,
    }),
  );

const INSIDE = { dilation: 1, pad: 0, ceil: false };

const poolAxes = fc
  .record({
    size: fc.integer({ min: 1, max: 9 }),
    stride: fc.integer({ min: 1, max: 6 }),
    more: fc.integer({ min: 0, max: 14 }),
  })
  .map(({ size, stride, more }) => ({ ...INSIDE, size, stride, length: size + more }));

/** Windows that reach beyond the image or have gaps, mostly those that are taken in vectors. */
const paddedAxes = fc
  .record({
    size: fc.integer({ min: 1, max: 5 }),
    stride: fc.oneof(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 6 })),
    dilation: fc.integer({ min: 1, max: 3 }),
    pad: fc.nat({ max: 2 }),
    more: fc.integer({ min: 0, max: 24 }),
    ceil: fc.boolean(),
  })
  .map(({ size, stride, dilation, pad, more, ceil }) => {
    const padding = Math.min(pad, Math.floor(size / 2));
    const length = Math.max(1, (size - 1) * dilation + 1 - 2 * padding) + more;
    return { size, stride, dilation, pad: padding, length, ceil };
  });

const poolShapes: fc.Arbitrary<AvgPoolShape> = fc.oneof(
  fc
    .record({ planes: fc.integer({ min: 1, max: 9 }), rows: poolAxes, columns: poolAxes })
    .map(({ planes, rows, columns }) => poolShape(planes, rows, columns)),
  // The pooling that nets are made of has code of its own.
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 24 }))
    .map(([planes, H, W]) =>
      poolShape(planes, { ...INSIDE, size: 2, stride: 2, length: H }, { ...INSIDE, size: 2, stride: 2, length: W }),
    ),
);

const paddedShapes: fc.Arbitrary<AvgPoolShape> = fc
  .record({
    planes: fc.integer({ min: 1, max: 5 }),
    rows: paddedAxes,
    columns: paddedAxes,
    countIncludePad: fc.boolean(),
    divisor: fc.option(fc.integer({ min: 1, max: 9 })),
  })
  .map(({ planes, rows, columns, ...mean }) => ({ ...poolShape(planes, rows, columns), ...mean }));

interface Axis {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
  readonly length: number;
  readonly ceil: boolean;
}

function poolShape(planes: number, rows: Axis, columns: Axis): AvgPoolShape {
  return {
    planes,
    H: rows.length,
    W: columns.length,
    poolHeight: rows.size,
    poolWidth: columns.size,
    strideH: rows.stride,
    strideW: columns.stride,
    padH: rows.pad,
    padW: columns.pad,
    dilationH: rows.dilation,
    dilationW: columns.dilation,
    OH: windowsOn(rows),
    OW: windowsOn(columns),
    countIncludePad: true,
    divisor: null,
  };
}

function windowsOn({ size, stride, dilation, pad, length, ceil }: Axis): number {
  const steps = (length + 2 * pad - (size - 1) * dilation - 1) / stride;
  const last = ceil ? Math.ceil(steps) : Math.floor(steps);
  return last * stride >= length + pad ? last : last + 1;
}

function poolTrials(s: AvgPoolShape, draw: Draw): Trial[] {
  const [x, dout] = [draw(s.planes * s.H * s.W), draw(s.planes * s.OH * s.OW)];
  const [forward, backward] = [
    { read: [x], written: dout.length },
    { read: [dout], written: x.length },
  ];
  return [
    { what: 'maxPool', ...forward, exact: true, run: (k, [x], out) => k.maxPool(x, out, s) },
    {
      what: 'maxPoolBackward',
      read: [dout, x],
      written: x.length,
      exact: true,
      run: (k, [dout, x], dx) => k.maxPoolBackward(dout, x, dx, s),
    },
    { what: 'avgPool', ...forward, exact: false, run: (k, [x], out) => k.avgPool(x, out, s) },
    { what: 'avgPoolBackward', ...backward, exact: false, run: (k, [dout], dx) => k.avgPoolBackward(dout, dx, s) },
  ];
}

/** Mostly equal values, and some NaN. */
function holes(dtype: DType, seed: number): Draw {
  const values = [-1, 0, 0, 1, 1, 1, 2, Number.NaN];
  const random = new Random(seed);
  return (length) => from(random.randint(0, values.length, length), dtype).map((i) => values[i]);
}

describe('the random shapes', () => {
  const shapes = fc.sample(convShapes, { numRuns: RUNS.relaxed, seed: 1 });

  test.each<[what: string, is: (s: ConvShape) => boolean]>([
    ['one pixel of output', (s) => s.OH * s.OW === 1],
    ['one channel', (s) => s.C === 1],
    ['one image of one filter', (s) => s.N * s.F === 1],
    ['odd sizes', (s) => (s.H * s.W * s.OH * s.OW * s.F * s.C * s.N) % 2 === 1],
    ['filters larger than the image', (s) => s.HH > s.H && s.WW > s.W],
    ['a pad beyond the filter', (s) => s.padH >= s.HH || s.padW >= s.WW],
    ['rows of the image that no window reaches', (s) => (s.H + 2 * s.padH - s.HH) % s.strideH > s.padH],
    ['a stride along one axis alone', (s) => s.strideH === 1 && s.strideW === 3],
    ['a stride beyond the filter', (s) => s.strideH > s.HH],
    ['filters of 7 × 7', (s) => s.HH === 7 && s.WW === 7],
    ['the gradient as a convolution', (s) => s.strideH * s.strideW === 1 && s.padH < s.HH && s.padW < s.WW],
    ['more than a tile of filters', (s) => s.F > 6 && s.F % 6 !== 0],
  ])('are of every kind: %s', (_, is) => {
    expect(shapes.filter(is).length).toBeGreaterThan(1);
  });
});

describe.each(DTYPES)('%s', (dtype) => {
  testFirstQuick(engines, 'convolution, $simd SIMD: the reference on random shapes, exact where sums are', (pair) => {
    checkShapes(convShapes, pair.simd, (shape, seed) => {
      for (const trial of convTrials(shape, wholes(dtype, seed))) {
        expectAsReference({ ...trial, exact: true }, dtype, pair);
      }
      for (const trial of convTrials(shape, reals(dtype, seed))) expectAsReference(trial, dtype, pair);
    });
  });

  testFirstQuick(engines, 'convolution in groups and dilated, $simd SIMD: the reference on random shapes', (pair) => {
    checkShapes(groupedShapes, pair.simd, (shape, seed) => {
      for (const trial of convTrials(shape, wholes(dtype, seed))) {
        expectAsReference({ ...trial, exact: true }, dtype, pair);
      }
      for (const trial of convTrials(shape, reals(dtype, seed))) expectAsReference(trial, dtype, pair);
    });
  });

  testFirstQuick(engines, 'depthwise, $simd SIMD: sizes either side of vectors, strips and pairs of rows', (pair) => {
    const widths = [1, 2, 3, 4, 5, 7, 8, 9, 16, 19];
    let seed = 0;
    for (const size of [3, 5]) {
      for (const stride of [1, 2]) {
        for (const [i, W] of widths.entries()) {
          const H = 1 + ((i * 3 + size + stride) % 9);
          const pad = [size >> 1, size >> 1];
          const shape = convShape(2, 3, H, W, i % 3 === 0 ? 6 : 3, size, size, {
            stride: [stride, stride],
            pad,
            groups: 3,
          });
          for (const trial of convTrials(shape, wholes(dtype, seed++))) {
            expectAsReference({ ...trial, exact: true }, dtype, pair);
          }
        }
      }
    }
  });

  testFirstQuick(engines, '$simd SIMD: a convolution with as many zeros as keep the size, for even filters', (pair) => {
    for (const [seed, [C, F, HH, WW, groups]] of [
      [2, 3, 2, 2, 1],
      [8, 7, 4, 4, 1],
      [3, 3, 2, 4, 3],
      [4, 6, 4, 2, 2],
    ].entries()) {
      const shape = convShape(3, C, 9, 11, F, HH, WW, { pad: [(HH - 1) >> 1, (WW - 1) >> 1], groups });
      for (const trial of convTrials({ ...shape, OH: 9, OW: 11 }, wholes(dtype, seed))) {
        expectAsReference({ ...trial, exact: true }, dtype, pair);
      }
    }
  });

  testFirstQuick(engines, 'pooling, $simd SIMD: the reference on random shapes, with ties and NaN', (pair) => {
    checkShapes(poolShapes, pair.simd, (shape, seed) => {
      for (const draw of [holes, wholes, reals]) {
        for (const trial of poolTrials(shape, draw(dtype, seed))) expectAsReference(trial, dtype, pair);
      }
    });
  });

  testFirstQuick(engines, 'pooling with padding and dilation, $simd SIMD: the reference on random shapes', (pair) => {
    checkShapes(paddedShapes, pair.simd, (shape, seed) => {
      for (const draw of [holes, wholes, reals]) {
        const trials = poolTrials(shape, draw(dtype, seed));
        const adjacent = shape.dilationH * shape.dilationW === 1;
        // An average pooling has no dilation.
        for (const trial of adjacent ? trials : trials.slice(0, 2)) expectAsReference(trial, dtype, pair);
      }
    });
  });

  // Work is cut in the same places whichever instructions do it.
  testFirstQuick(engines.slice(0, 1), '$simd SIMD: sizes that are cut into many work items', (pair) => {
    const large = [
      convShape(1, 3, 32, 32, 8, 5, 5, { pad: [2, 2] }),
      convShape(2, 16, 17, 19, 7, 3, 3, { pad: [1, 1] }),
      convShape(3, 20, 16, 18, 5, 4, 3, { stride: [2, 1], pad: [0, 1] }),
      convShape(37, 2, 9, 8, 4, 3, 3, { pad: [1, 1] }),
      convShape(1, 2, 64, 70, 3, 3, 3, { stride: [1, 2] }),
      convShape(2, 200, 6, 6, 9, 3, 3, { pad: [1, 1] }),
      // Few taps and many images, in part for one thread alone: the same bits whichever way an image is read.
      convShape(13, 3, 17, 19, 8, 3, 3, { stride: [2, 2], pad: [1, 1] }),
      convShape(5, 2, 29, 27, 13, 4, 3, { stride: [3, 2], pad: [0, 2] }),
      convShape(12, 1, 19, 40, 7, 5, 5, { stride: [1, 3], pad: [2, 1] }),
      // More taps, and more pixels than are summed at a time; filters that fill panels, and that do not.
      convShape(5, 3, 26, 27, 8, 5, 5, { pad: [2, 2] }),
      convShape(18, 4, 31, 45, 13, 5, 4, { stride: [2, 1], pad: [1, 3] }),
      convShape(3, 2, 40, 33, 17, 7, 6, { stride: [1, 2], pad: [3, 0] }),
      // Depthwise, of few images and many, and of many channels, whose gradient is one share.
      convShape(1, 70, 33, 35, 70, 3, 3, { pad: [1, 1], groups: 70 }),
      convShape(19, 5, 21, 18, 10, 5, 5, { stride: [2, 2], pad: [2, 2], groups: 5 }),
      convShape(3, 24, 14, 13, 36, 3, 3, { pad: [2, 2], dilation: [2, 2], groups: 12 }),
    ];
    for (const [seed, shape] of large.entries()) {
      for (const trial of convTrials(shape, reals(dtype, seed))) expectAsReference(trial, dtype, pair);
    }
  });

  testFirstQuick(engines, '$simd SIMD puts NaN where the reference does', ({ one }) => {
    const wrong: string[] = [];
    // Zeros of the padding times NaN are NaN, where the reference leaves them out: only the other operands are checked.
    const check = (shape: ConvShape, operandsOf: Readonly<Record<string, readonly number[]>>): void => {
      for (const trial of convTrials(shape, reals(dtype, 7))) {
        for (const operand of operandsOf[trial.what] ?? trial.read.keys()) {
          const read = trial.read.map((a) => a.slice());
          read[operand][read[operand].length >> 1] = Number.NaN;
          const [ours, theirs] = [one.kernels, reference].map((k) => nanPlaces(onHeap(k, { ...trial, read }, dtype)));
          if (ours !== theirs) wrong.push(`${trial.what}, operand ${operand}: ${ours}, expected ${theirs}`);
        }
      }
    };
    const input = { convBackwardInput: [0] };
    const weights = { convBackwardWeights: [1], 'convBackwardWeights with biases': [1] };
    const padded = { ...input, ...weights, convForward: [0, 2], 'convForward with ReLU': [0, 2] };
    check(convShape(2, 3, 7, 8, 7, 3, 2, { stride: [2, 3] }), {});
    check(convShape(2, 3, 7, 8, 7, 3, 3), input);
    check(convShape(2, 3, 7, 8, 7, 3, 3, { pad: [1, 1] }), padded);
    check(convShape(2, 3, 7, 8, 7, 3, 3, { stride: [2, 1], pad: [2, 0] }), padded);
    check(convShape(2, 3, 7, 9, 3, 3, 3, { groups: 3 }), input);
    check(convShape(2, 3, 7, 8, 6, 5, 5, { stride: [2, 2], groups: 3 }), input);
    check(convShape(2, 3, 9, 7, 3, 5, 5, { pad: [2, 2], groups: 3 }), padded);
    check(convShape(2, 4, 9, 7, 6, 3, 2, { dilation: [2, 3], groups: 2 }), input);
    expect(wrong).toEqual([]);
  });

  test('where the operands, the packed filters or the scratch find no room, the reference runs', () => {
    const { kernels, memory } = testEngine('relaxed', 1, { maximum: 2 ** 24, tiles: noTiles });
    const trials = convTrials(convShape(2, 4, 9, 9, 20, 5, 5, { stride: [2, 1], pad: [1, 1] }), reals(dtype, 5));
    const ran = new Set<string>();
    for (let room = 1024; room < 160 * 1024; room *= 1.25) {
      const bytes = 2 ** 24 - 2 ** 16 - Math.round(room);
      const held = memory.take(bytes);
      const { used } = memory;
      for (const trial of trials) {
        const result = onHeap(kernels, trial, dtype);
        const expected = onHeap(reference, trial, dtype);
        expectClose(trial, result, expected, dtype);
        ran.add(
          `${trial.what}: ${Buffer.compare(bytesOf(result), bytesOf(expected)) === 0 ? 'the reference' : 'wasm'}`,
        );
      }
      expect(memory.used).toBe(used);
      memory.give(held, bytes);
    }
    const both = (what: string): string[] => [`${what}: the reference`, `${what}: wasm`];
    expect([...ran]).toEqual(
      expect.arrayContaining(trials.flatMap(({ what }) => (what === 'sumChannels' ? [] : both(what)))),
    );
  });
});

/** Runs `check` on random shapes, and on smaller ones where it fails. */
function checkShapes<S>(
  shapes: fc.Arbitrary<S>,
  simd: keyof typeof RUNS,
  check: (shape: S, seed: number) => void,
): void {
  fc.assert(fc.property(shapes, fc.nat(1000), check), { numRuns: RUNS[simd], seed: 1 });
}

/** Checks one engine of one and one of three threads: on the heap, in WebAssembly memory, and one against the other. */
function expectAsReference(trial: Trial, dtype: DType, { one, three }: { one: TestEngine; three: TestEngine }): void {
  const result = onHeap(one.kernels, trial, dtype);
  expectClose(trial, result, onHeap(reference, trial, dtype), dtype);
  expectEqualBits(`${trial.what}, three threads`, onHeap(three.kernels, trial, dtype), result);
  for (const engine of [one, three]) {
    expectEqualBits(`${trial.what}, in WebAssembly memory`, inMemory(engine, trial, dtype), result);
  }
}

function nanPlaces(a: Floats): string {
  return [...a.keys()].filter((at) => Number.isNaN(a[at])).join(' ');
}

/** Every value close to what is expected, as the magnitudes in its sum are; NaN in the same places. */
function expectClose(trial: Trial, actual: Floats, expected: Floats, dtype: DType): void {
  const { exact, read, what } = trial;
  const magnitudes = exact ? null : onHeap(reference, { ...trial, read: read.map((a) => a.map(Math.abs)) }, dtype);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    const within = magnitudes === null ? 0 : TOLERANCE[dtype] * magnitudes[i];
    if (a === e || (Number.isNaN(a) && Number.isNaN(e)) || Math.abs(a - e) <= within) continue;
    expect.fail(`${what}: value ${i} of ${expected.length} is ${a}, expected ${e} within ${within}`);
  }
}
