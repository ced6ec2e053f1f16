import { describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, type NDArray, ShapeError, versionOf, zeros } from '../../src/arrays/index.js';
import { manualSeed, type TensorLike, tensor } from '../../src/autograd/index.js';
import { isResident, workspace } from '../../src/kernels/index.js';
import * as nn from '../../src/nn/index.js';

function net(dtype: 'float32' | 'float64' = 'float32'): nn.Sequential {
  return new nn.Sequential(new nn.Linear(2, 3, { dtype }), new nn.BatchNorm1d(3, { dtype }));
}

/** The error that loading throws, after which nothing has changed. */
function refusal(state: unknown, options?: object): Error {
  const model = net();
  const before = model.stateDict();
  let error: unknown;
  try {
    model.loadStateDict(state as Record<string, NDArray>, options);
  } catch (thrown) {
    error = thrown;
  }
  expect(model.stateDict()).toEqual(before);
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

describe('stateDict', () => {
  test('has parameters and buffers under the names of PyTorch', () => {
    const state = net().stateDict();
    expect(Object.entries(state).map(([name, { shape }]) => [name, shape])).toEqual([
      ['0.weight', [3, 2]],
      ['0.bias', [3]],
      ['1.weight', [3]],
      ['1.bias', [3]],
      ['1.running_mean', [3]],
      ['1.running_var', [3]],
      ['1.num_batches_tracked', []],
    ]);
    expect(hostValues(state['1.running_var'])).toEqual(Float32Array.of(1, 1, 1));
  });

  test('has copies, that outlive a workspace', () => {
    const model = net();
    const state = workspace(() => {
      const inside = model.stateDict();
      expect(isResident(inside['0.weight'])).toBe(false);
      return [inside];
    })[0];
    const before = [...hostValues(state['0.weight'])];
    nn.init.zeros_((model.at(0) as nn.Linear).weight);
    expect([...hostValues(state['0.weight'])]).toEqual(before);
  });
});

describe('loadStateDict', () => {
  test('takes over values in place, and says so', () => {
    manualSeed(1);
    const [from, to] = [net(), net()];
    const { weight } = to.at(0) as nn.Linear;
    const [data, version] = [weight.data, versionOf(weight.data)];
    expect(to.loadStateDict(from.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(to.stateDict()).toEqual(from.stateDict());
    expect(weight.data).toBe(data);
    expect(versionOf(weight.data)).toBe(version + 1);
  });

  test('takes tensors, views and, when it is asked to, another dtype', () => {
    const model = new nn.Linear(2, 3);
    const weight = array([1, 2, 3, 4, 5, 6], [2, 3], 'float64').transpose(1, 0);
    model.loadStateDict({ weight, bias: tensor([7, 8, 9]) }, { convert: true });
    expect(model.weight.tolist()).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(dtypeOf(model.stateDict().weight)).toBe('float32');
    expect(model.bias?.tolist()).toEqual([7, 8, 9]);
  });

  test('lists everything that does not fit', () => {
    const error = refusal({ '0.weight': zeros([2, 3]), '0.bias': zeros([3]), '1.weight': zeros([4]), fc: zeros([1]) });
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toBe(
      'loadStateDict: the state does not fit Sequential: missing 1.bias, 1.running_mean, 1.running_var; ' +
        'unexpected fc; 0.weight has shape (2, 3), expected (3, 2); ' +
        '1.weight has shape (4,), expected (3,)',
    );
  });

  test('says what takes off, or has, what stands in front of all names', () => {
    const below = (start: string) =>
      Object.fromEntries(Object.entries(net().stateDict()).map(([name, a]) => [`${start}.${name}`, a]));
    expect(refusal(below('module')).message).toMatch(/; load\(file, { key: 'module' }\) reads the names below that$/);
    expect(refusal({ ...below('a.net'), 'optimizer.step': zeros([]) }).message).toMatch(/{ key: 'a\.net' }/);
    expect(refusal(below('state.model')).message).toMatch(/; it is of a checkpoint: loadCheckpoint\(file\)\.model has/);
    expect(() => new nn.Sequential(net()).loadStateDict(net().stateDict())).toThrow(
      "1.num_batches_tracked; it fits the part of the model that is called '0'",
    );
    const { 'module.0.bias': _, ...rest } = below('module') as Record<string, NDArray>;
    expect(refusal({ ...rest, 'other.0.bias': zeros([3]) }).message).not.toContain('key');
  });

  test.each([
    ['model.pt', "state is 'model.pt', expected an object of arrays by name: load(file) reads them from a file"],
    [net(), 'state is a Sequential, expected an object of arrays by name: pass its stateDict()'],
    [Promise.resolve({}), 'state is a Promise, expected an object of arrays by name: await it'],
    [new Uint8Array(4), 'expected an object of arrays by name: decodeSafetensors(bytes).tensors has those of a file'],
    [tensor([1]), 'state is a tensor of shape (1,), expected an object of arrays by name: give it a name'],
    [
      { kind: 'fit', iteration: 3, model: net().stateDict(), state: {} },
      "'kind' is 'fit', expected an array or a tensor: of a checkpoint, loadCheckpoint(file).model has the weights",
    ],
  ])('of something else says where a state is: %o', (state, message) => {
    expect(refusal(state)).toBeInstanceOf(TypeError);
    expect(refusal(state).message).toContain(message);
  });

  test('is no ShapeError where all shapes are right', () => {
    const error = refusal({ ...net().stateDict(), more: zeros([1]) });
    expect([error.name, error.message]).toEqual([
      'RangeError',
      'loadStateDict: the state does not fit Sequential: unexpected more',
    ]);
  });

  test('refuses another dtype, in a list with all else, but for counters', () => {
    const other = net('float64').stateDict();
    expect(refusal(other).message).toBe(
      'loadStateDict: the state does not fit Sequential: 0.weight, 0.bias, 1.weight, 1.bias and 2 more are float64, ' +
        'expected float32: the option { convert: true } converts',
    );
    const { '0.weight': weight, '0.bias': _, ...rest } = net().stateDict();
    expect(refusal({ ...rest, '0.weight': weight.transpose(1, 0), '1.bias': other['1.bias'] }).message).toBe(
      'loadStateDict: the state does not fit Sequential: missing 0.bias; 0.weight has shape (2, 3), expected (3, 2); ' +
        '1.bias is float64, expected float32: the option { convert: true } converts',
    );
    const model = net();
    model.loadStateDict({ ...net().stateDict(), '1.num_batches_tracked': array([7], [], 'float64') });
    expect((model.at(1) as nn.BatchNorm1d).numBatchesTracked?.item()).toBe(7);
    for (const count of [0.5, 2 ** 24 + 1]) {
      const state = { ...net().stateDict(), '1.num_batches_tracked': array([count], [], 'float64') };
      expect(refusal(state).message).toContain('1.num_batches_tracked is float64, expected float32');
    }
  });

  test('strict = false leaves out what only one side has, but takes no wrong shape', () => {
    const model = net();
    const result = model.loadStateDict({ '0.bias': array([1, 2, 3]), fc: zeros([1]) }, { strict: false });
    expect(result.unexpectedKeys).toEqual(['fc']);
    expect(result.missingKeys).toEqual(
      Object.keys(model.stateDict()).filter((name) => !['0.bias', '1.num_batches_tracked'].includes(name)),
    );
    expect([...hostValues(model.stateDict()['0.bias'])]).toEqual([1, 2, 3]);
    expect(refusal({ '0.bias': zeros([2]) }, { strict: false }).message).toBe(
      'loadStateDict: the state does not fit Sequential: 0.bias has shape (2,), expected (3,)',
    );
  });

  test('loads into every place of what is shared', () => {
    const shared = new nn.Linear(1, 1);
    const model = new nn.Sequential(shared, shared);
    const state = model.stateDict();
    for (const [i, a] of Object.values(state).entries()) a.data[0] = i;
    model.loadStateDict(state);
    expect(shared.weight.item()).toBe(2);
  });

  test('has no names that every object has', () => {
    const model = new nn.Sequential();
    Object.assign(model, { toString2: new nn.Parameter(zeros([1])) });
    expect(() => model.loadStateDict({})).toThrow('missing toString2');
    class Odd extends nn.Module {
      constructor(readonly layers = { constructor: new nn.Parameter(zeros([1])) }) {
        super();
      }
      override forward(x: TensorLike) {
        return new nn.Identity().forward(x);
      }
    }
    expect(() => new Odd().loadStateDict({})).toThrow('missing layers.constructor');
  });

  const good = net().stateDict();
  const ended: NDArray[] = [];
  workspace(() => {
    ended.push(zeros([3]));
  });
  test.each<[unknown, object | undefined, string]>([
    [null, undefined, 'state is null, expected an object of arrays by name'],
    [[zeros([1])], undefined, 'state is [an array of shape (1,)], expected an object of arrays by name'],
    [new Map(), undefined, 'state is a Map, expected an object of arrays by name'],
    [new Set(), undefined, 'state is a Set, expected an object of arrays by name'],
    [Promise.resolve(good), undefined, 'state is a Promise, expected an object of arrays by name'],
    [new Uint8Array(8), undefined, 'state is a Uint8Array, expected an object of arrays by name'],
    [tensor([1]), undefined, 'state is a tensor of shape (1,), expected an object of arrays by name'],
    [net(), undefined, 'state is a Sequential, expected an object of arrays by name: pass its stateDict()'],
    [
      { tensors: good },
      undefined,
      "'tensors' is an object, expected an array or a tensor: it has arrays by name: pass it alone",
    ],
    [{ ...good, '0.bias': [1, 2, 3] }, undefined, "'0.bias' is [1, 2, 3], expected an array or a tensor"],
    [{ ...good, '1.bias': ended[0] }, undefined, '1.bias: '],
    [good, { Strict: true }, "unknown option 'Strict', expected strict, convert"],
    [good, { convert: 1 }, 'convert is 1, expected true or false'],
    [good, { strict: 'no' }, "strict is 'no', expected true or false"],
  ])('refuses %o', (state, options, message) => {
    expect(refusal(state, options).message).toContain(`loadStateDict: ${message}`);
  });
});
