import { afterEach, describe, expect, test, vi } from 'vitest';
import { FullyConnectedNet, TwoLayerNet } from '../../src/classifiers/index.js';
import type { Model } from '../../src/classifiers/model.js';
import {
  type Labels,
  type NDArray,
  Solver,
  type SolverOptions,
  type SolverState,
  type TrainingEvent,
} from '../../src/index.js';
import '../helpers/matchers.js';
import { blobs, copiesOf } from '../helpers/nets.js';
import { pretend } from '../helpers/pretend.js';
import { ScriptedModel, scriptedData } from '../helpers/scripted-model.js';

const QUIET = { verbose: false, seed: 1 };

/** SGD whose steps are 1 in size, so that w of a scripted model counts them. */
const COUNTING = { ...QUIET, updateRule: 'sgd', optimConfig: { learningRate: 1 } } as const;

const data = blobs(80, 6, 3, 1);

function net(): FullyConnectedNet {
  return new FullyConnectedNet([8, 8], {
    ...{ inputDim: 6, numClasses: 3, weightScale: 0.3, dropout: 0.8, normalization: 'batchnorm', seed: 2 },
  });
}

/** A Solver whose best evaluation is not its last one. */
function make(options: SolverOptions = {}, model: Model = net()): Solver {
  const settings = { ...QUIET, batchSize: 10, numEpochs: 4, lrDecay: 0.9, numTrainSamples: 20, numValSamples: 7 };
  return new Solver(model, data, { ...settings, updateRule: 'adam', optimConfig: { learningRate: 0.05 }, ...options });
}

function expectSame(solver: Solver, expected: Solver): void {
  for (const name of ['lossHistory', 'trainAccHistory', 'valAccHistory', 'bestValAcc', 'epoch', 'iteration'] as const) {
    expect(solver[name], name).toEqual(expected[name]);
  }
  for (const [name, param] of Object.entries(expected.model.params)) {
    expect(solver.model.params[name], name).toEqualBits(param);
    expect(solver.bestParams[name], name).toEqualBits(expected.bestParams[name]);
  }
  (expected.model.bnParams ?? []).forEach(({ runningMean, runningVar }, i) => {
    const own = solver.model.bnParams?.[i];
    expect(own?.runningMean).toEqualBits(runningMean as never);
    expect(own?.runningVar).toEqualBits(runningVar as never);
  });
}

function trained(options: SolverOptions = {}): Solver {
  const solver = make(options);
  solver.train();
  return solver;
}

afterEach(() => void vi.restoreAllMocks());

