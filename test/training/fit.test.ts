import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  array,
  DataLoader,
  DivergedError,
  F,
  type FitHistory,
  type FitOptions,
  fit,
  manualSeed,
  type NDArray,
  nn,
  optim,
  type Tensor,
  workspace,
} from '../../src/index.js';
import { engineMemory } from '../../src/kernels/index.js';
import { KERNEL_SETS, useKernels } from '../helpers/kernel-sets.js';
import '../helpers/matchers.js';
import { blobs } from '../helpers/nets.js';
import { pretend } from '../helpers/pretend.js';

const { XTrain: X, yTrain: y } = blobs(80, 4, 3, 1);

function net(): nn.Sequential {
  manualSeed(2);
  return new nn.Sequential(new nn.Linear(4, 8), new nn.BatchNorm1d(8), new nn.ReLU(), new nn.Linear(8, 3));
}

function loader(): DataLoader {
  return new DataLoader({ X, y }, { batchSize: 20, shuffle: true, seed: 3 });
}

/** A short run, without printing. */
function run(options: Partial<FitOptions> = {}, model = net()): { model: nn.Sequential; history: FitHistory } {
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  return { model, history: fit(model, loader(), { optimizer, epochs: 4, verbose: false, ...options }) };
}

afterEach(() => void vi.restoreAllMocks());

