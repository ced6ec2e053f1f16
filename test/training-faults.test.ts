import { expect, describe as suite, test } from 'vitest';
import { describe } from '../src/arrays/index.js';
import {
  array,
  checkAccuracy,
  checkModelGradients,
  ensemble,
  F,
  FullyConnectedNet,
  fit,
  type Labels,
  type Model,
  type NDArray,
  nn,
  optim,
  predict,
  Random,
  Solver,
  type SolverOptions,
  type Tensor,
  type TensorLike,
  ThreeLayerConvNet,
  TwoLayerNet,
  zeros,
} from '../src/index.js';
import './helpers/matchers.js';
import { blobs, copiesOf } from './helpers/nets.js';
import { pretend } from './helpers/pretend.js';
import { ScriptedModel, scriptedData } from './helpers/scripted-model.js';

const QUIET = { verbose: false, seed: 1 } as const;

/** Scores that are its input. */
class Echo extends nn.Module {
  override forward(x: TensorLike): Tensor {
    return F.mul(x, 1);
  }
}

suite('describe', () => {
  test.each<[unknown, string]>([
    [(async function* () {})(), 'an AsyncGenerator'],
    [(function* () {})(), 'a Generator'],
    [new (class {})(), 'an object'],
    [new (class extends Map {})(), 'a Map'],
    [Object.create(null), 'an object'],
    [Object.defineProperty({}, 'constructor', { get: () => fail() }), 'an object'],
    [new Proxy({}, { get: () => fail() }), 'an object'],
    [{ constructor: { name: '' } }, 'an object'],
  ])('names anything: %#', (value, expected) => {
    expect(describe(value)).toBe(expected);
  });

  test('ends on a list that holds itself', () => {
    const list: unknown[] = [1];
    list.push(list);
    expect(describe(list)).toBe('[1, [1, [1, […]]]]');
  });
});

suite('a loss that is not finite because of', () => {
  const data = () => blobs(40, 4, 3, 1);
  const net = () => new TwoLayerNet({ inputDim: 4, hiddenDim: 5, numClasses: 3, seed: 1 });
  const module = () => new nn.Sequential(new nn.Linear(4, 3));

  test('the data', () => {
    const { XTrain, ...others } = data();
    XTrain.data.fill(Number.NaN);
    const solver = new Solver(net(), { XTrain, ...others }, QUIET);
    expect(() => solver.train()).toThrow(
      "the minibatch's X holds NaN: expected finite numbers to train on. Histories and bestParams are intact.",
    );
    const model = module();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    expect(() => fit(model, [[XTrain, others.yTrain]], { optimizer, verbose: false })).toThrow(
      "the batch's X holds NaN: expected finite numbers to train on.",
    );
  });

  test('the parameters', () => {
    const broken = net();
    broken.params.b1.data[0] = Number.POSITIVE_INFINITY;
    expect(() => new Solver(broken, data(), QUIET)).toThrow(
      'Solver: model.params.b1 holds Infinity, expected finite numbers',
    );
    const model = module();
    model.parameters()[1].data.data[0] = Number.NaN;
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const { XTrain, yTrain } = data();
    expect(() => fit(model, [[XTrain, yTrain]], { optimizer, verbose: false })).toThrow(
      'the parameter 0.bias holds NaN: expected finite numbers to train on.',
    );
  });
});

test('batch normalization of one value a channel names dropLast', () => {
  expect(() => new nn.BatchNorm1d(3).forward(array([[1, 2, 3]]))).toThrow('a DataLoader with dropLast: true');
});

