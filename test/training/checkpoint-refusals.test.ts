import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  array,
  DataLoader,
  F,
  type FitOptions,
  FullyConnectedNet,
  fit,
  fitSteps,
  loadCheckpoint,
  nn,
  optim,
  Solver,
  type SolverOptions,
  type SolverState,
  transforms,
} from '../../src/index.js';
import { bitsOf, dropoutNet, type FitSetup, fitSetup, makeSolver } from '../helpers/interruptible.js';
import { blobs } from '../helpers/nets.js';
import { pretend } from '../helpers/pretend.js';
import { checkpointsIn, runFolder } from '../helpers/run-folder.js';

const folder = runFolder();

describe('options', () => {
  test.each<[options: object, message: string]>([
    [{ checkpoint: 'run' }, "checkpoint is 'run', expected an object: such as { dir: 'run' }"],
    [{ checkpoint: null }, 'checkpoint is null, expected an object'],
    [{ checkpoint: {} }, 'checkpoint: dir is undefined, expected the path of a folder'],
    [{ checkpoint: { dir: 3 } }, 'checkpoint: dir is 3, expected the path of a folder'],
    [{ checkpoint: { dir: 'a\0b' } }, "checkpoint: dir is 'a\\u0000b', expected the path of a folder"],
    [{ checkpoint: { dir: 'run', evry: 1 } }, "checkpoint: unknown option 'evry'"],
    [{ checkpoint: { dir: 'run', every: 0 } }, 'checkpoint: every is 0, expected a whole number ≥ 1'],
    [{ checkpoint: { dir: 'run', every: 2.5 } }, 'checkpoint: every is 2.5, expected a whole number ≥ 1'],
    [{ checkpoint: { dir: 'run', every: { iterations: -1 } } }, 'checkpoint: every.iterations is -1, expected a whole'],
    [{ checkpoint: { dir: 'run', every: { seconds: 0 } } }, 'checkpoint: every.seconds is 0, expected a number > 0'],
    [
      { checkpoint: { dir: 'run', every: { epochs: '1' } } },
      "checkpoint: every.epochs is '1', expected a whole number",
    ],
    [
      { checkpoint: { dir: 'run', every: { minutes: 1 } } },
      'checkpoint: every is { minutes }, expected a number of iterations, or one of { iterations }, { seconds } and',
    ],
    [{ checkpoint: { dir: 'run', every: { epochs: 1, seconds: 1 } } }, 'checkpoint: every is { epochs, seconds }'],
    [{ checkpoint: { dir: 'run', every: 'epoch' } }, "checkpoint: every is 'epoch', expected a number of iterations"],
    [{ checkpoint: { dir: 'run', keep: 0 } }, 'checkpoint: keep is 0, expected a whole number ≥ 1'],
    [{ checkpoint: { dir: 'run', best: 1 } }, 'checkpoint: best is 1, expected true or false'],
    [{ checkpoint: { dir: 'run', onError: 'skip' } }, "checkpoint: onError is 'skip', expected 'throw' or 'warn'"],
    [{ resume: 1 }, "resume is 1, expected the folder of a run's checkpoints; true: that of checkpoint"],
    [{ resume: '' }, "resume is '', expected the folder"],
    [{ resume: true }, 'resume is true, expected checkpoint, whose folder it means: or give it the folder'],
    [{ resume: 'package.json' }, "resume is 'package.json', a file, expected the folder of a run, whose last"],
    [{ resume: '/nowhere' }, "resume is '/nowhere', where there are none, expected a folder with checkpoints"],
  ])('%j is refused, before anything is made', (options, message) => {
    expect(() => makeSolver(options)).toThrow(`Solver: ${message}`);
    const { model, loader, options: own } = fitSetup('first');
    expect(() => fit(model, loader, { ...own, ...options })).toThrow(`fit: ${message}`);
    expect(() => fitSteps(model, loader, { ...own, ...options })).toThrow(`fitSteps: ${message}`);
    expect(existsSync('run')).toBe(false);
  });

  test('resume and state exclude each other', () => {
    const { model, loader, options } = fitSetup('first');
    const state = fitSteps(model, loader, options).stateDict();
    expect(() => fit(model, loader, { ...options, state, resume: folder.dir })).toThrow(
      'fit: resume is given together with state, expected either: both say where to continue',
    );
  });

  test('resume may be a flag of the command line', () => {
    for (const isResumed of [false, true]) {
      const options: SolverOptions = { checkpoint: { dir: folder.dir }, resume: isResumed };
      const solver = makeSolver(options);
      expect(solver.iteration > 0).toBe(isResumed);
      solver.train();
    }
    expect(() => makeSolver({ checkpoint: { dir: folder.dir }, resume: false }).train()).toThrow(
      'has checkpoints of an earlier run',
    );
  });

  test('resume: true begins where there is no checkpoint yet', () => {
    const solver = makeSolver({ checkpoint: { dir: folder.dir }, resume: true });
    expect(solver.iteration).toBe(0);
    mkdirSync(folder.dir, { recursive: true });
    expect(() => makeSolver({ resume: folder.dir })).toThrow(
      `Solver: resume is '${folder.dir}', where there are none, expected a folder with checkpoints`,
    );
  });
});

