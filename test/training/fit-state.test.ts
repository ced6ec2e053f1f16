import { describe, expect, test } from 'vitest';
import { array, zeros } from '../../src/arrays/index.js';
import { DataLoader, type FitState, fit, fitSteps, manualSeed, nn, optim, WeightAverage } from '../../src/index.js';
import { bitsOf, continuedFit, finishedFit, fitSetup, wholeFit } from '../helpers/interruptible.js';
import '../helpers/matchers.js';
import { blobs } from '../helpers/nets.js';
import { pretend } from '../helpers/pretend.js';

describe('fit taken down to its state', () => {
  const goesOn = (every: 'step' | 'epoch', isTried: (event: number) => boolean): void => {
    const expected = wholeFit('first', every);
    const setup = fitSetup('first', every);
    const run = fitSteps(setup.model, setup.loader, setup.options);
    const states = [structuredClone(run.stateDict())];
    for (const _ of run) states.push(structuredClone(run.stateDict()));
    expect(states).toHaveLength(1 + 15 + 3);
    expect(
      finishedFit(setup, fitSteps(setup.model, setup.loader, { ...setup.options, state: run.stateDict() })),
    ).toEqual(expected);
    states.forEach((state, event) => {
      if (isTried(event)) expect(continuedFit(state, every), `event ${event}`).toEqual(expected);
    });
  };

  // A schedule of each epoch moves with the sixth event, the end of the first epoch.
  test.each<[every: 'step' | 'epoch', events: number[]]>([
    ['step', [0, 1, 5, 6, 17, 18]],
    ['epoch', [5, 6]],
  ])('goes on to the same bits, with a schedule of each %s, after the events %j', (every, events) =>
    goesOn(every, (event) => events.includes(event)),
  );

  test('after any event goes on to the same bits', { tags: 'slow' }, () => goesOn('step', () => true));

  test('after other events goes on to the same bits, with a schedule of each epoch', { tags: 'slow' }, () =>
    goesOn('epoch', (event) => event % 4 === 0),
  );

  test.each([
    ['without an average', { weightAverage: undefined }],
    ['without the best', { keepBest: false }],
    ['without validation', { valLoader: undefined, patience: undefined, keepBest: false }],
    ['with little patience', { patience: 1 }],
  ])('%s too', (_, options) => {
    const expected = wholeFit('first', 'step', options);
    const { model, loader, options: own } = fitSetup('first', 'step', options);
    const run = fitSteps(model, loader, own);
    const states: FitState[] = [];
    for (const event of run) if (event.iteration % 3 === 0) states.push(run.stateDict());
    for (const state of states) expect(continuedFit(state, 'step', options)).toEqual(expected);
  });

  test('goes on from its callbacks, and where onEpoch has ended it', () => {
    const states: FitState[] = [];
    const { model, loader, options } = fitSetup('first');
    fit(model, loader, {
      ...options,
      onStep: ({ iteration }, run) => void (iteration === 7 && states.push(run.stateDict())),
      onEpoch: ({ epoch }, run) => void (epoch === 2 && states.push(run.stateDict())),
    });
    expect(states).toHaveLength(2);
    for (const state of states) expect(continuedFit(state)).toEqual(wholeFit('first'));

    const stopped = { onEpoch: ({ epoch }: { epoch: number }) => epoch < 2 };
    const setup = fitSetup('first', 'step', stopped);
    const run = fitSteps(setup.model, setup.loader, setup.options);
    let last: FitState | undefined;
    for (const event of run) if (event.kind === 'epoch') last = run.stateDict();
    expect(continuedFit(last as FitState)).toEqual(wholeFit('first', 'step', stopped));
  });

  test('trains longer than it was going to', () => {
    const short = fitSetup('first', 'epoch', { epochs: 2 });
    const run = fitSteps(short.model, short.loader, short.options);
    let last: FitState | undefined;
    for (const _ of run) last = run.stateDict();
    // The model has the best weights by now, and the state still the last ones.
    const { stateDict } = run;
    const ended = stateDict();
    for (const state of [last as FitState, ended]) {
      expect(continuedFit(state, 'epoch')).toEqual(wholeFit('first', 'epoch'));
    }
  });

  test('skips the batches before its place where the loader is a list', () => {
    const { XTrain: X, yTrain: y } = blobs(80, 4, 3, 1);
    const batches = [...new DataLoader({ X, y }, { batchSize: 7 })];
    const make = () => {
      manualSeed(1);
      const model = new nn.Sequential(new nn.Linear(4, 3));
      return { model, options: { optimizer: new optim.Adam(model.parameters()), epochs: 2, verbose: false } };
    };
    const whole = make();
    const { lossHistory } = fit(whole.model, batches, whole.options);
    const { model, options } = make();
    const run = fitSteps(model, batches, options);
    for (const _ of run) {
      const { model: next, options: others } = make();
      const state = run.stateDict();
      expect(fit(next, new Set(batches), { ...others, state }).lossHistory).toEqual(lossHistory);
      expect(next.stateDict()['0.weight']).toEqualBits(whole.model.stateDict()['0.weight']);
    }
  });

  test('has the gradients that are still added up', () => {
    const { XTrain: X, yTrain: y } = blobs(80, 4, 3, 1);
    const make = () => {
      manualSeed(1);
      const model = new nn.Sequential(new nn.Linear(4, 3));
      const sgd = new optim.SGD(model.parameters(), { lr: 0.1 });
      let steps = 0;
      // Every second step, of the gradients of two batches.
      const optimizer = {
        step: () => void (++steps % 2 === 0 && sgd.step()),
        zeroGrad: () => void (steps % 2 === 0 && sgd.zeroGrad()),
        stateDict: () => ({ steps }),
        loadStateDict: (state: { steps: number }) => {
          steps = state.steps;
        },
      };
      return { model, options: { optimizer, epochs: 2, verbose: false } };
    };
    const loader = () => new DataLoader({ X, y }, { batchSize: 12 });
    const whole = make();
    const { lossHistory } = fit(whole.model, loader(), whole.options);
    const { model, options } = make();
    const run = fitSteps(model, loader(), options);
    for (const event of run) {
      const state = run.stateDict();
      expect(Object.keys(state.gradients)).toHaveLength(event.iteration % 2 === 1 ? 2 : 0);
      const next = make();
      expect(fit(next.model, loader(), { ...next.options, state }).lossHistory).toEqual(lossHistory);
    }
  });

  test('has what a callback has frozen and thawed', { tags: 'slow' }, () => {
    const run = (seed: string, epochs: number, state?: FitState) => {
      const { model, loader, options } = fitSetup(seed, 'epoch', { epochs, state });
      const [first, ...others] = model.parameters();
      for (const parameter of others) parameter.requiresGrad = false;
      const thaw = (epoch: number): void => {
        if (epoch !== 1) return;
        for (const parameter of others) parameter.requiresGrad = true;
        first.requiresGrad = false;
      };
      let last: FitState | undefined;
      fit(model, loader, {
        ...options,
        onEpoch: ({ epoch }, run) => {
          thaw(epoch);
          last = run.stateDict();
        },
      });
      return { last, weights: bitsOf(model.stateDict()) };
    };
    const { last } = run('first', 2);
    expect(last?.frozen).toEqual(['0.weight']);
    expect(run('another', 3, last).weights).toEqual(run('first', 3).weights);
    // States of earlier versions did not say.
    const { frozen: _, ...earlier } = last as FitState;
    expect(() => run('another', 3, pretend(earlier))).not.toThrow();
  });

  test('is copies, and JSON but for the arrays', () => {
    const { model, loader, options } = fitSetup('first');
    const run = fitSteps(model, loader, options);
    run.next();
    const state = run.stateDict();
    const before = bitsOf(state);
    expect(bitsOf(JSON.parse(JSON.stringify(before)))).toEqual(before);
    run.next();
    expect(bitsOf(state)).toEqual(before);
  });
});