suite('a schedule whose rate would be below zero', () => {
  const optimizer = () => new optim.SGD(new nn.Linear(2, 2).parameters(), { lr: 1 });

  test('says that it is the one, and changes nothing', () => {
    const sgd = optimizer();
    const cosine = new optim.lrScheduler.CosineAnnealingLR(sgd, { TMax: 5, etaMin: 0.5 });
    const steps = new optim.lrScheduler.StepLR(sgd, { stepSize: 2, gamma: 0.01 });
    expect(() => {
      for (let t = 0; t < 12; t++) {
        cosine.step();
        steps.step();
        expect(sgd.paramGroups[0].lr).toBeGreaterThanOrEqual(0);
      }
    }).toThrow(/^CosineAnnealingLR: the learning rate of group 0 is -[\d.]+ at step \d+, coming from .*number ≥ 0/);
    expect(sgd.paramGroups[0].lr).toBeGreaterThanOrEqual(0);
  });

  test('OneCycleLR beyond its end is named by the optimizer', () => {
    const weight = new nn.Linear(2, 2).weight;
    const sgd = new optim.SGD([weight], { lr: 1 });
    const options = { maxLr: 1, totalSteps: 10, annealStrategy: 'linear', cycleMomentum: false } as const;
    const schedule = new optim.lrScheduler.OneCycleLR(sgd, options);
    for (let t = 0; t < 10; t++) schedule.step();
    expect(() => sgd.step()).toThrow(/lr is -[\d.]+, expected .*\(made by OneCycleLR at step 10, beyond its end\)/);
  });
});

suite('accuracies', () => {
  const logits = array([[2], [-1], [0], [0.5]]);

  test('of one logit go by its sign', () => {
    expect(checkAccuracy([[logits, [1, 0, 0, 1]]], new Echo())).toBe(1);
    expect(checkAccuracy([[logits, [0, 1, 1, 0]]], new Echo())).toBe(0);
    const model = pretend<Model>({ params: {}, loss: (X: NDArray) => X });
    const data = { XTrain: logits, yTrain: [1, 0, 0, 1], XVal: logits, yVal: [1, 0, 0, 1] };
    const solver = new Solver(model, data, QUIET);
    expect(solver.checkAccuracy(logits, [1, 0, 0, 0])).toBe(3 / 4);
    expect(predict([[logits, [1, 0, 0, 1]]], new Echo()).scores).toEqualBits(logits);
  });

  test('of an ensemble of single logits go by the mean of their probabilities', () => {
    const both = ensemble([new Echo(), new Echo()]);
    expect(both.forward(logits).data).toBeAllClose(logits, { rtol: 1e-5, atol: 1e-6 });
    expect(checkAccuracy([[logits, [1, 0, 0, 1]]], both)).toBe(1);
  });

  test('never count a row with NaN as right', () => {
    const { NaN: nan } = Number;
    const scores = array([
      [nan, 1, 0],
      [2, nan, 0],
      [nan, nan, nan],
      [2, 1, 0],
    ]);
    for (const label of [0, 1, 2]) {
      expect(checkAccuracy([[scores, [label, label, label, label]]], new Echo())).toBe(label === 0 ? 1 / 4 : 0);
    }
    expect(checkAccuracy([[array([[nan], [nan]]), [0, 1]]], new Echo())).toBe(0);
  });

  test('refuse labels beyond the classes', () => {
    expect(() => checkAccuracy([[logits, [1, 0, 2, 1]]], new Echo())).toThrow(
      'checkAccuracy: y holds the label 2, expected labels in [0, 2): the model gives each example one score, a logit',
    );
    const { yVal, ...data } = blobs(40, 4, 3, 1);
    const model = new TwoLayerNet({ inputDim: 4, hiddenDim: 5, numClasses: 3, seed: 1 });
    const solver = new Solver(model, { ...data, yVal: Array.from(yVal as ArrayLike<number>, () => 7) }, QUIET);
    expect(() => solver.train()).toThrow('Solver: yVal holds the label 7, expected labels in [0, 3)');
    expect(solver.valAccHistory).toEqual([]);
  });
});

