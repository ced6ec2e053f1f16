import { describe, expect, expectTypeOf, test } from 'vitest';
import { type NDArray, ones, Random } from '../../src/arrays/index.js';
import {
  type AffineGrads,
  affineBackward,
  affineBatchnormReluBackward,
  affineBatchnormReluForward,
  affineForward,
  affineLayernormReluBackward,
  affineLayernormReluForward,
  affineReluBackward,
  affineReluForward,
  convBackward,
  convBackwardNaive,
  convBatchnormReluBackward,
  convBatchnormReluForward,
  convForward,
  convReluBackward,
  convReluForward,
  convReluPoolBackward,
  convReluPoolForward,
  type Needs,
} from '../../src/layers/index.js';

type Grads = Readonly<Record<string, NDArray | null>>;

const random = new Random(1);
const [x, w, b, gamma] = [random.randn([6, 4]), random.randn([4, 5]), random.randn([5]), ones([5])];
const [images, filters, biases] = [random.randn([2, 3, 6, 6]), random.randn([5, 3, 3, 3]), random.randn([5])];
const [conv, pool] = [{ pad: 1 }, { poolHeight: 2, poolWidth: 2 }];

const [affineOut, affine] = affineForward(x, w, b);
const [affineReluOut, affineRelu] = affineReluForward(x, w, b);
const [batchOut, batch] = affineBatchnormReluForward(x, w, b, gamma, b, { mode: 'train' });
const [rowsOut, rows] = affineLayernormReluForward(x, w, b, gamma, b);
const [convOut, convolution] = convForward(images, filters, biases, conv);
const [convReluOut, convRelu] = convReluForward(images, filters, biases, conv);
const [pooledOut, pooled] = convReluPoolForward(images, filters, biases, conv, pool);
const [convBatchOut, convBatch] = convBatchnormReluForward(images, filters, biases, gamma, b, conv, { mode: 'train' });

describe.each<[name: string, out: NDArray, backward: (dout: NDArray, needs: Needs) => object]>([
  ['affineBackward', affineOut, (dout, needs) => affineBackward(dout, affine, needs)],
  ['affineReluBackward', affineReluOut, (dout, needs) => affineReluBackward(dout, affineRelu, needs)],
  ['affineBatchnormReluBackward', batchOut, (dout, needs) => affineBatchnormReluBackward(dout, batch, needs)],
  ['affineLayernormReluBackward', rowsOut, (dout, needs) => affineLayernormReluBackward(dout, rows, needs)],
  ['convBackward', convOut, (dout, needs) => convBackward(dout, convolution, needs)],
  ['convBackwardNaive', convOut, (dout, needs) => convBackwardNaive(dout, convolution, needs)],
  ['convReluBackward', convReluOut, (dout, needs) => convReluBackward(dout, convRelu, needs)],
  ['convReluPoolBackward', pooledOut, (dout, needs) => convReluPoolBackward(dout, pooled, needs)],
  ['convBatchnormReluBackward', convBatchOut, (dout, needs) => convBatchnormReluBackward(dout, convBatch, needs)],
])('%s', (_, out, backward) => {
  const dout = new Random(2).randn(out.shape);
  const all = backward(dout, {}) as Grads;
  const subsets = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => ({ x: bits < 4, w: (bits & 2) === 0, b: (bits & 1) === 0 }));

  test.each(subsets)('gives just what is needed of x: $x, w: $w, b: $b, and null for the rest', (needs) => {
    const grads = backward(dout, needs) as Grads;
    expect(Object.keys(grads)).toEqual(Object.keys(all));
    for (const name of Object.keys(all)) {
      const needed = needs[name.slice(1) as keyof typeof needs] ?? true;
      if (!needed) expect(grads[name], name).toBeNull();
      // Without dw, db is a sum of its own, which may add in another order.
      else expect(grads[name], name).toBeAllClose(all[name] as NDArray, { rtol: 1e-5, atol: 1e-5 });
    }
  });

  test('takes the needs as a list too, in the order x, w, b, as op gives them', () => {
    const { dx, dw, db } = backward(dout, [false, true, false]) as Grads;
    expect([dx, db]).toEqual([null, null]);
    expect(dw).toEqualBits(all.dw as NDArray);
  });

  test('gives all where nothing is said', () => {
    expect(Object.values(all)).not.toContain(null);
    expect(Object.keys(all).slice(0, 3)).toEqual(['dx', 'dw', 'db']);
  });
});

test('the type says which gradients are null', () => {
  const dout = ones([6, 5]);
  expectTypeOf(affineBackward(dout, affine)).toEqualTypeOf<AffineGrads>();
  expectTypeOf(affineBackward(dout, affine, { x: false }).dx).toEqualTypeOf<null>();
  expectTypeOf(affineBackward(dout, affine, { x: false }).dw).toEqualTypeOf<NDArray>();
  expectTypeOf(affineBackward(dout, affine, { x: true }).dx).toEqualTypeOf<NDArray>();
  expectTypeOf(affineBackward(dout, affine, [false, true, true]).dw).toEqualTypeOf<NDArray | null>();
  const needs: Needs = { b: false };
  expectTypeOf(affineBackward(dout, affine, needs).db).toEqualTypeOf<NDArray | null>();
});
