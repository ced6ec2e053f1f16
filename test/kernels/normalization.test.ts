import { afterAll, describe, expect, test } from 'vitest';
import { type DType, type Floats, Random } from '../../src/arrays/index.js';
import { type ChannelShape, type Kernels, reference } from '../../src/kernels/index.js';
import { testFirstQuick } from '../helpers/slow.js';
import { engineSets, type TestEngine } from './engines.js';

/** Either side of one, two, four and eight vectors of float32, and of as many of float64. */
const EDGES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33];

/** Either side of a vector and of a work item. */
const LENGTHS = [...EDGES, 16383, 16384, 16385, 50001];

/** Relative to the magnitudes that a result is made of. */
const TOLERANCE = { float32: 1e-6, float64: 5e-15 };

/** Those of an output, of a statistic, and of a gradient by x, where inputs are of size 1. */
const [OUT, STATISTIC, DX] = [8, 8, 80];

const engines = engineSets();
afterAll(() => {
  for (const engine of engines) engine.end();
});

/** One call of a kernel. */
interface Trial {
  readonly what: string;
  readonly read: readonly Floats[];
  /** How many values each array has that the kernel writes. */
  readonly written: readonly number[];
  /** For each of these, the magnitude of what a value is made of, added up. */
  readonly scales: readonly number[];
  readonly run: (k: Kernels, read: readonly Floats[], written: readonly Floats[]) => void;
}

type Draw = (length: number) => Floats;

/** Random values of size 1, and positive ones for variances. */
function draws(dtype: DType, seed: string): { some: Draw; positive: Draw } {
  const random = new Random(`${seed} ${dtype}`);
  const some = (length: number): Floats => random.randn([length], dtype).data;
  return { some, positive: (length) => some(length).map((v) => 0.5 + v * v) };
}

/** Both forward and all three backward kernels of batch normalization, by itself, with a ReLU and with a GELU. */
function batchnormTrials(dtype: DType, shape: ChannelShape, epsilon: number): Trial[] {
  const { N, C, S } = shape;
  const { some, positive } = draws(dtype, `batchnorm ${N} ${C} ${S}`);
  const [size, count] = [N * C * S, N * S];
  const [x, dout, gamma, beta, mean, variance] = [some(size), some(size), some(C), some(C), some(C), positive(C)];
  const y = some(size).map((v) => Math.max(0, v));
  const where = `of ${N} × ${C} × ${S}`;
  const gradients = { written: [size, C, C], scales: [DX, 4 * count, count] };
  const graph: Trial = {
    what: `batchnormBackwardGraph ${where}`,
    read: [dout, x, mean, variance, gamma],
    ...gradients,
    run: (k, [dout, x, mean, variance, gamma], [dx, dgamma, dbeta]) =>
      k.batchnormBackwardGraph({ dout, x, mean, variance, gamma, dx, dgamma, dbeta, shape, epsilon }),
  };
  return (['nothing', 'relu', 'gelu'] as const).flatMap<Trial>((follows) => [
    {
      what: `batchnorm ${where}, then ${follows}`,
      read: [x, gamma, beta],
      written: [size, C, C],
      scales: [OUT, STATISTIC, STATISTIC],
      run: (k, [x, gamma, beta], [out, mean, variance]) =>
        k.batchnorm({ x, gamma, beta, out, mean, variance, shape, epsilon, ...activation(follows) }),
    },
    {
      what: `normalize ${where}, then ${follows}`,
      read: [x, gamma, beta, mean, variance],
      written: [size],
      scales: [OUT],
      run: (k, [x, gamma, beta, mean, variance], [out]) =>
        k.normalize({ x, gamma, beta, out, mean, variance, shape, epsilon, ...activation(follows) }),
    },
    ...(['batchnormBackward', 'normalizeBackward'] as const).map<Trial>((name) => ({
      what: `${name} ${where}, then ${follows}`,
      read: [dout, x, y, mean, variance, gamma, beta],
      ...gradients,
      run: (k, [dout, x, output, mean, variance, gamma, shift], [dx, dgamma, dbeta]) => {
        const y = follows === 'relu' ? output : null;
        const beta = follows === 'gelu' ? shift : null;
        k[name]({ dout, x, y, beta, mean, variance, gamma, dx, dgamma, dbeta, shape, epsilon });
      },
    })),
    ...(S === 1 && follows === 'relu' ? [graph] : []),
  ]);
}