describe('fit', () => {
  test('learns blobs, and tells how it went', () => {
    const val = new DataLoader({ X, y }, { batchSize: 60 });
    const { history } = run({ epochs: 15, valLoader: val });
    expect(history.valAccHistory.at(-1)).toBeGreaterThan(0.95);
    expect(history.lossHistory).toHaveLength(45);
    expect(history.lossHistory.at(-1)).toBeLessThan(history.lossHistory[0] / 2);
    expect(history.learningRates).toEqual(new Array(45).fill(0.1));
    for (const each of [history.trainAccHistory, history.valAccHistory, history.secondsHistory]) {
      expect(each).toHaveLength(15);
    }
    expect(history).toMatchObject({ epoch: 15, iteration: 45 });
    expect(history.bestValAcc).toBe(Math.max(...history.valAccHistory));
    expect(history.valAccHistory[history.bestEpoch - 1]).toBe(history.bestValAcc);
  });

  test('does what a loop by hand does, to the bit', () => {
    const model = net();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const batches = loader();
    const losses: number[] = [];
    for (let epoch = 0; epoch < 4; epoch++) {
      for (const [inputs, labels] of batches) {
        const loss = F.crossEntropy(model.forward(inputs), labels);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        losses.push(loss.item());
      }
    }
    const { model: fitted, history } = run();
    expect(history.lossHistory).toEqual(losses);
    const state = fitted.stateDict();
    for (const [name, value] of Object.entries(model.stateDict())) expect(state[name]).toEqualBits(value);
  });

  test('gives the same bits on any number of threads', () => {
    const bits = KERNEL_SETS.filter(({ kernels }) => kernels === 'wasm').map(({ kernels, threads = 1 }) => {
      useKernels(kernels, threads);
      return run().history.lossHistory;
    });
    for (const losses of bits) expect(losses).toEqual(bits[0]);
  });

  test('takes a list of batches as well, and generators that begin anew', () => {
    const batches = [...loader()];
    const frozen = (model: nn.Module): FitOptions => {
      const zeroGrad = (): void => model.zeroGrad();
      return { optimizer: { step: () => {}, zeroGrad }, epochs: 2, verbose: false };
    };
    const model = net();
    const first = fit(model, batches, frozen(model));
    expect(first.iteration).toBe(6);
    expect(first.learningRates).toEqual([]);
    const again: Iterable<[NDArray, Int32Array]> = { [Symbol.iterator]: () => batches[Symbol.iterator]() };
    const second = fit(model, again, frozen(model));
    expect(second.lossHistory).toEqual(first.lossHistory);
  });

  test('makes nothing new once it is warm', () => {
    const memory = engineMemory();
    if (memory === null) return;
    const used: number[] = [];
    const model = net();
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
    fit(model, loader(), { optimizer, epochs: 40, verbose: false, onStep: () => void used.push(memory.used) });
    expect(new Set(used.slice(3)).size).toBe(1);
  });

  test('prints lines as the Solver does', () => {
    const lines: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
    run({ verbose: true, printEvery: 2, epochs: 1, valLoader: loader() });
    expect(lines.map((line) => line.replace(/\d\.\d+/g, '#'))).toEqual([
      '(Iteration 1 / 3) loss: #',
      '(Iteration 3 / 3) loss: #',
      '(Epoch 1 / 1) train acc: #; val_acc: #',
    ]);
  });

  test('prints the watched loss, a rate that a plateau lowered, and that patience ended the run', () => {
    const lines: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
    const printed = (options: Partial<FitOptions>): string[] => {
      lines.length = 0;
      const model = net();
      const optimizer = new optim.SGD(model.parameters(), { lr: 1e-12 });
      const schedule = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0, eps: 0, threshold: 0.5 });
      run({ verbose: true, epochs: 9, patience: 2, valLoader: loader(), optimizer, schedule, ...options }, model);
      return lines.map((line) => line.replace(/0\.\d+/g, '#')).filter((line) => !line.startsWith('(Iteration'));
    };
    expect(printed({ monitor: 'valLoss', monitorMode: 'max', metrics: {} }).slice(0, 2)).toEqual([
      '(Epoch 1 / 9) train acc: #; val_acc: #; val_loss: #',
      '(Epoch 2 / 9) train acc: #; val_acc: #; val_loss: #; learning rate: 1e-13',
    ]);
    expect(printed({ metrics: { same: () => 3 }, monitor: 'same' })).toEqual([
      '(Epoch 1 / 9) train acc: #; val_acc: #; same: 3.000000',
      '(Epoch 2 / 9) train acc: #; val_acc: #; same: 3.000000; learning rate: 1e-13',
      '(Epoch 3 / 9) train acc: #; val_acc: #; same: 3.000000; learning rate: 1e-14',
      'Stopped after 2 epochs without a better same, the best is 3.000000 of epoch 1',
    ]);
    expect(printed({ metrics: { same: () => 3 }, monitor: 'same', epochs: 3 })).toHaveLength(3);
  });

  test('steps a schedule after each epoch, or after each step where it says so', () => {
    const calls = { epoch: 0, step: 0 };
    run({ schedule: { step: () => void calls.epoch++ } });
    run({ schedule: { every: 'step', step: () => void calls.step++ } });
    expect(calls).toEqual({ epoch: 4, step: 12 });
  });

  test('runs the schedules of optim', () => {
    const model = net();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.1 });
    const { learningRates } = run({ optimizer, schedule }, model).history;
    expect(learningRates.map((rate) => Number(rate.toFixed(9)))).toEqual([
      ...Array(6).fill(0.1),
      ...Array(6).fill(0.01),
    ]);
    const other = new optim.SGD(model.parameters(), { lr: 0.1 });
    const cycle = new optim.lrScheduler.OneCycleLR(other, {
      maxLr: 0.5,
      epochs: 4,
      stepsPerEpoch: 3,
      cycleMomentum: false,
    });
    const rates = run({ optimizer: other, schedule: cycle }, model).history.learningRates;
    expect(new Set(rates).size).toBe(12);
    expect(Math.max(...rates)).toBeCloseTo(0.5, 1);
  });

  test('ends when onEpoch says so, and when patience is over', () => {
    expect(run({ onEpoch: ({ epoch }) => epoch < 2 }).history.epoch).toBe(2);
    const { history } = run({ epochs: 50, valLoader: loader(), patience: 2 });
    expect(history.epoch).toBe(history.bestEpoch + 2);
  });

  test('ends with the weights that scored best', () => {
    const scores: Record<string, NDArray>[] = [];
    const { model, history } = run(
      {
        epochs: 6,
        valLoader: loader(),
        onEpoch: () => void scores.push(model0.stateDict()),
      },
      (() => model0)(),
    );
    const best = scores[history.bestEpoch - 1];
    for (const [name, value] of Object.entries(model.stateDict())) expect(value).toEqualBits(best[name]);
  });

  test('scales down gradients that are too long', () => {
    const lengths: number[] = [];
    const model = net();
    const all = [...model.parameters()];
    const optimizer = {
      zeroGrad: () => {
        for (const p of all) p.grad = null;
      },
      step: () => {
        const squares = all.flatMap((p) => Array.from(p.grad?.data.data ?? [])).map((g) => g * g);
        lengths.push(Math.sqrt(squares.reduce((sum, s) => sum + s, 0)));
      },
    };
    run({ optimizer, clipGradNorm: 0.01 }, model);
    for (const length of lengths) expect(length).toBeCloseTo(0.01, 5);
  });

  test('stops at a loss that is not finite, and leaves the weights of that iteration', () => {
    const model = net();
    let calls = 0;
    const loss = (scores: Tensor, labels: Parameters<typeof F.crossEntropy>[1]): Tensor =>
      F.mul(F.crossEntropy(scores, labels), ++calls === 2 ? Number.NaN : 1);
    const seen: Record<string, NDArray>[] = [];
    const go = (): unknown => run({ loss, onStep: () => void seen.push(model.stateDict()) }, model);
    expect(go).toThrow(DivergedError);
    calls = 0;
    expect(go).toThrow(/fit: the loss is NaN at iteration 2 \(last finite loss \d\.\d+, learning rate 0\.1\)/);
    expect(model.stateDict()['0.weight']).toEqualBits(seen[seen.length - 1]['0.weight']);
  });

  test('a loop by hand runs in a workspace too', () => {
    const model = net();
    const optimizer = new optim.Adam(model.parameters());
    const losses = [...Array(5)].map(() =>
      workspace(() => {
        const loss = F.crossEntropy(model.forward(X), y);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss.item();
      }),
    );
    expect(losses[4]).toBeLessThan(losses[0]);
  });
});

