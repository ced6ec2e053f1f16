import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, test } from 'vitest';
import { array, type NDArray, Random } from '../src/arrays/index.js';
import { FullyConnectedNet, TwoLayerNet } from '../src/classifiers/index.js';
import type { Model } from '../src/classifiers/model.js';
import { configureKernels, isResident, kernelInfo, resident, workspace } from '../src/kernels/index.js';
import { updateRules } from '../src/optim/index.js';
import { Solver } from '../src/solver.js';
import { switchKernels, useKernels } from './helpers/kernel-sets.js';
import { blobs, randomBatch } from './helpers/nets.js';
import { pretend } from './helpers/pretend.js';

/** Images for a net that is large enough to be worth several threads. */
function images(dtype: 'float32' | 'float64' = 'float32') {
  const { X, y } = randomBatch(400, [3, 32, 32], 10, 1, dtype);
  const { X: XVal, y: yVal } = randomBatch(50, [3, 32, 32], 10, 2, dtype);
  return { XTrain: X, yTrain: y, XVal, yVal };
}

describe('the same run', { tags: 'slow' }, () => {
  const before = kernelInfo();
  afterAll(() => {
    configureKernels({ kernels: before.kernels, threads: before.threads });
  });

  test.each([
    ['TwoLayerNet', 'sgd', 'float32'],
    ['TwoLayerNet', 'nesterov', 'float64'],
    ['FullyConnectedNet', 'adam', 'float32'],
  ] as const)('of a %s by %s in %s has the same bits with 1, 2 and 3 threads, and twice', (net, updateRule, dtype) => {
    const data = images(dtype);
    const run = (threads: number) => {
      switchKernels('wasm', threads);
      const options = { reg: 0.1, weightScale: 0.01, dtype, seed: 3 };
      const model: Model =
        net === 'TwoLayerNet'
          ? new TwoLayerNet({ hiddenDim: 128, ...options })
          : new FullyConnectedNet([128, 100], options);
      const optimConfig = { learningRate: 1e-3 };
      const settings = { verbose: false, seed: 4, batchSize: 200, numEpochs: 2, lrDecay: 0.9, numTrainSamples: 100 };
      const solver = new Solver(model, data, { ...settings, updateRule, optimConfig });
      solver.train();
      return { solver, params: model.params };
    };
    const [first, ...others] = [1, 1, 2, 2, 3].map(run);
    expect(first.solver.lossHistory).toHaveLength(4);
    for (const { solver, params } of others) {
      expect(solver.lossHistory).toEqual(first.solver.lossHistory);
      expect(solver.trainAccHistory).toEqual(first.solver.trainAccHistory);
      expect(solver.valAccHistory).toEqual(first.solver.valAccHistory);
      for (const [name, param] of Object.entries(params)) expect(param, name).toEqualBits(first.params[name]);
    }
  });
});

/** What there is of WebAssembly memory, and what of it is in use. */
function memory(): { readonly size: number; readonly used: number } {
  const { memory } = kernelInfo();
  if (memory === null) throw new Error('the WebAssembly kernels do not run');
  return memory;
}

