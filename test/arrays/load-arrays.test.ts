import { describe, expect, test } from 'vitest';
import { array, toNested, zeros } from '../../src/arrays/index.js';
import { encodeSafetensors, loadStateDict, nn, stateDictOf, TwoLayerNet } from '../../src/index.js';

/** The matrices of two layers, and the state that exchanges them. */
function exchanged() {
  const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
  const { '0.weight': a, '0.bias': c, '1.weight': b, '1.bias': d } = Object.fromEntries(model.namedParameters());
  return { model, state: { '0.weight': b, '1.weight': a, '0.bias': d, '1.bias': c } };
}

describe('a state that is a view of the model itself is read before it is overwritten', () => {
  test('parameters that change places', () => {
    const { model, state } = exchanged();
    const before = model.stateDict();
    model.loadStateDict(state);
    const after = model.stateDict();
    expect(toNested(after['0.weight'])).toEqual(toNested(before['1.weight']));
    expect(toNested(after['1.weight'])).toEqual(toNested(before['0.weight']));
    expect(toNested(after['1.bias'])).toEqual(toNested(before['0.bias']));
  });

  test('a transposed and a reversed matrix', () => {
    const layer = new nn.Linear(2, 2, { bias: false });
    layer.loadStateDict({ weight: array([[1, 2], [3, 4]]) }); // biome-ignore format: a matrix
    layer.loadStateDict({ weight: layer.weight.data.transpose(1, 0) });
    expect(toNested(layer.weight.data)).toEqual([
      [1, 3],
      [2, 4],
    ]);
    layer.loadStateDict({ weight: layer.weight.data.step(-1, -1) });
    expect(toNested(layer.weight.data)).toEqual([
      [4, 2],
      [3, 1],
    ]);
  });

  test('of a classifier', () => {
    const model = new TwoLayerNet({ inputDim: 2, hiddenDim: 2, numClasses: 2 });
    const before = model.stateDict();
    const { W1, b1, W2, b2 } = model.params;
    model.loadStateDict({ W1: W2, b1, W2: W1, b2 });
    expect(toNested(model.params.W2)).toEqual(toNested(before.W1));
  });
});

describe('what is no state dict of the model', () => {
  test('names with a prefix are said to have it', () => {
    const { model } = exchanged();
    const prefixed = Object.fromEntries(Object.entries(model.stateDict()).map(([name, a]) => [`module.${name}`, a]));
    expect(() => model.loadStateDict({ ...prefixed, n: zeros([]) })).toThrow(
      "n; load(file, { key: 'module' }) reads the names below that",
    );
    delete prefixed['module.1.bias'];
    expect(() => model.loadStateDict(prefixed)).not.toThrow('key');
    expect(() => model.loadStateDict(prefixed)).toThrow('missing 0.weight');
  });

  test('a module has methods of its own', () => {
    const { model } = exchanged();
    expect(() => stateDictOf(model as never)).toThrow('it has methods of its own: model.stateDict');
    expect(() => loadStateDict(model as never, {})).toThrow('it has methods of its own: model.loadStateDict');
  });

  test('what has no entries is not written as an empty file', () => {
    for (const state of [new Set([zeros([1])]), Promise.resolve({}), new Date()]) {
      expect(() => encodeSafetensors(state as never)).toThrow('expected an object of arrays by name');
    }
    expect(() => encodeSafetensors(new nn.Linear(1, 1).weight as never)).toThrow('state is a tensor of shape (1, 1)');
    expect(() => encodeSafetensors({ a: new Float32Array(2) } as never)).toThrow('make it with array(x)');
    class Parts {
      a = zeros([1]);
    }
    expect(() => encodeSafetensors(new Parts() as never)).not.toThrow();
  });
});