suite('a promise from a callback is refused', () => {
  const rejecting = async (): Promise<never> => {
    throw new Error('a rejection that nobody hears');
  };
  const { XTrain: X, yTrain: y } = blobs(40, 4, 3, 1);

  test.each(['onIteration', 'onEpoch'])('Solver: %s', (name) => {
    const solver = new Solver(new ScriptedModel(), scriptedData(4, 4), { ...QUIET, [name]: rejecting });
    expect(() => solver.train()).toThrow(`Solver: ${name} returned a promise, expected a synchronous function`);
  });

  test.each(['onStep', 'onEpoch', 'loss'])('fit: %s', (name) => {
    const model = new nn.Sequential(new nn.Linear(4, 3));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    expect(() => fit(model, [[X, y]], { optimizer, verbose: false, [name]: rejecting })).toThrow(
      `${name === 'loss' ? 'loss' : name} returned a promise, expected a synchronous function`,
    );
  });

  test('models, rules, schedules, and what is checked', () => {
    const data = scriptedData(4, 4);
    const model = pretend<Model>({ params: {}, loss: rejecting });
    expect(() => new Solver(model, data, QUIET).step()).toThrow('model.loss(X, y) returned a promise');
    const rule = pretend<optim.UpdateRule<object>>(rejecting);
    const solver = new Solver(new ScriptedModel(), data, { ...QUIET, updateRule: rule });
    expect(() => solver.step()).toThrow('Solver: updateRule returned a promise');
    const sgd = new optim.SGD(new nn.Linear(2, 2).parameters(), { lr: 1 });
    expect(() => new optim.lrScheduler.LambdaLR(sgd, { lrLambda: pretend(rejecting) })).toThrow('returned a promise');
    expect(() => checkModelGradients(pretend(model), X, y)).toThrow('model.loss returned a promise');
  });

  test('so is a generator, which has not run', () => {
    const model = new nn.Sequential(new nn.Linear(4, 3));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const onEpoch = function* () {};
    expect(() => fit(model, [[X, y]], { optimizer, verbose: false, onEpoch })).toThrow(
      'fit: onEpoch returned an iterator, which computes its values when it is gone through, expected a function that',
    );
  });
});

test('fit names a loss that returns no tensor of one value', () => {
  const { XTrain: X, yTrain: y } = blobs(40, 4, 3, 1);
  const model = new nn.Sequential(new nn.Linear(4, 3));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const go = (loss: unknown) =>
    fit(model, [[X, y]], { optimizer, verbose: false, loss: loss as typeof F.crossEntropy });
  expect(() => go(() => 0.5)).toThrow('fit: loss(scores, y) returned 0.5, expected a tensor of one value');
  expect(() => go((scores: Tensor) => scores)).toThrow('returned a tensor of shape (');
});

suite('ThreeLayerConvNet of odd sizes', () => {
  test('pools as H // 2, and its gradients are right', () => {
    const options = { numFilters: 2, filterSize: 3, hiddenDim: 4, numClasses: 3, weightScale: 0.3 } as const;
    const net = new ThreeLayerConvNet({ ...options, inputDim: [2, 5, 7], dtype: 'float64', seed: 1 });
    expect(net.params.W2.shape).toEqual([2 * 2 * 3, 4]);
    expect(net.summary()).toContain('(2, 2, 3)');
    const errors = checkModelGradients(net, new Random(2).randn([3, 2, 5, 7], 'float64'), [0, 1, 2], { h: 1e-6 });
    for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(1e-5);
  });

  test('is refused where there is nothing to pool', () => {
    expect(() => new ThreeLayerConvNet({ inputDim: [1, 1, 8] })).toThrow(
      'inputDim is [1, 1, 8], expected a height and width of at least 2',
    );
  });
});

