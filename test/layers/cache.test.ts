import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as layerwise from '../../src/index.js';
import { array, configureKernels, type NDArray, ones, reluForward } from '../../src/index.js';
import { threadsReady } from '../../src/kernels/index.js';
import { pretend } from '../helpers/pretend.js';

type Backward = (dout: NDArray, cache: unknown) => unknown;
const backward = Object.entries(layerwise)
  .filter(([name]) => /Backward(Naive|Fast|Alt|Weights)?$/.test(name))
  .map(([name, fn]): [string, Backward] => [name, pretend<Backward>(fn)]);

test('there are backward functions to look at', () => {
  expect(backward.length).toBeGreaterThan(30);
});

describe.each(backward)('%s', (name, fn) => {
  const dout = ones([2, 3]);
  test.each([
    ["of layer 'a layer of yours'", { layer: 'a layer of yours', x: dout }],
    ['[an array of shape (2, 3), an object]', [dout, reluForward(dout)[1]]],
    ['undefined', undefined],
    ['null', null],
  ])('refuses a cache that is %s', (what, cache) => {
    expect(() => fn(dout, cache)).toThrow(TypeError);
    expect(() => fn(dout, cache)).toThrow(`${name}: cache is ${what}, expected that of layer '`);
  });
});

describe('numbers that no forward pass puts into a cache are refused', () => {
  beforeAll(() => {
    configureKernels({ threads: 2 });
    const wide = ones([200, 200]);
    layerwise.affineForward(wide, wide, ones([200]));
    threadsReady();
  });
  afterAll(() => {
    configureKernels({ threads: 1 });
  });

  const images = ones([2, 4, 6, 6]);
  const [scale, row] = [ones([1, 4, 1, 1]), ones([4])];
  const pool = { poolHeight: 2, poolWidth: 2, stride: 2 };
  const trained = { mode: 'train' } as const;
  const bad = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '2', null];

  /** Calls `fn` with the cache of a forward pass in which some fields, or those of its shape, have other values. */
  const forge = <C extends object>([out, cache]: [NDArray, C], fn: (dout: NDArray, cache: C) => unknown) => ({
    fields: (changed: object) => () => fn(out, pretend<C>({ ...cache, ...changed })),
    shape: (changed: object) => () => {
      const { shape } = pretend<{ shape: object }>(cache);
      return fn(out, pretend<C>({ ...cache, shape: { ...shape, ...changed } }));
    },
  });

  test.each(bad)('spatialGroupnormBackward: G = %s', (G) => {
    const { fields } = forge(
      layerwise.spatialGroupnormForward(images, scale, scale, 2),
      layerwise.spatialGroupnormBackward,
    );
    expect(fields({ G })).toThrow(/^spatialGroupnormBackward: cache\.G is /);
    expect(fields({ G: 4 })).toThrow('cache.mean has shape (2, 2), expected (2, 4)');
  });

  test.each(bad)('maxoutBackward: pieces = %s', (pieces) => {
    const { fields } = forge(layerwise.maxoutForward(ones([3, 4]), 2), layerwise.maxoutBackward);
    expect(fields({ pieces })).toThrow(/^maxoutBackward: cache\.pieces is /);
  });

  const convolved = layerwise.convForward(images, ones([5, 4, 3, 3]), ones([5]), { stride: 1, pad: 1 });
  test.each(bad)('convBackward: strideH, padW or HH = %s', (value) => {
    const { shape } = forge(convolved, layerwise.convBackward);
    expect(shape({ strideH: value })).toThrow(/: cache\.shape is /);
    expect(shape({ padW: value })).toThrow(/: cache\.shape is /);
    expect(shape({ HH: value })).toThrow(/: cache\.(w has|shape is) /);
  });

  test.each(bad)('pooling: strideW or poolHeight = %s', (value) => {
    for (const { shape } of [
      forge(layerwise.maxPoolForward(images, pool), layerwise.maxPoolBackward),
      forge(layerwise.avgPoolForward(images, pool), layerwise.avgPoolBackward),
    ]) {
      expect(shape({ strideW: value })).toThrow(/: cache\.shape is /);
      expect(shape({ poolHeight: value })).toThrow(/: cache\.shape is /);
      expect(shape({ planes: value })).toThrow(/: cache\.shape is /);
    }
  });

  test('statistics, activations and weights of another shape', () => {
    const x = ones([3, 4]);
    const other = ones([2, 2]);
    const batch = forge(layerwise.batchnormForward(x, row, row, { ...trained }), layerwise.batchnormBackward);
    expect(batch.fields({ mean: other })).toThrow('batchnormBackward: cache.mean has shape (2, 2), expected (C=4,)');
    expect(batch.fields({ variance: ones([3]) })).toThrow('cache.variance has shape (3,), expected (C=4,)');
    expect(batch.fields({ gamma: ones([5]) })).toThrow('cache.gamma has shape (5,), expected (C=4,)');
    expect(batch.fields({ eps: 0 })).toThrow('batchnormBackward: eps is 0');
    const layer = forge(layerwise.layernormForward(x, row, row), layerwise.layernormBackward);
    expect(layer.fields({ inverse: ones([4]) })).toThrow('cache.inverse has shape (4,), expected (N=3,)');
    const affine = forge(layerwise.affineReluForward(x, ones([4, 2]), ones([2])), layerwise.affineReluBackward);
    expect(affine.fields({ out: ones([3, 1]) })).toThrow('cache.out has shape (3, 1), expected (3, 2)');
    const cache = { layer: 'affine', x: ones([3, 5]), w: ones([4, 2]) } as const;
    expect(() => layerwise.affineBackward(ones([3, 2]), cache)).toThrow('affineBackward: cache.w is ');
  });

  test('the next call works, on all threads', () => {
    const [out, cache] = layerwise.spatialGroupnormForward(images, scale, scale, 2);
    expect(layerwise.spatialGroupnormBackward(out, cache).dx.shape).toEqual([2, 4, 6, 6]);
  });
});

describe('arrays whose sizes, strides or offset no array has are refused', () => {
  test.each([
    ['shape', [2.5, 2]],
    ['shape', [-2, -3]],
    ['shape', [Number.NaN, 2]],
    ['stride', [0.5, 1]],
    ['stride', [Number.NaN, 1]],
    ['offset', 0.5],
    ['offset', Number.NaN],
    ['offset', -1],
  ])('%s = %j', (field, value) => {
    const x = array([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const forged = pretend<NDArray>(Object.assign(x, { [field]: value }));
    expect(() => reluForward(forged)).toThrow(RangeError);
  });
});
