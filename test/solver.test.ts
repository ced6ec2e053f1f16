import { describe, expect, test } from 'vitest';
import { array, Random, toNested, zeros } from '../src/arrays/index.js';
import { FullyConnectedNet, TwoLayerNet } from '../src/classifiers/index.js';
import type { Model } from '../src/classifiers/model.js';
import { adam, updateRules } from '../src/optim/index.js';
import { Solver } from '../src/solver.js';
import { blobs, copiesOf } from './helpers/nets.js';
import { pretend } from './helpers/pretend.js';
import { ScriptedModel, scriptedData } from './helpers/scripted-model.js';

const QUIET = { verbose: false, seed: 1 };

/** SGD whose steps are 1 in size, so that w of a scripted model counts them. */
const COUNTING = { ...QUIET, updateRule: 'sgd', optimConfig: { learningRate: 1 } } as const;

describe('Solver', () => {
  test.each(['float32', 'float64'] as const)('learns a small separable problem in %s', (dtype) => {
    const data = blobs(400, 10, 4, 1, dtype);
    const model = new TwoLayerNet({ inputDim: 10, hiddenDim: 16, numClasses: 4, weightScale: 0.1, dtype, seed: 2 });
    const solver = new Solver(model, data, {
      ...QUIET,
      optimConfig: { learningRate: 0.1 },
      lrDecay: 0.9,
      numEpochs: 10,
      batchSize: 20,
    });
    solver.train();
    expect(solver.bestValAcc).toBe(1);
    expect(solver.lossHistory).toHaveLength(150);
    expect(solver.lossHistory[0]).toBeCloseTo(Math.log(4), 0);
    expect(solver.lossHistory.at(-1)).toBeLessThan(0.05);
    expect(solver.trainAccHistory.at(-1)).toBe(1);
    expect(solver.checkAccuracy(data.XTrain, data.yTrain)).toBe(1);
  });

  test.each(Object.keys(updateRules) as (keyof typeof updateRules)[])('learns with %s, called by its name', (name) => {
    const data = blobs(200, 10, 4, 3);
    const model = new FullyConnectedNet([16, 16], { inputDim: 10, numClasses: 4, weightScale: 0.2, seed: 4 });
    const learningRate = name.startsWith('adam') || name === 'rmsprop' ? 1e-2 : 0.05;
    const options = { ...QUIET, updateRule: name, optimConfig: { learningRate }, numEpochs: 8, batchSize: 20 };
    const solver = new Solver(model, data, options);
    solver.train();
    expect(solver.bestValAcc).toBe(1);

    const other = new FullyConnectedNet([16, 16], { inputDim: 10, numClasses: 4, weightScale: 0.2, seed: 4 });
    const byFunction = new Solver(other, data, { ...options, updateRule: updateRules[name] });
    byFunction.train();
    expect(byFunction.lossHistory).toEqual(solver.lossHistory);
  });

  test('uses sgd, ten epochs and batches of 100 where nobody says otherwise', () => {
    const model = new ScriptedModel();
    const solver = new Solver(model, scriptedData(250, 3), { verbose: false });
    solver.train();
    // Two iterations to an epoch, each a step of 1e-2.
    expect(solver.iteration).toBe(20);
    expect(model.batches[0].y).toHaveLength(100);
    expect(solver.bestParams.w.get(0)).toBeCloseTo(-0.01, 15);
  });

  test('the same seed gives the same bits, and another one others', () => {
    const run = (seed?: number | string) => {
      const model = new TwoLayerNet({ inputDim: 10, hiddenDim: 16, numClasses: 4, weightScale: 0.1, seed: 5 });
      const options = { verbose: false, seed, numEpochs: 3, batchSize: 10, numTrainSamples: 20, numValSamples: 10 };
      const solver = new Solver(model, blobs(120, 10, 4, 6), { ...options, updateRule: adam });
      solver.train();
      const { lossHistory, trainAccHistory, valAccHistory } = solver;
      return { params: model.params, histories: { lossHistory, trainAccHistory, valAccHistory } };
    };
    const [one, same, other] = [run(231), run(231), run(232)];
    expect(same.histories).toEqual(one.histories);
    for (const name of ['W1', 'b1', 'W2', 'b2'] as const) expect(same.params[name]).toEqualBits(one.params[name]);
    expect(other.histories).not.toEqual(one.histories);
    expect(run().histories).not.toEqual(run().histories);
  });

  test('takes any views for data', () => {
    const data = blobs(80, 6, 3, 7);
    const strided = {
      XTrain: array(data.XTrain.transpose(1, 0)).transpose(1, 0),
      yTrain: array([...data.yTrain].reverse()).step(-1),
      XVal: array(data.XVal.step(-1, -1)).step(-1, -1),
      yVal: Uint8Array.from(data.yVal),
    };
    const run = (given: typeof data | typeof strided) => {
      const model = new TwoLayerNet({ inputDim: 6, hiddenDim: 8, numClasses: 3, weightScale: 0.1, seed: 8 });
      const solver = new Solver(model, given, { ...QUIET, numEpochs: 2, batchSize: 10 });
      solver.train();
      return [solver.lossHistory, solver.trainAccHistory, solver.valAccHistory];
    };
    expect(run(strided)).toEqual(run(data));
  });

  test('writes neither to the data nor to the options', () => {
    const data = blobs(80, 6, 3, 9);
    const before = [array(data.XTrain), array(data.XVal), data.yTrain.slice(), data.yVal.slice()] as const;
    const options = Object.freeze({ ...QUIET, lrDecay: 0.5, optimConfig: Object.freeze({ learningRate: 0.1 }) });
    const model = new TwoLayerNet({ inputDim: 6, hiddenDim: 8, numClasses: 3, seed: 10 });
    new Solver(model, data, { ...options, numEpochs: 2, batchSize: 10 }).train();
    expect(data.XTrain).toEqualBits(before[0]);
    expect(data.XVal).toEqualBits(before[1]);
    expect(data.yTrain).toEqual(before[2]);
    expect(data.yVal).toEqual(before[3]);
    expect(options.optimConfig).toEqual({ learningRate: 0.1 });
  });
});