suite('dropout of a FullyConnectedNet', () => {
  const X = new Random(3).randn([6, 5], 'float64');
  const y = [0, 1, 2, 0, 1, 2];
  const net = (options: object) =>
    new FullyConnectedNet([20, 20], {
      inputDim: 5,
      numClasses: 3,
      weightScale: 0.3,
      dropout: 0.5,
      dtype: 'float64',
      ...options,
    });
  const losses = (model: FullyConnectedNet) => [1, 2, 3, 4].map(() => model.loss(X, y).loss);

  test('draws new masks at each pass, the same sequence with the same seed', () => {
    const first = losses(net({ seed: 1 }));
    expect(new Set(first).size).toBe(4);
    expect(losses(net({ seed: 1 }))).toEqual(first);
    expect(losses(net({ seed: 2 }))).not.toEqual(first);
  });

  test('repeats them where it is asked to', () => {
    for (const options of [{ repeatMasks: true }, { repeatMasks: true, seed: 1 }]) {
      expect(new Set(losses(net(options))).size).toBe(1);
    }
    expect(() => net({ repeatMasks: 1 })).toThrow('FullyConnectedNet: repeatMasks is 1, expected true or false');
  });

  test('is held by checkModelGradients, and goes on as if there had been none', () => {
    for (const options of [{ seed: 1 }, {}]) {
      const model = net(options);
      const errors = checkModelGradients(model, X, y);
      for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(1e-5);
    }
    const [model, other] = [net({ seed: 1 }), net({ seed: 1 })];
    checkModelGradients(model, X, y);
    expect(losses(model)).toEqual(losses(other));
  });
});

suite('optimConfig', () => {
  test('is typed by the rule, and checked', () => {
    const [model, data] = [new ScriptedModel(), scriptedData(4, 4)];
    const expected = 'expected learningRate, beta1, beta2, epsilon, m, v, t';
    const calls: [() => unknown, string][] = [
      // @ts-expect-error adam has no such options
      [() => new Solver(model, data, { updateRule: 'adam', optimConfig: { lr: 1, banana: 2 } }), `'lr', ${expected}`],
      [
        // @ts-expect-error adam has no momentum
        () => new Solver(model, data, { updateRule: 'adam', optimConfig: { momentum: 0.9 } }),
        `'momentum', ${expected}`,
      ],
      [
        () =>
          // @ts-expect-error nor has the function
          new Solver(model, data, { updateRule: optim.adam, optimConfig: { momentum: 0.9 } }),
        "'momentum'",
      ],
      // @ts-expect-error the default is sgd
      [() => new Solver(model, data, { optimConfig: { momentum: 0.9 } }), "option 'momentum', expected learningRate"],
    ];
    for (const [call, message] of calls) expect(call).toThrow(message);
    const options: SolverOptions<'adamw'> = { updateRule: 'adamw', optimConfig: { weightDecay: 0.1 } };
    expect(() => new Solver(model, data, options)).not.toThrow();
  });
});

