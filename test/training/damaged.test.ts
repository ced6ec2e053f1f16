import { describe, expect, test } from 'vitest';
import { Random, toNested } from '../../src/arrays/index.js';
import { keepsNothing } from '../../src/kernels/index.js';
import {
  affineBackward,
  affineBatchnormReluBackward,
  affineBatchnormReluForward,
  affineForward,
  convBackward,
  convForward,
} from '../../src/layers/index.js';
import * as nn from '../../src/nn/index.js';
import { Adam, SGD } from '../../src/optim/index.js';
import { type FitState, fit, fitAsync, fitSteps, WeightAverage } from '../../src/training/index.js';
import type { SolverState } from '../../src/training/solver-state.js';
import { bitsOf, makeSolver } from '../helpers/interruptible.js';

type Loose = { [name: string]: Loose } & { [place: number]: Loose };

/** A state in which `change` has damaged something. */
function damaged<State>(state: State, change: (state: Loose) => void): State {
  const copy = structuredClone(state);
  change(copy as unknown as Loose);
  return copy;
}

describe('Solver.loadStateDict', () => {
  const solver = makeSolver();
  for (const { iteration } of solver.steps()) if (iteration === 4) break;
  const before = solver.stateDict();
  const name = Object.keys(before.configs)[0];
  const [field] = Object.entries(before.configs[name]).find(([, value]) => typeof value === 'object') as [
    string,
    unknown,
  ];

  test.each<[string, (state: Loose) => void, string]>([
    [
      'a config that is null',
      ({ configs }) => void Object.assign(configs, { [name]: null }),
      `configs.${name} is null`,
    ],
    ['state that is missing', ({ configs }) => void delete configs[name][field], `configs.${name}.${field} is missing`],
    [
      'state that is a number',
      ({ configs }) => void Object.assign(configs[name], { [field]: -1 }),
      `configs.${name}.${field} is -1, expected an array like ${name}`,
    ],
    [
      'a seed that is an object',
      ({ dropout }) => void Object.assign(dropout[0], { seed: {} }),
      'dropout[0].seed is an object',
    ],
  ])('refuses %s, and nothing has changed', (_, change, message) => {
    expect(() => solver.loadStateDict(damaged<SolverState>(before, change))).toThrow(message);
    expect(bitsOf(solver.stateDict())).toEqual(bitsOf(before));
  });

  test('says what JSON does to arrays', () => {
    const read = JSON.parse(JSON.stringify(before));
    expect(() => solver.loadStateDict(read)).toThrow('JSON keeps no typed arrays: copy with structuredClone');
  });
});

describe("fit's option state", () => {
  const X = new Random(1).randn([12, 3]);
  const y = Array.from({ length: 12 }, (_, i) => i % 2);
  const loader = [0, 4, 8].map((i) => [X.lo(i, 0).hi(4, 3), y.slice(i, i + 4)] as const);
  const start = () => {
    const model = new nn.Linear(3, 2, { random: new Random(2) });
    return { model, optimizer: new SGD(model.parameters(), { lr: 0.1 }) };
  };
  const first = start();
  const run = fitSteps(first.model, loader, { optimizer: first.optimizer, epochs: 2, verbose: false });
  run.next();
  const state = run.stateDict();

  test.each<[string, (state: Loose) => void, string]>([
    ['more steps than there were', ({ inEpoch }) => void Object.assign(inEpoch, { steps: 9 }), 'inEpoch.steps is 9'],
    ['more right than examples', ({ inEpoch }) => void Object.assign(inEpoch, { right: 99 }), 'inEpoch.right is 99'],
    [
      'more accuracies than epochs',
      ({ history }) => void Object.assign(history, { valAccHistory: [0.5] }),
      'state.history has 1 learning rates and 1 validation accuracies, expected at most 1 and 0',
    ],
  ])('refuses %s', (_, change, message) => {
    const { model, optimizer } = start();
    const weight = toNested(model.weight.data);
    const options = { optimizer, epochs: 2, verbose: false, state: damaged<FitState>(state, change) };
    expect(() => fit(model, loader, options)).toThrow(message);
    expect(toNested(model.weight.data)).toEqual(weight);
  });

  test('takes a model with a parameter that is called as a member of every object', () => {
    class Named extends nn.Module {
      readonly linear = new nn.Linear(3, 2, { random: new Random(3) });
      override readonly valueOf = new nn.Parameter(new Random(4).randn([2])) as never;
      forward(x: never) {
        return this.linear.forward(x);
      }
    }
    const model = new Named();
    const options = () => ({ optimizer: new SGD(model.parameters(), { lr: 0.1 }), epochs: 2, verbose: false });
    const steps = fitSteps(model, loader, options());
    steps.next();
    expect(fit(model, loader, { ...options(), state: steps.stateDict() }).iteration).toBe(6);
  });
});