describe('a state', () => {
  const { model, loader, options } = fitSetup('first');
  const run = fitSteps(model, loader, options);
  for (let event = 0; event < 7; event++) run.next();
  const good = run.stateDict();
  const { history } = good;

  test.each<[what: string, state: unknown, message: string]>([
    ['no object', 3, 'state is 3, expected an object with model, optimizer'],
    ['no entry', (({ best: _, ...rest }) => rest)(good), "state has no entry 'best'"],
    ['a weight of another shape', { ...good, model: { ...good.model, '0.weight': zeros([2]) } }, 'state.model'],
    ['no optimizer', { ...good, optimizer: null }, 'state.optimizer: SGD.loadStateDict'],
    ['a schedule that is none', { ...good, schedule: {} }, 'state.schedule'],
    ['no loader', { ...good, loader: null }, 'state.loader is null, expected an object with batchSize'],
    ['another place', { ...good, loader: { ...(good.loader as object), taken: 99 } }, 'state.loader.taken is 99'],
    [
      'no average',
      { ...good, weightAverage: null },
      'state.weightAverage is null, expected an object with steps, average',
    ],
    [
      'an average of another shape',
      { ...good, weightAverage: { steps: 1, average: { ...good.weightAverage?.average, '0.bias': zeros([1]) } } },
      'state.weightAverage.average.0.bias has shape (1,), expected (4,)',
    ],
    ['no generator', { ...good, generator: {} }, "state.generator has no entry 'algorithm'"],
    ['no generators', { ...good, generators: {} }, "state.generators has no entry '6.random'"],
    [
      'another generator',
      { ...good, generators: { '6.random': 1 } },
      'state.generators.6.random is 1, expected an object',
    ],
    ['a gradient of nothing', { ...good, gradients: { w: array([1]) } }, "state.gradients has an unknown entry 'w'"],
    ['a frozen parameter of nothing', { ...good, frozen: ['w'] }, 'state.frozen is'],
    ['no gradients', { ...good, gradients: null }, 'state.gradients is null'],
    ['a best that is none', { ...good, best: {} }, "state.best has no entry '0.weight'"],
    [
      'too few losses',
      { ...good, history: { ...history, lossHistory: [] } },
      'state.history.lossHistory is [], expected a list of 6 finite numbers',
    ],
    ['no epochs', { ...good, history: { ...history, epoch: -1 } }, 'state.history.epoch is -1'],
    ['half a step', { ...good, inEpoch: { ...good.inEpoch, steps: 0.5 } }, 'state.inEpoch.steps is 0.5'],
    ['no flag', { ...good, stopped: null }, 'state.stopped is null, expected true or false'],
  ])('is refused with %s, before anything has changed', (_, state, message) => {
    const other = fitSetup('another');
    const fresh = bitsOf(fitSteps(other.model, other.loader, other.options).stateDict());
    const call = () => fit(other.model, other.loader, { ...other.options, state: pretend(state) });
    expect(call).toThrow(`fit: ${message}`);
    expect(bitsOf(fitSteps(other.model, other.loader, other.options).stateDict())).toEqual(fresh);
  });

  test('of parts that this run does not have is refused', () => {
    const other = fitSetup('another', 'step', { schedule: undefined });
    expect(() => fit(other.model, other.loader, { ...other.options, state: good })).toThrow(
      'fit: state.schedule is an object, expected null: nothing in this run takes it',
    );
  });

  test('needs an optimizer that can save its own', () => {
    const net = new nn.Sequential(new nn.Linear(4, 3));
    const optimizer = { step: () => {}, zeroGrad: () => net.zeroGrad() };
    expect(() => fitSteps(net, [], { optimizer }).stateDict()).toThrow(
      'fitSteps: optimizer is an object, expected stateDict() and loadStateDict(state), as those of optim have',
    );
  });

  test('is not to be had once the run has been left', () => {
    const other = fitSetup('another');
    const left = fitSteps(other.model, other.loader, other.options);
    for (const _ of left) break;
    expect(() => left.stateDict()).toThrow('fitSteps: the run has been left before its end');
  });
});

