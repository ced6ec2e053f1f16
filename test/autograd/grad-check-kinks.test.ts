import { expect, test } from 'vitest';
import { F, gradCheck, type NDArray, op, reluForward, tensor } from '../../src/index.js';

test('gradCheck takes a right gradient at a kink of a ReLU for right, also at the kink itself', () => {
  for (const value of [5e-7, -5e-7, 2e-8, 0]) {
    expect(gradCheck((x) => F.relu(x), [tensor([1, value], { requiresGrad: true, dtype: 'float64' })])).toBe(true);
  }
});

test('and a wrong one there for wrong', () => {
  const negative = op(
    (x: NDArray) => [reluForward(x)[0], null],
    (dout: NDArray) => F.neg(dout).data,
  );
  for (const value of [5e-7, 0]) {
    const x = tensor([value], { requiresGrad: true, dtype: 'float64' });
    expect(() => gradCheck((x) => negative(x), [x])).toThrow(/the gradient of input 0 at flat index 0 is/);
  }
});