describe('WebAssembly memory', () => {
  useKernels('wasm', 2);

  /** Steps a Solver, and returns what is in use, and what there is, after every step. */
  function watch(model: Model, data: ReturnType<typeof blobs>, options: object, steps: number) {
    const solver = new Solver(model, data, { verbose: false, seed: 5, batchSize: 20, ...options });
    return Array.from({ length: steps }, () => {
      solver.step();
      const { used, size } = memory();
      return { used, size };
    });
  }

  function expectNoGrowth(sizes: readonly { used: number; size: number }[]): void {
    const third = sizes[2];
    expect(Math.max(...sizes.slice(3).map(({ used }) => used))).toBeLessThanOrEqual(third.used);
    expect(Math.max(...sizes.slice(3).map(({ size }) => size))).toBe(third.size);
  }

  test('a thousand steps take no more of it than three', { tags: 'slow' }, () => {
    const model = new TwoLayerNet({ inputDim: 48, hiddenDim: 32, numClasses: 4, reg: 0.1, seed: 6 });
    const sizes = watch(model, blobs(200, 48, 4, 7), {}, 1000);
    expectNoGrowth(sizes);
  });

  test.each(Object.keys(updateRules) as (keyof typeof updateRules)[])('nor do a hundred by %s', (updateRule) => {
    const model = new FullyConnectedNet([32, 24], { inputDim: 48, numClasses: 4, reg: 0.1, seed: 8 });
    const optimConfig = { learningRate: 1e-3 };
    expectNoGrowth(watch(model, blobs(200, 48, 4, 9), { updateRule, optimConfig }, 100));
  });

  test('nor do those of a model that keeps what it is given, or of its own rule', () => {
    const net = new TwoLayerNet({ inputDim: 48, hiddenDim: 32, numClasses: 4, seed: 10 });
    const kept: unknown[] = [];
    const model = pretend<Model>({
      params: net.params,
      loss: (X: NDArray, y: Int32Array) => {
        const result = net.loss(X, y);
        kept.push(X, result);
        return result;
      },
    });
    const updateRule = (w: NDArray, dw: NDArray, config?: object) => updateRules.adam(w, dw, config);
    expectNoGrowth(watch(model, blobs(200, 48, 4, 11), { updateRule }, 100));
    expect(kept).toHaveLength(200);
  });

  test('nor do evaluations and whole runs', () => {
    const data = blobs(400, 48, 4, 12);
    const model = new TwoLayerNet({ inputDim: 48, hiddenDim: 32, numClasses: 4, seed: 13 });
    const sizes: { used: number; size: number }[] = [];
    const onEpoch = () => sizes.push({ used: memory().used, size: memory().size });
    new Solver(model, data, { verbose: false, seed: 14, batchSize: 20, numEpochs: 20, onEpoch }).train();
    expect(sizes).toHaveLength(21);
    expectNoGrowth(sizes);
  });

  test('parameters and their state live there, and are in use from the first step on', () => {
    const model = new TwoLayerNet({ inputDim: 48, hiddenDim: 32, numClasses: 4, seed: 15 });
    const params = Object.values(model.params);
    const solver = new Solver(model, blobs(80, 48, 4, 16), { verbose: false, updateRule: 'adam', batchSize: 20 });
    solver.step();
    solver.train();
    expect(Object.values(model.params)).toEqual(params);
    expect(params.every(isResident)).toBe(true);
  });
});

describe('data that lives in WebAssembly memory', () => {
  useKernels('wasm', 1);

  /** Collects garbage, and gives finalizers the time to run. */
  async function collectGarbage(): Promise<void> {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  const net = () => new TwoLayerNet({ inputDim: 8, hiddenDim: 6, numClasses: 3, seed: 17 });

  function dataIn(place: (a: NDArray) => NDArray) {
    const all = place(new Random(18).randn([60, 8]));
    return { XTrain: all.hi(40, 8), yTrain: new Uint8Array(40), XVal: all.lo(40, 0), yVal: new Uint8Array(20) };
  }

  const OPTIONS = { verbose: false, seed: 19, batchSize: 20 };

  function lossesOf(solver: Solver): number[] {
    return Array.from({ length: 5 }, () => solver.step());
  }

  test('gives the same run', () => {
    const expected = lossesOf(new Solver(net(), dataIn(array), OPTIONS));
    expect(lossesOf(new Solver(net(), dataIn(resident), OPTIONS))).toEqual(expected);
  });

  test('stays there while the Solver needs it, whoever else lets go of it', async () => {
    const expected = lossesOf(new Solver(net(), dataIn(array), OPTIONS));
    await collectGarbage();
    // In a function of its own, so that nothing of the data stays on the stack.
    const make = () => new Solver(net(), dataIn(resident), OPTIONS);
    const solver = make();
    await collectGarbage();
    // Whatever has been given back is at a low address, and is taken and overwritten.
    const others = Array.from({ length: 200 }, () => resident(array(new Float32Array(480).fill(1e6))));
    expect(lossesOf(solver)).toEqual(expected);
    expect(others.every(isResident)).toBe(true);
  });

  test('and was made in a workspace that has ended is refused, or was copied: it is never a wrong number', () => {
    const expected = lossesOf(new Solver(net(), dataIn(array), OPTIONS));
    const solver = workspace(() => new Solver(net(), dataIn(array), OPTIONS));
    const losses = workspace(() => {
      const other = new Random(20).randn([200, 8]);
      expect(other.size).toBe(1600);
      try {
        return lossesOf(solver);
      } catch (error) {
        expect(String(error)).toContain('this array was made in a workspace that has ended');
        return expected;
      }
    });
    expect(losses).toEqual(expected);
  });
});