describe('the checkpoint of a Solver', () => {
  const resumed = (options: SolverOptions) => () => makeSolver({ resume: folder.dir, ...options });

  /** What a refusal names, each difference a clause. */
  function refusalOf(make: () => unknown): string {
    const file = join(folder.dir, 'checkpoint-000000007.safetensors');
    const before = `Solver: resume: ${file} is of a run that was made with something else: `;
    const after = ': give what that run had, or train in another folder';
    try {
      make();
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      const { message } = error as Error;
      expect([message.startsWith(before), message.endsWith(after)], message).toEqual([true, true]);
      return message.slice(before.length, -after.length);
    }
    return '';
  }

  function save(): void {
    const solver = makeSolver({ checkpoint: { dir: folder.dir } });
    for (const event of solver.steps()) if (event.iteration === 7) break;
  }

  test('is refused by one with other options', () => {
    save();
    const had = "the checkpoint's run had";
    for (const [options, said] of [
      [{ batchSize: 12 }, `batchSize is 12, ${had} 10`],
      [{ seed: 2 }, `seed is 2, ${had} 1`],
      [{ seed: undefined }, `seed is not given, ${had} 1`],
      [{ updateRule: 'adamw' }, `updateRule is 'adamw', ${had} 'adam'`],
      [{ optimConfig: { learningRate: 0.1 } }, `optimConfig.learningRate is 0.1, ${had} 0.05`],
      [{ lrDecay: 1, numValSamples: null }, `lrDecay is 1, ${had} 0.9; numValSamples is not given, ${had} 7`],
      [{ updateRule: (w, _dw, config) => [w, config ?? {}] }, `updateRule is a function, ${had} 'adam'`],
      [{ numEpochs: 6, verbose: false, printEvery: 3, onIteration: () => {}, onEpoch: () => false }, ''],
    ] satisfies [SolverOptions, string][]) {
      expect(refusalOf(resumed(options))).toBe(said);
    }
  });

  test('is refused by one with fewer epochs than it has completed', () => {
    makeSolver({ checkpoint: { dir: folder.dir } }).train();
    expect(resumed({ numEpochs: 3 })).toThrow("numEpochs is 3, the checkpoint's run has completed 4");
  });

  test('is refused by one of another model or other data, all of it at once', () => {
    save();
    const options: SolverOptions = {
      ...{ verbose: false, seed: 1, batchSize: 10, numEpochs: 4, lrDecay: 0.9, numTrainSamples: 20, numValSamples: 7 },
      ...{ updateRule: 'adam', optimConfig: { learningRate: 0.05 }, resume: folder.dir },
    };
    const model = new FullyConnectedNet([8, 9], { inputDim: 6, numClasses: 3, dtype: 'float64', dropout: 0.7 });
    const said = refusalOf(() => new Solver(model, blobs(100, 6, 3, 1), options));
    expect(said.split('; ')).toEqual(
      expect.arrayContaining([
        "XTrain has shape (75, 6) float32, the checkpoint's run had (60, 6) float32",
        "yVal has shape (25,) labels, the checkpoint's run had (20,) labels",
        "model.W2 is (8, 9) float64, the checkpoint's run had (8, 8) float32",
        "model.dropoutParams[1].p is 0.7, the checkpoint's run had 0.8",
        "model.gamma1 is not given, the checkpoint's run had (8,) float32",
      ]),
    );
    const data = blobs(80, 6, 3, 1);
    const yTrain = Int32Array.from(data.yTrain, (label, i) => (i === 59 ? (label + 1) % 3 : label));
    expect(refusalOf(() => new Solver(dropoutNet(), { ...data, yTrain }, options))).toBe('yTrain has other values');
    const XVal = array(data.XVal);
    XVal.data[17] += 1e-6;
    expect(refusalOf(() => new Solver(dropoutNet(), { ...data, XVal }, options))).toBe('XVal has other values');
    class Own {
      readonly params = dropoutNet().params;
      loss(): never {
        throw new Error('not called');
      }
    }
    expect(refusalOf(() => new Solver(new Own(), data, options))).toContain("model.class is 'Own', the checkpoint's");
  });
});

