import { describe, expect, expectTypeOf, test } from 'vitest';
import { array, hostValues, type NDArray, Random, toNested, versionOf, zeros } from '../../src/arrays/index.js';
import { engineMemory, isResident, resident, workspace } from '../../src/kernels/index.js';
import * as nn from '../../src/nn/index.js';
import * as optim from '../../src/optim/index.js';
import { useKernels } from '../helpers/kernel-sets.js';
import { CLASSES, golden, goldenParams, scalar, setGrads, trainable } from '../helpers/optimizers.js';
import { pretend } from '../helpers/pretend.js';

const { SGD, Adam, AdamW, RMSprop, Adagrad } = optim;
const NAMES = Object.keys(CLASSES) as (keyof typeof CLASSES)[];

/** An optimizer of any class, with whatever parameters and options. */
function make(name: keyof typeof CLASSES, params: unknown, options?: unknown) {
  return new CLASSES[name](pretend<optim.Trainable[]>(params), pretend(options));
}

/** The first value of a parameter. */
const value = ({ data }: optim.Trainable): number => hostValues(data)[0];

describe('SGD', () => {
  test('by hand: weight decay is part of the gradient', () => {
    const w = scalar(2, 1);
    new SGD([w], { lr: 0.5, weightDecay: 0.25 }).step();
    // g = 1 + 0.25 · 2
    expect(value(w)).toBe(2 - 0.5 * 1.5);
  });

  test('by hand: the first gradient is the velocity, later ones are damped, the rate stands outside', () => {
    const w = scalar(0, 4);
    const optimizer = new SGD([w], { lr: 0.5, momentum: 0.5, dampening: 0.75 });
    optimizer.step();
    expect(value(w)).toBe(-2);
    optimizer.paramGroups[0].lr = 0.25;
    optimizer.step();
    // v = 0.5 · 4 + 0.25 · 4 = 3
    expect(value(w)).toBe(-2 - 0.25 * 3);
    expect(toNested(optimizer.stateDict().state[0].momentumBuffer as NDArray)).toEqual([3]);
  });

  test('by hand: Nesterov looks ahead along the velocity', () => {
    const w = scalar(0, 4);
    const optimizer = new SGD([w], { lr: 0.5, momentum: 0.5, nesterov: true });
    optimizer.step();
    expect(value(w)).toBe(-0.5 * (4 + 0.5 * 4));
  });

  test('by hand: in SGDW weights decay by themselves, and the velocity does not see it', () => {
    const w = scalar(2, 1);
    const optimizer = new optim.SGDW([w], { lr: 0.5, weightDecay: 0.25, momentum: 0.5 });
    optimizer.step();
    expect(value(w)).toBe(2 - 0.5 * 0.25 * 2 - 0.5 * 1);
    optimizer.step();
    // v = 0.5 · 1 + 1
    expect(value(w)).toBe(1.25 - 0.5 * 0.25 * 1.25 - 0.5 * 1.5);
    const plain = scalar(2, 1);
    new optim.SGDW([plain], { lr: 0.5, weightDecay: 0.25 }).step();
    expect(value(plain)).toBe(1.25);
  });

  test('without momentum has no state', () => {
    const optimizer = new SGD([scalar(0, 4)]);
    optimizer.step();
    expect(optimizer.stateDict().state).toEqual({ 0: {} });
  });
});

