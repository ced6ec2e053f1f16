import { expect, test } from 'vitest';
import { TwoLayerNet } from '../../src/classifiers/index.js';
import { LiveLook } from '../../src/training/live-look.js';

test('one step is looked at, and the next only when that may be', () => {
  const model = new TwoLayerNet({ inputDim: 4, hiddenDim: 3, numClasses: 2, seed: 0 });
  const look = new LiveLook(model, 2, null);
  // An evaluation after the first step, as of a Solver: gradients come with the second one.
  look.stepped(performance.now());
  look.evaluated(performance.now());
  look.take(1);
  expect([look.isDue, look.isReady]).toEqual([true, false]);
  look.before();
  look.after();
  // The clock of the loop is read before the look is taken.
  look.stepped(performance.now() + 5000);
  expect(look.isReady).toBe(true);
  look.take(2);
  expect([look.isDue, look.isReady]).toEqual([false, false]);
  look.stepped(performance.now());
  expect(look.isDue).toBe(false);
});
