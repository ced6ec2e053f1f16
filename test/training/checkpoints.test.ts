import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import {
  configureKernels,
  DivergedError,
  F,
  fit,
  fitAsync,
  fitSteps,
  type Labels,
  loadCheckpoint,
  type Solver,
  type SolverOptions,
  stateDictOf,
  type Tensor,
} from '../../src/index.js';
import { bitsOf, dropoutNet, finishedFit, fitSetup, makeSolver, wholeFit } from '../helpers/interruptible.js';
import { checkpointsIn, runFolder } from '../helpers/run-folder.js';

const folder = runFolder();

let whole: unknown;
/** Where a Solver ends that nobody leaves. */
function wholeSolver(): unknown {
  whole ??= ended(makeSolver());
  return whole;
}

/** Where a Solver ends. */
function ended(solver: Solver): unknown {
  solver.train();
  return bitsOf(solver.stateDict());
}

describe('a run that is left and resumed has the bits of one that was not', () => {
  const EVENTS = [1, 2, 7, 11, 12, 13, 15, 18];
  test.each(EVENTS.slice(0, 1))('fit, after %i event', checkFit);
  test.each(EVENTS.slice(1))('fit, after %i events', { tags: 'slow' }, checkFit);

  let expected: unknown;
  function checkFit(events: number): void {
    expected ??= wholeFit('first', 'step', { accumulate: 2 });
    const checkpoint = { dir: folder.dir, every: 1 };
    const { model, loader, options } = fitSetup('first', 'step', { checkpoint, accumulate: 2 });
    let seen = 0;
    for (const _ of fitSteps(model, loader, options)) if (++seen === events) break;
    const next = fitSetup('first', 'step', { checkpoint, accumulate: 2, resume: true });
    // Weights and generators are those of the checkpoint.
    for (const { data } of next.model.parameters()) data.data.fill(7);
    const run = fitSteps(next.model, next.loader, next.options);
    expect(run.history.iteration).toBeGreaterThan(0);
    expect(finishedFit(next, run)).toEqual(expected);
  }

  test.each([1])('a Solver, after %i event', checkSolver);
  test.each([2, 3, 7, 8, 9, 28, 29])('a Solver, after %i events', { tags: 'slow' }, checkSolver);

  function checkSolver(events: number): void {
    const checkpoint = { dir: folder.dir, every: 1 };
    let seen = 0;
    for (const _ of makeSolver({ checkpoint }).steps()) if (++seen === events) break;
    const solver = makeSolver({ checkpoint, resume: true }, dropoutNet('another'));
    expect(solver.iteration).toBeGreaterThan(0);
    expect(ended(solver)).toEqual(wholeSolver());
  }

  test('by an AbortSignal', { tags: 'slow' }, async () => {
    const checkpoint = { dir: folder.dir, every: { epochs: 2 } };
    const stop = new AbortController();
    const reason = new Error('enough');
    const abort = ({ iteration }: { iteration: number }): void => void (iteration === 7 && stop.abort(reason));
    const first = fitSetup('first', 'epoch', { checkpoint });
    const aborted = fitAsync(first.model, first.loader, { ...first.options, onStep: abort, signal: stop.signal });
    await expect(aborted).rejects.toBe(reason);
    expect(checkpointsIn(folder.dir)).toContain(7);
    const { model, loader, options } = fitSetup('first', 'epoch', { checkpoint, resume: true });
    const { lossHistory } = await fitAsync(model, loader, options);
    const whole = fitSetup('first', 'epoch');
    expect(lossHistory).toEqual(fit(whole.model, whole.loader, whole.options).lossHistory);
    expect(bitsOf(model.stateDict())).toEqual(bitsOf(whole.model.stateDict()));

    const own = new AbortController();
    const dir = join(folder.root, 'solver');
    const solver = makeSolver({
      checkpoint: { dir, every: 100 },
      onIteration: ({ iteration }) => iteration === 9 && own.abort(reason),
    });
    await expect(solver.trainAsync({ signal: own.signal })).rejects.toBe(reason);
    expect(checkpointsIn(dir)).toEqual(['best', 9]);
    const resumed = makeSolver({ checkpoint: { dir }, resume: true });
    await resumed.trainAsync();
    expect(bitsOf(resumed.stateDict())).toEqual(wholeSolver());
  });

  test('from the folder of a run that is not saved any more', { tags: 'slow' }, () => {
    for (const event of makeSolver({ checkpoint: { dir: folder.dir } }).steps()) if (event.iteration === 15) break;
    const before = checkpointsIn(folder.dir);
    const dir = join(folder.root, 'other');
    expect(ended(makeSolver({ resume: folder.dir }))).toEqual(wholeSolver());
    expect(ended(makeSolver({ resume: folder.dir, checkpoint: { dir } }))).toEqual(wholeSolver());
    expect(checkpointsIn(folder.dir)).toEqual(before);
    expect(checkpointsIn(dir)).toEqual([18, 24]);
  });

  test('when its best epoch was before', { tags: 'slow' }, () => {
    const checkpoint = { dir: folder.dir, every: 1 };
    const options = { numEpochs: 4, checkpoint };
    const solver = makeSolver(options);
    for (const event of solver.steps()) if (event.iteration === 22) break;
    const resumed = makeSolver({ ...options, resume: true });
    resumed.train();
    const whole = makeSolver();
    whole.train();
    expect(bitsOf(resumed.bestParams)).toEqual(bitsOf(whole.bestParams));
    expect(resumed.bestValAcc).toBe(whole.bestValAcc);
  });
});

