import { describe, expect, test } from 'vitest';
import { array, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { TwoLayerNet } from '../../src/classifiers/index.js';
import type { Model } from '../../src/classifiers/model.js';
import type { DropoutParam } from '../../src/layers/index.js';
import { adam, type MomentumConfig, sgdMomentum } from '../../src/optim/index.js';
import { Solver, type SolverOptions } from '../../src/solver.js';
import type { SolverState } from '../../src/training/solver-state.js';
import { bitsOf, continuedSolver, dropoutNet, makeSolver } from '../helpers/interruptible.js';
import '../helpers/matchers.js';
import { blobs } from '../helpers/nets.js';
import { pretend } from '../helpers/pretend.js';
import { ScriptedModel, scriptedData } from '../helpers/scripted-model.js';

/** The end of a run that nobody has interrupted. */
function end(): SolverState {
  const solver = makeSolver();
  solver.train();
  return solver.stateDict();
}

describe('a Solver taken down to its state', () => {
  test('after any event goes on to the same bits', () => {
    const expected = bitsOf(end());
    const states: SolverState[] = [];
    const whole = makeSolver();
    for (const _ of whole.steps()) states.push(structuredClone(whole.stateDict()));
    expect(states).toHaveLength(24 + 5);
    expect(bitsOf(whole.stateDict())).toEqual(expected);
    for (const state of states) expect(bitsOf(continuedSolver(state))).toEqual(expected);
  });

  test('goes on from its callbacks, from step(), and from an end that has been moved', () => {
    const states: SolverState[] = [];
    const keep = (solver: Solver): void => void states.push(solver.stateDict());
    const solver = makeSolver({ onIteration: keep, onEpoch: keep, numEpochs: 2 });
    states.push(solver.stateDict());
    solver.train();
    states.push(solver.stateDict());
    // The model has the best parameters; the state has the last ones too.
    expect(states.at(-1)?.last).not.toBeNull();
    expect(states).toHaveLength(1 + 12 + 3 + 1);
    const expected = bitsOf(end());
    for (const state of states) expect(bitsOf(continuedSolver(state))).toEqual(expected);
  });

  test('goes back in place: the arrays of the model stay the same', () => {
    const solver = makeSolver();
    const { W1 } = solver.model.params;
    const { W1: best } = solver.bestParams;
    solver.step();
    const state = solver.stateDict();
    solver.train();
    const ended = bitsOf(solver.stateDict());
    solver.loadStateDict(state);
    expect(bitsOf(solver.stateDict())).toEqual(bitsOf(state));
    expect([solver.model.params.W1, solver.bestParams.W1]).toEqual([W1, best]);
    expect(solver.lossHistory).toHaveLength(1);
    solver.train();
    expect(bitsOf(solver.stateDict())).toEqual(ended);
  });

  test('keeps a run ended that onEpoch has ended', () => {
    const solver = makeSolver({ onEpoch: ({ epoch }) => epoch < 2 });
    let state: SolverState | undefined;
    for (const event of solver.steps()) if (event.kind === 'epoch') state = solver.stateDict();
    const other = makeSolver();
    other.loadStateDict(state as SolverState);
    other.train();
    expect(other.epoch).toBe(2);
    expect(bitsOf(other.stateDict())).toEqual(bitsOf(solver.stateDict()));
    // It is over by now, so that the next call trains on.
    other.train();
    expect(other.epoch).toBe(4);
  });

  test('is copies, and JSON but for the arrays', () => {
    const solver = makeSolver();
    solver.step();
    const state = solver.stateDict();
    const before = bitsOf(state);
    expect(bitsOf(JSON.parse(JSON.stringify(before)))).toEqual(before);
    solver.train();
    expect(bitsOf(state)).toEqual(before);
    solver.loadStateDict(state);
    const changed = state as unknown as { current: { params: { W1: NDArray } }; lossHistory: number[] };
    changed.current.params.W1.data.fill(7);
    changed.lossHistory[0] = 7;
    expect(bitsOf(solver.stateDict())).toEqual(before);
  });

  test('has what a rule of your own puts into its config, and refuses what cannot be saved', () => {
    type Config = MomentumConfig & { seen?: { steps: number[]; note: string | null }; extra?: unknown };
    let extra: unknown;
    const updateRule = (w: NDArray, dw: NDArray, config: Config = {}): [NDArray, Config] => {
      const { seen, extra: _, ...own } = config;
      const [next, state] = sgdMomentum(w, dw, own);
      return [next, { ...state, seen: { steps: [...(seen?.steps ?? []), dw.size], note: null }, extra }];
    };
    const make = (): Solver => makeSolver({ updateRule } as unknown as SolverOptions);
    const [solver, other] = [make(), make()];
    solver.step();
    const state = structuredClone(solver.stateDict());
    expect(state.configs.b1.seen).toEqual({ steps: [8], note: null });
    other.loadStateDict(state);
    for (let t = 0; t < 3; t++) expect(other.step()).toBe(solver.step());
    expect(other.stateDict().configs.b1.seen).toEqual({ steps: [8, 8, 8, 8], note: null });

    extra = [1, () => {}];
    solver.step();
    expect(() => solver.stateDict()).toThrow(
      'Solver.stateDict: configs.W1.extra[1] is a function, expected a number, a string, true, false, null, an ' +
        'array, or a list or plain object of these',
    );
  });

  test("has the model's own state, and generators that several dropouts share", () => {
    class Own extends TwoLayerNet {
      calls = 0;
      readonly #random = new Random(9);
      readonly dropoutParams: readonly DropoutParam[] = [1, 2].map(() => ({
        mode: 'train',
        p: 0.5,
        random: this.#random,
      }));

      override loss(X: NDArray, y?: unknown): never {
        this.calls++;
        const drawn = this.dropoutParams.map(({ random }) => random?.rand([1]).get(0) ?? 0);
        const result = super.loss(X, y as never);
        return (
          y === undefined ? result : { ...result, loss: result.loss + this.calls + drawn[0] - drawn[1] }
        ) as never;
      }

      override stateDict(): never {
        return { calls: this.calls } as never;
      }

      override loadStateDict(state: unknown): never {
        const { calls } = state as { calls: unknown };
        if (typeof calls !== 'number') throw new TypeError(`Own: calls is ${calls}`);
        this.calls = calls;
        return undefined as never;
      }
    }
    const make = (): Solver => makeSolver({}, new Own({ inputDim: 6, hiddenDim: 5, numClasses: 3, seed: 1 }) as Model);
    const [solver, other] = [make(), make()];
    for (let t = 0; t < 3; t++) solver.step();
    other.loadStateDict(structuredClone(solver.stateDict()));
    for (let t = 0; t < 3; t++) expect(other.step()).toBe(solver.step());
    const before = bitsOf(other.stateDict());
    expect(() => other.loadStateDict({ ...end0(other), model: { calls: 'many' } })).toThrow('Own: calls is many');
    expect(() => other.loadStateDict({ ...end0(other), model: null })).toThrow(
      "Solver.loadStateDict: model is null, expected what the model's stateDict() returned",
    );
    expect(bitsOf(other.stateDict())).toEqual(before);
  });

  test('has the generators that are properties of a model', () => {
    class Noisy extends TwoLayerNet {
      readonly noise: Random;
      constructor(seed: number) {
        super({ inputDim: 6, hiddenDim: 5, numClasses: 3, seed: 1 });
        this.noise = new Random(seed);
      }
      override loss(X: NDArray, y?: unknown): never {
        const result = super.loss(X, y as never);
        return (y === undefined ? result : { ...result, loss: result.loss + this.noise.rand([1]).get(0) }) as never;
      }
    }
    const [solver, other] = [1, 2].map((seed) => makeSolver({}, new Noisy(seed) as Model));
    solver.step();
    const state = structuredClone(solver.stateDict());
    other.loadStateDict(state);
    for (let t = 0; t < 3; t++) expect(other.step()).toBe(solver.step());
    // States of earlier versions had none.
    const { generators: _, ...earlier } = state;
    other.loadStateDict(pretend(earlier));
    expect(other.iteration).toBe(1);
    const unknown = { ...state, generators: {} };
    expect(() => other.loadStateDict(unknown)).toThrow("Solver.loadStateDict: generators has no entry 'noise'");
  });

  test('repeats the masks of a net without a seed', () => {
    const net = (): Model => dropoutNet(undefined);
    const [solver, other] = [makeSolver({}, net()), makeSolver({}, net())];
    solver.step();
    other.loadStateDict(solver.stateDict());
    for (let t = 0; t < 5; t++) expect(other.step()).toBe(solver.step());
  });
});

/** The state of a Solver after one more step. */
function end0(solver: Solver): SolverState {
  return structuredClone(solver.stateDict());
}

describe('loadStateDict refuses, before anything has changed,', () => {
  const solver = makeSolver();
  for (let t = 0; t < 7; t++) solver.step();
  const good = solver.stateDict();
  const { current, configs } = good;

  test.each<[what: string, state: unknown, message: string]>([
    ['no object', 3, 'state is 3, expected an object with iteration, epoch, lossHistory'],
    ['a missing entry', { ...good, due: undefined }, 'due is undefined, expected true or false'],
    ['no entry', (({ due: _, ...rest }) => rest)(good), "state has no entry 'due'"],
    ['another entry', { ...good, speed: 1 }, "state has an unknown entry 'speed'"],
    ['half an iteration', { ...good, iteration: 1.5 }, 'iteration is 1.5, expected a whole number ≥ 0'],
    [
      'another number of iterations to an epoch',
      { ...good, epoch: 2 },
      'epoch is 2, expected 1: an epoch has 6 iterations here, and iteration is 7',
    ],
    ['too few losses', { ...good, lossHistory: [1] }, 'lossHistory is [1], expected a list of 7 finite numbers'],
    [
      'a loss of NaN',
      { ...good, lossHistory: [1, 2, 3, 4, 5, 6, Number.NaN] },
      'lossHistory is [1, 2, 3, 4, 5, 6, NaN]',
    ],
    ['no accuracies', { ...good, trainAccHistory: 'no' }, "trainAccHistory is 'no', expected a list of finite numbers"],
    [
      'more validations',
      { ...good, valAccHistory: [0.5] },
      'valAccHistory is [0.5], expected a list of 0 finite numbers',
    ],
    ['an accuracy of 2', { ...good, bestValAcc: 2 }, 'bestValAcc is 2, expected a number from 0 to 1'],
    ['no flag', { ...good, hasBest: 1 }, 'hasBest is 1, expected true or false'],
    ['no generator', { ...good, random: { algorithm: 'alea' } }, "random has no entry 'generator'"],
    ['no parameters', { ...good, current: null }, 'current is null, expected an object with params, statistics'],
    [
      'a missing parameter',
      { ...good, best: { ...current, params: { W1: current.params.W1 } } },
      "best.params has no entry 'b1'",
    ],
    [
      'a parameter of another shape',
      { ...good, current: { ...current, params: { ...current.params, W1: zeros([2]) } } },
      'current.params.W1 has shape (2,), expected (6, 8)',
    ],
    [
      'a parameter of another dtype',
      { ...good, last: { ...current, params: { ...current.params, b1: zeros([8], 'float64') } } },
      'last.params.b1 has dtype float64, expected float32, the dtype of the own b1',
    ],
    [
      'too few statistics',
      { ...good, current: { ...current, statistics: [] } },
      'current.statistics is [], expected 2 entries, one for each of model.bnParams',
    ],
    [
      'statistics of another shape',
      {
        ...good,
        best: { ...current, statistics: [{ runningMean: zeros([3]), runningVar: null }, current.statistics[1]] },
      },
      'best.statistics[0].runningMean has shape (3,), expected (8,)',
    ],
    [
      'a config with a rate below zero',
      { ...good, configs: { ...configs, b1: { ...configs.b1, learningRate: -1 } } },
      'configs.b1: learningRate is -1, expected a number ≥ 0',
    ],
    ['no config', { ...good, configs: { ...configs, b1: 1 } }, 'configs.b1 is 1, expected an object'],
    [
      "a rule's state of another shape",
      { ...good, configs: { ...configs, W1: { ...configs.W1, m: array([1]) } } },
      'configs.W1.m has shape (1,), expected (6, 8)',
    ],
    [
      'another number of dropouts',
      { ...good, dropout: [] },
      'dropout is [], expected 2 entries, one for each of model.dropoutParams',
    ],
    [
      'a generator that is none',
      { ...good, dropout: [good.dropout[0], { seed: null, random: 1 }] },
      'dropout[1].random is 1, expected an object',
    ],
    ['a state for a model without', { ...good, model: 1 }, 'model is 1, expected null: the model has no loadStateDict'],
  ])('%s', (_, state, message) => {
    const before = bitsOf(solver.stateDict());
    expect(() => solver.loadStateDict(pretend(state))).toThrow(`Solver.loadStateDict: ${message}`);
    expect(bitsOf(solver.stateDict())).toEqual(before);
  });

  test('generators for dropouts that have seeds', () => {
    const dropoutParams = [{ mode: 'train', p: 0.5, seed: 1 }] as const;
    const model = Object.assign(new ScriptedModel(), { dropoutParams });
    const own = new Solver(model, scriptedData(4, 4), { verbose: false });
    const state = { ...own.stateDict(), dropout: [{ seed: 1, random: new Random(1).stateDict() }] };
    expect(() => own.loadStateDict(state)).toThrow(
      'Solver.loadStateDict: dropout[0].random is an object, expected null: the dropout has no generator',
    );
  });

  test('a call while the Solver runs', () => {
    const steps = solver.steps();
    steps.next();
    expect(() => solver.loadStateDict(good)).toThrow('Solver.loadStateDict: steps() is running');
    steps.return();
    const nested = makeSolver({ onEpoch: (running) => running.loadStateDict(good) });
    expect(() => nested.train()).toThrow('Solver.loadStateDict: train() is running');
  });

  test('a state of another update rule', () => {
    const other = makeSolver({ updateRule: 'sgd', optimConfig: {} });
    expect(() => other.loadStateDict(good)).toThrow(
      "Solver.loadStateDict: configs.W1: unknown option 'beta1', expected learningRate",
    );
    const same = new Solver(dropoutNet(), blobs(80, 6, 3, 1), { verbose: false, batchSize: 10, updateRule: adam });
    expect(() => same.loadStateDict(good)).not.toThrow();
  });
});
