import { expect, test } from 'vitest';
import { defaultGenerator, F, manualSeed, nn, ones, toNested } from '../../src/index.js';

test('the default generator is the one that manualSeed seeds, and that modules draw from', () => {
  const seeded = manualSeed(3);
  expect(defaultGenerator()).toBe(seeded);
  const before = seeded.stateDict();
  new nn.Linear(3, 2);
  expect(seeded.stateDict()).not.toEqual(before);
  expect(manualSeed(3).stateDict()).toEqual(before);
  expect(defaultGenerator()).not.toBe(seeded);
});

test('its state gives the same masks again', () => {
  manualSeed(4);
  const mask = () => toNested(F.dropout(ones([20]), 0.5).data);
  mask();
  const state = JSON.parse(JSON.stringify(defaultGenerator().stateDict()));
  const masks = [mask(), mask()];
  manualSeed(5);
  defaultGenerator().loadStateDict(state);
  expect([mask(), mask()]).toEqual(masks);
});