describe('the checkpoint of fit', { tags: 'slow' }, () => {
  function save(options: Partial<FitOptions> = {}): void {
    const {
      model,
      loader,
      options: own,
    } = fitSetup('first', 'step', { checkpoint: { dir: folder.dir, every: 1 }, ...options });
    for (const event of fitSteps(model, loader, own)) if (event.iteration === 3) break;
  }

  function refusal(options: Partial<FitOptions>, change: (setup: FitSetup) => Partial<FitSetup> = () => ({})): string {
    const setup = fitSetup('first', 'step', { resume: folder.dir, ...options });
    const { model, loader, options: own } = { ...setup, ...change(setup) };
    const before = bitsOf(model.stateDict());
    try {
      fitSteps(model, loader, own);
    } catch (error) {
      expect(bitsOf(model.stateDict())).toEqual(before);
      return (error as Error).message.replace(/^.*something else: /, '').replace(/: give what.*$/, '');
    }
    return '';
  }

  test('is refused by a call that gives other options, or lacks a function', () => {
    save({ loss: (scores, y) => F.crossEntropy(scores, y), metrics: { accuracy: () => 1 } });
    const functions = { loss: (scores: never, y: never) => F.crossEntropy(scores, y), metrics: { accuracy: () => 1 } };
    expect(refusal(pretend(functions))).toBe('');
    expect(refusal({})).toBe(
      "loss is not given, the checkpoint's run had a function; " +
        "metrics is not given, the checkpoint's run had 'accuracy'",
    );
    const changed = { ...pretend<FitOptions>(functions), accumulate: 2, clipGradNorm: 2, schedule: undefined };
    expect(refusal(changed)).toBe(
      "accumulate is 2, the checkpoint's run had 1; clipGradNorm is 2, the checkpoint's run had 1; " +
        "schedule is not given, the checkpoint's run had 'OneCycleLR'",
    );
    expect(refusal({ ...pretend<FitOptions>(functions), epochs: 9, patience: 9, printEvery: 1 })).toBe('');
  });

  test('is refused by a call with other loaders', () => {
    save();
    const { XTrain, yTrain } = blobs(48, 50, 3, 1);
    const dataset = { X: array(XTrain.data.slice(0, XTrain.size), [XTrain.shape[0], 2, 5, 5]), y: yTrain };
    const transform = transforms.randomHorizontalFlip();
    const loader = new DataLoader(dataset, { batchSize: 9, transform, seed: 3 });
    expect(refusal({}, () => ({ loader })).split('; ')).toEqual([
      "loader.batchSize is 9, the checkpoint's run had 8",
      "loader.batches is 4, the checkpoint's run had 5",
      "loader.sampler is 'SequentialSampler', the checkpoint's run had 'RandomSampler'",
      'loader.transform is randomHorizontalFlip(0.5), the checkpoint\'s run had randomCrop(5,{"padding":1}), ' +
        'randomHorizontalFlip(0.5)',
      "loader.seed is 3, the checkpoint's run had first loader",
      'loader.dataset.X has other values',
    ]);
    expect(refusal({}, () => ({ loader: pretend([...loader]) }))).toContain("loader.class is 'Array'");
  });

  test('is refused by a call with another model or optimizer', () => {
    save();
    const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(50, 3));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
    const said = refusal({ optimizer, schedule: undefined }, () => ({ model })).split('; ');
    expect(said).toHaveLength(21);
    expect(said).toEqual(
      expect.arrayContaining([
        "optimizer.class is 'Adam', the checkpoint's run had 'SGD'",
        "model.0 is Flatten(startDim=1), the checkpoint's run had Conv2d(2, 4, kernelSize=3, stride=1, padding=1)",
        "model.1.weight is (3, 50) float32, the checkpoint's run had (4,) float32",
      ]),
    );
    const long = new nn.Sequential(...Array.from({ length: 12 }, () => new nn.Linear(3, 3)));
    const other = { optimizer: new optim.Adam(long.parameters()), schedule: undefined };
    expect(refusal(other, () => ({ model: long }))).toMatch(/^(?:[^;]+; ){24}\d+ more$/);
    const otherRate = (setup: FitSetup): Partial<FitSetup> => {
      const own = new optim.SGD(setup.model.parameters(), { lr: 1, momentum: 0.9, weightDecay: 1e-3, nesterov: true });
      return { options: { ...setup.options, optimizer: own } };
    };
    expect(refusal({}, otherRate)).toBe("optimizer.paramGroups[0].nesterov is true, the checkpoint's run had false");
  });

  test('is none of a Solver, nor the reverse', () => {
    save();
    const file = join(folder.dir, 'checkpoint-000000003.safetensors');
    expect(() => makeSolver({ resume: folder.dir })).toThrow(
      `Solver: resume: ${file} is a checkpoint of fit, expected one of a Solver`,
    );
    const other = join(folder.root, 'solver');
    for (const _ of makeSolver({ checkpoint: { dir: other } }).steps()) break;
    const first = join(other, 'checkpoint-000000001.safetensors');
    const { model, loader, options } = fitSetup('first', 'step', { resume: other });
    expect(() => fit(model, loader, options)).toThrow(
      `fit: resume: ${first} is a checkpoint of a Solver, expected one of fit`,
    );
  });
});