function activation(follows: string): { relu: boolean; gelu: boolean } {
  return { relu: follows === 'relu', gelu: follows === 'gelu' };
}

function layernormTrials(dtype: DType, N: number, D: number, epsilon: number): Trial[] {
  const { some, positive } = draws(dtype, `layernorm ${N} ${D}`);
  const [x, dout, gamma, beta, mean] = [some(N * D), some(N * D), some(D), some(D), some(N)];
  const inverse = positive(N).map((v) => 1 / v);
  const y = some(N * D).map((v) => Math.max(0, v));
  return [false, true].flatMap<Trial>((relu) => [
    {
      what: `layernorm of ${N} × ${D}, relu ${relu}`,
      read: [x, gamma, beta],
      written: [N * D, N, N],
      scales: [OUT, STATISTIC, STATISTIC],
      run: (k, [x, gamma, beta], [out, mean, inverse]) =>
        k.layernorm({ x, gamma, beta, out, mean, inverse, N, D, epsilon, relu }),
    },
    {
      what: `layernormBackward of ${N} × ${D}, relu ${relu}`,
      read: [dout, x, y, mean, inverse, gamma],
      written: [N * D, D, D],
      scales: [DX, 8 * N, N],
      run: (k, [dout, x, y, mean, inverse, gamma], [dx, dgamma, dbeta]) =>
        k.layernormBackward({ dout, x, y: relu ? y : null, mean, inverse, gamma, dx, dgamma, dbeta, N, D }),
    },
  ]);
}

function groupnormTrials(dtype: DType, shape: ChannelShape, G: number, epsilon: number): Trial[] {
  const { N, C, S } = shape;
  const { some, positive } = draws(dtype, `groupnorm ${N} ${C} ${S}`);
  const size = N * C * S;
  const [x, dout, gamma, beta] = [some(size), some(size), some(C), some(C)];
  const [mean, inverse] = [some(N * G), positive(N * G).map((v) => 1 / v)];
  const where = `of ${N} × ${C} × ${S} in ${G} groups`;
  return [
    {
      what: `groupnorm ${where}`,
      read: [x, gamma, beta],
      written: [size, N * G, N * G],
      scales: [OUT, STATISTIC, STATISTIC],
      run: (k, [x, gamma, beta], [out, mean, inverse]) =>
        k.groupnorm({ x, gamma, beta, out, mean, inverse, shape, G, epsilon }),
    },
    {
      what: `groupnormBackward ${where}`,
      read: [dout, x, mean, inverse, gamma],
      written: [size, C, C],
      scales: [DX, 8 * N * S, N * S],
      run: (k, [dout, x, mean, inverse, gamma], [dx, dgamma, dbeta]) =>
        k.groupnormBackward({ dout, x, mean, inverse, gamma, dx, dgamma, dbeta, shape, G }),
    },
  ];
}

/** Exact: the mask is defined by its bits, and one product rounds in one way. */
function dropoutTrials(dtype: DType, length: number): Trial[] {
  const { some } = draws(dtype, `dropout ${length}`);
  const a = some(length);
  const [first, second] = new Random(length).randint(-(2 ** 31), 2 ** 31, 2);
  return [
    ...[0.1, 0.5, 0.75, 1].map<Trial>((p, i) => ({
      what: `dropout of ${length}, p ${p}`,
      read: [a],
      written: [length, length],
      scales: [0, 0],
      run: (k, [x], [mask, out]) => k.dropout(x, mask, out, p, [first, second], [0, 3, 2 ** 31 - 2, 2 ** 40 + 1][i]),
    })),
  ];
}

/**
 * Every kernel, on sizes either side of the lanes of its vectors. ε is large, so that a run of one value is harmless.
 */
