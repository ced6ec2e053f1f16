import { describe, expect, test } from 'vitest';
import { type NDArray, zeros } from '../src/arrays/index.js';
import { TwoLayerNet } from '../src/classifiers/index.js';
import * as optim from '../src/optim/index.js';
import { Solver, type SolverOptions } from '../src/solver.js';
import { copiesOf } from './helpers/nets.js';
import { ScriptedModel, scriptedData } from './helpers/scripted-model.js';

const QUIET = { verbose: false, seed: 1 };

const OPTIONS =
  'updateRule, optimConfig, lrDecay, batchSize, numEpochs, printEvery, verbose, loggers, ' +
  'numTrainSamples, numValSamples, seed, distributed, syncBatchnorm, verify, checkpoint, resume, ui, onIteration, ' +
  'onEpoch';

const RULES = 'sgd, sgd_momentum, nesterov, rmsprop, adagrad, adam, adamw';

describe('options', () => {
  test.each<[options: unknown, kind: string, message: string]>([
    [{ epochs: 3 }, 'TypeError', `Solver: unknown option 'epochs', expected ${OPTIONS}`],
    [{ learningRate: 3 }, 'TypeError', `Solver: unknown option 'learningRate', expected ${OPTIONS}`],
    [{ checkpint: 'a' }, 'TypeError', `Solver: unknown option 'checkpint', expected ${OPTIONS}`],
    [null, 'TypeError', `Solver: options is null, expected an object with any of ${OPTIONS}`],
    [
      { updateRule: 'sgdMomentum' },
      'RangeError',
      `Solver: unknown updateRule 'sgdMomentum', expected a function or one of ${RULES}`,
    ],
    [
      { updateRule: 'toString' },
      'RangeError',
      `Solver: unknown updateRule 'toString', expected a function or one of ${RULES}`,
    ],
    [{ updateRule: null }, 'RangeError', `Solver: unknown updateRule null, expected a function or one of ${RULES}`],
    [{ updateRule: 3 }, 'RangeError', `Solver: unknown updateRule 3, expected a function or one of ${RULES}`],
    [
      { optimConfig: { learningRate: -1 } },
      'RangeError',
      'Solver: optimConfig: learningRate is -1, expected a number ≥ 0',
    ],
    [
      { optimConfig: { learningRate: Number.NaN } },
      'RangeError',
      'Solver: optimConfig: learningRate is NaN, expected a number ≥ 0',
    ],
    [
      { updateRule: () => [], optimConfig: { learningRate: '1' } },
      'RangeError',
      "Solver: optimConfig: learningRate is '1', expected a number ≥ 0",
    ],
    [
      { updateRule: 'adam', optimConfig: { beta1: 1 } },
      'RangeError',
      'Solver: optimConfig: beta1 is 1, expected a number in [0, 1)',
    ],
    [
      { updateRule: optim.rmsprop, optimConfig: { decayRate: 2 } },
      'RangeError',
      'Solver: optimConfig: decayRate is 2, expected a number from 0 to 1',
    ],
    [{ optimConfig: { lr: 1 } }, 'TypeError', `Solver: optimConfig: unknown option 'lr', expected learningRate`],
    [{ optimConfig: 0.1 }, 'TypeError', 'Solver: optimConfig is 0.1, expected an object'],
    [{ optimConfig: null }, 'TypeError', 'Solver: optimConfig is null, expected an object'],
    [{ lrDecay: -0.5 }, 'RangeError', 'Solver: lrDecay is -0.5, expected a number ≥ 0'],
    [{ lrDecay: Number.NaN }, 'RangeError', 'Solver: lrDecay is NaN, expected a number ≥ 0'],
    [{ batchSize: 0 }, 'RangeError', 'Solver: batchSize is 0, expected a whole number ≥ 1'],
    [{ batchSize: 2.5 }, 'RangeError', 'Solver: batchSize is 2.5, expected a whole number ≥ 1'],
    [{ batchSize: null }, 'RangeError', 'Solver: batchSize is null, expected a whole number ≥ 1'],
    [{ numEpochs: 0 }, 'RangeError', 'Solver: numEpochs is 0, expected a whole number ≥ 1'],
    [{ numEpochs: '10' }, 'RangeError', "Solver: numEpochs is '10', expected a whole number ≥ 1"],
    [
      { numEpochs: Number.POSITIVE_INFINITY },
      'RangeError',
      'Solver: numEpochs is Infinity, expected a whole number ≥ 1',
    ],
    [{ printEvery: 0 }, 'RangeError', 'Solver: printEvery is 0, expected a whole number ≥ 1'],
    [{ numTrainSamples: 0 }, 'RangeError', 'Solver: numTrainSamples is 0, expected a whole number ≥ 1'],
    [{ numValSamples: -3 }, 'RangeError', 'Solver: numValSamples is -3, expected a whole number ≥ 1'],
    [{ verbose: 'no' }, 'TypeError', "Solver: verbose is 'no', expected true or false"],
    [{ onIteration: 3 }, 'TypeError', 'Solver: onIteration is 3, expected a function'],
    [{ onEpoch: null }, 'TypeError', 'Solver: onEpoch is null, expected a function'],
    [{ seed: true }, 'TypeError', 'Random: seed is true, expected a number or a string'],
  ])('refuses %j', (options, name, message) => {
    const make = () => new Solver(new ScriptedModel(), scriptedData(4, 4), options as SolverOptions);
    expect(make).toThrow(expect.objectContaining({ name, message }));
  });

  test('a rule of your own may take what it likes', () => {
    const rule = (w: NDArray, _: NDArray, config?: { learningRate?: number; warmup?: number }) =>
      [w, config ?? {}] as [NDArray, { learningRate?: number; warmup?: number }];
    const options = { ...QUIET, updateRule: rule, optimConfig: { warmup: -5 }, batchSize: 2 };
    expect(new Solver(new ScriptedModel(), scriptedData(4, 4), options).step()).toBe(1);
  });
});