const model0 = net();

describe('fit refuses, before anything has changed,', () => {
  const optimizer = { step: () => {}, zeroGrad: () => {} };
  test.each<[string, () => unknown, string]>([
    ['no module', () => fit(pretend<nn.Module>({}), [], { optimizer }), 'fit: model is an object, expected a Module'],
    [
      'a module as loss',
      () => fit(model0, [], { optimizer, loss: pretend<never>(new nn.CrossEntropyLoss()) }),
      'fit: loss is a CrossEntropyLoss, expected a function: give (scores, y) => module.forward(scores, y)',
    ],
    [
      'no loader',
      () => fit(net(), pretend(3), { optimizer }),
      'fit: loader is 3, expected a DataLoader or an iterable',
    ],
    [
      'no optimizer',
      () => fit(net(), [], pretend<FitOptions>({})),
      'fit: optimizer is undefined, expected one of optim',
    ],
    [
      'no schedule',
      () => run({ schedule: pretend({}) }),
      'fit: schedule is an object, expected one of optim.lrScheduler',
    ],
    ['an unknown option', () => run(pretend({ epoch: 3 })), "fit: unknown option 'epoch', expected optimizer, epochs"],
    ['no epochs', () => run({ epochs: 0 }), 'fit: epochs is 0, expected a whole number ≥ 1'],
    ['patience without validation', () => run({ patience: 2 }), 'fit: valLoader is missing, expected one for patience'],
    [
      'keepBest without validation',
      () => run({ keepBest: true }),
      'fit: valLoader is missing, expected one for keepBest',
    ],
    ['a bound of 0', () => run({ clipGradNorm: 0 }), 'fit: clipGradNorm is 0, expected a number > 0'],
    ['a decay of 1', () => run({ weightAverage: 1 }), 'WeightAverage: decay is 1, expected a number in [0, 1)'],
    ['a callback that is none', () => run({ onStep: pretend(1) }), 'fit: onStep is 1, expected a function'],
    ['a loader without batches', () => fit(net(), [], { optimizer, verbose: false }), 'fit: loader has no batches'],
    [
      'batches that are none',
      () => fit(net(), pretend([X]), { optimizer, verbose: false }),
      'fit: the loader gave an array of shape (60, 4), expected batches [X, y] with an array X',
    ],
    [
      'letters for batches',
      () => fit(net(), pretend('ab'), { optimizer, verbose: false }),
      "fit: the loader gave 'a', expected batches [X, y] with an array X",
    ],
    [
      'too few labels',
      () => fit(net(), [[X, [1, 2]]], { optimizer, verbose: false }),
      'fit: y has shape (2,), expected (N=60,)',
    ],
    [
      'scores that are none',
      () =>
        fit(
          new nn.Flatten(),
          [[array([[[1]]]), [0]]].map(([a, b]) => [pretend(a), pretend(b)]),
          { optimizer, verbose: false },
        ),
      'backward: the tensor needs no gradient',
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
