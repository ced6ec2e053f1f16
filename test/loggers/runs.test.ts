import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import {
  csvLogger,
  DataLoader,
  F,
  type FitOptions,
  fit,
  fitAsync,
  fitSteps,
  jsonLinesLogger,
  type LoggedEpoch,
  type LoggedStep,
  type Logger,
  nn,
  optim,
  Random,
  type RunStart,
  Solver,
  type SolverOptions,
  TensorDataset,
  TwoLayerNet,
  tensorBoardLogger,
} from '../../src/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { blobs } from '../helpers/nets.js';
import { pretend } from '../helpers/pretend.js';
import { curve, readEvents } from '../helpers/tensorboard.js';

const DATA = blobs(80, 4, 3, 1);

/** A run of `fit`: two epochs of three steps. */
function fitting(options: Partial<FitOptions> = {}) {
  const model = new nn.Sequential(new nn.Linear(4, 3, { random: new Random(1) }));
  const loaderOf = (X = DATA.XTrain, y = DATA.yTrain) =>
    new DataLoader(new TensorDataset(X, y), { batchSize: 20, shuffle: true, seed: 2 });
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
  const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
  const valLoader = loaderOf(DATA.XVal, DATA.yVal);
  const given = { optimizer, schedule, valLoader, epochs: 2, verbose: false, ...options };
  return { model, loader: loaderOf(), options: given as FitOptions };
}

/** A run of a Solver: two epochs of three iterations. */
function solving(options: Partial<SolverOptions<'adam'>> = {}) {
  const model = new TwoLayerNet({ inputDim: 4, hiddenDim: 5, numClasses: 3, seed: 1 });
  const rule = { updateRule: 'adam', lrDecay: 0.5 } as const;
  return new Solver(model, DATA, { ...rule, batchSize: 20, numEpochs: 2, verbose: false, seed: 3, ...options });
}

class Recorder implements Logger {
  readonly starts: RunStart[] = [];
  readonly steps: LoggedStep[] = [];
  readonly epochs: LoggedEpoch[] = [];
  readonly calls: string[] = [];

  onStart(start: RunStart): void {
    this.starts.push(start);
    this.calls.push('start');
  }

  onStep(event: LoggedStep): void {
    this.steps.push(event);
    this.calls.push(`step ${event.iteration}`);
  }

  onEpoch(event: LoggedEpoch): void {
    this.epochs.push(event);
    this.calls.push(`epoch ${event.epoch}`);
  }

  close(): void {
    this.calls.push('close');
  }
}

/** The lines of a file without the times. */
function timeless(file: string): string {
  const text = readFileSync(file, 'utf8');
  if (file.endsWith('l')) return text.replace(/"seconds":[\d.e-]+/g, '');
  return text.replace(/^((?:[^,\n]*,){5})[\d.e-]+/gm, '$1');
}

