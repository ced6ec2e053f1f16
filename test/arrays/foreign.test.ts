import { runInNewContext } from 'node:vm';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import ndarray from 'ndarray';
import { afterEach, describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, isNDArray, type NDArray, toNested } from '../../src/arrays/index.js';
import * as lw from '../../src/index.js';
import { pretend } from '../helpers/pretend.js';

/** What another thread gets that is sent `value`. */
function sent<T>(value: T): T {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value);
  const received = receiveMessageOnPort(port2)?.message;
  port1.close();
  return received;
}

const WEIGHTS = [
  [1, -2],
  [3, 4],
  [0, 1],
  [2, 2],
];

describe('typed arrays of another realm', () => {
  const foreign = (values: number[]): Float64Array => runInNewContext(`Float64Array.of(${values})`);

  test('keep their dtype', () => {
    expect(foreign([1])).not.toBeInstanceOf(Float64Array);
    expect(dtypeOf(array(foreign([0.1, 2])))).toBe('float64');
    expect(toNested(array(foreign([0.1, 2])))).toEqual([0.1, 2]);
    expect(lw.tensor(foreign([0.1])).dtype).toBe('float64');
    expect(toNested(array(pretend([foreign([1, 2])])))).toEqual([[1, 2]]);
  });

  test('make arrays, of the right dtype in kernels too', () => {
    const x = ndarray(foreign([1, 2, 3, 4]), [2, 2]) as NDArray;
    expect(isNDArray(x)).toBe(true);
    expect(dtypeOf(x)).toBe('float64');
    const w = array(WEIGHTS.slice(0, 2), undefined, 'float64');
    const [out] = lw.affineForward(x, w, lw.zeros([2], 'float64'));
    expect(dtypeOf(out)).toBe('float64');
    expect(toNested(out)).toEqual([
      [7, 6],
      [15, 10],
    ]);
  });

  test('other classes are known too', () => {
    const net = new lw.nn.Linear(2, 2);
    expect(() => net.loadStateDict(runInNewContext('new Map()'))).toThrow('expected an object of arrays by name');
    const cached = lw.workspace(() => {
      const map = runInNewContext('new Map()') as Map<string, NDArray>;
      return map.set('a', lw.full([2], 5));
    });
    expect(toNested(cached.get('a') as NDArray)).toEqual([5, 5]);
  });
});

