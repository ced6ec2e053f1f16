import { describe, expect, test } from 'vitest';
import { array, type NDArray, nn, ones, type Tensor } from '../../src/index.js';

const parameter = (value: number): nn.Parameter => new nn.Parameter(array([value]));

class Parts extends nn.Module {
  readonly parts: unknown;

  constructor(parts: unknown) {
    super();
    this.parts = parts;
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}

describe('two members whose paths join to one name', () => {
  const cases: Record<string, [parts: unknown, name: string]> = {
    'a dot in a key': [{ 'a.b': parameter(1), a: { b: parameter(2) } }, 'parts.a.b'],
    'a dot in a key, and a module': [{ 'a.weight': parameter(1), a: new nn.Linear(2, 2) }, 'parts.a.weight'],
    'a number and its text in a Map': [
      new Map<unknown, unknown>([
        [1, parameter(1)],
        ['1', parameter(2)],
      ]),
      'parts.1',
    ],
  };

  test.each(Object.entries(cases))('%s: refused by name', (_, [parts, name]) => {
    const model = new Parts(parts);
    const message =
      `Parts has two tensors of the name '${name}', expected each name once: ` + 'a dot in a key joins like a path';
    expect(() => model.stateDict()).toThrow(new RangeError(`stateDict: ${message}`));
    expect(() => model.loadStateDict({})).toThrow(new RangeError(`loadStateDict: ${message}`));
  });

  test('one tensor under one name twice is no loss', () => {
    const shared = parameter(3);
    const model = new Parts({ 'a.b': shared, a: { b: shared } });
    expect(model.stateDict()['parts.a.b'].get(0)).toBe(3);
  });
});

describe('a state dict without num_batches_tracked', () => {
  /** What a batch normalization of PyTorch before 0.4.1 saved. */
  function oldState(): Record<string, NDArray> {
    return { weight: ones([3]), bias: ones([3]), running_mean: ones([3]), running_var: ones([3]) };
  }

  test.each([nn.BatchNorm1d, nn.BatchNorm2d])('loads strictly, and the number stays', (BatchNorm) => {
    const norm = new BatchNorm(3);
    norm.numBatchesTracked!.data.data[0] = 7;
    expect(norm.loadStateDict(oldState())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(norm.numBatchesTracked?.item()).toBe(7);
    expect(norm.runningMean?.tolist()).toEqual([1, 1, 1]);
  });

  test('also inside of others, and what else is missing is named', () => {
    const model = new nn.Sequential(new nn.ReLU(), new nn.BatchNorm2d(3));
    const { running_var, ...rest } = oldState();
    const state = Object.fromEntries(Object.entries(rest).map(([name, value]) => [`1.${name}`, value]));
    expect(() => model.loadStateDict(state)).toThrow('the state does not fit Sequential: missing 1.running_var');
    model.loadStateDict({ ...state, '1.running_var': running_var });
    const { missingKeys } = model.loadStateDict({}, { strict: false });
    expect(missingKeys).toEqual(['1.weight', '1.bias', '1.running_mean', '1.running_var']);
  });
});