describe('steps', () => {
  test('yields each step and each evaluation, once it is complete', () => {
    const model = Object.assign(new ScriptedModel(), { losses: [4, 3, 2, 1], accuracyAt: (w: number) => 0.25 * -w });
    const solver = new Solver(model, scriptedData(4, 4), { ...COUNTING, batchSize: 2, numEpochs: 2 });
    const events: TrainingEvent[] = [];
    for (const event of solver.steps()) {
      events.push(event);
      expect(solver.iteration).toBe(event.iteration);
      expect(model.params.w.get(0)).toBe(-event.iteration);
    }
    expect(events).toEqual([
      { kind: 'step', iteration: 1, epoch: 0, loss: 4 },
      { kind: 'epoch', iteration: 1, epoch: 0, loss: 4, trainAcc: 0.25, valAcc: 0.25 },
      { kind: 'step', iteration: 2, epoch: 1, loss: 3 },
      { kind: 'epoch', iteration: 2, epoch: 1, loss: 3, trainAcc: 0.5, valAcc: 0.5 },
      { kind: 'step', iteration: 3, epoch: 1, loss: 2 },
      { kind: 'step', iteration: 4, epoch: 2, loss: 1 },
      { kind: 'epoch', iteration: 4, epoch: 2, loss: 1, trainAcc: 1, valAcc: 1 },
    ]);
    expect(solver.bestValAcc).toBe(1);
  });

  test('is train, with its callbacks, and to its bits', () => {
    const calls: string[] = [];
    const solver = make({
      onIteration: ({ iteration }) => calls.push(`step ${iteration}`),
      onEpoch: ({ epoch, iteration }) => void calls.push(`epoch ${epoch} ${iteration}`),
    });
    const seen = [...solver.steps()].map((event) =>
      event.kind === 'step' ? `step ${event.iteration}` : `epoch ${event.epoch} ${event.iteration}`,
    );
    expect(calls).toEqual(seen);
    expectSame(solver, trained());
  });

  test.each([1, 2, 3, 8, 9, 17])('left after event %d, goes on to the same bits', (count) => {
    const solver = make();
    let left = count;
    for (const _ of solver.steps()) if (--left === 0) break;
    solver.train();
    expectSame(solver, trained());
  });

  test('does nothing before it is asked for the first event', () => {
    const solver = make();
    const unused = solver.steps();
    solver.train();
    expectSame(solver, trained());
    expect([...unused]).toEqual([]);
  });

  test('is the only one while it is under way, and lets go when it is left', () => {
    const solver = make();
    const steps = solver.steps();
    steps.next();
    for (const call of [() => solver.train(), () => solver.step(), () => solver.steps().next()]) {
      expect(call).toThrow('steps() is running, expected no call from a callback or the model: leave its loop first');
    }
    steps.return();
    expect(() => solver.train()).not.toThrow();
    expect(steps.next()).toEqual({ done: true, value: undefined });
  });

  test('takes the progress bar away when it is left', () => {
    const output: string[] = [];
    const isTTY = process.stdout.isTTY;
    process.stdout.isTTY = true;
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => output.push(String(text)) > 0);
    vi.spyOn(console, 'log').mockImplementation(() => {});
    try {
      for (const _ of make({ verbose: true }).steps()) break;
    } finally {
      process.stdout.isTTY = isTTY;
    }
    expect(output.at(-2)).toContain('it/s');
    expect(output.at(-1)).toBe('\r\x1b[2K');
  });

  test('what runs between its steps does not change them', () => {
    const [one, two] = [make(), make({ seed: 5 })];
    const others = two.steps();
    for (const _ of one.steps()) others.next();
    for (const _ of others);
    expectSame(one, trained());
    expectSame(two, trained({ seed: 5 }));
  });

  test('an error ends it, and the Solver can be used again', () => {
    let failing = true;
    const solver = make({
      onIteration: ({ iteration }) => {
        if (iteration === 3 && failing) throw new Error('stop');
      },
    });
    expect(() => [...solver.steps()]).toThrow('stop');
    failing = false;
    solver.train();
    expectSame(solver, trained());
  });
});

describe('onEpoch', () => {
  test('ends the run by false, with the best parameters', () => {
    const model = new ScriptedModel();
    const accuracies: Record<number, number> = { 1: 0.25, 2: 1, 3: 0.5 };
    model.accuracyAt = (w) => accuracies[-w];
    const onEpoch = ({ epoch }: Solver): boolean => epoch < 3;
    const solver = new Solver(model, scriptedData(4, 4), { ...COUNTING, batchSize: 4, numEpochs: 9, onEpoch });
    solver.train();
    expect([solver.epoch, solver.bestValAcc, model.params.w.get(0)]).toEqual([3, 1, -2]);
  });

  test('and another train goes on from the last ones', () => {
    let stops = true;
    const solver = make({ onEpoch: ({ epoch }) => !stops || epoch < 2 });
    solver.train();
    expect(solver.epoch).toBe(2);
    stops = false;
    solver.train();
    expectSame(solver, trained());
  });
});