function smallTrials(dtype: DType): Trial[] {
  const counts = (C: number, S: number): number => 1 + ((3 * C + S) % 5);
  return [
    ...EDGES.flatMap((C) => EDGES.flatMap((S) => batchnormTrials(dtype, { N: counts(C, S), C, S }, 0.25))),
    ...EDGES.flatMap((N) => [5, 16].flatMap((C) => batchnormTrials(dtype, { N, C, S: 1 }, 0.25))),
    ...EDGES.flatMap((D) => [1, 3, 8].flatMap((N) => layernormTrials(dtype, N, D, 0.25))),
    ...EDGES.flatMap((C) =>
      [1, 2, 3, 4, 7, 16, 33].flatMap((S) =>
        [1, C / 2, C / 3, C]
          .filter((G, i, all) => Number.isInteger(G) && all.indexOf(G) === i)
          .flatMap((G) => groupnormTrials(dtype, { N: counts(C, S), C, S }, G, 0.25)),
      ),
    ),
    ...LENGTHS.flatMap((length) => dropoutTrials(dtype, length)),
  ];
}

/** Sizes that are cut into several work items. */
function largeTrials(dtype: DType): Trial[] {
  const shapes = [
    { N: 300, C: 200, S: 1 },
    { N: 2, C: 6001, S: 1 },
    { N: 5000, C: 19, S: 1 },
    { N: 7, C: 36, S: 49 },
    { N: 3, C: 4, S: 5003 },
  ];
  return [
    ...shapes.flatMap((shape) => batchnormTrials(dtype, shape, 0.01)),
    ...[
      [300, 200],
      [2, 20001],
      [5001, 7],
    ].flatMap(([N, D]) => layernormTrials(dtype, N, D, 0.01)),
    ...[2, 4, 36].flatMap((G) => groupnormTrials(dtype, { N: 7, C: 36, S: 49 }, G, 0.01)),
    ...groupnormTrials(dtype, { N: 40, C: 12, S: 300 }, 3, 0.01),
    ...dropoutTrials(dtype, 100_003),
  ];
}

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  const [small, large] = [smallTrials(dtype), largeTrials(dtype)];
  const expected = new Map([...small, ...large].map((trial) => [trial, onHeap(reference, trial, dtype)]));

  test('there is a trial of every kernel', () => {
    const names = new Set([...small, ...large].map(({ what }) => what.split(' ')[0]));
    const kernels = ['batchnorm', 'normalize', 'layernorm', 'groupnorm'].flatMap((name) => [name, `${name}Backward`]);
    expect([...names].sort()).toEqual([...kernels, 'batchnormBackwardGraph', 'dropout'].sort());
  });

  testFirstQuick(engines, '$simd SIMD on $threads threads agrees with the reference', ({ kernels }) => {
    for (const [trial, results] of expected) {
      onHeap(kernels, trial, dtype).forEach((result, i) => {
        expectClose(`${trial.what}: result ${i}`, result, results[i], TOLERANCE[dtype] * trial.scales[i]);
      });
    }
  });

  test('equal bits on any number of threads', () => {
    const [one, three] = engines.filter(({ simd }) => simd === 'relaxed');
    for (const trial of large) {
      expectEqualBits(trial.what, onHeap(three.kernels, trial, dtype), onHeap(one.kernels, trial, dtype));
    }
  });

  testFirstQuick(
    engines,
    '$simd SIMD on $threads threads: in WebAssembly memory equal bits, and no value beyond',
    (engine) => {
      for (const trial of engine.threads === 1 ? small : large) {
        const { results, untouched } = inMemory(engine, trial, dtype);
        expect(untouched, trial.what).toBe(true);
        expectEqualBits(trial.what, results, onHeap(engine.kernels, trial, dtype));
      }
    },
  );

  testFirstQuick(engines, '$simd SIMD on $threads threads puts NaN where the reference does', ({ kernels }) => {
    const trials = [
      ...batchnormTrials(dtype, { N: 4, C: 7, S: 1 }, 0.25),
      ...batchnormTrials(dtype, { N: 3, C: 4, S: 5 }, 0.25),
      ...layernormTrials(dtype, 4, 7, 0.25),
      ...groupnormTrials(dtype, { N: 2, C: 6, S: 3 }, 2, 0.25),
      ...dropoutTrials(dtype, 9),
    ];
    const places = (a: Floats): string => [...a.keys()].filter((at) => Number.isNaN(a[at])).join(' ');
    const wrong: string[] = [];
    for (const trial of trials) {
      for (let operand = 0; operand < trial.read.length; operand++) {
        const read = trial.read.map((a) => a.slice());
        read[operand][read[operand].length >> 1] = Number.NaN;
        const [ours, theirs] = [kernels, reference].map((k) => onHeap(k, { ...trial, read }, dtype).map(places));
        ours.forEach((found, i) => {
          const at = `${trial.what}: with a NaN in operand ${operand}, result ${i} has NaN`;
          if (found !== theirs[i]) wrong.push(`${at} at ${found || 'no place'}, expected ${theirs[i] || 'none'}`);
        });
      }
    }
    expect(wrong).toEqual([]);
  });
});

