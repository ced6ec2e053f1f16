import { describe, expect, test } from 'vitest';
import { FullyConnectedNet, nn, ThreeLayerConvNet, TwoLayerNet } from '../../src/index.js';

describe('architecture', () => {
  test('of a module has classes, options and names', () => {
    const model = new nn.Sequential(
      new nn.Conv2d(3, 4, 3, { padding: 1, bias: false }),
      new nn.Residual(new nn.Sequential(new nn.BatchNorm2d(4, { affine: false }))),
      new nn.ConstantPad2d(1, Number.NEGATIVE_INFINITY),
    );
    model.eval();
    const { children, ...root } = model.architecture();
    expect(root).toEqual({ class: 'Sequential', options: {} });
    expect(children[0]).toEqual({
      name: '0',
      class: 'Conv2d',
      options: {
        inChannels: 3,
        outChannels: 4,
        kernelSize: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
        bias: null,
      },
      children: [],
    });
    expect(children[1].children.map(({ name, class: kind }) => [name, kind])).toEqual([
      ['body', 'Sequential'],
      ['shortcut', 'Identity'],
    ]);
    const norm = children[1].children[0].children[0];
    expect(norm.options).toEqual({ numFeatures: 4, eps: 1e-5, momentum: 0.1, weight: null, bias: null });
    expect(children[2].options).toEqual({ padding: [1, 1, 1, 1], value: '-Infinity' });
    expect(JSON.parse(JSON.stringify(model.architecture()))).toEqual(model.architecture());
  });

  test('of a module of your own leaves out what JSON cannot say', () => {
    class Net extends nn.Module {
      readonly sizes = [1, [2]];
      readonly activation = Math.max;
      readonly list = [new nn.ReLU()];
      forward = nn.Identity.prototype.forward;
    }
    expect(new Net().architecture()).toEqual({
      class: 'Net',
      options: { sizes: [1, [2]] },
      children: [{ name: 'list.0', class: 'ReLU', options: {}, children: [] }],
    });
  });

  test('of a module that contains itself ends', () => {
    const model = new nn.Sequential(new nn.ReLU());
    Object.assign(model, { self: model });
    expect(model.architecture().children.map(({ name }) => name)).toEqual(['0']);
  });

  test('of a classifier makes one of the same form', () => {
    const common = { numClasses: 3, reg: 0.5, dtype: 'float64' as const };
    const two = { inputDim: 5, hiddenDim: 4, ...common };
    expect(new TwoLayerNet(two).architecture()).toEqual({ class: 'TwoLayerNet', options: two, children: [] });
    const conv = { inputDim: [2, 6, 4] as const, numFilters: 3, filterSize: 5, hiddenDim: 7, ...common };
    expect(new ThreeLayerConvNet(conv).architecture()).toEqual({
      class: 'ThreeLayerConvNet',
      options: conv,
      children: [],
    });
    for (const normalization of ['batchnorm', 'layernorm', null] as const) {
      const options = { inputDim: 5, normalization, dropout: normalization === null ? 1 : 0.5, ...common };
      expect(new FullyConnectedNet([6, 4], options).architecture()).toEqual({
        class: 'FullyConnectedNet',
        options: { hiddenDims: [6, 4], ...options },
        children: [],
      });
    }
    const model = new FullyConnectedNet([6, 4], { inputDim: 5, normalization: 'batchnorm' });
    model.bnParams[1].eps = 0.5;
    expect(model.architecture().options.batchnormEps).toEqual([1e-5, 0.5]);
  });
});