describe('numEpochs', () => {
  test.each([1, 2, 3])('raised after %d epochs, train goes on to the bits of a longer run', (first) => {
    const solver = make({ numEpochs: first });
    solver.train();
    const best = copiesOf(solver.bestParams);
    for (const [name, param] of Object.entries(solver.model.params)) expect(param).toEqualBits(best[name]);
    solver.numEpochs = 4;
    solver.train();
    expectSame(solver, trained());
    // The best of the run is not the last of it, so that the two had to be told apart.
    expect(solver.valAccHistory.indexOf(solver.bestValAcc)).toBeLessThan(solver.valAccHistory.length - 1);
  });

  test('step goes on from the last parameters too', () => {
    const solver = make({ numEpochs: 2 });
    solver.train();
    solver.numEpochs = 4;
    solver.step();
    expect(solver.lossHistory).toEqual(trained().lossHistory.slice(0, 13));
  });

  test('parameters that were changed since are kept', () => {
    const model = new ScriptedModel();
    model.accuracyAt = (w) => (w === -1 ? 1 : 0);
    const solver = new Solver(model, scriptedData(4, 4), { ...COUNTING, batchSize: 4, numEpochs: 3 });
    solver.train();
    expect(model.params.w.get(0)).toBe(-1);
    solver.numEpochs = 4;
    model.params.w.set(0, 50);
    solver.train();
    expect(model.batches).toHaveLength(4);
    expect(solver.stateDict().last?.params.w.get(0)).toBe(49);
  });

  test('is checked', () => {
    const solver = make();
    for (const [n, found] of [
      [0, '0'],
      [1.5, '1.5'],
      ['3', "'3'"],
    ] as const) {
      expect(() => {
        solver.numEpochs = pretend(n);
      }).toThrow(`Solver: numEpochs is ${found}, expected a whole number ≥ 1`);
    }
    expect(solver.numEpochs).toBe(4);
  });
});

