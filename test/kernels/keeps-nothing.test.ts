import { describe, expect, test } from 'vitest';
import { FullyConnectedNet, type Labels, type NDArray, ThreeLayerConvNet, TwoLayerNet } from '../../src/index.js';
import { isKeepingNothing, keepsNothing } from '../../src/kernels/index.js';
import { updateRules } from '../../src/optim/index.js';

describe('keepsNothing', () => {
  test('returns the function, with a property that says so', () => {
    const fn = (): void => {};
    expect(isKeepingNothing(fn)).toBe(false);
    expect(keepsNothing(fn)).toBe(fn);
    expect(isKeepingNothing(fn)).toBe(true);
    expect(fn).toHaveProperty('keepsNothing', true);
  });

  test('holds for the update rules and the classifiers, and not for a method that overrides theirs', () => {
    for (const rule of Object.values(updateRules)) expect(isKeepingNothing(rule)).toBe(true);
    for (const { prototype } of [TwoLayerNet, FullyConnectedNet, ThreeLayerConvNet]) {
      expect(isKeepingNothing(prototype.loss)).toBe(true);
    }
    class Keeping extends TwoLayerNet {
      override loss(X: NDArray, y?: Labels): never {
        return super.loss(X, y as Labels) as never;
      }
    }
    class Silent extends TwoLayerNet {}
    expect(isKeepingNothing(Keeping.prototype.loss)).toBe(false);
    expect(isKeepingNothing(Silent.prototype.loss)).toBe(true);
  });
});