describe('fitAsync', () => {
  const X = new Random(1).randn([4, 3]);
  const batch = [X, [0, 1, 0, 1]] as const;
  const setUp = () => {
    const model = new nn.Linear(3, 2);
    return { model, options: { optimizer: new Adam(model.parameters()), epochs: 1, verbose: false } };
  };

  test.each([
    ['returns at once', () => ({ done: true })],
    [
      'throws',
      () => {
        throw new Error('while closing');
      },
    ],
  ])('is rejected with the reason of a signal where the return of the loader %s', async (_, close) => {
    const { model, options } = setUp();
    const controller = new AbortController();
    const loader = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ value: batch, done: false }), return: close }),
    };
    const onStep = () => controller.abort('the reason');
    const run = fitAsync(model, loader as never, { ...options, onStep, signal: controller.signal });
    await expect(run).rejects.toBe('the reason');
  });

  test.each([
    ['returned null', () => null],
    ['gave undefined', () => ({ next: async () => undefined })],
  ])('names a loader that %s', async (found, iterator) => {
    const { model, options } = setUp();
    const run = fitAsync(model, { [Symbol.asyncIterator]: iterator } as never, options);
    await expect(run).rejects.toThrow(`fitAsync: the loader ${found}, expected an asynchronous iterator`);
  });

  test('names a valLoader without batches', async () => {
    const { model, options } = setUp();
    const run = fitAsync(model, [batch], { ...options, valLoader: [] });
    await expect(run).rejects.toThrow('fitAsync: valLoader has no batches');
  });
});

test('trainAsync says how a signal is given', async () => {
  const { signal } = new AbortController();
  await expect(makeSolver().trainAsync(signal as never)).rejects.toThrow('give it as { signal }');
});

test.each<[unknown]>([[null], [{ X: false }], [{ x: 0 }], ['x'], [false], [[]], [[1, 0, 1]]])(
  'a backward function refuses the needs %j',
  (needs) => {
    const random = new Random(1);
    const [out, cache] = affineForward(random.randn([2, 3]), random.randn([3, 4]), random.randn([4]));
    expect(() => affineBackward(out, cache, needs as never)).toThrow('affineBackward: needs is');
    const [images, conv] = convForward(random.randn([1, 2, 4, 4]), random.randn([3, 2, 3, 3]), random.randn([3]), {});
    expect(() => convBackward(images, conv, needs as never)).toThrow('convBackward: needs is');
    const [x, w, b] = [random.randn([2, 3]), random.randn([3, 4]), random.randn([4])];
    const [normalized, whole] = affineBatchnormReluForward(x, w, b, b, b, { mode: 'train' });
    const refused = 'affineBatchnormReluBackward: needs is';
    expect(() => affineBatchnormReluBackward(normalized, whole, needs as never)).toThrow(refused);
  },
);

test.each([undefined, null, 3, 'x'])('keepsNothing refuses %j', (fn) => {
  expect(() => keepsNothing(fn as never)).toThrow('keepsNothing: fn is');
});

test.each([undefined, null, {}])('a WeightAverage refuses the model %j', (model) => {
  expect(() => new WeightAverage(model as never)).toThrow('WeightAverage: model is');
});