describe('events', () => {
  test('are those of fit, before its callbacks', async () => {
    const recorder = new Recorder();
    const onStep = () => void recorder.calls.push('onStep');
    const onEpoch = () => void recorder.calls.push('onEpoch');
    const metrics = { half: () => 0.5 };
    const { model, loader, options } = fitting({ loggers: recorder, onStep, onEpoch, metrics });
    const history = fit(model, loader, options);
    const steps = (from: number) => [from, from + 1, from + 2].flatMap((i) => [`step ${i}`, 'onStep']);
    const calls = ['start', ...steps(1), 'epoch 1', 'onEpoch', ...steps(4), 'epoch 2', 'onEpoch', 'close'];
    expect(recorder.calls).toEqual(calls);
    const start = { fn: 'fit', iteration: 0, epoch: 0, isResumed: false, isEvaluationDue: false, metrics: ['half'] };
    expect(recorder.starts).toEqual([start]);
    expect(recorder.steps.map(({ loss }) => loss)).toEqual(history.lossHistory);
    expect(recorder.steps.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(recorder.steps.map(({ learningRate }) => learningRate)).toEqual([0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
    const [first, second] = recorder.epochs;
    expect(second).toMatchObject({
      ...{ kind: 'epoch', iteration: 6, epoch: 2, loss: history.lossHistory[5], learningRate: 0.125 },
      ...{ trainAcc: history.trainAccHistory[1], valAcc: history.valAccHistory[1] },
      ...{ valLoss: history.valLossHistory[1], metrics: { half: { train: 0.5, val: 0.5 } } },
    });
    const times = [recorder.steps[0], recorder.steps[2], first, recorder.steps[3], second].map(
      (event) => event.seconds,
    );
    expect(times).toEqual([...times].sort((a, b) => a - b));

    recorder.calls.length = 0;
    const again = fitting({ loggers: [recorder], onStep, onEpoch, metrics });
    await fitAsync(again.model, again.loader, again.options);
    expect(recorder.calls).toEqual(calls);
  });

  test('of fit without validation, accuracy and learning rate have null there', () => {
    const recorder = new Recorder();
    const { model, loader } = fitting();
    const sgd = new optim.SGD(model.parameters(), { lr: 0.5 });
    const optimizer = { step: () => sgd.step(), zeroGrad: () => sgd.zeroGrad() };
    const metrics = { half: () => 0.5 };
    fit(model, loader, { optimizer, epochs: 1, verbose: false, loggers: recorder, metrics });
    const nothing = { valAcc: null, valLoss: null, learningRate: null, metrics: { half: { train: 0.5, val: null } } };
    expect(recorder.epochs[0]).toMatchObject(nothing);
    expect(recorder.steps[0].learningRate).toBe(null);
  });

  test('are those of a Solver', async () => {
    const recorder = new Recorder();
    const solver = solving({ loggers: recorder });
    solver.train();
    const steps = ['step 1', 'epoch 0', 'step 2', 'step 3', 'epoch 1', 'step 4', 'step 5', 'step 6', 'epoch 2'];
    const calls = ['start', ...steps, 'close'];
    expect(recorder.calls).toEqual(calls);
    expect(recorder.starts[0]).toMatchObject({ fn: 'Solver', iteration: 0, isResumed: false });
    expect(recorder.steps.map(({ loss }) => loss)).toEqual(solver.lossHistory);
    expect(recorder.steps.map(({ learningRate }) => learningRate)).toEqual([1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 5e-4]);
    expect(recorder.epochs.map(({ valAcc }) => valAcc)).toEqual(solver.valAccHistory);
    expect(recorder.epochs.map(({ trainAcc }) => trainAcc)).toEqual(solver.trainAccHistory);

    recorder.calls.length = 0;
    await solving({ loggers: [recorder] }).trainAsync();
    expect(recorder.calls).toEqual(calls);

    // A run that goes on says where.
    recorder.calls.length = 0;
    solver.numEpochs = 3;
    solver.train();
    expect(recorder.starts.at(-1)).toMatchObject({ iteration: 6, epoch: 2, isResumed: true, isEvaluationDue: false });
    expect(recorder.calls).toEqual(['start', 'step 7', 'step 8', 'step 9', 'epoch 3', 'close']);
  });

  test('change no bit of a run', () => {
    const [plain, logged] = [solving(), solving({ loggers: new Recorder() })];
    for (const solver of [plain, logged]) solver.train();
    expect(logged.lossHistory).toEqual(plain.lossHistory);
    const runs = [fitting(), fitting({ loggers: new Recorder() })];
    const [a, b] = runs.map(({ model, loader, options }) => fit(model, loader, options).lossHistory);
    expect(b).toEqual(a);
  });
});

describe('a run that ends early closes its loggers', () => {
  test('where the loop is left', () => {
    const recorder = new Recorder();
    const { model, loader, options } = fitting({ loggers: recorder });
    for (const { iteration } of fitSteps(model, loader, options)) if (iteration === 2) break;
    for (const { iteration } of solving({ loggers: recorder }).steps()) if (iteration === 2) break;
    expect(recorder.calls.filter((call) => call === 'close')).toHaveLength(2);
  });

  test('where a callback throws, or the signal is aborted', async () => {
    const recorder = new Recorder();
    const fail = () => {
      throw new Error('mine');
    };
    const { model, loader, options } = fitting({ loggers: recorder, onStep: fail });
    expect(() => fit(model, loader, options)).toThrow('mine');
    expect(() => solving({ loggers: recorder, onIteration: fail }).train()).toThrow('mine');
    await expect(solving({ loggers: recorder }).trainAsync({ signal: AbortSignal.abort('stop') })).rejects.toBe('stop');
    expect(recorder.calls).toEqual(['start', 'step 1', 'close', 'start', 'step 1', 'close']);
  });

  test('where the loss diverges', () => {
    const recorder = new Recorder();
    const { model, loader, options } = fitting({ loggers: recorder, loss: (scores) => F.mul(F.sum(scores), Infinity) });
    expect(() => fit(model, loader, options)).toThrow('fit: the loss is Infinity at iteration 1');
    expect(recorder.calls).toEqual(['start', 'close']);
  });
});

describe('a logger that fails', () => {
  const failing = (hook: keyof Logger, calls: string[] = []): Logger => ({
    onStep: () => void calls.push('step'),
    close: () => void calls.push('close'),
    [hook]: () => {
      calls.push(hook);
      throw new Error('no space');
    },
  });

  test('at the start prevents the run, and closes those before it', () => {
    const recorder = new Recorder();
    const { model, loader, options } = fitting({ loggers: [recorder, failing('onStart')] });
    const before = model.stateDict();
    expect(() => fit(model, loader, options)).toThrow('no space');
    expect(recorder.calls).toEqual(['start', 'close']);
    expect(model.stateDict()).toEqual(before);
    const solver = solving({ loggers: failing('onStart') });
    expect(() => solver.train()).toThrow('no space');
    expect(solver.iteration).toBe(0);
  });

  test('later loses no run: a warning, and no more events', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const [recorder, calls] = [new Recorder(), [] as string[]];
    const { model, loader, options } = fitting({ loggers: [failing('onStep', calls), recorder] });
    expect(fit(model, loader, options).epoch).toBe(2);
    expect(calls).toEqual(['onStep', 'close']);
    expect(recorder.steps).toHaveLength(6);
    expect(warn.mock.calls).toEqual([
      ['fit: loggers[0].onStep failed after iteration 1: no space. It gets no more events; the training goes on.'],
    ]);

    warn.mockClear();
    solving({ loggers: failing('close') }).train();
    expect(warn.mock.calls).toEqual([['Solver: loggers.close failed after iteration 6: no space.']]);
    warn.mockRestore();
  });

  test('by a rejected promise, too', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    // Of whatever library.
    const onEpoch = vi.fn(() => ({
      // biome-ignore lint/suspicious/noThenProperty: it is what a promise is known by
      then: (_: unknown, fail: (error: Error) => void) => void Promise.resolve().then(() => fail(new Error('offline'))),
    }));
    const { model, loader, options } = fitting({ loggers: { onEpoch } });
    fit(model, loader, options);
    await Promise.resolve();
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toContain('fit: loggers.onEpoch failed after iteration 6: offline.');
    warn.mockRestore();
  });
});

test.each<[unknown, string]>([
  [1, '1'],
  [null, 'null'],
  [{}, 'an object'],
  [[csvLogger('x'), 'csv'], "[an object, 'csv']"],
  [{ onStep: 1 }, 'an object'],
])('refuses %j as loggers', (loggers, found) => {
  const said =
    `loggers is ${found}, expected a logger or a list of them, such as csvLogger(file), ` +
    'or objects with any of onStart, onStep, onEpoch, onCommand, flush, close';
  const { model, loader, options } = fitting({ loggers: pretend(loggers) });
  expect(() => fit(model, loader, options)).toThrow(`fit: ${said}`);
  expect(() => solving({ loggers: pretend(loggers) })).toThrow(`Solver: ${said}`);
});

describe.each(['run.csv', 'run.jsonl'])('%s', (name) => {
  const make = (file: string) => (file.endsWith('csv') ? csvLogger(file) : jsonLinesLogger(file));

  test.each([2, 3, 5])('of a run of fit that was stopped after step %i and resumed is as without a stop', (at) => {
    const dir = temporaryDir();
    const [whole, parts] = [path.join(dir, `whole-${name}`), path.join(dir, name)];
    const plain = fitting({ loggers: make(whole) });
    fit(plain.model, plain.loader, plain.options);

    const first = fitting({ loggers: make(parts) });
    const steps = fitSteps(first.model, first.loader, first.options);
    for (const { kind, iteration } of steps) if (kind === 'step' && iteration === at) break;
    const saved = fitting();
    const saving = fitSteps(saved.model, saved.loader, saved.options);
    // What was logged goes beyond the state that is resumed.
    for (let event = saving.next(); !event.done && event.value.iteration < at - 1; ) event = saving.next();
    const second = fitting({ loggers: make(parts), state: saving.stateDict() });
    fit(second.model, second.loader, second.options);
    expect(timeless(parts)).toBe(timeless(whole));
  });

  test.each([1, 3, 4])('of a Solver that was stopped after step %i and resumed is as without a stop', (at) => {
    const dir = temporaryDir();
    const [whole, parts] = [path.join(dir, `whole-${name}`), path.join(dir, name)];
    solving({ loggers: make(whole) }).train();

    const first = solving({ loggers: make(parts) });
    let state = first.stateDict();
    for (const { kind, iteration } of first.steps()) {
      // Of a state before an evaluation, which the file has already.
      if (kind === 'step' && iteration === at) state = first.stateDict();
      if (iteration === 5) break;
    }
    const second = solving({ loggers: make(parts) });
    second.loadStateDict(state);
    second.train();
    expect(timeless(parts)).toBe(timeless(whole));
  });
});

describe.each(['run.csv', 'run.jsonl'])('%s beside checkpoints', (name) => {
  const make = (dir: string) => {
    const file = path.join(dir, name);
    return file.endsWith('csv') ? csvLogger(file, { flushSeconds: 100 }) : jsonLinesLogger(file, { flushSeconds: 100 });
  };
  const loops = {
    fit: (options: Pick<FitOptions, 'loggers' | 'checkpoint' | 'resume' | 'onStep'>) => {
      const run = fitting(options);
      fit(run.model, run.loader, run.options);
    },
    Solver: ({ onStep: onIteration, ...options }: Pick<FitOptions, 'loggers' | 'checkpoint' | 'resume' | 'onStep'>) =>
      solving({ ...options, ...(onIteration && { onIteration: onIteration as () => unknown }) }).train(),
  };

  test.each(['fit', 'Solver'] as const)('ends as without a stop when a killed run of %s is resumed', (loop) => {
    const run = loops[loop];
    const dir = temporaryDir();
    run({ loggers: make(dir) });
    const whole = timeless(path.join(dir, name));
    const running = temporaryDir();
    const killed: string[] = [];
    // As the folder is after each iteration, so is what a killed process leaves.
    const onStep = () => {
      const copy = temporaryDir();
      // Another thread may be about to rename what it has written.
      const filter = (file: string) => !file.endsWith('.tmp') && !file.endsWith('.lock');
      cpSync(running, copy, { recursive: true, filter });
      killed.push(copy);
    };
    run({ loggers: make(running), checkpoint: { dir: running, every: 1, keep: 9 }, onStep });
    expect(killed).toHaveLength(6);
    for (const copy of killed) {
      run({ loggers: make(copy), checkpoint: { dir: copy, every: 1 }, resume: true });
      expect(timeless(path.join(copy, name))).toBe(whole);
    }
  });

  test.each(['fit', 'Solver'] as const)('is not cut by a run of %s that begins in another folder', (loop) => {
    const dir = temporaryDir();
    loops[loop]({ loggers: make(dir) });
    const before = readFileSync(path.join(dir, name), 'utf8');
    const options = { loggers: make(dir), checkpoint: { dir: path.join(dir, 'new') }, resume: true } as const;
    // However often it is tried.
    for (let i = 0; i < 2; i++) {
      expect(() => loops[loop](options)).toThrow(`${name} exists already, expected none for a new run`);
    }
    expect(readFileSync(path.join(dir, name), 'utf8')).toBe(before);
  });
});

describe('tensorBoardLogger', () => {
  test('has the curves of a run', () => {
    const dir = temporaryDir();
    const { model, loader, options } = fitting({ loggers: tensorBoardLogger(dir), metrics: { half: () => 0.5 } });
    const history = fit(model, loader, options);
    const [events] = readEvents(dir);
    const losses = history.lossHistory.map((loss, i) => [i + 1, Math.fround(loss)]);
    expect(curve(events, 'loss/train')).toEqual(losses);
    expect(curve(events, 'accuracy/val')).toEqual([3, 6].map((at, i) => [at, Math.fround(history.valAccHistory[i])]));
    expect(curve(events, 'half/val').map(([, value]) => value)).toEqual([0.5, 0.5]);
  });

  const python = withTensorBoard();
  const why = python === null ? ' (skipped: no python3 with tensorboard; TENSORBOARD_PYTHON names one)' : '';
  test.skipIf(python === null)(`is read by TensorBoard, a resumed run too${why}`, { tags: 'slow' }, () => {
    const dir = temporaryDir();
    const first = fitting({ loggers: tensorBoardLogger(dir) });
    fit(first.model, first.loader, first.options);
    const saved = fitting();
    const saving = fitSteps(saved.model, saved.loader, saved.options);
    for (let event = saving.next(); !event.done && event.value.iteration < 4; ) event = saving.next();
    const second = fitting({ loggers: tensorBoardLogger(dir), state: saving.stateDict() });
    const history = fit(second.model, second.loader, second.options);
    const program = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()['scalars']}))`;
    const curves = JSON.parse(execFileSync(python as string, ['-c', program, dir], { encoding: 'utf8' }));
    expect(curves['loss/train']).toEqual(history.lossHistory.map((loss, i) => [i + 1, Math.fround(loss)]));
    expect(curves['accuracy/train'].map(([at]: [number]) => at)).toEqual([3, 6]);
    expect(Object.keys(curves).sort()).toEqual(['accuracy/train', 'accuracy/val', 'loss/train', 'loss/val', 'lr']);
  });
});

/** A Python that can import tensorboard, or null. */
function withTensorBoard(): string | null {
  const { TENSORBOARD_PYTHON: named } = process.env;
  for (const python of named === undefined ? ['/usr/bin/python3', 'python3'] : [named]) {
    if (python.startsWith('/') && !existsSync(python)) continue;
    try {
      // Without importing it, which takes seconds.
      const check = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("tensorboard") is None)';
      execFileSync(python, ['-c', check], { stdio: 'ignore' });
      return python;
    } catch {
      // Not this one.
    }
  }
  return null;
}