describe('minibatches', () => {
  test('pair examples with their labels, in the shape of the data', () => {
    const XTrain = new Random(11).randn([30, 2, 3]);
    const yTrain = Array.from({ length: 30 }, (_, n) => n);
    for (let n = 0; n < 30; n++) XTrain.set(n, 0, 0, n);
    const model = new ScriptedModel();
    const scores = zeros([30, 2, 3]);
    const solver = new Solver(model, { XTrain, yTrain, XVal: scores, yVal: yTrain }, { ...COUNTING, batchSize: 7 });
    for (let s = 0; s < 40; s++) solver.step();
    for (const { X, y } of model.batches) {
      expect(X.shape).toEqual([7, 2, 3]);
      y.forEach((label, i) => {
        expect(array(X.pick(i))).toEqualBits(array(XTrain.pick(label)));
      });
    }
    // 280 draws of 30 leave one out once in 200 runs, and this seed does not.
    expect(new Set(model.batches.flatMap(({ y }) => y)).size).toBe(30);
  });

  test('are drawn with replacement, and may be larger than the data', () => {
    const model = new ScriptedModel();
    const data = { ...scriptedData(5, 2), yTrain: [0, 1, 2, 3, 4] };
    const solver = new Solver(model, data, { ...COUNTING, batchSize: 50, numEpochs: 3 });
    solver.train();
    // An epoch has one iteration at least.
    expect(solver.iteration).toBe(3);
    const counts = [0, 1, 2, 3, 4].map((k) => model.batches.flatMap(({ y }) => y).filter((y) => y === k).length);
    expect(counts.reduce((sum, n) => sum + n, 0)).toBe(150);
    expect(Math.min(...counts)).toBeGreaterThan(10);
  });
});

describe('histories', () => {
  test.each([
    // Evaluations: after the first iteration, at the end of each epoch, after the last iteration.
    { numTrain: 10, batchSize: 5, numEpochs: 3, iterations: 6, evaluations: [1, 2, 4, 6] },
    { numTrain: 11, batchSize: 4, numEpochs: 2, iterations: 4, evaluations: [1, 2, 4] },
    { numTrain: 5, batchSize: 5, numEpochs: 3, iterations: 3, evaluations: [1, 2, 3] },
    { numTrain: 5, batchSize: 9, numEpochs: 1, iterations: 1, evaluations: [1] },
  ])('of $numEpochs epochs of $numTrain examples in batches of $batchSize', (given) => {
    const { numTrain, batchSize, numEpochs, iterations, evaluations } = given;
    const epochs: [number, number][] = [];
    const seen: number[] = [];
    const losses = Array.from({ length: iterations }, (_, i) => 1 / (i + 1));
    const model = Object.assign(new ScriptedModel(), { losses });
    const solver = new Solver(model, scriptedData(numTrain, 4), {
      ...COUNTING,
      batchSize,
      numEpochs,
      onIteration: (s) => seen.push(s.iteration),
      onEpoch: (s) => epochs.push([s.iteration, s.epoch]),
    });
    solver.train();
    expect(solver.lossHistory).toEqual(losses);
    expect(solver.trainAccHistory).toHaveLength(evaluations.length);
    expect(solver.valAccHistory).toHaveLength(evaluations.length);
    expect(solver.iteration).toBe(iterations);
    expect(solver.epoch).toBe(numEpochs);
    expect(seen).toEqual(losses.map((_, i) => i + 1));
    const perEpoch = Math.max(1, Math.floor(numTrain / batchSize));
    expect(epochs).toEqual(evaluations.map((t) => [t, Math.floor(t / perEpoch)]));
  });

  test('training accuracy is of so many examples, validation accuracy of all, in batches of 100', () => {
    const model = new ScriptedModel();
    const data = scriptedData(500, 230);
    const scoredBy = (options: object) => {
      model.scored.length = 0;
      new Solver(model, data, { ...COUNTING, batchSize: 500, numEpochs: 1, ...options }).train();
      return [...model.scored];
    };
    expect(scoredBy({})).toEqual([100, 100, 100, 100, 100, 100, 100, 30]);
    expect(scoredBy({ numTrainSamples: 150 })).toEqual([100, 50, 100, 100, 30]);
    expect(scoredBy({ numTrainSamples: null, numValSamples: 7 })).toEqual([100, 100, 100, 100, 100, 7]);
    expect(scoredBy({ numTrainSamples: 1, numValSamples: 1000 })).toEqual([1, 100, 100, 30]);
  });
});