describe('trainAsync', () => {
  test('is train, to its bits', async () => {
    const solver = make();
    await solver.trainAsync();
    expectSame(solver, trained());
  });

  test('two that run by turns have the bits of one after the other', async () => {
    let turns = 0;
    let last: unknown;
    const noting = (name: string) => async () => {
      if (last !== name) turns++;
      last = name;
      await new Promise((resolve) => setImmediate(resolve));
    };
    const one = make({ onIteration: noting('one') });
    const two = make({ seed: 5, onIteration: noting('two') });
    await Promise.all([one.trainAsync(), two.trainAsync()]);
    expect(turns).toBeGreaterThan(10);
    expectSame(one, trained());
    expectSame(two, trained({ seed: 5 }));
  });

  test('lets the event loop turn between steps', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const busy = (): void => {
      const end = performance.now() + 8;
      while (performance.now() < end);
    };
    await make({ numEpochs: 5, onIteration: busy }).trainAsync();
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  test('awaits its callbacks, and a promise for false ends it', async () => {
    const order: string[] = [];
    const later = async (what: string): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      order.push(what);
    };
    const solver = make({
      onIteration: ({ iteration }) => later(`step ${iteration}`),
      onEpoch: async ({ epoch, iteration }) => {
        await later(`epoch ${iteration}`);
        return epoch < 1;
      },
    });
    await solver.trainAsync();
    expect(order).toEqual([...['step 1', 'epoch 1', 'step 2', 'step 3', 'step 4', 'step 5', 'step 6', 'epoch 6']]);
    expect(solver.epoch).toBe(1);
  });

  test('a callback that rejects ends it with its reason', async () => {
    let failing = true;
    const onIteration = async ({ iteration }: Solver): Promise<void> => {
      await null;
      if (failing && iteration === 6) throw new Error('stop');
    };
    const solver = make({ onIteration });
    await expect(solver.trainAsync()).rejects.toThrow('stop');
    failing = false;
    await solver.trainAsync();
    expectSame(solver, trained());
  });

  test('the synchronous forms refuse a promise', () => {
    const solver = make({ onIteration: async () => {} });
    expect(() => solver.train()).toThrow('Solver: onIteration returned a promise, expected a synchronous function');
    expect(() => [...solver.steps()]).toThrow('Solver: onIteration returned a promise');
    expect(() => make({ onEpoch: async () => false }).train()).toThrow('Solver: onEpoch returned a promise');
  });

  test('stops at a signal between steps, and goes on afterwards', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const solver = make({ onIteration: ({ iteration }) => void (iteration === 6 && stop.abort(reason)) });
    await expect(solver.trainAsync({ signal: stop.signal })).rejects.toBe(reason);
    expect([solver.iteration, solver.lossHistory.length, solver.valAccHistory.length]).toEqual([6, 6, 1]);
    await expect(solver.trainAsync({ signal: stop.signal })).rejects.toBe(reason);
    expect(solver.iteration).toBe(6);
    await solver.trainAsync({ signal: new AbortController().signal });
    expectSame(solver, trained());
  });

  test('refuses what is no signal, other options, and another run', async () => {
    const solver = make();
    await expect(solver.trainAsync({ signal: pretend(true) })).rejects.toThrow(
      'Solver.trainAsync: signal is true, expected the signal of an AbortController',
    );
    await expect(solver.trainAsync(pretend({ timeout: 1 }))).rejects.toThrow(
      "unknown option 'timeout', expected signal",
    );
    const waiting = make({ onIteration: async () => {} });
    const running = waiting.trainAsync();
    await expect(waiting.trainAsync()).rejects.toThrow('Solver.trainAsync: trainAsync() is running');
    await running;
    expectSame(waiting, trained());
  });

  test.each([
    ['messages', { setImmediate: undefined }],
    ['timers', { setImmediate: undefined, MessageChannel: undefined }],
  ])('turns by %s where there is no setImmediate', async (_, missing) => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const busy = (): void => {
      const end = performance.now() + 8;
      while (performance.now() < end);
    };
    for (const [name, value] of Object.entries(missing)) vi.stubGlobal(name, value);
    try {
      await make({ numEpochs: 5, onIteration: busy }).trainAsync();
    } finally {
      vi.unstubAllGlobals();
      clearInterval(timer);
    }
    expect(ticks).toBeGreaterThan(3);
  });

  describe('lets the event loop turn between the batches of an evaluation', () => {
    /** A Solver whose model takes its time to score; what `meanwhile` does is done while it evaluates. */
    async function scoredSlowly(
      meanwhile: (solver: Solver) => void,
      options: SolverOptions = {},
      signal?: AbortSignal,
    ) {
      const model = net();
      const loss = model.loss.bind(model);
      let isScoring = false;
      model.loss = ((X: NDArray, y?: Labels) => {
        isScoring = y === undefined;
        if (isScoring) for (const end = performance.now() + 9; performance.now() < end; );
        return y === undefined ? loss(X) : loss(X, y);
      }) as typeof model.loss;
      const solver = make({ numTrainSamples: null, numValSamples: 7, ...options }, model);
      let turns = 0;
      const timer = setInterval(() => {
        if (!isScoring || solver.valAccHistory.length === solver.trainAccHistory.length + 1) return;
        turns++;
        meanwhile(solver);
      }, 1);
      try {
        await solver.trainAsync({ signal });
      } finally {
        clearInterval(timer);
      }
      return { solver, turns };
    }
    const whole = (): Solver => trained({ numTrainSamples: null });

    test('to the same bits, also where others draw numbers then', async () => {
      const { solver, turns } = await scoredSlowly(() => {});
      expect(turns).toBeGreaterThan(2);
      expectSame(solver, whole());
    });

    test('a state that is taken there continues with the evaluation', async () => {
      const states: SolverState[] = [];
      await scoredSlowly((solver) => void states.push(solver.stateDict()));
      const inEvaluation = states.filter(({ due }) => due);
      expect(inEvaluation.length).toBeGreaterThan(0);
      for (const state of [inEvaluation[0], inEvaluation[inEvaluation.length - 1]]) {
        const next = make({ numTrainSamples: null });
        next.loadStateDict(state);
        next.train();
        expectSame(next, whole());
      }
    });

    test('a signal waits for its end', async () => {
      const stop = new AbortController();
      const evaluations: number[] = [];
      const running = scoredSlowly(
        () => stop.abort(new Error('enough')),
        { onEpoch: ({ iteration }) => void evaluations.push(iteration) },
        stop.signal,
      );
      await expect(running).rejects.toThrow('enough');
      expect(evaluations).toEqual([1]);
    });
  });

  test('turns at most every 8 ms', async () => {
    const solver = new Solver(new TwoLayerNet({ inputDim: 6, hiddenDim: 8, numClasses: 3, seed: 3 }), data, {
      ...{ ...QUIET, batchSize: 10, numEpochs: 100 },
    });
    let turns = 0;
    const real = globalThis.setImmediate;
    const counted = ((fn: () => void) => {
      turns++;
      return real(fn);
    }) as typeof setImmediate;
    vi.stubGlobal('setImmediate', counted);
    const begin = performance.now();
    await solver.trainAsync();
    const elapsed = performance.now() - begin;
    vi.unstubAllGlobals();
    expect(solver.iteration).toBe(600);
    expect(turns).toBeLessThanOrEqual(elapsed / 8);
  });
});