describe('a finished run that is resumed', () => {
  test('returns at once, with what it ended with', () => {
    const checkpoint = { dir: folder.dir };
    const expected = ended(makeSolver({ checkpoint }));
    const onIteration = vi.fn();
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    expect(ended(makeSolver({ checkpoint, resume: true, onIteration, verbose: true }))).toEqual(expected);
    expect(onIteration).not.toHaveBeenCalled();
    expect(log.mock.calls).toEqual([
      [`Continues from iteration 24, saved in ${join(folder.dir, 'checkpoint-000000024.safetensors')}`],
    ]);

    const dir = join(folder.root, 'fit');
    const whole = fitSetup('first', 'step', { checkpoint: { dir } });
    const bits = finishedFit(whole, fitSteps(whole.model, whole.loader, whole.options));
    const { model, loader, options } = fitSetup('first', 'step', { checkpoint: { dir }, resume: true });
    const run = fitSteps(model, loader, options);
    expect(run.next().done).toBe(true);
    expect(finishedFit({ model, loader, options }, fitSteps(model, loader, options))).toEqual(bits);
  });

  test('goes on when there are more epochs', { tags: 'slow' }, () => {
    const checkpoint = { dir: folder.dir };
    makeSolver({ checkpoint, numEpochs: 2 }).train();
    expect(ended(makeSolver({ checkpoint, resume: true }))).toEqual(wholeSolver());

    const dir = join(folder.root, 'fit');
    const short = fitSetup('first', 'epoch', { checkpoint: { dir }, epochs: 2 });
    fit(short.model, short.loader, short.options);
    const next = fitSetup('first', 'epoch', { checkpoint: { dir }, resume: true, patience: 5 });
    const bits = finishedFit(next, fitSteps(next.model, next.loader, next.options));
    expect(bits).toEqual(wholeFit('first', 'epoch', { patience: 5 }));
  });

  test('stays ended where onEpoch has ended it', { tags: 'slow' }, () => {
    const checkpoint = { dir: folder.dir };
    const expected = ended(makeSolver({ checkpoint, onEpoch: ({ epoch }) => epoch < 2 }));
    expect(ended(makeSolver({ checkpoint, resume: true }))).toEqual(expected);

    const dir = join(folder.root, 'fit');
    const whole = fitSetup('first', 'step', { checkpoint: { dir }, onEpoch: ({ epoch }) => epoch < 2 });
    const bits = finishedFit(whole, fitSteps(whole.model, whole.loader, whole.options));
    const next = fitSetup('first', 'step', { checkpoint: { dir }, resume: true });
    expect(finishedFit(next, fitSteps(next.model, next.loader, next.options))).toEqual(bits);
  });
});

