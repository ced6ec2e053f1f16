import { describe, expect, test } from 'vitest';
import { array, full, type Labels, type NDArray, zeros } from '../src/arrays/index.js';
import { TwoLayerNet } from '../src/classifiers/index.js';
import type { Model } from '../src/classifiers/model.js';
import { Solver } from '../src/solver.js';
import { DivergedError } from '../src/training/diverged-error.js';
import { blobs } from './helpers/nets.js';
import { pretend } from './helpers/pretend.js';
import { ScriptedModel, scriptedData } from './helpers/scripted-model.js';

const QUIET = { verbose: false, seed: 1 };
const COUNTING = { ...QUIET, updateRule: 'sgd', optimConfig: { learningRate: 1 } } as const;

describe('models', () => {
  test.each<[what: string, model: unknown, message: string]>([
    ['none', null, 'model is null, expected an object with params and loss(X, y)'],
    ['a class', TwoLayerNet, 'model is a function, expected an object with params and loss(X, y)'],
    [
      'params of lists',
      { params: { W: [1] }, loss: () => 1 },
      'model.params.W is [1], expected an array of float32 or float64: make it with array(model.params.W)',
    ],
    [
      'an empty parameter',
      { params: { W: zeros([0]) }, loss: () => 1 },
      'model.params.W has shape (0,), expected (…,) with every size at least 1',
    ],
  ])('refuses %s', (_, model, message) => {
    expect(() => new Solver(model as Model, scriptedData(4, 4), QUIET)).toThrow(
      expect.objectContaining({ message: `Solver: ${message}` }),
    );
  });

  test.each<[what: string, model: unknown]>([
    ['loss', { params: {} }],
    ['params', { loss: () => 1 }],
    ['list of params', { loss: () => 1, params: null }],
  ])('refuses one without %s', (_, model) => {
    expect(() => new Solver(pretend(model), scriptedData(4, 4), QUIET)).toThrow(
      /^Solver: model .+, expected an object with params and loss\(X, y\)$/,
    );
  });

  /** A model with parameters V (2,) and W (1, 2) whose training pass returns `result`. */
  function returning(result: unknown): Model {
    const params = { V: array([1, 2]), W: array([[3, 4]]) };
    return pretend({ params, loss: (X: NDArray, y?: Labels) => (y === undefined ? X : result) });
  }
  const V = array([1, 1]);

  test.each<[what: string, result: unknown, kind: string, message: string]>([
    ['no gradient', { loss: 1, grads: { V } }, 'TypeError', 'model.loss(X, y) returned no gradient for W'],
    [
      'null for a gradient',
      { loss: 1, grads: { V, W: null } },
      'TypeError',
      'grads.W is null, expected an array of float32 or float64',
    ],
    [
      'a gradient of another shape',
      { loss: 1, grads: { V, W: zeros([2, 1]) } },
      'ShapeError',
      'grads.W has shape (2, 1), expected (1, 2)',
    ],
    [
      'a gradient of another rank',
      { loss: 1, grads: { V, W: zeros([2]) } },
      'ShapeError',
      'grads.W has shape (2,), expected (1, 2)',
    ],
    [
      'a gradient of another dtype',
      { loss: 1, grads: { V, W: zeros([1, 2], 'float64') } },
      'TypeError',
      'grads.W has dtype float64, expected float32, the dtype of params.W',
    ],
    [
      'a list for a gradient',
      { loss: 1, grads: { V, W: [1, 2] } },
      'TypeError',
      'grads.W is [1, 2], expected an array of float32 or float64: make it with array(grads.W)',
    ],
    ['nothing', undefined, 'TypeError', 'model.loss(X, y) returned undefined, expected { loss, grads }'],
    ['a number', 2, 'TypeError', 'model.loss(X, y) returned 2, expected { loss, grads }'],
    [
      'a promise',
      Promise.resolve(1),
      'TypeError',
      'model.loss(X, y) returned a promise, expected a synchronous function: await outside of it',
    ],
    [
      'scores',
      zeros([2, 2]),
      'TypeError',
      'model.loss(X, y) returned an array of shape (2, 2), expected { loss, grads }',
    ],
  ])('names a loss that returns %s, before anything changed', (_, result, name, message) => {
    const model = returning(result);
    const solver = new Solver(model, scriptedData(4, 4), QUIET);
    expect(() => solver.step()).toThrow(expect.objectContaining({ name, message: `Solver: ${message}` }));
    expect(model.params.V).toEqualBits(array([1, 2]));
    expect(model.params.W).toEqualBits(array([[3, 4]]));
    expect([solver.iteration, solver.lossHistory]).toEqual([0, []]);
    expect(() => solver.train()).toThrow(message);
  });

  test.each([{ loss: 1 }, { loss: 1, grads: null }, { loss: '1', grads: { V, W: zeros([1, 2]) } }, {}])(
    'names a loss that returns half of it: case %#',
    (result) => {
      expect(() => new Solver(returning(result), scriptedData(4, 4), QUIET).step()).toThrow(
        /^Solver: model.loss\(X, y\) returned .+, expected \{ loss, grads \}$/,
      );
    },
  );

  test('a gradient that reaches outside its memory is named too, before anything changed', () => {
    const model = returning({ loss: 1, grads: { V, W: zeros([1, 1]).hi(1, 2) } });
    const solver = new Solver(model, scriptedData(4, 4), COUNTING);
    expect(() => solver.step()).toThrow('reaches outside its 1 values');
    expect(model.params.V).toEqualBits(array([1, 2]));
  });

  test.each<[what: string, scores: unknown, message: string]>([
    ['of rank 1', zeros([4]), 'an array of shape (4,), expected scores of shape (N=4, C)'],
    ['for other examples', zeros([3, 2]), 'an array of shape (3, 2), expected scores of shape (N=4, C)'],
    ['that are none', undefined, 'undefined, expected scores of shape (N=4, C)'],
    ['that are a number', 3, '3, expected scores of shape (N=4, C)'],
  ])('names scores %s', (_, scores, message) => {
    const model = pretend<Model>({ params: {}, loss: () => scores });
    const { XVal, yVal } = scriptedData(4, 4);
    expect(() => new Solver(model, scriptedData(4, 4), QUIET).checkAccuracy(XVal, yVal)).toThrow(
      `Solver: model.loss(X) returned ${message}`,
    );
  });

  test('gradients of things that are no parameters do not matter', () => {
    const result = { loss: 1, grads: { V, W: zeros([1, 2]), other: 3 } };
    expect(new Solver(returning(result), scriptedData(4, 4), QUIET).step()).toBe(1);
  });
});

