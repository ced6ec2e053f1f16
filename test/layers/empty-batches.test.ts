import { describe, expect, test } from 'vitest';
import { full, isNDArray, type NDArray, zeros } from '../../src/arrays/index.js';
import { workspace } from '../../src/kernels/index.js';
import * as layers from '../../src/layers/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { useKernels } from '../helpers/kernel-sets.js';

/** A call of a forward pass: shapes of its arrays by name, its other arguments, and the shape of its output. */
interface Call {
  readonly arrays: Readonly<Record<string, readonly number[]>>;
  readonly rest?: readonly unknown[];
  readonly out: readonly number[];
}

const ROWS = [0, 6];
const IMAGES = [0, 4, 5, 6];
const AFFINE = { x: [0, 2, 3], w: [6, 5], b: [5] };
const FILTERS = { x: IMAGES, w: [3, 4, 3, 3], b: [3] };
const CONV = { stride: 2, pad: 1 };
const POOL = { poolHeight: 2, poolWidth: 2 };
const TEST = { mode: 'test' };

const any = (...rest: unknown[]): Call => ({ arrays: { x: [2, 0, 3] }, rest, out: [2, 0, 3] });
const two: Call = { arrays: { a: [0, 3], b: [1, 3] }, out: [0, 3] };
const conv: Call = { arrays: FILTERS, rest: [CONV], out: [0, 3, 3, 3] };
const pool: Call = { arrays: { x: IMAGES }, rest: [POOL], out: [0, 4, 2, 3] };

/** One entry for each layer. A new layer needs one: an empty batch passes through it, as in PyTorch. */
const CALLS: Readonly<Record<string, Call>> = {
  abs: any(),
  adaptiveAvgPool: { arrays: { x: IMAGES }, rest: [2], out: [0, 4, 2, 2] },
  adaptiveMaxPool: { arrays: { x: IMAGES }, rest: [[3, null]], out: [0, 4, 3, 6] },
  add: two,
  affine: { arrays: AFFINE, out: [0, 5] },
  affineBatchnormRelu: { arrays: { ...AFFINE, gamma: [5], beta: [5] }, rest: [TEST], out: [0, 5] },
  affineLayernormRelu: { arrays: { ...AFFINE, gamma: [5], beta: [5] }, out: [0, 5] },
  affineRelu: { arrays: AFFINE, out: [0, 5] },
  amax: { arrays: { x: [0, 3] }, rest: [1], out: [0] },
  amin: { arrays: { x: [0, 3] }, rest: [1], out: [0] },
  avgPool: pool,
  batchnorm: { arrays: { x: ROWS, gamma: [6], beta: [6] }, rest: [TEST], out: ROWS },
  batchnormGelu: { arrays: { x: IMAGES, gamma: [4], beta: [4] }, rest: [TEST], out: IMAGES },
  batchnormRelu: { arrays: { x: IMAGES, gamma: [4], beta: [4] }, rest: [TEST], out: IMAGES },
  broadcastTo: { arrays: { x: [1, 3] }, rest: [[0, 3]], out: [0, 3] },
  clamp: any(0, 1),
  concat: { arrays: { 'arrays[0]': [0, 3], 'arrays[1]': [0, 3] }, out: [0, 3] },
  conv,
  convBatchnormRelu: { arrays: { ...FILTERS, gamma: [3], beta: [3] }, rest: [CONV, TEST], out: [0, 3, 3, 3] },
  convRelu: conv,
  convReluPool: { arrays: FILTERS, rest: [CONV, POOL], out: [0, 3, 1, 1] },
  deviation: { arrays: { x: [0, 3] }, rest: [1], out: [0] },
  div: two,
  dropout: any({ mode: 'train', p: 0.5, seed: 1 }),
  dropout2d: { arrays: { x: IMAGES }, rest: [{ mode: 'train', p: 0.5, seed: 1 }], out: IMAGES },
  elu: any(),
  exp: any(),
  gather: { arrays: { x: [0, 3] }, rest: [1, zeros([0, 2])], out: [0, 2] },
  gelu: any(),
  globalAvgPool: { arrays: { x: IMAGES }, out: [0, 4] },
  hardsigmoid: any(),
  hardswish: any(),
  layernorm: { arrays: { x: ROWS, gamma: [6], beta: [6] }, out: ROWS },
  leakyRelu: any(),
  log: any(),
  logSoftmax: any(),
  logsumexp: { arrays: { x: [0, 3] }, rest: [1], out: [0] },
  matmul: { arrays: { a: [0, 3], b: [3, 2] }, out: [0, 2] },
  maximum: two,
  maxout: { arrays: { x: ROWS }, rest: [2], out: [0, 3] },
  maxPool: pool,
  mean: { arrays: { x: [0, 3] }, rest: [1], out: [0] },
  minimum: two,
  mul: two,
  neg: any(),
  norm: { arrays: { x: [0, 3] }, rest: [2, 1], out: [0] },
  pad: { arrays: { x: IMAGES }, rest: [[1, 2, 3, 4], { mode: 'reflect' }], out: [0, 4, 12, 9] },
  pow: any(2),
  power: two,
  prelu: { arrays: { x: IMAGES, alpha: [4] }, out: IMAGES },
  relu: any(),
  relu6: any(),
  reshape: { arrays: { x: [0, 6] }, rest: [[-1, 3]], out: [0, 3] },
  sigmoid: any(),
  silu: any(),
  slice: { arrays: { x: [0, 6] }, rest: [[null, [1, 3]]], out: [0, 2] },
  softmax: any(),
  softplus: any(),
  spatialBatchnorm: { arrays: { x: IMAGES, gamma: [4], beta: [4] }, rest: [TEST], out: IMAGES },
  spatialGroupnorm: { arrays: { x: IMAGES, gamma: [1, 4, 1, 1], beta: [1, 4, 1, 1] }, rest: [2], out: IMAGES },
  sqrt: any(),
  stack: { arrays: { 'arrays[0]': [0, 3], 'arrays[1]': [0, 3] }, out: [2, 0, 3] },
  sub: two,
  sum: { arrays: { x: [0, 3] }, rest: [1], out: [0] },
  tanh: any(),
  transpose: { arrays: { x: [0, 3] }, out: [3, 0] },
  variance: { arrays: { x: [0, 3] }, rest: [1], out: [0] },
  where: { arrays: { condition: [0, 3], a: [0, 3], b: [0, 3] }, out: [0, 3] },
};