suite('divergence in the last step', () => {
  /** A model with a parameter that becomes −Infinity in its only step. */
  const exploding = (): Model => {
    const params = { w: array([0], [1], 'float64') };
    const grads = { w: array([1e300], [1], 'float64') };
    return pretend({ params, loss: (X: NDArray, y?: Labels) => (y === undefined ? X : { loss: 1, grads }) });
  };

  test('is an error of train(), and bestParams are intact', () => {
    const solver = new Solver(exploding(), scriptedData(4, 4), {
      ...QUIET,
      optimConfig: { learningRate: 1e300 },
      numEpochs: 1,
      batchSize: 4,
    });
    expect(() => solver.train()).toThrow('Solver: the parameter w holds -Infinity after iteration 1');
    expect(solver.bestParams.w.get(0)).toBe(0);
    expect([solver.lossHistory, solver.valAccHistory]).toEqual([[1], []]);
  });

  test('scores that are not finite are never best', () => {
    const model = new ScriptedModel();
    model.loss = pretend((X: NDArray, y?: Labels) => {
      if (y !== undefined) return { loss: 1, grads: { w: array([1], [1], 'float64') } };
      // The first evaluation is right for half of the examples; the others for all, by scores of ∞.
      const scores = zeros(X.shape, 'float64');
      const late = model.params.w.get(0) < -1;
      for (let n = 0; n < X.shape[0]; n++)
        scores.set(n, late || n % 2 === 0 ? 0 : 1, late ? Number.POSITIVE_INFINITY : 1);
      return scores;
    });
    const options = { ...QUIET, optimConfig: { learningRate: 1 }, numEpochs: 3, batchSize: 4 };
    const solver = new Solver(model, scriptedData(4, 4), options);
    solver.train();
    expect(solver.valAccHistory).toEqual([0.5, 1, 1]);
    expect([solver.bestValAcc, model.params.w.get(0)]).toEqual([0.5, -1]);
  });

  test('is an error of fit', () => {
    const model = new nn.Sequential(new nn.Linear(2, 2));
    const step = (): void => void model.parameters()[0].data.data.fill(Number.NEGATIVE_INFINITY);
    const optimizer = { step, zeroGrad: () => model.zeroGrad() };
    expect(() => fit(model, [[array([[1, 2]]), [0]]], { optimizer, epochs: 1, verbose: false })).toThrow(
      'fit: the parameter 0.weight holds -Infinity after iteration 1',
    );
  });
});

suite('a Solver that is interrupted', () => {
  test('a rule that throws leaves all parameters and its state as they were', () => {
    const net = new TwoLayerNet({ inputDim: 4, hiddenDim: 5, numClasses: 3, weightScale: 0.1, seed: 1 });
    const twin = new TwoLayerNet({ inputDim: 4, hiddenDim: 5, numClasses: 3, weightScale: 0.1, seed: 1 });
    let calls = 0;
    const rule = (w: NDArray, dw: NDArray, config?: optim.MomentumConfig): [NDArray, optim.MomentumConfig] => {
      if (++calls === 7) throw new Error('stop');
      return optim.sgdMomentum(w, dw, config);
    };
    const data = blobs(40, 4, 3, 1);
    const [solver, other] = [
      new Solver(net, data, { ...QUIET, updateRule: rule }),
      new Solver(twin, data, { ...QUIET, updateRule: 'sgd_momentum' }),
    ];
    expect(solver.step()).toBe(other.step());
    const before = copiesOf<string>(net.params);
    expect(() => solver.step()).toThrow('stop');
    for (const [name, a] of Object.entries(net.params)) expect(a, name).toEqualBits(before[name]);
    for (let t = 0; t < 3; t++) expect(solver.step()).toBe(other.step());
  });

  test('goes on with the evaluation that an error kept from being made', () => {
    const histories = [false, true].map((interrupted) => {
      const model = new ScriptedModel();
      let thrown = !interrupted;
      const onIteration = ({ iteration }: Solver): void => {
        if (iteration !== 2 || thrown) return;
        thrown = true;
        throw new Error('stop');
      };
      const solver = new Solver(model, scriptedData(4, 4), { ...QUIET, batchSize: 2, numEpochs: 3, onIteration });
      if (interrupted) expect(() => solver.train()).toThrow('stop');
      solver.train();
      return [solver.valAccHistory, solver.lossHistory];
    });
    expect(histories[1]).toEqual(histories[0]);
  });

  test('refuses to be started by a callback', () => {
    const nested = (method: 'train' | 'step') =>
      new Solver(new ScriptedModel(), scriptedData(4, 4), { ...QUIET, onEpoch: (solver) => void solver[method]() });
    for (const method of ['train', 'step'] as const) {
      const solver = nested(method);
      expect(() => solver.train()).toThrow(`Solver.${method}: train() is running, expected no call from a callback`);
      expect(solver.valAccHistory).toHaveLength(1);
    }
  });
});

function fail(): never {
  throw new Error('looked at');
}