describe('Adam and AdamW', () => {
  test('the first step is lr · sign(grad), whatever the betas', () => {
    for (const Class of [Adam, AdamW]) {
      const w = trainable(array([1, 1], [2], 'float64'), array([0.5, -200], [2], 'float64'));
      new Class([w], { lr: 0.25, eps: 0, weightDecay: 0, betas: [0.5, 0.75] }).step();
      expect(w.data).toBeAllClose(array([0.75, 1.25], [2], 'float64'), { rtol: 1e-14 });
    }
  });

  test('Adam sees the weight decay in its averages, AdamW does not', () => {
    const [w, other] = [scalar(2, 1), scalar(2, 1)];
    const adam = new Adam([w], { lr: 0.25, eps: 0, weightDecay: 0.5 });
    const adamw = new AdamW([other], { lr: 0.25, eps: 0, weightDecay: 0.5 });
    adam.step();
    adamw.step();
    expect(value(w)).toBeCloseTo(1.75, 14);
    expect(value(other)).toBeCloseTo(2 * (1 - 0.25 * 0.5) - 0.25, 14);
    expect(hostValues(adam.stateDict().state[0].expAvg as NDArray)[0]).toBeCloseTo(0.2, 15);
    expect(hostValues(adamw.stateDict().state[0].expAvg as NDArray)[0]).toBeCloseTo(0.1, 15);
  });

  test('AMSGrad divides by the largest average of squares so far', () => {
    const [w, other] = [scalar(0, 100), scalar(0, 100)];
    const optimizers = [true, false].map((amsgrad, i) => new Adam([[w, other][i]], { betas: [0, 0.5], amsgrad }));
    for (const optimizer of optimizers) optimizer.step();
    for (const grad of [1, 1, 1, 1]) {
      for (const param of [w, other]) param.grad = { data: array([grad], [1], 'float64') };
      for (const optimizer of optimizers) optimizer.step();
    }
    const { expAvgSq, maxExpAvgSq } = optimizers[0].stateDict().state[0] as Record<string, NDArray>;
    expect(toNested(maxExpAvgSq)).toEqual([5000]);
    expect(hostValues(expAvgSq)[0]).toBeLessThan(400);
    expect(Math.abs(value(w))).toBeLessThan(Math.abs(value(other)));
  });
});

describe('RMSprop and Adagrad', () => {
  test('centered RMSprop divides by the standard deviation, which rounding never makes NaN', () => {
    const w = scalar(0, 0.1);
    const optimizer = new RMSprop([w], { alpha: 0.5, centered: true, eps: 1 });
    for (let s = 0; s < 200; s++) optimizer.step();
    // Under a constant gradient the variance tends to zero, so each step to lr · grad / eps.
    const before = value(w);
    optimizer.step();
    expect(value(w) - before).toBeCloseTo(-0.01 * 0.1, 9);
  });

  test('Adagrad starts from its accumulator and lowers its rate step by step', () => {
    const w = scalar(0, 4);
    const optimizer = new Adagrad([w], { lr: 1, lrDecay: 0.5, initialAccumulatorValue: 9, eps: 0 });
    optimizer.step();
    expect(value(w)).toBe(-4 / 5);
    optimizer.step();
    expect(value(w)).toBeCloseTo(-4 / 5 - 4 / Math.sqrt(41) / 1.5, 14);
    expect(optimizer.stateDict().state[0]).toMatchObject({ step: 2 });
  });
});