describe('a folder', () => {
  test('of an earlier run is not written to', () => {
    makeSolver({ checkpoint: { dir: folder.dir } }).train();
    const solver = makeSolver({ checkpoint: { dir: folder.dir } });
    expect(() => solver.train()).toThrow(
      `Solver: ${folder.dir} has checkpoints of an earlier run, the latest is checkpoint-000000024.safetensors; ` +
        'resume that run, or choose another folder',
    );
    expect(solver.iteration).toBe(0);
  });

  test('is for one run at a time', () => {
    const checkpoint = { dir: folder.dir, every: 1 };
    const steps = makeSolver({ checkpoint }).steps();
    for (let i = 0; i < 3; i++) steps.next();
    const other = dropoutNet('another');
    const before = bitsOf(other.params);
    const message =
      `${folder.dir} is being written by another run of this process (process id ${process.pid}); ` +
      'end that run (close it), or choose another folder';
    expect(() => makeSolver({ checkpoint, resume: true }, other)).toThrow(`Solver: ${message}`);
    expect(bitsOf(other.params)).toEqual(before);
    const second = makeSolver({ checkpoint: { dir: folder.dir, onError: 'warn' } });
    expect(() => second.train()).toThrow(message);
    steps.return();
    expect(makeSolver({ checkpoint, resume: true }).iteration).toBe(2);
  });

  test('under another name is the same, also once the process is somewhere else', () => {
    makeSolver({ checkpoint: { dir: folder.dir }, numEpochs: 1 }).train();
    const link = join(folder.root, 'link');
    symlinkSync(folder.dir, link);
    const before = process.cwd();
    process.chdir(folder.root);
    try {
      const solver = makeSolver({ checkpoint: { dir: 'link' }, resume: folder.dir, numEpochs: 2 });
      process.chdir(before);
      solver.train();
    } finally {
      process.chdir(before);
    }
    expect(checkpointsIn(folder.dir)).toContain(12);
  });
});

describe('a file of a run', () => {
  test('is where a run continues once its state is loaded, as the error of resume says', () => {
    makeSolver({ checkpoint: { dir: folder.dir } }).train();
    const file = join(folder.dir, 'checkpoint-000000018.safetensors');
    expect(() => makeSolver({ resume: file })).toThrow(
      'to continue from that very file, give loadCheckpoint(file).state to solver.loadStateDict',
    );
    const solver = makeSolver();
    solver.loadStateDict(pretend<SolverState>(loadCheckpoint(file).state));
    expect(solver.iteration).toBe(18);
  });
});