describe('a run is saved', () => {
  test.each([
    [{ every: 5 }, ['best', 15, 20, 24]],
    [{ every: { iterations: 10 }, keep: 2 }, ['best', 20, 24]],
    [{ every: { iterations: 10 }, best: false }, [10, 20, 24]],
    [{ every: { epochs: 2 }, keep: 5 }, ['best', 12, 24]],
    [{}, ['best', 12, 18, 24]],
    [{ every: { seconds: 3600 } }, ['best', 24]],
    [{ every: { seconds: 1e-9 }, keep: 100 }, ['best', ...Array.from({ length: 24 }, (_, i) => i + 1)]],
  ])('%j', { tags: 'slow' }, (options, expected) => {
    expect(ended(makeSolver({ checkpoint: { dir: folder.dir, ...options } }))).toEqual(wholeSolver());
    expect(checkpointsIn(folder.dir)).toEqual(expected);
  });

  test('with all that it was made with, and its best', () => {
    const solver = makeSolver({ checkpoint: { dir: folder.dir, every: 100 } });
    solver.train();
    const { kind, iteration, epoch, config } = loadCheckpoint(folder.dir);
    expect({ kind, iteration, epoch }).toEqual({ kind: 'Solver', iteration: 24, epoch: 4 });
    expect(config.options).toMatchObject({ updateRule: 'adam', batchSize: 10, numEpochs: 4, seed: 1 });
    expect(config.model).toMatchObject({
      class: 'FullyConnectedNet',
      W1: '(6, 8) float32',
      'dropoutParams[0]': { p: 0.8 },
    });
    expect(config.data).toMatchObject({ XTrain: { shape: '(60, 6) float32' }, yTrain: { shape: '(60,) labels' } });
    expect(config.kernels).toHaveProperty('simd');
    const best = loadCheckpoint(folder.dir, { best: true });
    expect(bitsOf((best.state as unknown as { best: { params: unknown } }).best.params)).toEqual(
      bitsOf(solver.bestParams),
    );
  });

  test('with its weights by the names that loadStateDict takes', () => {
    const net = dropoutNet();
    let last: unknown;
    const onEpoch = (): void => {
      last = bitsOf(stateDictOf(net));
    };
    makeSolver({ checkpoint: { dir: folder.dir, every: 100 }, onEpoch }, net).train();
    const best = bitsOf(stateDictOf(net));
    expect(best).toHaveProperty('runningMean1');
    expect(best).not.toEqual(last);
    expect(bitsOf(loadCheckpoint(folder.dir, { best: true }).model)).toEqual(best);
    const { model } = loadCheckpoint(folder.dir);
    expect(bitsOf(model)).toEqual(last);

    const other = dropoutNet('another');
    other.loadStateDict(model);
    expect(bitsOf(stateDictOf(other))).toEqual(last);
  });

  test('of fit as its best where the monitor says so', { tags: 'slow' }, () => {
    const { model, loader, options } = fitSetup('first', 'step', {
      ...{ checkpoint: { dir: folder.dir, every: 1000 }, monitor: 'valLoss', epochs: 3 },
    });
    const { bestEpoch } = fit(model, loader, options);
    expect(loadCheckpoint(folder.dir, { best: true }).epoch).toBe(bestEpoch);
    const dir = join(folder.root, 'no validation');
    const without = { valLoader: undefined, patience: undefined, checkpoint: { dir } };
    const other = fitSetup('first', 'step', without);
    fit(other.model, other.loader, other.options);
    expect(checkpointsIn(dir)).toEqual([5, 10, 15]);
  });

  test('after its callbacks, whose changes the checkpoint has', { tags: 'slow' }, () => {
    const halve = (solver: Solver): void => {
      solver.model.params.b1.data[0] += 1;
    };
    const options: SolverOptions = { onIteration: halve, onEpoch: halve };
    const checkpoint = { dir: folder.dir, every: 1 };
    for (const event of makeSolver({ ...options, checkpoint }).steps()) if (event.iteration === 9) break;
    expect(ended(makeSolver({ ...options, checkpoint, resume: true }))).toEqual(ended(makeSolver(options)));
  });

  test('no more once it has failed, and its folder is free again', { tags: 'slow' }, () => {
    const checkpoint = { dir: folder.dir, every: 1 };
    const solver = makeSolver({
      checkpoint,
      onIteration: ({ iteration }) => {
        if (iteration === 3) throw new Error('a fault');
      },
    });
    expect(() => solver.train()).toThrow('a fault');
    expect(checkpointsIn(folder.dir)).toEqual(['best', 1, 2]);
    expect(ended(makeSolver({ checkpoint, resume: true }))).toEqual(wholeSolver());
  });
});

