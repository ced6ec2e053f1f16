import { describe, expect, test } from 'vitest';
import { hostValues, Random, toNested } from '../../src/arrays/index.js';
import { FullyConnectedNet, ThreeLayerConvNet, TwoLayerNet } from '../../src/classifiers/index.js';

describe.each([
  ['TwoLayerNet', () => new TwoLayerNet({ inputDim: 48, hiddenDim: 7, weightScale: 0.3, seed: 1 })],
  [
    'FullyConnectedNet',
    () =>
      new FullyConnectedNet([6, 5], {
        inputDim: 48,
        normalization: 'batchnorm',
        dropout: 0.5,
        seed: 1,
        weightScale: 1,
      }),
  ],
  ['ThreeLayerConvNet', () => new ThreeLayerConvNet({ inputDim: [3, 4, 4], numFilters: 2, hiddenDim: 5, seed: 1 })],
] as const)('activations of %s', (name, make) => {
  test('are one for each layer, of its shape; the last are the scores', () => {
    const net = make();
    const X = new Random(2).randn([3, 3, 4, 4]);
    const outputs = net.activations(X);
    expect(outputs.map(({ shape }) => shape)).toEqual(net.layers().map(({ outputShape }) => [3, ...outputShape]));
    expect(toNested(outputs[outputs.length - 1])).toEqual(toNested(net.loss(X)));
    for (const hidden of outputs.slice(0, -1)) expect(Math.min(...hostValues(hidden))).toBeGreaterThanOrEqual(0);
  });

  test('change nothing', () => {
    const [looked, other] = [make(), make()];
    const X = new Random(2).randn([4, 3, 4, 4]);
    const losses = [looked, other].map((net) => {
      const first = net.loss(X, [0, 1, 2, 3]).loss;
      if (net === looked) net.activations(X);
      return [first, net.loss(X, [3, 2, 1, 0]).loss];
    });
    expect(losses[0]).toEqual(losses[1]);
    expect(looked.stateDict()).toEqual(other.stateDict());
    if (looked instanceof FullyConnectedNet) {
      expect([...looked.bnParams, ...looked.dropoutParams].map(({ mode }) => mode)).toEqual(Array(4).fill('train'));
    }
  });

  test('a batch that does not fit is refused', () => {
    expect(() => make().activations(new Random(2).randn([2, 5]))).toThrow(`${name}.activations: X has shape (2, 5)`);
  });
});
