import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  DataLoader,
  F,
  type FitAsyncOptions,
  type FitHistory,
  type FitOptions,
  fit,
  fitAsync,
  fitSteps,
  type LabelledBatch,
  type Labels,
  manualSeed,
  type NDArray,
  nn,
  optim,
  Random,
  type Tensor,
  type TrainingEvent,
  zeros,
} from '../../src/index.js';
import '../helpers/matchers.js';
import { blobs } from '../helpers/nets.js';
import { pretend } from '../helpers/pretend.js';

const { XTrain: X, yTrain: y, XVal, yVal } = blobs(80, 4, 3, 1);

/** A run of four epochs of three steps, of a net with dropout of its own generator. */
function make(options: Partial<FitOptions> = {}, seed = 2) {
  manualSeed(seed);
  const random = new Random(seed);
  const model = new nn.Sequential(
    ...[
      new nn.Linear(4, 8),
      new nn.BatchNorm1d(8),
      new nn.ReLU(),
      new nn.Dropout(0.2, { random }),
      new nn.Linear(8, 3),
    ],
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  const loader = new DataLoader({ X, y }, { batchSize: 20, shuffle: true, seed });
  const valLoader = new DataLoader({ X: XVal, y: yVal }, { batchSize: 9 });
  const settings: FitOptions = { optimizer, epochs: 4, valLoader, weightAverage: 0.8, verbose: false, ...options };
  return { model, loader, options: settings };
}

type Made = Pick<ReturnType<typeof make>, 'model'>;

/** What a run has come to. */
function outcome({ model }: Made, { secondsHistory: _, ...history }: FitHistory): unknown {
  const weights = Object.entries(model.stateDict()).map(([name, a]) => [name, Array.from(a.data)]);
  return { history, weights };
}

function fitted(options: Partial<FitOptions> = {}, seed = 2): unknown {
  const made = make(options, seed);
  return outcome(made, fit(made.model, made.loader, made.options));
}

/** The batches of an epoch, each a moment later. */
function later(batches: Iterable<LabelledBatch>): AsyncIterable<LabelledBatch> {
  return {
    async *[Symbol.asyncIterator]() {
      for (const batch of batches) {
        await new Promise((resolve) => setImmediate(resolve));
        yield batch;
      }
    },
  };
}

afterEach(() => void vi.restoreAllMocks());

describe('fitSteps', () => {
  test('yields each step and each epoch, once it is complete', () => {
    const made = make({ epochs: 2 });
    const events: TrainingEvent[] = [];
    const run = fitSteps(made.model, made.loader, made.options);
    for (const event of run) {
      events.push(event);
      expect([run.history.iteration, run.history.epoch]).toEqual([event.iteration, event.epoch]);
    }
    const { lossHistory, trainAccHistory, valAccHistory } = run.history;
    const step = (iteration: number, epoch: number) => ({
      kind: 'step',
      iteration,
      epoch,
      loss: lossHistory[iteration - 1],
    });
    const epoch = (n: number) => ({
      ...{ kind: 'epoch', iteration: 3 * n, epoch: n, loss: lossHistory[3 * n - 1] },
      ...{ trainAcc: trainAccHistory[n - 1], valAcc: valAccHistory[n - 1] },
    });
    expect(events).toEqual([
      ...[step(1, 0), step(2, 0), step(3, 0), epoch(1)],
      ...[step(4, 1), step(5, 1), step(6, 1), epoch(2)],
    ]);
  });

  test('is fit, with its callbacks, and to its bits; it returns the history', () => {
    const calls: string[] = [];
    const made = make({
      onStep: ({ iteration }) => void calls.push(`step ${iteration}`),
      onEpoch: ({ epoch }) => void calls.push(`epoch ${epoch}`),
    });
    const run = fitSteps(made.model, made.loader, made.options);
    let next = run.next();
    for (; !next.done; next = run.next()) {
      const { kind, iteration, epoch } = next.value;
      expect(calls.at(-1)).toBe(kind === 'step' ? `step ${iteration}` : `epoch ${epoch}`);
    }
    expect(next.value).toBe(run.history);
    expect(outcome(made, next.value)).toEqual(fitted());
    expect(calls).toHaveLength(16);
  });

  test('has no valAcc without a valLoader', () => {
    const made = make({ valLoader: undefined, epochs: 1 });
    expect([...fitSteps(made.model, made.loader, made.options)].at(-1)).toMatchObject({ kind: 'epoch', valAcc: null });
  });

  test('leaves nothing open between steps', () => {
    const made = make();
    const kept: NDArray[] = [];
    for (const _ of fitSteps(made.model, made.loader, made.options)) {
      kept.push(zeros([3]));
      expect(F.mul(made.model.parameters()[0], 2).requiresGrad).toBe(true);
    }
    for (const a of kept) expect(Array.from(a.data)).toEqual([0, 0, 0]);
  });

  test('what is trained between its steps does not change it', () => {
    const [one, two] = [make(), make({}, 5)];
    const others = fitSteps(two.model, two.loader, two.options);
    const run = fitSteps(one.model, one.loader, one.options);
    for (const _ of run) others.next();
    for (const _ of others);
    expect(outcome(one, run.history)).toEqual(fitted());
    expect(outcome(two, others.history)).toEqual(fitted({}, 5));
  });

  test('takes the progress bar away when it is left, and leaves the weights of the last step', () => {
    const output: string[] = [];
    const isTTY = process.stdout.isTTY;
    process.stdout.isTTY = true;
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => output.push(String(text)) > 0);
    vi.spyOn(console, 'log').mockImplementation(() => {});
    const made = make({ verbose: true });
    try {
      for (const { iteration } of fitSteps(made.model, made.loader, made.options)) if (iteration === 2) break;
    } finally {
      process.stdout.isTTY = isTTY;
    }
    expect(output.some((text) => text.includes('it/s'))).toBe(true);
    expect(output.at(-1)).toBe('\r\x1b[2K');
    const twin = make();
    const seen: unknown[] = [];
    const onStep = (history: FitHistory): void => void seen.push(outcome(twin, history));
    fit(twin.model, twin.loader, { ...twin.options, onStep });
    const { weights } = seen[1] as { weights: unknown };
    expect(outcome(made, pretend({}))).toMatchObject({ weights });
  });

  test('checks its arguments at once, and refuses what has to be awaited', () => {
    const { model, loader, options } = make();
    expect(() => fitSteps(model, loader, { ...options, epochs: 0 })).toThrow('fitSteps: epochs is 0');
    expect(() => fit(model, loader, { ...options, onStep: async () => {} })).toThrow('fit: onStep returned a promise');
    expect(() => [...fitSteps(model, loader, { ...options, onEpoch: async () => false })]).toThrow(
      'fitSteps: onEpoch returned a promise',
    );
    expect(() => fit(model, pretend(later([])), options)).toThrow(
      'fit: loader is an object, expected a DataLoader or an iterable of batches [X, y]: fitAsync takes asynchronous',
    );
    expect(() => fit(model, loader, { ...options, valLoader: pretend(later([])) })).toThrow(
      'fit: valLoader is an object',
    );
    const signal = pretend<never>(new AbortController().signal);
    expect(() => fit(model, loader, { ...options, ...pretend<object>({ signal }) })).toThrow(
      "fit: unknown option 'signal'",
    );
  });
});