describe('update rules of your own', () => {
  function stepWith(rule: unknown): () => number {
    const model = new ScriptedModel();
    const solver = new Solver(model, scriptedData(4, 4), {
      ...QUIET,
      updateRule: pretend<undefined>(rule),
      batchSize: 4,
    });
    return () => solver.step();
  }

  test.each<[what: string, returned: unknown, message: string]>([
    ['a parameter of another shape', [zeros([2], 'float64'), {}], 'the updated w has shape (2,), expected (1,)'],
    ['a parameter that is none', [3, {}], 'the updated w is 3, expected an array of float32 or float64'],
    [
      'a parameter of another dtype',
      [zeros([1]), {}],
      'the updated w has dtype float32, expected float64, the dtype of params.w',
    ],
  ])('are named where they return %s', (_, returned, message) => {
    expect(stepWith(() => returned)).toThrow(expect.objectContaining({ message: `Solver: ${message}` }));
  });

  test.each<[what: string, returned: unknown]>([
    ['nothing', undefined],
    ['no config', [zeros([1], 'float64')]],
    ['the parameter alone', zeros([1], 'float64')],
  ])('are named where they return %s', (_, returned) => {
    expect(stepWith(() => returned)).toThrow(/^Solver: updateRule returned .+, expected \[w, config\]/);
  });
});

describe('state in optimConfig', () => {
  /** A model with parameters a (1,) and b (n,), the gradients of which are 1 and 10. */
  function twins(n: number): Model {
    const params = { a: zeros([1], 'float64'), b: zeros([n], 'float64') };
    const grads = { a: full([1], 1, 'float64'), b: full([n], 10, 'float64') };
    return pretend({ params, loss: (X: NDArray, y?: Labels) => (y === undefined ? X : { loss: 1, grads }) });
  }

  test('is copied for each parameter', () => {
    const velocity = zeros([1], 'float64');
    const model = twins(1);
    const optimConfig = { learningRate: 1, momentum: 0.5, velocity };
    const solver = new Solver(model, scriptedData(4, 4), { ...QUIET, updateRule: 'sgd_momentum', optimConfig });
    solver.step();
    solver.step();
    // Velocities of −1, −1.5 and ten times as much.
    expect([model.params.a.get(0), model.params.b.get(0)]).toEqual([-2.5, -25]);
    expect(velocity.get(0)).toBe(0);
  });

  test('that does not fit every parameter is refused before any is changed', () => {
    const model = twins(2);
    const optimConfig = { learningRate: 1, velocity: zeros([1], 'float64') };
    const options = { ...QUIET, updateRule: 'sgd_momentum', optimConfig } as const;
    expect(() => new Solver(model, scriptedData(4, 4), options).step()).toThrow(
      'velocity has shape (1,), expected (2,)',
    );
    expect(model.params.a.get(0)).toBe(0);
  });
});