describe('learning rate', () => {
  test('decays at the end of each epoch', () => {
    const weights: number[] = [];
    const solver = new Solver(new ScriptedModel(), scriptedData(10, 2), {
      ...COUNTING,
      lrDecay: 0.5,
      batchSize: 5,
      numEpochs: 3,
      onIteration: ({ model }) => weights.push(model.params.w.get(0)),
    });
    solver.train();
    // Steps of 1, 1, ½, ½, ¼, ¼.
    expect(weights).toEqual([-1, -2, -2.5, -3, -3.25, -3.5]);
  });

  test("the rule's default decays too", () => {
    const weights: number[] = [];
    const solver = new Solver(new ScriptedModel(), scriptedData(5, 2), {
      ...QUIET,
      lrDecay: 0.5,
      batchSize: 5,
      numEpochs: 3,
      onIteration: ({ model }) => weights.push(model.params.w.get(0)),
    });
    solver.train();
    expect(weights.map((w) => Math.round(w * 1e6) / 1e6)).toEqual([-0.01, -0.015, -0.0175]);
  });

  test('and state are of each parameter for itself', () => {
    const [a, b] = [array([0], [1], 'float64'), array([0, 0], [2], 'float64')];
    const grads = { a: array([1], [1], 'float64'), b: array([2, 0], [2], 'float64') };
    const model = pretend<Model>({
      params: { a, b },
      loss: (_: unknown, y?: unknown) => (y === undefined ? zeros([2, 2]) : { loss: 1, grads }),
    });
    const data = { XTrain: zeros([4, 1]), yTrain: [0, 0, 0, 0], XVal: zeros([2, 1]), yVal: [0, 0] };
    const optimConfig = { learningRate: 1, momentum: 0.5 };
    const options = { ...QUIET, updateRule: 'sgd_momentum', optimConfig, batchSize: 2 } as const;
    const solver = new Solver(model, data, options);
    solver.step();
    solver.step();
    // Velocities of −1, −1.5 and twice as much.
    expect(toNested(a)).toEqual([-2.5]);
    expect(toNested(b)).toEqual([-5, 0]);
    expect(optimConfig).toEqual({ learningRate: 1, momentum: 0.5 });
  });
});

