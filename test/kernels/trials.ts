import { expect } from 'vitest';
import { type DType, type Floats, Random } from '../../src/arrays/index.js';
import type { ConvShape, Kernels } from '../../src/kernels/index.js';
import type { TestEngine } from './engines.js';

/** One call of a kernel. */
export interface Trial {
  readonly what: string;
  readonly read: readonly Floats[];
  /** How many values the kernel writes. */
  readonly written: number;
  /** Whether there is one way to add up, so that every bit must be the reference's. */
  readonly exact: boolean;
  readonly run: (k: Kernels, read: readonly Floats[], out: Floats) => void;
}

/** Makes the values of an operand. */
export type Draw = (length: number) => Floats;

/** What of a convolution is not ordinary, for both axes. */
interface ConvExtras {
  readonly stride?: readonly number[];
  readonly pad?: readonly number[];
  readonly dilation?: readonly number[];
  readonly groups?: number;
}

export function convShape(
  N: number,
  C: number,
  H: number,
  W: number,
  F: number,
  HH: number,
  WW: number,
  { stride = [1, 1], pad = [0, 0], dilation = [1, 1], groups = 1 }: ConvExtras = {},
): ConvShape {
  const [[strideH, strideW], [padH, padW], [dilationH, dilationW]] = [stride, pad, dilation];
  const OH = Math.floor((H + 2 * padH - dilationH * (HH - 1) - 1) / strideH) + 1;
  const OW = Math.floor((W + 2 * padW - dilationW * (WW - 1) - 1) / strideW) + 1;
  return { N, C, H, W, F, HH, WW, strideH, strideW, padH, padW, dilationH, dilationW, groups, OH, OW };
}

export function convTrials(s: ConvShape, draw: Draw): Trial[] {
  const [images, filters, P] = [s.N * s.C * s.H * s.W, (s.F * s.C * s.HH * s.WW) / s.groups, s.OH * s.OW];
  const [x, w, b, dout] = [draw(images), draw(filters), draw(s.F), draw(s.N * s.F * P)];
  return [
    ...[false, true].map<Trial>((relu) => ({
      what: `convForward${relu ? ' with ReLU' : ''}`,
      read: [x, w, b],
      written: dout.length,
      exact: false,
      run: (k, [x, w, b], out) => k.convForward({ x, w, b, out, shape: s, relu }),
    })),
    {
      what: 'convBackwardInput',
      read: [dout, w],
      written: images,
      exact: false,
      run: (k, [dout, w], dx) => k.convBackwardInput(dout, w, dx, s),
    },
    {
      what: 'convBackwardWeights',
      read: [dout, x],
      written: filters,
      exact: false,
      run: (k, [dout, x], dw) => k.convBackwardWeights(dout, x, dw, null, s),
    },
    {
      what: 'convBackwardWeights with biases',
      read: [dout, x],
      written: filters + s.F,
      exact: false,
      run: (k, [dout, x], both) => k.convBackwardWeights(dout, x, both.subarray(0, filters), both.subarray(filters), s),
    },
    {
      what: 'sumChannels',
      read: [dout],
      written: s.F,
      exact: false,
      run: (k, [x], out) => k.sumChannels(x, out, { N: s.N, C: s.F, S: P }),
    },
  ];
}

/** Values whose sums of products are exact in float32: so every way to add them up gives the same. */
export function wholes(dtype: DType, seed: number): Draw {
  const random = new Random(seed);
  return (length) => from(random.randint(-3, 4, length), dtype);
}

export function reals(dtype: DType, seed: number): Draw {
  const random = new Random(seed);
  return (length) => random.randn([length], dtype).data;
}

function floats(length: number, dtype: DType): Floats {
  return dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
}

export function from(values: Int32Array, dtype: DType): Floats {
  return dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
}

/** What the kernel writes, to an array of the heap that holds something else before. */
export function onHeap(kernels: Kernels, { read, written, run }: Trial, dtype: DType): Floats {
  const out = floats(written, dtype).fill(-77);
  run(kernels, read, out);
  return out;
}

/** Bytes after every block that a kernel takes, which nobody may write to. */
const GUARD = 64;
const GUARD_BYTE = 0xa5;

/**
 * The same on arrays in one run of WebAssembly memory, where it may write to nothing but its result and its scratch.
 */
export function inMemory({ kernels, memory }: TestEngine, { what, read, written, run }: Trial, dtype: DType): Floats {
  const GAP = 5;
  const lengths = [...read.map(({ length }) => length), written];
  const count = lengths.reduce((sum, length) => sum + length + GAP, GAP);
  const bytes = count * (dtype === 'float64' ? 8 : 4);
  const start = memory.take(bytes);
  const all = memory.view(start, count, dtype).fill(-99);
  let at = GAP;
  const places = lengths.map((length) => {
    const place = all.subarray(at, at + length);
    at += length + GAP;
    return place;
  });
  read.forEach((values, i) => {
    places[i].set(values);
  });
  const before = all.slice();
  const out = places[read.length];
  withGuards(what, memory, () => run(kernels, places.slice(0, -1), out));
  const result = out.slice();
  // With the result put back to what it was, nothing else may have changed.
  out.fill(-99);
  if (Buffer.compare(bytesOf(all), bytesOf(before)) !== 0) expect.fail(`${what}: writes beyond its result`);
  memory.give(start, bytes);
  return result;
}

/** Runs `call` with a guard after every block of memory that it takes, and fails where one is written to. */
function withGuards(what: string, memory: TestEngine['memory'], call: () => void): void {
  const { take, give } = memory;
  const guard = (start: number, bytes: number) => new Uint8Array(memory.raw.buffer, start + bytes, GUARD);
  let broken = 0;
  memory.take = (bytes) => {
    const start = take.call(memory, bytes + GUARD);
    // What a thread finds in its scratch is anything.
    new Uint8Array(memory.raw.buffer, start, bytes).fill(0xff);
    guard(start, bytes).fill(GUARD_BYTE);
    return start;
  };
  memory.give = (start, bytes) => {
    if (!guard(start, bytes).every((byte) => byte === GUARD_BYTE)) broken++;
    give.call(memory, start, bytes + GUARD);
  };
  try {
    call();
  } finally {
    memory.take = take;
    memory.give = give;
  }
  if (broken > 0) expect.fail(`${what}: writes beyond ${broken} of its scratch blocks`);
}

export function bytesOf(a: Floats): Buffer {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength);
}

export function expectEqualBits(what: string, actual: Floats, expected: Floats): void {
  if (Buffer.compare(bytesOf(actual), bytesOf(expected)) !== 0) expect.fail(`${what}: bits differ`);
}
