import { describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, linspace, type NDArray, ones, zeros } from '../../src/arrays/index.js';
import {
  FullyConnectedNet,
  loadStateDict,
  type Model,
  stateDictOf,
  ThreeLayerConvNet,
  TwoLayerNet,
} from '../../src/classifiers/index.js';
import { isResident, workspace } from '../../src/kernels/index.js';
import { Solver } from '../../src/solver.js';
import { blobs } from '../helpers/nets.js';

const SIZES = { inputDim: 10, numClasses: 4, weightScale: 0.1 };
const batchnormNet = (seed: number, dtype: 'float32' | 'float64' = 'float32') =>
  new FullyConnectedNet([6, 5], { ...SIZES, normalization: 'batchnorm', seed, dtype });

/** What training has changed. */
function trained(seed: number): FullyConnectedNet {
  const model = batchnormNet(seed);
  const data = blobs(200, 10, 4, 1);
  new Solver(model, data, { verbose: false, seed: 1, numEpochs: 1, batchSize: 20 }).train();
  return model;
}

const numbersOf = (state: Readonly<Record<string, NDArray>>) =>
  Object.entries(state).map(([name, a]) => [name, a.shape, [...hostValues(a)]]);

describe('state dicts of classifiers', () => {
  test('have the parameters, and those of batch normalizations their statistics', () => {
    const names = (model: { stateDict(): Record<string, NDArray> }) => Object.keys(model.stateDict());
    expect(names(new TwoLayerNet(SIZES))).toEqual(['W1', 'b1', 'W2', 'b2']);
    expect(names(new ThreeLayerConvNet({ inputDim: [1, 4, 4], filterSize: 3, hiddenDim: 2 }))).toHaveLength(6);
    expect(names(batchnormNet(1))).toEqual([
      ...['W1', 'b1', 'gamma1', 'beta1', 'W2', 'b2', 'gamma2', 'beta2', 'W3', 'b3'],
      ...['runningMean1', 'runningVar1', 'runningMean2', 'runningVar2'],
    ]);
  });

  test('go to another network, which scores the same to the bit', () => {
    const from = trained(1);
    const to = batchnormNet(2);
    const X = linspace(-1, 1, 70, 'float32');
    const rows = array([...hostValues(X)], [7, 10]);
    const { W1 } = to.params;
    expect(to.loadStateDict(from.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(to.params.W1).toBe(W1);
    expect([...hostValues(to.loss(rows))]).toEqual([...hostValues(from.loss(rows))]);
    expect(numbersOf(to.stateDict())).toEqual(numbersOf(from.stateDict()));
  });

  test('are copies, that outlive a workspace', () => {
    const model = trained(1);
    const [state] = workspace(() => [model.stateDict()]);
    const before = numbersOf(state);
    expect(isResident(state.W1)).toBe(false);
    model.loadStateDict(batchnormNet(3).stateDict());
    expect(numbersOf(state)).toEqual(before);
    model.loadStateDict(state);
    state.runningMean1.data.fill(9);
    expect(model.bnParams[0].runningMean?.data).not.toContain(9);
  });

  test('a new network in a workspace has statistics that outlive it', () => {
    const [model] = workspace(() => [batchnormNet(1)]);
    expect([...hostValues(model.stateDict().runningVar2)]).toEqual([0, 0, 0, 0, 0]);
  });

  test('what does not fit is listed, and nothing changes', () => {
    const model = trained(1);
    const before = numbersOf(model.stateDict());
    const other = new FullyConnectedNet([6, 7], { ...SIZES, seed: 1 }).stateDict();
    const message =
      'loadStateDict: the state does not fit FullyConnectedNet: missing gamma1, beta1, gamma2, beta2, runningMean1, ' +
      'runningVar1, runningMean2, runningVar2; unexpected fc; W2 has shape (6, 7), expected (6, 5); b2 has shape ' +
      '(7,), expected (5,); W3 has shape (7, 4), expected (5, 4)';
    expect(() => model.loadStateDict({ ...other, fc: zeros([1]) })).toThrow(message);
    expect(() => model.loadStateDict(batchnormNet(1, 'float64').stateDict())).toThrow(
      'W1, b1, gamma1, beta1 and 10 more are float64, expected float32: the option { convert: true } converts',
    );
    expect(() => model.loadStateDict({ W1: [1] } as never)).toThrow("loadStateDict: 'W1' is [1], expected an array");
    expect(numbersOf(model.stateDict())).toEqual(before);
  });

  test('other dtypes are converted when that is asked for', () => {
    const model = batchnormNet(1);
    const from = batchnormNet(2, 'float64');
    from.bnParams[0].runningMean = linspace(0, 1, 6);
    model.loadStateDict(from.stateDict(), { convert: true });
    for (const a of Object.values(model.stateDict())) expect(dtypeOf(a)).toBe('float32');
    expect(model.bnParams[0].runningMean?.get(1)).toBe(Math.fround(0.2));
  });
});

describe('state dicts of models of your own', () => {
  /** Before the first training pass it has no statistics. */
  const make = (): Model => ({ params: { W: ones([2]) }, bnParams: [{ mode: 'train' }], loss: () => zeros([1, 2]) });

  test('have statistics from the first pass on', () => {
    expect(Object.keys(stateDictOf(make()))).toEqual(['W']);
    const from: Model = { ...make(), bnParams: [{ mode: 'train', runningMean: ones([3]), runningVar: ones([3]) }] };
    const state = stateDictOf(from);
    expect(Object.keys(state)).toEqual(['W', 'runningMean1', 'runningVar1']);
    const to = make();
    expect(loadStateDict(to, state).missingKeys).toEqual([]);
    expect(numbersOf(stateDictOf(to))).toEqual(numbersOf(state));
    expect(loadStateDict(make(), stateDictOf(make()))).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(() => loadStateDict(make(), { ...state, runningVar1: ones([1, 3]) })).toThrow(
      'the state does not fit Object: runningVar1 has shape (1, 3), expected (C,)',
    );
  });

  test('are of models only, whose names are not those of statistics', () => {
    expect(() => stateDictOf(null as never)).toThrow('stateDictOf: model is null, expected a model, with params');
    expect(() => loadStateDict({} as never, {})).toThrow('loadStateDict: model is an object, expected a model, with');
    expect(() => stateDictOf({ params: { a: [1] } } as never)).toThrow('stateDictOf: model.params.a is [1], expected');
    const odd = { ...make(), params: { runningMean1: ones([1]) } };
    expect(() => stateDictOf(odd)).toThrow(
      "a name in model.params is 'runningMean1', expected another name: running statistics have it",
    );
  });

  test("a Solver's state has the parameters once, and the model's own state as before", () => {
    const data = blobs(40, 10, 4, 1);
    const options = { verbose: false, seed: 1, batchSize: 20 };
    expect(new Solver(batchnormNet(1), data, options).stateDict().model).toBeNull();
    class Counting extends TwoLayerNet {
      override stateDict(): never {
        return { calls: 3 } as never;
      }
    }
    expect(new Solver(new Counting(SIZES), data, options).stateDict().model).toEqual({ calls: 3 });
  });
});