type Function = (...args: unknown[]) => unknown;
const FUNCTIONS = layers as unknown as Readonly<Record<string, Function>>;

/**
 * A gradient of a cast has another dtype; a loss takes the parts of a loss, not arrays; the backward pass of the others
 * is that of reshape.
 */
const OTHERS = ['cast', 'loss', 'view', 'squeeze', 'unsqueeze'];

/**
 * The forward functions, with the name of their layer and whether they are the naive or the fast one.
 */
const FORWARDS = Object.keys(layers).flatMap((name) => {
  const match = /^(\w+)Forward(Naive|Fast)?$/.exec(name);
  return match === null || OTHERS.includes(match[1]) ? [] : [{ name, layer: match[1], speed: match[2] ?? '' }];
});

/** All backward passes that take the cache of a forward pass. */
function backwardsOf(layer: string, speed: string): string[] {
  return Object.keys(layers).filter((name) => new RegExp(`^${layer}Backward(${speed || '|Alt|Weights'})$`).test(name));
}

describe.each([
  ['reference', 1],
  ['wasm', 1],
  ['wasm', 2],
] as const)('an empty batch on %s kernels, %i threads', (kernels, threads) => {
  useKernels(kernels, threads);

  test.each(FORWARDS)('$name gives an empty output, and gradients that are zero', ({ name, layer, speed }) => {
    const call = CALLS[layer];
    expect(call, `an entry for ${layer} in the table above`).toBeDefined();
    const backwards = backwardsOf(layer, speed);
    expect(backwards.length).toBeGreaterThan(0);
    for (const dtype of DTYPES) {
      for (const run of [<R>(fn: () => R): R => fn(), workspace]) {
        const shapes = Object.entries(call.arrays);
        const arrays = shapes.map(([, shape]) => full(shape, 0.5, dtype));
        const operands = layer === 'concat' || layer === 'stack' ? [arrays] : arrays;
        const [out, gradients] = run(() => {
          const [out, cache] = FUNCTIONS[name](...operands, ...(call.rest ?? [])) as [NDArray, unknown];
          return [out, backwards.map((backward) => FUNCTIONS[backward](zeros(out.shape, dtype), cache))];
        });
        expect(out.shape).toEqual(call.out);
        for (const gradient of gradients) {
          const named = isNDArray(gradient)
            ? [[`d${shapes[0][0]}`, gradient] as const]
            : Array.isArray(gradient)
              ? gradient.map((g, i) => [`darrays[${i}]`, g as NDArray] as const)
              : Object.entries(gradient as Record<string, NDArray>);
          for (const [key, value] of named) {
            expect(value.shape, key).toEqual(call.arrays[key.slice(1)]);
            expect(
              [...value.data].every((v) => v === 0),
              key,
            ).toBe(true);
          }
        }
      }
    }
  });

  test('a batch normalization in training refuses one', () => {
    const norm = [zeros([3]), zeros([3])] as const;
    const message = 'at least one value per channel in training';
    expect(() => layers.batchnormForward(zeros([0, 3]), ...norm, { mode: 'train' })).toThrow(
      `batchnormForward: x has shape (0, 3), expected ${message}`,
    );
    expect(() => layers.spatialBatchnormForward(zeros([0, 3, 2, 2]), ...norm, { mode: 'train' })).toThrow(message);
    expect(() =>
      layers.affineBatchnormReluForward(zeros([0, 4]), zeros([4, 3]), zeros([3]), ...norm, { mode: 'train' }),
    ).toThrow(message);
  });

  test('a sum of nothing is 0, a mean NaN, and nothing has no largest value', () => {
    const none = zeros([0, 3]);
    expect([...layers.sumForward(none)[0].data]).toEqual([0]);
    expect([...layers.sumForward(none, 0)[0].data]).toEqual([0, 0, 0]);
    expect([...layers.meanForward(none)[0].data]).toEqual([Number.NaN]);
    expect([...layers.meanForward(none, 0, true)[0].data]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect([...layers.logsumexpForward(none, 0)[0].data]).toEqual(Array(3).fill(Number.NEGATIVE_INFINITY));
    for (const axis of [undefined, 0, [0, 1]]) {
      expect(() => layers.amaxForward(none, axis)).toThrow(
        'amaxForward: x has shape (0, 3), expected at least one value along each axis that is reduced',
      );
    }
    const [out, cache] = layers.meanForward(none);
    expect(layers.meanBackward(out, cache).shape).toEqual([0, 3]);
  });

  test('a product over no terms is 0', () => {
    const [out, cache] = layers.matmulForward(zeros([2, 0]), zeros([0, 3]));
    expect(out).toEqualBits(zeros([2, 3]));
    const { da, db } = layers.matmulBackward(full([2, 3], 1), cache);
    expect([da.shape, db.shape]).toEqual([
      [2, 0],
      [0, 3],
    ]);
  });

  test('empty arrays take part in joins', () => {
    const [out] = layers.concatForward([zeros([0, 2]), full([3, 2], 1), zeros([0, 2])]);
    expect(out).toEqualBits(full([3, 2], 1));
  });
});
