import { describe, expect, test } from 'vitest';
import { array, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { type AdamConfig, adam, adamw } from '../../src/optim/index.js';

const wide = (values: number[]): NDArray => array(values, [values.length], 'float64');

describe('adam', () => {
  test('divides the corrected average by the root of the corrected average of squares', () => {
    const w = wide([1]);
    const [m, v] = [wide([2]), wide([1])];
    const config = { learningRate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 0, m, v, t: 1 };
    const [, next] = adam(w, wide([4]), config);
    // m = 0.5 · 2 + 0.5 · 4 = 3, v = 0.75 · 1 + 0.25 · 16 = 4.75, t = 2: m̂ = 3 / 0.75 = 4, v̂ = 4.75 / 0.4375
    expect(toNested(m)).toEqual([3]);
    expect(toNested(v)).toEqual([4.75]);
    expect(next.t).toBe(2);
    expect(w).toBeAllClose(wide([1 - (0.5 * 4) / Math.sqrt(4.75 / 0.4375)]), { rtol: 1e-15 });
  });

  test.each([
    [0.9, 0.999],
    [0, 0],
    [0.5, 0.25],
    [0.99, 0.9],
  ])('the first step is learningRate · sign(dw), whatever the betas: %d, %d', (beta1, beta2) => {
    // From zero state m̂ = dw and v̂ = dw², so m̂ / √v̂ = ±1.
    const w = wide([1, 1, 1]);
    adam(w, wide([0.5, -200, 1e-3]), { learningRate: 0.25, epsilon: 0, beta1, beta2 });
    expect(w).toBeAllClose(wide([0.75, 1.25, 0.75]), { rtol: 1e-12 });
  });

  test('under a constant gradient every step is learningRate · sign(dw)', () => {
    const w = wide([0, 0]);
    let config: AdamConfig = { learningRate: 0.125, epsilon: 0 };
    for (let s = 1; s <= 50; s++) {
      [, config] = adam(w, wide([3, -0.01]), config);
      expect(config.t).toBe(s);
      expect(w).toBeAllClose(wide([-0.125 * s, 0.125 * s]), { rtol: 1e-11 });
    }
  });

  test('epsilon stands outside of the root', () => {
    const w = wide([1]);
    adam(w, wide([2]), { learningRate: 1, epsilon: 2 });
    expect(w).toBeAllClose(wide([0.5]), { rtol: 1e-14 });
  });

  test('has no use for weightDecay', () => {
    const [w, other] = [wide([1, 2]), wide([1, 2])];
    adam(w, wide([1, -1]), { weightDecay: 0.5 } as AdamConfig);
    adam(other, wide([1, -1]));
    expect(w).toEqualBits(other);
  });
});

describe('adamw', () => {
  test('with a zero gradient takes off learningRate · weightDecay of the weights and no more', () => {
    const random = new Random(24);
    const w = random.randn([50], 'float64');
    const before = array(w);
    const [, config] = adamw(w, zeros([50], 'float64'), { learningRate: 0.5, weightDecay: 0.25 });
    for (let i = 0; i < 50; i++) before.data[i] *= 1 - 0.5 * 0.25;
    expect(w).toBeAllClose(before, { rtol: 1e-15 });
    expect(config.weightDecay).toBe(0.25);
  });

  test('decays the weights before the step of adam, which does not see the decay', () => {
    const w = wide([1, -2]);
    const [, config] = adamw(w, wide([0.5, 3]), { learningRate: 0.1, weightDecay: 1, epsilon: 0 });
    expect(w).toBeAllClose(wide([0.9 - 0.1, -1.8 - 0.1]), { rtol: 1e-12 });
    expect(config.m).toBeAllClose(wide([0.05, 0.3]), { rtol: 1e-14 });
  });

  test('without weight decay is adam', () => {
    const random = new Random(25);
    const w = random.randn([30]);
    const other = array(w);
    let [config, otherConfig]: AdamConfig[] = [{ learningRate: 0.1 }, { learningRate: 0.1 }];
    for (let s = 0; s < 3; s++) {
      const dw = random.randn([30]);
      [, config] = adamw(w, dw, { ...config, weightDecay: 0 } as AdamConfig);
      [, otherConfig] = adam(other, dw, otherConfig);
      expect(w).toEqualBits(other);
    }
  });
});