describe('arrays that came by structuredClone or postMessage', () => {
  test.each([
    ['structuredClone', structuredClone],
    ['postMessage', sent],
  ])('%s: have their methods again', (_, clone) => {
    const a = clone(array(WEIGHTS).transpose(1, 0));
    expect(isNDArray(a)).toBe(true);
    expect(a.get(0, 3)).toBe(2);
    expect(toNested(a.pick(1, null))).toEqual([-2, 4, 1, 2]);
    expect(a.size).toBe(8);
    const scalar = clone(array(3, [], 'float64'));
    expect(toNested(scalar)).toBe(3);
    expect(toNested(array(clone(array(7))))).toBe(7);
  });

  test('are taken by layers, tensors and labels, and give what the arrays give', () => {
    const [x, w, b, y] = [array(WEIGHTS), array(WEIGHTS.slice(2)), array([1, 2]), ndarray(Int32Array.of(0, 1, 1, 0))];
    const run = (X: NDArray, W: NDArray, B: NDArray, labels: lw.Labels) => {
      const [out, cache] = lw.affineForward(X, W, B);
      const { loss, dx } = lw.softmaxLoss(out, labels);
      return { loss, ...lw.affineBackward(dx, cache) };
    };
    const expected = run(x, w, b, y);
    const found = run(...structuredClone([x, w, b, y] as [NDArray, NDArray, NDArray, lw.Labels]));
    expect(found.loss).toBe(expected.loss);
    for (const name of ['dx', 'dw', 'db'] as const) expect(found[name]).toEqualBits(expected[name]);
    expect(lw.tensor(structuredClone(x)).tolist()).toEqual(WEIGHTS);
    expect(lw.F.linear(structuredClone(x), structuredClone(w)).tolist()).toEqual(lw.F.linear(x, w).tolist());
    expect(lw.relError(structuredClone(x), structuredClone(x))).toBe(0);
    expect(String(lw.optim.sgd(structuredClone(w), structuredClone(w))[0])).toContain('shape (2, 2)');
    expect(lw.resident(structuredClone(b)).get(1)).toBe(2);
  });

  test('make datasets, parameters of models and state dicts', () => {
    const X = array(WEIGHTS);
    const [batch] = new lw.DataLoader({ X: structuredClone(X), y: [0, 1, 1, 0] }, { batchSize: 4 });
    expect(batch[0]).toEqualBits(X);

    const make = (seed: number) => new lw.TwoLayerNet({ inputDim: 2, hiddenDim: 3, numClasses: 2, seed });
    const [model, copy] = [make(0), make(1)];
    Object.assign(copy.params, structuredClone({ ...model.params }));
    expect(copy.loss(structuredClone(X))).toEqualBits(model.loss(X));
    const data = { XTrain: structuredClone(X), yTrain: [0, 1, 1, 0], XVal: structuredClone(X), yVal: [0, 1, 1, 0] };
    const solver = new lw.Solver(copy, data, { verbose: false, numEpochs: 1, batchSize: 2, seed: 0 });
    solver.train();
    expect(solver.lossHistory.every(Number.isFinite)).toBe(true);

    const layers = () => new lw.nn.Sequential(new lw.nn.Linear(2, 3), new lw.nn.BatchNorm1d(3));
    const [from, to] = [layers(), layers()];
    to.loadStateDict(structuredClone(from.stateDict()));
    expect(to.eval().forward(X).tolist()).toEqual(from.eval().forward(X).tolist());
  });

  test('an object of the user stays what it is', () => {
    const image = { data: Float32Array.of(1, 2), offset: 0, width: 2 };
    expect(isNDArray(image)).toBe(false);
    class Other {
      constructor(
        readonly data = new Float32Array(1),
        readonly shape = [1],
        readonly stride = [1],
        readonly offset = 0,
      ) {}
    }
    const other = new Other();
    expect(isNDArray(other)).toBe(false);
    expect(Object.getPrototypeOf(other)).toBe(Other.prototype);
    expect(Object.getPrototypeOf(image)).toBe(Object.prototype);
    expect(() => hostValues(pretend({ data: Float32Array.of(1) }))).toThrow('an object, expected an array');
  });
});

describe('arrays of other numbers', () => {
  const pixels = ndarray(
    Uint8Array.from({ length: 12 }, (_, i) => 20 * i),
    [3, 4],
  );

  test.each<[what: string, values: lw.Nested | Parameters<typeof array>[0], expected: lw.Nested]>([
    [
      'pixels',
      ndarray(Uint8Array.of(1, 2, 3, 255), [2, 2]),
      [
        [1, 2],
        [3, 255],
      ],
    ],
    [
      'a view of pixels',
      pixels.transpose(1, 0).step(-2, 1).hi(2, 2),
      [
        [60, 140],
        [20, 100],
      ],
    ],
    ['a view without axes', pixels.pick(1, 1), 100],
    [
      'plain numbers',
      ndarray([1, 2, 3, 4], [2, 2]).transpose(1, 0),
      [
        [1, 3],
        [2, 4],
      ],
    ],
    ['a clone of pixels', structuredClone(ndarray(Uint8Array.of(1, 2), [2, 1])), [[1], [2]]],
  ])('%s are converted', (_, values, expected) => {
    expect(toNested(array(values))).toEqual(expected);
    expect(dtypeOf(array(values))).toBe('float32');
    expect(lw.tensor(values, { dtype: 'float64' }).tolist()).toEqual(expected);
  });

  test('of a kind with get and set of its own', () => {
    const own = { get: (i: number) => 10 * i, set: () => 0, length: 4 };
    expect(toNested(array(ndarray(pretend<number[]>(own), [2, 2])))).toEqual([
      [0, 10],
      [20, 30],
    ]);
  });

  test.each<[values: unknown, message: string]>([
    [BigInt64Array.of(1n), 'values are a BigInt64Array, expected numbers: give Array.from(values, Number)'],
    [
      ndarray(BigUint64Array.of(1n)),
      'values are a BigUint64Array, expected numbers: give an array over Float64Array.from(values.data, Number)',
    ],
    [[1n], 'found 1n, expected a number: convert it with Number()'],
    [ndarray(pretend<number[]>(['a'])), "found 'a', expected a number"],
    [ndarray(new Uint8Array(2), [3]), 'an array of shape (3,) reaches outside its 2 values'],
  ])('refuses what is none: %#', (values, message) => {
    expect(() => array(pretend(values))).toThrow(`array: ${message}`);
    expect(() => lw.tensor(pretend(values))).toThrow(`tensor: ${message}`);
  });

  test('a layer says how to convert them', () => {
    const b = lw.zeros([1]);
    const refuse = (x: unknown, message: string) =>
      expect(() => lw.affineForward(pretend(x), lw.zeros([1, 1]), b)).toThrow(`affineForward: x is ${message}`);
    refuse([[1]], '[[1]], expected an array of float32 or float64: make it with array(x)');
    refuse(
      ndarray(new Uint8Array(1), [1, 1]),
      'an array of shape (1, 1) over a Uint8Array, expected an array of float32 or float64: make it with array(x)',
    );
    refuse(
      lw.reluForward(lw.zeros([1, 1])),
      '[an array of shape (1, 1), an object], expected an array of float32 or float64: a forward pass returns ' +
        '[out, cache]',
    );
    refuse(
      lw.tensor([[1]]),
      'a tensor of shape (1, 1), expected an array of float32 or float64: give its data, x.data',
    );
    expect(() => lw.softmaxLoss(lw.zeros([1, 2]), pretend([1n]))).toThrow(
      'softmaxLoss: y[0] is 1n, expected an integer in [0, C=2): convert the labels with Array.from(y, Number)',
    );
  });
});