describe.each(NAMES)('%s', (name) => {
  test('skips parameters without a gradient, and has no state of them', () => {
    const [w, still] = [scalar(1, 1), scalar(1)];
    const optimizer = make(name, [still, w]);
    optimizer.step();
    make(name, [pretend({ data: still.data })]).step();
    expect(value(still)).toBe(1);
    expect(value(w)).toBeLessThan(1);
    expect(Object.keys(optimizer.stateDict().state)).toEqual(['1']);
  });

  test('zeroGrad forgets the gradients', () => {
    const w = scalar(1, 1);
    const optimizer = make(name, [w]);
    optimizer.zeroGrad();
    expect(w.grad).toBeNull();
    optimizer.step();
    expect(value(w)).toBe(1);
  });

  test('updates in place, announces it, and leaves the gradient alone', () => {
    const params = goldenParams();
    setGrads(params, 0);
    const arrays = params.map(({ data }) => data);
    const grads = params.map(({ grad }) => (grad as { data: NDArray }).data);
    const before = grads.map((grad) => array(grad));
    const optimizer = make(name, params);
    optimizer.step();
    optimizer.step();
    expect(params.map(({ data }) => data)).toEqual(arrays);
    expect(arrays.map(versionOf)).toEqual([2, 2]);
    expect(grads.map(versionOf)).toEqual([0, 0]);
    grads.forEach((grad, i) => {
      expect(grad).toEqualBits(before[i]);
    });
  });

  test('takes parameters without axes', () => {
    const w = trainable(array(1), array(1));
    make(name, [w]).step();
    expect(value(w)).toBeLessThan(1);
    expect(w.data.shape).toEqual([]);
  });

  test('takes any iterable of parameters', () => {
    const w = scalar(1, 1);
    function* parameters() {
      yield w;
    }
    make(name, parameters()).step();
    expect(value(w)).toBeLessThan(1);
  });

  test('a gradient that does not fit is refused before anything changes', () => {
    const params = goldenParams();
    const optimizer = make(name, params, { lr: 0.1 });
    setGrads(params, 0);
    optimizer.step();
    const before = params.map(({ data }) => array(data));
    const state = JSON.stringify(optimizer.stateDict().state);

    const refuse = (grad: NDArray, message: string) => {
      params[1].grad = { data: grad };
      expect(() => optimizer.step()).toThrow(`${name}.step: ${message}`);
      params.forEach(({ data }, i) => {
        expect(data).toEqualBits(before[i]);
      });
      expect(JSON.stringify(optimizer.stateDict().state)).toBe(state);
    };
    refuse(zeros([4], 'float64'), 'params[1].grad has shape (4,), expected (5,)');
    refuse(zeros([5]), 'params[1].grad has dtype float32, expected float64, the dtype of params[1].data');
    refuse(pretend([1]), 'params[1].grad is [1], expected an array of float32 or float64');
    let ended = zeros([5], 'float64');
    workspace(() => {
      ended = zeros([5], 'float64');
    });
    refuse(ended, 'params[1].grad: this array was made in a workspace that has ended');
  });

  test('a parameter whose data has another shape by now is refused', () => {
    const options = name === 'SGD' ? { momentum: 0.9 } : {};
    const w = { data: zeros([2]), grad: { data: zeros([2]) } };
    const optimizer = make(name, [w], options);
    optimizer.step();
    w.data = zeros([3]);
    w.grad = { data: zeros([3]) };
    expect(() => optimizer.step()).toThrow(/^\w+\.step: params\[0\]'s \w+ has shape \(2,\), expected \(3,\)/);
  });

  test('options that were changed for the worse are refused before anything changes', () => {
    const optimizer = make(name, [scalar(1, 1)]);
    optimizer.paramGroups[0].lr = Number.NaN;
    expect(() => optimizer.step()).toThrow(`${name}.step: lr is NaN, expected a number ≥ 0`);
    expect(optimizer.stateDict().state).toEqual({});
  });

  test('state lives where its parameter does', () => {
    for (const place of [resident, (a: NDArray) => a]) {
      const w = trainable(place(array([1, 2])), array([1, 1]));
      const optimizer = make(name, [w]);
      optimizer.step();
      const copy = optimizer.stateDict();
      optimizer.loadStateDict(copy);
      optimizer.step();
      for (const saved of Object.values(copy.state[0])) {
        if (typeof saved !== 'number') expect(isResident(saved)).toBe(false);
      }
      expect(isResident(w.data)).toBe(place === resident);
    }
  });

  test('goes on from its state as if nothing had happened', () => {
    for (const { optimizer: own, options } of golden.optimizers) {
      if (own !== name) continue;
      const params = goldenParams();
      const optimizer = make(name, params, options);
      for (let t = 0; t < 4; t++) {
        setGrads(params, t);
        optimizer.step();
      }
      const copies = params.map(({ data }) => trainable(array(data)));
      const resumed = make(name, [{ params: copies.slice(0, 1) }, { params: copies.slice(1) }]);
      const { state, paramGroups } = optimizer.stateDict();
      const { params: _, ...saved } = paramGroups[0];
      resumed.loadStateDict({
        state,
        paramGroups: [
          { ...saved, params: [0] },
          { ...saved, params: [1] },
        ],
      });
      for (let t = 4; t < 8; t++) {
        setGrads(params, t);
        setGrads(copies, t);
        optimizer.step();
        resumed.step();
      }
      copies.forEach(({ data }, i) => {
        expect(data, JSON.stringify(options)).toEqualBits(params[i].data);
      });
    }
  });

  test('its state dict is a copy', () => {
    const w = scalar(1, 1);
    const optimizer = make(name, [w]);
    optimizer.step();
    const saved = optimizer.stateDict();
    const before = JSON.stringify(saved);
    optimizer.step();
    optimizer.paramGroups[0].lr = 7;
    expect(JSON.stringify(saved)).toBe(before);
    optimizer.loadStateDict(saved);
    optimizer.step();
    expect(JSON.stringify(saved)).toBe(before);
    expect(optimizer.paramGroups[0].lr).not.toBe(7);
  });

  test('a warm step makes no arrays, and takes no memory that it keeps', () => {
    expectNoAllocation(name);
  });

  test.each<[params: unknown, options: unknown, message: string]>([
    [[], {}, 'params is empty, expected at least one parameter'],
    [[{ params: [] }], {}, 'no group of params has a parameter, expected at least one'],
    [null, {}, 'params is null, expected a list of parameters'],
    [[1], {}, 'params[0] is 1, expected a parameter: { data: an array, grad }'],
    [[null], {}, 'params[0] is null, expected a parameter: { data: an array, grad }'],
    [[zeros([2])], {}, 'params[0] is an array of shape (2,), expected a parameter: { data: an array, grad }'],
    [[{ params: [scalar(1)] }, scalar(2)], {}, 'paramGroups[1] is an object, expected a group { params, … }'],
    [[{ params: 3 }], {}, 'paramGroups[0].params is 3, expected a list of parameters'],
    [[scalar(1)], { learningRate: 1 }, "unknown option 'learningRate', expected lr"],
    [[{ params: [scalar(1)], rate: 1 }], {}, "paramGroups[0]: unknown option 'rate', expected lr"],
    [[scalar(1)], null, 'options is null, expected an object'],
    [[scalar(1)], { lr: -1 }, 'lr is -1, expected a number ≥ 0'],
    [[scalar(1)], { lr: '1' }, "lr is '1', expected a number ≥ 0"],
    [[{ params: [scalar(1)], lr: Number.NaN }], {}, 'paramGroups[0]: lr is NaN, expected a number ≥ 0'],
    [[scalar(1)], { weightDecay: -0.1 }, 'weightDecay is -0.1, expected a number ≥ 0'],
  ])('refuses %j with options %j', (params, options, message) => {
    expect(() => make(name, params, options)).toThrow(`${name}: ${message}`);
  });

  test('refuses a model, and says what of it to give', () => {
    for (const [model, found] of [
      [new nn.Linear(2, 1), 'a Linear'],
      [new nn.Sequential(new nn.Linear(2, 1)), 'a Sequential'],
    ] as const) {
      const message = `${name}: params is ${found}, expected a list of parameters: give model.parameters()`;
      expect(() => make(name, model)).toThrow(new TypeError(message));
    }
  });

  test('refuses a parameter that it has', () => {
    const w = scalar(1);
    expect(() => make(name, [w, scalar(2), w])).toThrow(
      `${name}: params[2] is there already, expected each parameter once`,
    );
    expect(() => make(name, [{ params: [w] }, { params: [w] }])).toThrow(
      `${name}: paramGroups[1].params[0] is there already, expected each parameter once`,
    );
  });
});

/**
 * Runs a few steps on resident parameters and gradients, and looks at what is made in WebAssembly memory and beside it.
 */
function expectNoAllocation(name: keyof typeof CLASSES): void {
  const random = new Random(3);
  const params = [0, 1].map(() => trainable(resident(random.randn([40])), resident(random.randn([40]))));
  const options = name === 'SGD' ? { momentum: 0.9 } : {};
  const optimizer = make(name, params, options);
  optimizer.step();
  const memory = engineMemory();
  if (memory === null) throw new Error('this test needs the WebAssembly kernels');
  const { used } = memory;
  memory.resetPeak();
  const allocations = countAllocations(() => {
    for (let s = 0; s < 5; s++) optimizer.step();
  });
  expect(allocations).toBe(0);
  expect(memory.used).toBe(used);
  expect(memory.peak).toBe(used);
}

/** How many arrays of floats `fn` makes. */
function countAllocations(fn: () => void): number {
  const { Float32Array: Single, Float64Array: Double } = globalThis;
  let count = 0;
  const counting = <T extends typeof Single | typeof Double>(Class: T): T =>
    new Proxy(Class, {
      construct(target, args) {
        count++;
        return Reflect.construct(target, args);
      },
    });
  try {
    globalThis.Float32Array = counting(Single);
    globalThis.Float64Array = counting(Double);
    fn();
  } finally {
    globalThis.Float32Array = Single;
    globalThis.Float64Array = Double;
  }
  return count;
}

describe('with the WebAssembly kernels', () => {
  useKernels('wasm', 1);

  test('the count of allocations counts', () => {
    expect(countAllocations(() => zeros([3]))).toBe(1);
    expect(countAllocations(() => zeros([3], 'float64'))).toBe(1);
  });
});

describe('options', () => {
  test.each<[name: keyof typeof CLASSES, defaults: object]>([
    ['SGD', { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false }],
    ['Adam', { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false }],
    ['AdamW', { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 1e-2, amsgrad: false }],
    ['RMSprop', { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false }],
    ['Adagrad', { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10 }],
  ])('%s has the defaults of PyTorch', (name, defaults) => {
    const w = scalar(1);
    const optimizer = make(name, [w]);
    expect(optimizer.defaults).toEqual(defaults);
    expect(optimizer.paramGroups).toEqual([{ ...defaults, params: [w] }]);
    expect(make(name, [w], { lr: undefined }).defaults).toEqual(defaults);
  });

  test.each<[name: keyof typeof CLASSES, options: object, message: string]>([
    ['SGD', { momentum: -1 }, 'momentum is -1, expected a number ≥ 0'],
    ['SGD', { dampening: Number.NaN }, 'dampening is NaN, expected a finite number'],
    ['SGD', { nesterov: 1 }, 'nesterov is 1, expected true or false'],
    ['SGD', { nesterov: true }, 'nesterov needs momentum and no dampening, got momentum 0 and dampening 0'],
    [
      'SGD',
      { nesterov: true, momentum: 0.9, dampening: 0.1 },
      'nesterov needs momentum and no dampening, got momentum 0.9 and dampening 0.1',
    ],
    ['SGD', { lr: -1, momentum: -1 }, 'lr is -1, expected a number ≥ 0; momentum is -1, expected a number ≥ 0'],
    ['Adam', { betas: [0.9, 1] }, 'betas is [0.9, 1], expected two numbers in [0, 1)'],
    ['Adam', { betas: [-0.1, 0.9] }, 'betas is [-0.1, 0.9], expected two numbers in [0, 1)'],
    ['Adam', { betas: 0.9 }, 'betas is 0.9, expected two numbers in [0, 1)'],
    ['Adam', { eps: -1 }, 'eps is -1, expected a number ≥ 0'],
    ['Adam', { amsgrad: 'yes' }, "amsgrad is 'yes', expected true or false"],
    ['Adam', { momentum: 0.9 }, "unknown option 'momentum', expected lr, betas, eps, weightDecay, amsgrad"],
    ['AdamW', { betas: [0.9] }, 'betas is [0.9], expected two numbers in [0, 1)'],
    ['RMSprop', { alpha: 1.1 }, 'alpha is 1.1, expected a number from 0 to 1'],
    ['RMSprop', { momentum: -0.5 }, 'momentum is -0.5, expected a number ≥ 0'],
    ['RMSprop', { centered: 0 }, 'centered is 0, expected true or false'],
    ['Adagrad', { lrDecay: -1 }, 'lrDecay is -1, expected a number ≥ 0'],
    ['Adagrad', { initialAccumulatorValue: -1 }, 'initialAccumulatorValue is -1, expected a number ≥ 0'],
  ])('%s refuses %j', (name, options, message) => {
    expect(() => make(name, [scalar(1)], options)).toThrow(`${name}: ${message}`);
    expect(() => make(name, [{ params: [scalar(1)], ...options }])).toThrow(`${name}: paramGroups[0]: ${message}`);
  });

  test('lists of options are not shared between groups', () => {
    const betas: [number, number] = [0.5, 0.6];
    const optimizer = new Adam([{ params: [scalar(1)] }, { params: [scalar(2)] }], { betas });
    optimizer.paramGroups[0].betas[0] = 0.1;
    expect(optimizer.paramGroups[1].betas).toEqual([0.5, 0.6]);
    expect(betas).toEqual([0.5, 0.6]);
  });

  test('their types are known', () => {
    const optimizer = new SGD([scalar(1)]);
    expectTypeOf(optimizer.paramGroups[0].momentum).toEqualTypeOf<number>();
    // @ts-expect-error there is no such option
    expect(() => new SGD([scalar(1)], { beta1: 0.9 })).toThrow("unknown option 'beta1'");
  });
});

describe('addParamGroup', () => {
  test('adds parameters with options of their own', () => {
    const optimizer = new SGD([scalar(1, 1)], { lr: 0.5, momentum: 0.25 });
    const added = scalar(1, 1);
    optimizer.addParamGroup({ params: [added], lr: 0.125 });
    expect(optimizer.paramGroups[1]).toMatchObject({ lr: 0.125, momentum: 0.25, params: [added] });
    optimizer.step();
    expect(value(added)).toBe(1 - 0.125);
  });

  test('refuses what the constructor does, and then adds nothing', () => {
    const w = scalar(1);
    const optimizer = new SGD([w]);
    const add = (group: unknown) => () => optimizer.addParamGroup(pretend(group));
    expect(add({ params: [w] })).toThrow('SGD.addParamGroup: params[0] is there already, expected each parameter once');
    expect(add({ params: [scalar(2)], lr: -1 })).toThrow('SGD.addParamGroup: lr is -1, expected a number ≥ 0');
    expect(add({ params: [scalar(2)], beta: 1 })).toThrow("SGD.addParamGroup: unknown option 'beta'");
    expect(add([scalar(2)])).toThrow('SGD.addParamGroup: group is [an object], expected a group { params, … }');
    expect(add({ params: [scalar(2), 3] })).toThrow('SGD.addParamGroup: params[1] is 3, expected a parameter');
    expect(optimizer.paramGroups).toHaveLength(1);
  });
});

describe('stateDict and loadStateDict', () => {
  /** An optimizer of two groups that has taken a step. */
  function stepped() {
    const optimizer = new Adam([{ params: [scalar(1, 1)] }, { params: [scalar(2, 1), scalar(3, 1)], lr: 0.5 }]);
    optimizer.step();
    return optimizer;
  }

  test('have the structure of PyTorch', () => {
    const { state, paramGroups } = stepped().stateDict();
    expect(Object.keys(state)).toEqual(['0', '1', '2']);
    expect(Object.keys(state[0])).toEqual(['step', 'expAvg', 'expAvgSq']);
    expect(state[0].step).toBe(1);
    const options = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false };
    expect(paramGroups).toEqual([
      { ...options, lr: 1e-3, params: [0] },
      { ...options, lr: 0.5, params: [1, 2] },
    ]);
  });

  test('made in a workspace, it outlives it', () => {
    const optimizer = stepped();
    let saved = optimizer.stateDict();
    const expected = JSON.stringify(saved);
    workspace(() => {
      saved = optimizer.stateDict();
    });
    expect(JSON.stringify(saved)).toBe(expected);
  });

  test.each<[what: string, change: (saved: optim.OptimizerStateDict) => unknown, messages: string[]]>([
    ['nothing', () => null, ['the state dict is null, expected { state, paramGroups }']],
    [
      'a group less',
      ({ state, paramGroups }) => ({ state, paramGroups: paramGroups.slice(1) }),
      ['paramGroups has 1 entries, expected 2, one for each group'],
    ],
    [
      'groups of other sizes and options',
      ({ state, paramGroups: [a, { eps: _, ...b }] }) => ({
        state,
        paramGroups: [
          { ...a, params: [0, 1], lr: -1 },
          { ...b, momentum: 1 },
        ],
      }),
      [
        'paramGroups[0]: lr is -1, expected a number ≥ 0',
        'paramGroups[0]: params is [0, 1], expected a list of 1',
        "paramGroups[1]: unknown option 'momentum', expected lr, betas, eps, weightDecay, amsgrad",
        'paramGroups[1]: eps is undefined, expected a number ≥ 0',
      ],
    ],
    [
      'a number twice',
      ({ state, paramGroups: [a, b] }) => ({ state, paramGroups: [a, { ...b, params: [0, 2] }] }),
      ['paramGroups name a parameter twice, expected it once', 'state[1] belongs to none of the parameters 0, 0, 2'],
    ],
    [
      'state that does not fit',
      ({ state, paramGroups }) => ({
        state: {
          0: { ...state[0], step: 1.5, expAvg: zeros([2], 'float64') },
          1: { step: 1, expAvg: zeros([1]), velocity: zeros([1]) },
          2: null,
          7: state[0],
        },
        paramGroups,
      }),
      [
        'state[0].step is 1.5, expected a whole number ≥ 0',
        'state[0].expAvg has shape (2,) and dtype float64, expected shape (1,) and dtype float64',
        'state[1].expAvg has shape (1,) and dtype float32, expected shape (1,) and dtype float64',
        'state[1].expAvgSq is undefined, expected an array of shape (1,)',
        "state[1] has an unknown entry 'velocity', expected step, expAvg, expAvgSq, maxExpAvgSq",
        'state[2] is null, expected an object',
        'state[7] belongs to none of the parameters 0, 1, 2',
      ],
    ],
  ])('refuse %s whole, with all reasons', (_, change, messages) => {
    const optimizer = stepped();
    const before = JSON.stringify(optimizer.stateDict());
    const saved = change(optimizer.stateDict());
    expect(() => optimizer.loadStateDict(pretend(saved))).toThrow(
      expect.objectContaining({ name: 'RangeError', message: `Adam.loadStateDict: ${messages.join('; ')}` }),
    );
    expect(JSON.stringify(optimizer.stateDict())).toBe(before);
  });

  test("a schedule's first rate is part of it", () => {
    const optimizer = stepped();
    new optim.lrScheduler.StepLR(optimizer, { stepSize: 2 });
    const saved = optimizer.stateDict();
    expect(saved.paramGroups.map(({ initialLr }) => initialLr)).toEqual([1e-3, 0.5]);
    const other = stepped();
    other.loadStateDict(saved);
    expect(other.paramGroups.map(({ initialLr }) => initialLr)).toEqual([1e-3, 0.5]);
  });
});