describe('the best parameters', () => {
  test('are those of the evaluation with the best validation accuracy, and the model ends with them', () => {
    const model = new ScriptedModel();
    // Evaluated at w = −1, −2, −3, −4, −5; the best are at −3 and −4, and the first of them counts.
    const accuracies: Record<number, number> = { 1: 0.25, 2: 0.5, 3: 1, 4: 1, 5: 0.75 };
    model.accuracyAt = (w) => accuracies[-w];
    const { w } = model.params;
    const solver = new Solver(model, scriptedData(4, 4), { ...COUNTING, batchSize: 4, numEpochs: 5 });
    solver.train();
    expect(solver.valAccHistory).toEqual([0.25, 0.5, 1, 1, 0.75]);
    expect(solver.bestValAcc).toBe(1);
    expect(solver.bestParams.w.get(0)).toBe(-3);
    expect(model.params.w).toBe(w);
    expect(w.get(0)).toBe(-3);
  });

  test('are the initial ones before the first evaluation, in copies', () => {
    const model = new ScriptedModel();
    const solver = new Solver(model, scriptedData(4, 4), { ...COUNTING, batchSize: 2 });
    solver.step();
    expect(model.params.w.get(0)).toBe(-1);
    expect(solver.bestParams.w.get(0)).toBe(0);
    expect(solver.bestValAcc).toBe(0);
  });

  test('are those of the first evaluation where no answer is ever right', () => {
    const model = new ScriptedModel();
    model.accuracyAt = () => 0;
    const solver = new Solver(model, scriptedData(4, 4), { ...COUNTING, batchSize: 4, numEpochs: 3 });
    solver.train();
    expect(solver.bestValAcc).toBe(0);
    expect(model.params.w.get(0)).toBe(-1);
  });

  test('are put back into parameters that are views', () => {
    const model = new ScriptedModel();
    const held = zeros([3, 2], 'float64');
    model.accuracyAt = (w) => (w === -1 ? 1 : 0);
    model.params.w = held.pick(null, 1).hi(1).lo(0);
    const solver = new Solver(model, scriptedData(4, 4), { ...COUNTING, batchSize: 4, numEpochs: 3 });
    solver.train();
    expect(model.params.w.get(0)).toBe(-1);
  });

  test('do not change with the model, nor the model with them', () => {
    const model = new ScriptedModel();
    const solver = new Solver(model, scriptedData(4, 4), { ...COUNTING, batchSize: 4, numEpochs: 2 });
    solver.train();
    model.params.w.set(0, 77);
    expect(solver.bestParams.w.get(0)).toBe(-1);
    solver.bestParams.w.set(0, 55);
    expect(model.params.w.get(0)).toBe(77);
  });
});

describe('train and step', () => {
  test('train goes on where step left off, and does nothing when it is done', () => {
    const model = new ScriptedModel();
    const solver = new Solver(model, scriptedData(10, 4), { ...COUNTING, batchSize: 5, numEpochs: 2 });
    expect(solver.step()).toBe(1);
    expect(solver.step()).toBe(1);
    expect([solver.iteration, solver.epoch]).toEqual([2, 1]);
    expect(solver.valAccHistory).toEqual([]);
    solver.train();
    expect(solver.iteration).toBe(4);
    expect(solver.valAccHistory).toHaveLength(1);
    const before = copiesOf(model.params);
    solver.train();
    expect(solver.iteration).toBe(4);
    expect(model.params.w).toEqualBits(before.w);
  });

  test('train does not undo a run that step has done alone', () => {
    const model = new ScriptedModel();
    const solver = new Solver(model, scriptedData(4, 4), { ...COUNTING, batchSize: 2, numEpochs: 2 });
    for (let s = 0; s < 4; s++) solver.step();
    solver.train();
    expect(solver.valAccHistory).toHaveLength(1);
    expect(model.params.w.get(0)).toBe(-4);
  });

  test('step by step is the same as train', () => {
    const run = (train: (solver: Solver) => void) => {
      const model = new TwoLayerNet({ inputDim: 6, hiddenDim: 8, numClasses: 3, weightScale: 0.1, seed: 12 });
      const options = { ...QUIET, numEpochs: 1, batchSize: 10, numTrainSamples: null };
      const solver = new Solver(model, blobs(80, 6, 3, 13), options);
      train(solver);
      return solver.lossHistory;
    };
    const steps = run((solver) => {
      for (let s = 0; s < 6; s++) solver.step();
    });
    expect(run((solver) => solver.train())).toEqual(steps);
  });

  test('a callback that throws ends the run with its error', () => {
    const solver = new Solver(new ScriptedModel(), scriptedData(10, 4), {
      ...COUNTING,
      batchSize: 5,
      onIteration: ({ iteration }) => {
        if (iteration === 3) throw new Error('enough');
      },
    });
    expect(() => solver.train()).toThrow('enough');
    expect(solver.lossHistory).toHaveLength(3);
  });
});

test('the running statistics of batch normalization are put back with the best parameters', () => {
  const random = new Random(5);
  const XTrain = random.randn([60, 6]);
  const yTrain = Int32Array.from({ length: 60 }, (_, n) => Number(XTrain.get(n, 0) > 0));
  const XVal = random.randn([40, 6]);
  const yVal = Int32Array.from({ length: 40 }, (_, n) => Number(XVal.get(n, 0) > 0));
  for (let seed = 0; seed < 5; seed++) {
    const model = new FullyConnectedNet([8, 8], { inputDim: 6, numClasses: 2, normalization: 'batchnorm', seed });
    const options = { optimConfig: { learningRate: 1 }, numEpochs: 12, batchSize: 5, verbose: false, seed };
    const solver = new Solver(model, { XTrain, yTrain, XVal, yVal }, options);
    solver.train();
    expect(solver.checkAccuracy(XVal, yVal)).toBe(solver.bestValAcc);
  }
});