describe('WeightAverage', () => {
  const net = (): nn.Sequential => new nn.Sequential(new nn.Linear(3, 2), new nn.BatchNorm1d(2));
  const shift = (model: nn.Module, by: number): void => {
    for (const { data } of model.parameters()) data.data.set(data.data.map((v) => v + by));
  };

  test('goes on from its state to the same bits', () => {
    manualSeed(1);
    const [one, two] = [net(), net()];
    const average = new WeightAverage(one, { decay: 0.9 });
    for (let t = 0; t < 3; t++) {
      shift(one, 0.1 * t);
      average.update();
    }
    const state = structuredClone(average.stateDict());
    expect(state.steps).toBe(3);
    const other = new WeightAverage(two, { decay: 0.9 });
    two.loadStateDict(one.stateDict());
    other.loadStateDict(state);
    for (const [model, own] of [
      [one, average],
      [two, other],
    ] as const) {
      shift(model, 1);
      own.update();
    }
    expect(bitsOf(other.stateDict())).toEqual(bitsOf(average.stateDict()));
    expect(bitsOf(other.stateDict())).not.toEqual(bitsOf(state));
  });

  test.each([
    [null, 'state is null, expected an object with steps, average'],
    [{ steps: -1, average: {} }, 'steps is -1, expected a whole number ≥ 0'],
    [{ steps: 1, average: {} }, "average has no entry '0.weight'"],
  ])('refuses %j', (state, message) => {
    const average = new WeightAverage(net());
    const before = bitsOf(average.stateDict());
    expect(() => average.loadStateDict(pretend(state))).toThrow(`WeightAverage.loadStateDict: ${message}`);
    expect(bitsOf(average.stateDict())).toEqual(before);
  });
});