describe('fitAsync', () => {
  const run = async (options: Partial<FitAsyncOptions> = {}, loader?: AsyncIterable<LabelledBatch>, seed = 2) => {
    const made = make({}, seed);
    return outcome(made, await fitAsync(made.model, loader ?? made.loader, { ...made.options, ...options }));
  };

  test('is fit, to its bits', async () => {
    expect(await run()).toEqual(fitted());
  });

  test('takes loaders that have to be awaited', async () => {
    const { loader, options } = make();
    expect(await run({ valLoader: later(options.valLoader as DataLoader) }, later(loader))).toEqual(fitted());
  });

  test('two that run by turns have the bits of one after the other', async () => {
    const hand = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const both = [run({ onStep: hand }), run({ onStep: hand }, undefined, 5)];
    expect(await Promise.all(both)).toEqual([fitted(), fitted({}, 5)]);
  });

  test('while it waits for a batch of the validation, the model has its own weights and mode', async () => {
    const made = make();
    const own: unknown[] = [];
    const seen: unknown[] = [];
    const weights = () => Array.from(made.model.parameters()[0].data.data);
    const valLoader = {
      async *[Symbol.asyncIterator]() {
        for (const batch of make().options.valLoader as DataLoader) {
          await null;
          seen.push([weights(), made.model.training]);
          yield batch;
        }
      },
    };
    const onStep = ({ iteration }: FitHistory): void => {
      if (iteration % 3 === 0) own.push([weights(), true], [weights(), true], [weights(), true]);
    };
    await fitAsync(made.model, made.loader, { ...made.options, valLoader, onStep });
    expect(seen).toEqual(own);
    expect(seen).toHaveLength(12);
  });

  test('lets the event loop turn between steps', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const onStep = (): void => {
      const end = performance.now() + 8;
      while (performance.now() < end);
    };
    await run({ onStep });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });

  test('lets the event loop turn between the batches of valLoader, with the model as it trains', async () => {
    const made = make({ epochs: 2 });
    const valLoader = new DataLoader({ X: XVal, y: yVal }, { batchSize: 2 });
    const forward = made.model.forward.bind(made.model);
    made.model.forward = (...X) => {
      if (!made.model.training) for (const end = performance.now() + 9; performance.now() < end; );
      return forward(...X);
    };
    const modes: boolean[] = [];
    let isScoring = false;
    const loss = (scores: Tensor, y: Labels) => {
      isScoring = !made.model.training;
      return F.crossEntropy(scores, y);
    };
    const timer = setInterval(() => isScoring && modes.push(made.model.training), 1);
    const history = await fitAsync(made.model, made.loader, { ...made.options, valLoader, loss });
    clearInterval(timer);
    expect(modes.length).toBeGreaterThan(2);
    expect(modes).not.toContain(false);
    expect(outcome(made, history)).toEqual(fitted({ epochs: 2, valLoader }));
  });

  test('awaits its callbacks, and a promise for false ends it', async () => {
    const order: string[] = [];
    const note = async (what: string): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      order.push(what);
    };
    await run({
      onStep: ({ iteration }) => note(`step ${iteration}`),
      onEpoch: async ({ epoch }) => {
        await note(`epoch ${epoch}`);
        return epoch < 1;
      },
    });
    expect(order).toEqual(['step 1', 'step 2', 'step 3', 'epoch 1']);
  });

  test('stops at a signal between steps, with its reason, and closes the loader', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    let history: FitHistory | undefined;
    let closed = false;
    const loader = {
      async *[Symbol.asyncIterator]() {
        try {
          yield* later(make().loader);
        } finally {
          closed = true;
        }
      },
    };
    const onStep = (so: FitHistory): void => {
      history = so;
      if (so.iteration === 4) stop.abort(reason);
    };
    await expect(run({ onStep, signal: stop.signal }, loader)).rejects.toBe(reason);
    expect(history).toMatchObject({ iteration: 4, epoch: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(true);
    await expect(run({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('ends with the error of a callback, a loader, or a batch', async () => {
    await expect(run({ onStep: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    const broken = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('broken')) }),
    };
    await expect(run({}, broken)).rejects.toThrow('broken');
    await expect(run({}, later([pretend([X])]))).rejects.toThrow('fitAsync: the loader gave [an array of shape');
    await expect(run({}, later([]))).rejects.toThrow('fitAsync: loader has no batches');
    await expect(run(pretend({ signal: 1 }))).rejects.toThrow(
      'fitAsync: signal is 1, expected the signal of an AbortController',
    );
    await expect(run({}, pretend(3))).rejects.toThrow('fitAsync: loader is 3, expected a DataLoader or an iterable');
  });

  test('goes on from a state, skipping what an asynchronous loader gives before its place', async () => {
    const batches = [...make().loader];
    const whole = make();
    const expected = outcome(whole, await fitAsync(whole.model, later(batches), whole.options));
    const made = make();
    const states: unknown[] = [];
    await fitAsync(made.model, later(batches), {
      ...made.options,
      onStep: async ({ iteration }, progress) => void (iteration % 2 === 1 && states.push(progress.stateDict())),
      onEpoch: async (_, progress) => void states.push(progress.stateDict()),
    });
    expect(states).toHaveLength(6 + 4);
    for (const state of states) {
      const other = make({}, 7);
      const history = await fitAsync(other.model, later(batches), { ...other.options, state: pretend(state) });
      expect(outcome(other, history)).toEqual(expected);
    }
  });
});