describe('a Solver that is trained again', { tags: 'slow' }, () => {
  test('goes on to be saved in its folder', () => {
    const solver = makeSolver({ checkpoint: { dir: folder.dir }, numEpochs: 2 });
    for (const event of solver.steps()) if (event.iteration === 4) break;
    solver.train();
    solver.numEpochs = 4;
    solver.train();
    expect(bitsOf(solver.stateDict())).toEqual(wholeSolver());
    expect(checkpointsIn(folder.dir)).toEqual(['best', 12, 18, 24]);
    expect(loadCheckpoint(folder.dir).config.options).toMatchObject({ numEpochs: 4 });
    expect(ended(makeSolver({ resume: folder.dir }))).toEqual(wholeSolver());
  });
});

describe('a run that diverges', { tags: 'slow' }, () => {
  test('leaves the checkpoints of before', () => {
    let batches = 0;
    const loss = (scores: Tensor, y: Labels): Tensor => {
      const own = F.crossEntropy(scores, y);
      return batches++ === 7 ? F.mul(own, Number.NaN) : own;
    };
    const checkpoint = { dir: folder.dir, every: 1 };
    const options = { checkpoint, loss, valLoader: undefined, patience: undefined };
    const setup = fitSetup('first', 'step', options);
    expect(() => fit(setup.model, setup.loader, setup.options)).toThrow(DivergedError);
    expect(checkpointsIn(folder.dir)).toEqual([5, 6, 7]);
    expect(loadCheckpoint(folder.dir).iteration).toBe(7);
  });
});

describe('the last checkpoint', () => {
  test('is passed over with a warning where it is damaged', () => {
    const checkpoint = { dir: folder.dir, every: 1 };
    for (const event of makeSolver({ checkpoint }).steps()) if (event.iteration === 12) break;
    const [last, before] = [12, 11].map((n) => join(folder.dir, `checkpoint-0000000${n}.safetensors`));
    truncateSync(last, 1000);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const solver = makeSolver({ checkpoint, resume: true });
    expect(solver.iteration).toBe(11);
    expect(warn.mock.calls).toHaveLength(1);
    expect(warn.mock.calls[0][0]).toContain(`${last}: `);
    expect(warn.mock.calls[0][0]).toContain(`; ${before} is read instead`);
    expect(ended(solver)).toEqual(wholeSolver());
  });

  test('is refused with the others where all are damaged', { tags: 'slow' }, () => {
    makeSolver({ checkpoint: { dir: folder.dir, keep: 1, best: false } }).train();
    const [iteration] = checkpointsIn(folder.dir);
    const file = join(folder.dir, `checkpoint-0000000${iteration}.safetensors`);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(file, bytes);
    expect(() => makeSolver({ checkpoint: { dir: folder.dir }, resume: true })).toThrow(
      `Solver: ${folder.dir} has no checkpoint that can be read: ${file}`,
    );
  });

  test('of other kernels is continued with a warning', { tags: 'slow' }, () => {
    const checkpoint = { dir: folder.dir, every: 1 };
    for (const event of makeSolver({ checkpoint }).steps()) if (event.iteration === 12) break;
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    configureKernels({ kernels: 'reference' });
    try {
      makeSolver({ checkpoint, resume: true });
    } finally {
      configureKernels({ kernels: 'wasm' });
    }
    const file = join(folder.dir, 'checkpoint-000000012.safetensors');
    expect(warn.mock.calls).toEqual([[expect.stringContaining(`Solver: ${file} was made by the kernels wasm`)]]);
    expect(warn.mock.calls[0][0]).toContain('these are reference: the last bits of the run will differ');
  });
});
