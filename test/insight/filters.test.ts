import { describe, expect, test } from 'vitest';
import { array, hostValues, linspace } from '../../src/arrays/index.js';
import { ThreeLayerConvNet, TwoLayerNet } from '../../src/classifiers/index.js';
import { filtersOf, filterWeights } from '../../src/insight/index.js';
import * as nn from '../../src/nn/index.js';
import { visualizeGrid } from '../../src/pictures/index.js';

describe('filtersOf', () => {
  test('filters of a convolution, scaled as visualizeGrid scales them', () => {
    const model = new nn.Sequential(new nn.Conv2d(3, 4, 2), new nn.Flatten());
    const filters = filtersOf(model);
    expect(filters).toMatchObject({ name: '0.weight', count: 4, total: 4, height: 2, width: 2, channels: 3 });
    const weight = (model.at(0) as nn.Conv2d).weight.data;
    const alone = visualizeGrid(weight.hi(1, 3, 2, 2).transpose(0, 2, 3, 1));
    expect([...(filters?.pixels ?? []).slice(0, 12)]).toEqual(Array.from(hostValues(alone), Math.round));
  });

  test('rows of a linear layer over the pixels: of a classifier and of a module', () => {
    const net = new TwoLayerNet({ inputDim: 12, hiddenDim: 2, numClasses: 3 });
    // Unit 0 has weights 0, 2, 4, …, unit 1 has 1, 3, 5, ….
    hostValues(net.params.W1).set(hostValues(linspace(0, 23, 24)));
    const filters = filtersOf(net, { inputShape: [3, 2, 2] });
    expect(filters).toMatchObject({ name: 'W1', count: 2, total: 2, height: 2, width: 2, channels: 3, change: null });
    // Values 0 to 11 of the planes red, green, blue: pixel 0 has 0, 4 and 8.
    const shades = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map((i) => Math.round((255 * i) / 11));
    expect([...(filters?.pixels ?? [])]).toEqual([...shades, ...shades]);

    const linear = new nn.Linear(12, 2);
    hostValues(linear.weight.data).set(hostValues(array(net.params.W1).transpose(1, 0)));
    expect(filtersOf(new nn.Sequential(new nn.Flatten(), linear), { inputShape: [3, 2, 2] })?.pixels).toEqual(
      filters?.pixels,
    );
    expect(filtersOf(new nn.Linear(12, 2), { inputShape: [3, 4] })).toMatchObject({ channels: 1, height: 3, width: 4 });
  });

  test('their change since an earlier copy', () => {
    const net = new ThreeLayerConvNet({ inputDim: [1, 4, 4], numFilters: 2, filterSize: 3, hiddenDim: 2, seed: 0 });
    const w = hostValues(net.params.W1);
    w.fill(0);
    w[0] = 3;
    const earlier = filterWeights(net);
    w[0] = 5;
    w[1] = 0;
    const change = filtersOf(net, { earlier })?.change;
    expect(change?.relative).toEqual([2 / 5, null]);
    expect([...(change?.pixels ?? [])]).toEqual([255, ...new Array(17).fill(0)]);
    // A copy of other filters says nothing.
    expect(filtersOf(new ThreeLayerConvNet(), { earlier })?.change).toBeNull();
  });

  test('at most as many as asked for', () => {
    const net = new TwoLayerNet({ inputDim: 12, hiddenDim: 100 });
    expect(filtersOf(net, { inputShape: [3, 2, 2] })).toMatchObject({ count: 64, total: 100 });
    expect(filtersOf(net, { inputShape: [3, 2, 2], most: 3 })?.pixels).toHaveLength(36);
    expect(() => filtersOf(net, { most: 0 })).toThrow('filtersOf: most is 0, expected a whole number ≥ 1');
  });

  test('no filters: rows over something else, 1 × 1 windows, groups, values that are not finite', () => {
    expect(filtersOf(new TwoLayerNet({ inputDim: 12 }))).toBeNull();
    expect(filtersOf(new TwoLayerNet({ inputDim: 12 }), { inputShape: [3, 3, 3] })).toBeNull();
    expect(filtersOf(new nn.Conv2d(3, 4, 1))).toBeNull();
    expect(filtersOf(new nn.Conv2d(4, 4, 3, { groups: 4 }))).toBeNull();
    const net = new TwoLayerNet({ inputDim: 4, hiddenDim: 1 });
    hostValues(net.params.W1).fill(Number.NaN);
    expect([...(filtersOf(net, { inputShape: [1, 2, 2] })?.pixels ?? [1])]).toEqual([0, 0, 0, 0]);
  });
});