describe('a loss that stops being finite', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('ends the run: %d', (loss) => {
    const model = Object.assign(new ScriptedModel(), { losses: [2, 1.5, 1.25, loss] });
    model.accuracyAt = (w) => (w === -2 ? 1 : 0.5);
    const seen: number[] = [];
    const solver = new Solver(model, scriptedData(4, 4), {
      ...COUNTING,
      batchSize: 2,
      lrDecay: 0.25,
      onIteration: ({ iteration }) => seen.push(iteration),
    });

    const error = catching(() => solver.train());

    expect(error).toBeInstanceOf(DivergedError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'DivergedError', iteration: 4, lastFiniteLoss: 1.25, learningRate: 0.25 });
    expect((error as DivergedError).loss).toBe(loss);
    expect((error as Error).message).toBe(
      `Solver: the loss is ${loss} at iteration 4 (last finite loss 1.25, learning rate 0.25); try a smaller ` +
        'learning rate or weight scale. Histories and bestParams are intact.',
    );
    expect(solver.lossHistory).toEqual([2, 1.5, 1.25]);
    expect(solver.valAccHistory).toEqual([0.5, 1]);
    expect(solver.trainAccHistory).toEqual([0.5, 1]);
    expect([solver.iteration, solver.epoch, solver.bestValAcc]).toEqual([3, 1, 1]);
    expect(solver.bestParams.w.get(0)).toBe(-2);
    // Steps of 1, 1 and ¼; the fourth was not made.
    expect(model.params.w.get(0)).toBe(-2.25);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('says so where it never was', () => {
    const model = Object.assign(new ScriptedModel(), { losses: [Number.NaN] });
    const data = scriptedData(4, 4);
    expect(catching(() => new Solver(model, data, COUNTING).train())).toMatchObject({
      iteration: 1,
      lastFiniteLoss: undefined,
      learningRate: 1,
      message:
        'Solver: the loss is NaN at iteration 1 (no loss before it was finite, learning rate 1); try a smaller ' +
        'learning rate or weight scale. Histories and bestParams are intact.',
    });
    expect(catching(() => new Solver(model, data, QUIET).step())).toMatchObject({
      iteration: 1,
      learningRate: undefined,
      message: expect.stringContaining("(no loss before it was finite, the rule's default learning rate)"),
    });
    expect(model.params.w.get(0)).toBe(0);
  });

  test('names the default learning rate once the rule has told it', () => {
    const model = Object.assign(new ScriptedModel(), { losses: [1, Number.NaN] });
    const solver = new Solver(model, scriptedData(4, 4), { ...QUIET, updateRule: 'adam' });
    expect(catching(() => solver.train())).toMatchObject({ iteration: 2, lastFiniteLoss: 1, learningRate: 1e-3 });
  });

  test('of a net whose learning rate is too high, leaves its best parameters', () => {
    const model = new TwoLayerNet({ inputDim: 10, hiddenDim: 16, numClasses: 4, weightScale: 0.1, reg: 1, seed: 2 });
    const data = blobs(400, 10, 4, 1);
    const solver = new Solver(model, data, { ...QUIET, optimConfig: { learningRate: 1e6 }, batchSize: 20 });
    const error = catching(() => solver.train());
    expect(error).toMatchObject({ learningRate: 1e6, iteration: solver.lossHistory.length + 1 });
    expect(solver.lossHistory.every(Number.isFinite)).toBe(true);
    expect(solver.valAccHistory.length).toBeGreaterThan(0);
    for (const param of Object.values(solver.bestParams)) expect(param.data.every(Number.isFinite)).toBe(true);
  });
});

function catching(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