describe('hostile input', () => {
  afterEach(() => {
    Reflect.deleteProperty(Object.prototype, 'extra');
  });

  test('lists in lists without end are refused', () => {
    const first: unknown[] = [];
    first.push(first);
    const message = 'array: values are lists in more than 32 lists, expected at most 32 axes';
    expect(() => array(pretend(first))).toThrow(message);
    let deep: unknown = 1;
    for (let i = 0; i < 1000; i++) deep = [deep];
    expect(() => array(pretend(deep))).toThrow(message);
    const second: unknown[] = [1];
    second.push(second);
    expect(() => array(pretend(second))).toThrow('array: found [1, [1, [1, […]]]], expected a number');
    let most: unknown = 1;
    for (let i = 0; i < 32; i++) most = [most];
    expect(array(pretend(most)).shape).toHaveLength(32);
  });

  test.each<[fn: string, make: (shape: number[]) => unknown]>([
    ['zeros', (shape) => lw.zeros(shape)],
    ['array', (shape) => array([1], shape)],
    ['Random.randn', (shape) => new lw.Random(0).randn(shape)],
    ['reshape', (shape) => lw.F.reshape(lw.zeros([1]), shape)],
  ])('%s refuses more than 32 axes', (fn, make) => {
    expect(() => make(new Array(33).fill(1))).toThrow(`${fn}: shape has 33 axes, expected at most 32`);
  });

  test('a property on Object.prototype changes nothing', () => {
    pretend<Record<string, unknown>>(Object.prototype).extra = 1;
    const weight = lw.tensor(WEIGHTS, { requiresGrad: true });
    const optimizer = new lw.optim.Adam([weight], { lr: 0.1 });
    for (let i = 0; i < 2; i++) {
      optimizer.zeroGrad();
      lw.F.sum(lw.F.linear(array(WEIGHTS), weight)).backward();
      optimizer.step();
    }
    expect(weight.data.get(0, 0)).toBeCloseTo(0.8, 5);
  });

  test('control characters in foreign text are not sent to the terminal', () => {
    const text = `a\u001b[31m\u0007\u009b\u202e\n${'b'.repeat(100)}`;
    expect(() => lw.zeros([1], text as never)).toThrow(
      `zeros: dtype is 'a\\u001b[31m\\u0007\\u009b\\u202e\\n${'b'.repeat(50)}…', expected 'float32' or 'float64'`,
    );
    expect(() => new lw.nn.Linear(1, 1).loadStateDict({ [text]: lw.zeros([1]) })).toThrow('unexpected a\\u001b[31m');
  });
});