describe('data', () => {
  const good = { XTrain: zeros([3, 4]), yTrain: [0, 1, 2], XVal: zeros([2, 4]), yVal: [0, 1] };

  test.each<[what: string, data: unknown, message: string]>([
    ['none', null, 'data is null, expected { XTrain, yTrain, XVal, yVal }'],
    ['no XTrain', { ...good, XTrain: undefined }, 'XTrain is undefined, expected an array of float32 or float64'],
    ['no XVal', { ...good, XVal: undefined }, 'XVal is undefined, expected an array of float32 or float64'],
    ['no yTrain', { ...good, yTrain: undefined }, 'yTrain is undefined, expected a list of labels'],
    ['no yVal', { ...good, yVal: null }, 'yVal is null, expected a list of labels'],
    [
      'no training examples',
      { ...good, XTrain: zeros([0, 4]), yTrain: [] },
      'XTrain has shape (0, 4), expected (N, …) with every size at least 1',
    ],
    [
      'no validation examples',
      { ...good, XVal: zeros([0, 4]), yVal: [] },
      'XVal has shape (0, 4), expected (N, …) with every size at least 1',
    ],
    ['examples without axes', { ...good, XTrain: zeros([3]) }, 'XTrain has shape (3,), expected (N, …)'],
    ['validation of another size', { ...good, XVal: zeros([2, 5]) }, 'XVal has shape (2, 5), expected (2, 4)'],
    ['validation of another rank', { ...good, XVal: zeros([2, 2, 2]) }, 'XVal has shape (2, 2, 2), expected (2, 4)'],
    [
      'validation of another dtype',
      { ...good, XVal: zeros([2, 4], 'float64') },
      'XVal has dtype float64, expected float32, the dtype of XTrain',
    ],
    ['too few labels', { ...good, yTrain: [0, 1] }, 'yTrain has shape (2,), expected (N=3,)'],
    ['too many labels', { ...good, yVal: Uint8Array.of(0, 1, 2) }, 'yVal has shape (3,), expected (N=2,)'],
    ['labels of rank 2', { ...good, yVal: zeros([2, 1]) }, 'yVal has shape (2, 1), expected (N,)'],
    ['a label that is no integer', { ...good, yTrain: [0, 0.5, 1] }, 'yTrain[1] is 0.5, expected an integer ≥ 0'],
    ['a negative label', { ...good, yVal: [0, -1] }, 'yVal[1] is -1, expected an integer ≥ 0'],
    ['a missing label', { ...good, yVal: [0, undefined] }, 'yVal[1] is undefined, expected an integer ≥ 0'],
  ])('refuses %s', (_, data, message) => {
    expect(() => new Solver(new ScriptedModel(), data as typeof good, QUIET)).toThrow(
      expect.objectContaining({ message: `Solver: ${message}` }),
    );
  });

  test('a label that the model does not have is named when its turn comes, before anything changed', () => {
    const model = new TwoLayerNet({ inputDim: 4, hiddenDim: 3, numClasses: 2, seed: 1 });
    const before = copiesOf(model.params);
    const solver = new Solver(model, { ...good, yTrain: [2, 2, 2] }, QUIET);
    expect(() => solver.step()).toThrow('softmaxLoss: y[0] is 2, expected an integer in [0, C=2)');
    for (const name of ['W1', 'b1', 'W2', 'b2'] as const) expect(model.params[name]).toEqualBits(before[name]);
    expect([solver.iteration, solver.lossHistory]).toEqual([0, []]);
  });

  test('data of another dtype or size than the model takes is named by the model', () => {
    const wide = new TwoLayerNet({ inputDim: 4, hiddenDim: 3, dtype: 'float64' });
    expect(() => new Solver(wide, good, QUIET).train()).toThrow(
      'TwoLayerNet.loss: X has dtype float32, expected float64, the dtype of the parameters',
    );
    const large = new TwoLayerNet({ inputDim: 5, hiddenDim: 3 });
    expect(() => new Solver(large, good, { ...QUIET, batchSize: 2 }).train()).toThrow(
      'TwoLayerNet.loss: X has shape (2, 4), expected (N, …) with 5 values to an example',
    );
  });
});