function floats(length: number, dtype: DType): Floats {
  return dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
}

/** What the kernel writes, on arrays of the heap that hold something else before. */
function onHeap(kernels: Kernels, { read, written, run }: Trial, dtype: DType): Floats[] {
  const results = written.map((length) => floats(length, dtype).fill(-77));
  run(kernels, read, results);
  return results;
}

/** The same on arrays in one run of WebAssembly memory, with other values between them. */
function inMemory(engine: TestEngine, { read, written, run }: Trial, dtype: DType) {
  const GAP = 5;
  const lengths = [...read.map(({ length }) => length), ...written];
  const bytes = (lengths.reduce((sum, length) => sum + length + GAP, 0) + GAP) * (dtype === 'float64' ? 8 : 4);
  const start = engine.memory.take(bytes);
  const memory = engine.memory.view(start, bytes / (dtype === 'float64' ? 8 : 4), dtype).fill(-99);
  let at = GAP;
  const places = lengths.map((length) => {
    const place = memory.subarray(at, at + length);
    at += length + GAP;
    return place;
  });
  read.forEach((values, i) => {
    places[i].set(values);
  });
  const before = memory.slice();
  run(engine.kernels, places.slice(0, read.length), places.slice(read.length));
  const results = places.slice(read.length).map((a) => a.slice());
  // With the results put back to what they were, nothing else may have changed.
  for (const place of places.slice(read.length)) place.fill(-99);
  const untouched = Buffer.compare(bytesOf(memory), bytesOf(before)) === 0;
  engine.memory.give(start, bytes);
  return { results, untouched };
}

function bytesOf(a: Floats): Buffer {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength);
}

function expectEqualBits(what: string, actual: readonly Floats[], expected: readonly Floats[]): void {
  actual.forEach((values, i) => {
    if (Buffer.compare(bytesOf(values), bytesOf(expected[i])) !== 0) expect.fail(`${what}: bits of result ${i} differ`);
  });
}

/** Every value within `atol` of what is expected; an exact comparison where that is 0. */
function expectClose(what: string, actual: Floats, expected: Floats, atol: number): void {
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= atol)) {
      expect.fail(`${what}: value ${i} of ${expected.length} is ${actual[i]}, expected ${expected[i]} within ${atol}`);
    }
  }
}

testFirstQuick(
  engines,
  '$simd SIMD on $threads threads: the variance survives a first example far from the others',
  ({ kernels }) => {
    const [N, C, S] = [64, 3, 49];
    const shape = { N, C, S };
    for (const [dtype, tolerance] of [
      ['float32', 1e-6],
      ['float64', 1e-13],
    ] as const) {
      const x = new Random('far').randn([N * C * S], dtype).data;
      for (let c = 0; c < C; c++) for (let s = 0; s < S; s++) x[c * S + s] += 1000 * (c + 1);
      const some = (length: number): Floats => x.slice(0, length);
      const [ours, theirs] = [kernels, reference].map((k) => {
        const [mean, variance] = [some(C), some(C)];
        k.batchnorm({
          x,
          gamma: some(C),
          beta: some(C),
          out: x.slice(),
          mean,
          variance,
          shape,
          epsilon: 1e-5,
          relu: false,
        });
        return [...mean, ...variance];
      });
      for (const [i, value] of ours.entries()) expect(Math.abs(value / theirs[i] - 1)).toBeLessThan(tolerance);
    }
  },
);
