import { describe, expect, test } from 'vitest';
import { array, Random, toNested } from '../../src/arrays/index.js';
import { type MomentumConfig, nesterov, sgd, sgdMomentum } from '../../src/optim/index.js';
import { DTYPES } from '../helpers/fixtures.js';

describe('sgd', () => {
  test('takes off the gradient times the learning rate', () => {
    const w = array([1, 2, -3]);
    const [next] = sgd(w, array([4, -2, 0]), { learningRate: 0.5 });
    expect(toNested(next)).toEqual([-1, 3, -3]);
  });

  test('two steps with one gradient are one step of twice the rate', () => {
    const dw = array([1, 2, 4]);
    const [twice, once] = [array([1, 1, 1]), array([1, 1, 1])];
    sgd(twice, dw, { learningRate: 0.25 });
    sgd(twice, dw, { learningRate: 0.25 });
    sgd(once, dw, { learningRate: 0.5 });
    expect(twice).toEqualBits(once);
  });
});

describe('sgdMomentum', () => {
  test('adds a velocity that is a sum of steps', () => {
    const w = array([1, 1]);
    const velocity = array([2, -4]);
    sgdMomentum(w, array([1, 8]), { learningRate: 0.25, momentum: 0.5, velocity });
    // 0.5 · 2 − 0.25 · 1 and 0.5 · −4 − 0.25 · 8
    expect(toNested(velocity)).toEqual([0.75, -4]);
    expect(toNested(w)).toEqual([1.75, -3]);
  });

  test('under a constant gradient the velocity tends to −learningRate · dw / (1 − momentum)', () => {
    const w = array([0, 0], [2], 'float64');
    let config: MomentumConfig = { learningRate: 0.1, momentum: 0.5 };
    for (let s = 0; s < 60; s++) [, config] = sgdMomentum(w, array([1, -3], [2], 'float64'), config);
    expect(config.velocity).toBeAllClose(array([-0.2, 0.6], [2], 'float64'), { rtol: 1e-12 });
  });
});

describe('nesterov', () => {
  test('looks ahead along a velocity that is a sum of gradients', () => {
    const w = array([1, 1]);
    const velocity = array([2, -4]);
    nesterov(w, array([1, 8]), { learningRate: 0.25, momentum: 0.5, velocity });
    // velocity: 0.5 · 2 + 1 and 0.5 · −4 + 8; w: 1 − 0.25 · (1 + 0.5 · 2) and 1 − 0.25 · (8 + 0.5 · 6)
    expect(toNested(velocity)).toEqual([2, 6]);
    expect(toNested(w)).toEqual([0.5, -1.75]);
  });

  test('its first step is (1 + momentum) times that of sgd', () => {
    const dw = array([1, -2, 4]);
    const [w, other] = [array([0, 0, 0]), array([0, 0, 0])];
    nesterov(w, dw, { learningRate: 0.5, momentum: 0.5 });
    sgd(other, dw, { learningRate: 0.75 });
    expect(w).toEqualBits(other);
  });
});

describe.each(DTYPES)('%s', (dtype) => {
  test.each([
    ['sgdMomentum', sgdMomentum],
    ['nesterov', nesterov],
  ])('%s without momentum is sgd', (_, rule) => {
    const random = new Random(22);
    const w = random.randn([40], dtype);
    const other = array(w);
    let config: MomentumConfig = { learningRate: 0.1, momentum: 0 };
    for (let s = 0; s < 4; s++) {
      const dw = random.randn([40], dtype);
      [, config] = rule(w, dw, config);
      sgd(other, dw, { learningRate: 0.1 });
      // The product is rounded before it is added here, and may be fused with the sum there.
      expect(w).toBeAllClose(other, { rtol: 0, atol: dtype === 'float64' ? 1e-15 : 1e-6 });
    }
  });
});
