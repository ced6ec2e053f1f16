import { describe, expect, test } from 'vitest';
import { array, type Labels, type NDArray, Random } from '../src/arrays/index.js';
import { FullyConnectedNet, TwoLayerNet, type TwoLayerParamName } from '../src/classifiers/index.js';
import type { LossAndGrads, Model } from '../src/classifiers/model.js';
import { keepsNothing } from '../src/kernels/index.js';
import {
  affineBackward,
  affineForward,
  affineReluBackward,
  affineReluForward,
  type LossAndGrad,
  softmaxLoss,
  svmLoss,
} from '../src/layers/index.js';
import { type AdamConfig, adam, sgd } from '../src/optim/index.js';
import { Solver, type SolverOptions } from '../src/solver.js';
import { DTYPES } from './helpers/fixtures.js';
import { describeKernelSets } from './helpers/kernel-sets.js';
import { blobs } from './helpers/nets.js';
import { pretend } from './helpers/pretend.js';

/** Arrays that somebody keeps, with what was in them when they were kept. */
class Keeper {
  readonly #kept: { readonly what: string; readonly a: NDArray; readonly before: NDArray }[] = [];

  keep<A extends NDArray>(what: string, a: A): A {
    this.#kept.push({ what, a, before: array(a) });
    return a;
  }

  /** Checks that there are at least `count`, and that none of them has changed. */
  expectUnchanged(count: number): void {
    expect(this.#kept.length).toBeGreaterThanOrEqual(count);
    for (const { what, a, before } of this.#kept) expect(a, what).toEqualBits(before);
  }
}

/** A two-layer net as a user writes it, from the layers, which keeps everything that it sees and makes. */
class OwnNet implements Model {
  readonly params: Record<TwoLayerParamName, NDArray>;
  readonly keeper = new Keeper();
  readonly #lossOf: (x: NDArray, y: Labels) => LossAndGrad;

  constructor(params: Record<TwoLayerParamName, NDArray>, lossOf: (x: NDArray, y: Labels) => LossAndGrad) {
    this.params = params;
    this.#lossOf = lossOf;
  }

  loss(X: NDArray): NDArray;
  loss(X: NDArray, y: Labels): LossAndGrads<TwoLayerParamName>;
  loss(X: NDArray, y?: Labels): NDArray | LossAndGrads<TwoLayerParamName> {
    const { W1, b1, W2, b2 } = this.params;
    this.keeper.keep('X', X);
    const [h, hiddenCache] = affineReluForward(X, W1, b1);
    this.keeper.keep('h', h);
    const [scores, scoresCache] = affineForward(h, W2, b2);
    this.keeper.keep('scores', scores);
    if (y === undefined) return scores;
    const { loss, dx: dscores } = this.#lossOf(scores, y);
    const { dx: dh, dw: dW2, db: db2 } = affineBackward(dscores, scoresCache);
    const { dx, dw: dW1, db: db1 } = affineReluBackward(dh, hiddenCache);
    for (const [what, a] of Object.entries({ dscores, dh, dW2, db2, dx, dW1, db1 })) this.keeper.keep(what, a);
    return { loss, grads: { W1: dW1, b1: db1, W2: dW2, b2: db2 } };
  }
}

/** A net that keeps what its class computes. */
class KeepingNet extends TwoLayerNet {
  readonly keeper = new Keeper();

  override loss(X: NDArray): NDArray;
  override loss(X: NDArray, y: Labels): LossAndGrads<TwoLayerParamName>;
  override loss(X: NDArray, y?: Labels): NDArray | LossAndGrads<TwoLayerParamName> {
    this.keeper.keep('X', X);
    if (y === undefined) return this.keeper.keep('scores', super.loss(X));
    const result = super.loss(X, y);
    for (const [name, grad] of Object.entries(result.grads)) this.keeper.keep(name, grad);
    const [hidden] = affineReluForward(X, this.params.W1, this.params.b1);
    this.keeper.keep('hidden', hidden);
    return result;
  }
}

const SIZES = { inputDim: 10, hiddenDim: 16, numClasses: 4, weightScale: 0.1, seed: 2 };
const OPTIONS = { verbose: false, seed: 1, numEpochs: 4, batchSize: 20, optimConfig: { learningRate: 0.1 } };

function trainOn(model: Model, options: SolverOptions = {}, dtype: 'float32' | 'float64' = 'float32'): Solver {
  const solver = new Solver(model, blobs(400, 10, 4, 1, dtype), { ...OPTIONS, ...options });
  solver.train();
  return solver;
}

describeKernelSets('models of your own', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test('a class on the layers learns the same, bit for bit, and what it keeps does not change', () => {
      const own = new OwnNet(new TwoLayerNet({ ...SIZES, dtype }).params, softmaxLoss);
      const expected = trainOn(new TwoLayerNet({ ...SIZES, dtype }), {}, dtype);
      const solver = trainOn(own, {}, dtype);
      expect(solver.lossHistory).toEqual(expected.lossHistory);
      expect(solver.valAccHistory).toEqual(expected.valAccHistory);
      expect(solver.bestValAcc).toBe(1);
      own.keeper.expectUnchanged(60 * 10);
    });

    test('a subclass that keeps gradients and activations learns the same, and they do not change', () => {
      const net = new KeepingNet({ ...SIZES, dtype });
      const expected = trainOn(new TwoLayerNet({ ...SIZES, dtype }), {}, dtype);
      expect(trainOn(net, {}, dtype).lossHistory).toEqual(expected.lossHistory);
      net.keeper.expectUnchanged(60 * 6);
    });
  });
});

describe('models of your own', () => {
  test('may have their parameters on the heap, and in views', () => {
    const { params } = new TwoLayerNet(SIZES);
    const own = new OwnNet(
      {
        W1: array(params.W1),
        b1: array(params.b1.step(-1)).step(-1),
        W2: array(params.W2.transpose(1, 0)).transpose(1, 0),
        b2: array(params.b2),
      },
      softmaxLoss,
    );
    expect(trainOn(own).lossHistory).toEqual(trainOn(new TwoLayerNet(SIZES)).lossHistory);
    own.keeper.expectUnchanged(600);
  });

  test('may have another loss', () => {
    const solver = trainOn(new OwnNet(new TwoLayerNet(SIZES).params, svmLoss), { optimConfig: { learningRate: 0.02 } });
    expect(solver.bestValAcc).toBe(1);
    expect(solver.lossHistory[0]).toBeCloseTo(3, 0);
  });

  test('a plain object is one, with a loss that is a closure', () => {
    const net = new TwoLayerNet(SIZES);
    const keeper = new Keeper();
    const model = pretend<Model>({
      params: net.params,
      loss: (X: NDArray, y?: Labels) => {
        keeper.keep('X', X);
        if (y === undefined) return keeper.keep('scores', net.loss(X));
        const result = net.loss(X, y);
        for (const [name, grad] of Object.entries(result.grads)) keeper.keep(name, grad);
        return result;
      },
    });
    expect(trainOn(model).lossHistory).toEqual(trainOn(new TwoLayerNet(SIZES)).lossHistory);
    keeper.expectUnchanged(300);
  });

  test('one that says it keeps nothing learns the same', () => {
    const net = new FullyConnectedNet([16], { inputDim: 10, numClasses: 4, weightScale: 0.1, seed: 2 });
    const model = pretend<Model>({
      params: net.params,
      loss: keepsNothing((X: NDArray, y?: Labels) => (y === undefined ? net.loss(X) : net.loss(X, y))),
    });
    expect(trainOn(model).lossHistory).toEqual(trainOn(new TwoLayerNet(SIZES)).lossHistory);
  });

  test('may replace their parameters as they go', () => {
    const net = new TwoLayerNet(SIZES);
    const model = pretend<Model>({
      params: net.params,
      loss(X: NDArray, y?: Labels) {
        for (const name of ['W1', 'b1', 'W2', 'b2'] as const) net.params[name] = array(net.params[name]);
        return y === undefined ? net.loss(X) : net.loss(X, y);
      },
    });
    const solver = trainOn(model);
    expect(solver.lossHistory).toEqual(trainOn(new TwoLayerNet(SIZES)).lossHistory);
    for (const [name, best] of Object.entries(solver.bestParams)) expect(model.params[name]).toEqualBits(best);
  });

  test('may return gradients that are views, or lie in one array', () => {
    const net = new TwoLayerNet(SIZES);
    const held = array(new Float32Array(10 * 16 + 16 + 16 * 4 + 4));
    const places: Record<TwoLayerParamName, [from: number, shape: number[]]> = {
      W1: [0, [16, 10]],
      b1: [160, [16]],
      W2: [176, [4, 16]],
      b2: [240, [4]],
    };
    const model = pretend<Model>({
      params: net.params,
      loss(X: NDArray, y?: Labels) {
        if (y === undefined) return net.loss(X);
        const { loss, grads } = net.loss(X, y);
        const views = (Object.keys(places) as TwoLayerParamName[]).map((name) => {
          const [from, shape] = places[name];
          const flat = array(grads[name].shape.length === 2 ? grads[name].transpose(1, 0) : grads[name]);
          held.data.set(flat.data, from);
          const view = array(held.data.subarray(from, from + flat.size), shape);
          return [name, shape.length === 2 ? view.transpose(1, 0) : view];
        });
        return { loss, grads: Object.fromEntries(views) };
      },
    });
    expect(trainOn(model).lossHistory).toEqual(trainOn(new TwoLayerNet(SIZES)).lossHistory);
  });
});

describe('update rules of your own', () => {
  test('may keep the gradients they are given, which then do not change', () => {
    const keeper = new Keeper();
    const keeping = (w: NDArray, dw: NDArray, config?: AdamConfig): [NDArray, AdamConfig] => {
      keeper.keep('dw', dw);
      return adam(w, dw, config);
    };
    const optimConfig = { learningRate: 0.01 };
    const solver = trainOn(new TwoLayerNet(SIZES), { updateRule: keeping, optimConfig });
    expect(solver.lossHistory).toEqual(trainOn(new TwoLayerNet(SIZES), { updateRule: adam, optimConfig }).lossHistory);
    keeper.expectUnchanged(60 * 4);
  });

  test('may keep them beside a model that keeps its own', () => {
    const keeper = new Keeper();
    const net = new KeepingNet(SIZES);
    const keeping = (w: NDArray, dw: NDArray, config?: object): [NDArray, object] => {
      const result = sgd(w, keeper.keep('dw', dw), config);
      // What a rule does to its gradient is its own affair.
      return result;
    };
    trainOn(net, { updateRule: keeping });
    keeper.expectUnchanged(240);
    net.keeper.expectUnchanged(360);
  });

  test('may write to the gradient without the model noticing', () => {
    const net = new KeepingNet(SIZES);
    const scaling = (w: NDArray, dw: NDArray, config?: object): [NDArray, object] => {
      for (let i = 0; i < dw.data.length; i++) dw.data[i] *= 2;
      return sgd(w, dw, config);
    };
    const solver = trainOn(net, { updateRule: scaling, optimConfig: { learningRate: 0.05 } });
    expect(solver.lossHistory).toEqual(trainOn(new TwoLayerNet(SIZES)).lossHistory);
    net.keeper.expectUnchanged(360);
  });

  test('may return new parameters, and have state of their own', () => {
    interface SignConfig {
      learningRate?: number;
      steps?: number;
    }
    const seen: number[] = [];
    const signs = (w: NDArray, dw: NDArray, { learningRate = 1e-2, steps = 0 }: SignConfig = {}) => {
      seen.push(steps);
      const next = array(w);
      for (let i = 0; i < next.data.length; i++) next.data[i] -= learningRate * Math.sign(dw.data[i]);
      return [next, { learningRate, steps: steps + 1 }] as [NDArray, SignConfig];
    };
    const net = new TwoLayerNet(SIZES);
    const data = blobs(400, 10, 4, 1);
    const solver = new Solver(net, data, { ...OPTIONS, updateRule: signs, optimConfig: { learningRate: 0.01 } });
    solver.train();
    expect(solver.bestValAcc).toBe(1);
    // Four parameters, each with a count of its own.
    expect(seen).toEqual(Array.from({ length: 240 }, (_, i) => Math.floor(i / 4)));
    for (const [name, best] of Object.entries(solver.bestParams)) {
      expect(net.params[name as TwoLayerParamName]).toEqualBits(best);
    }
  });

  test('are given the parameter itself', () => {
    const net = new TwoLayerNet(SIZES);
    const given = new Set<NDArray>();
    const nothing = (w: NDArray, _: NDArray, config: object = {}): [NDArray, object] => {
      given.add(w);
      return [w, config];
    };
    new Solver(net, blobs(40, 10, 4, 1), { ...OPTIONS, updateRule: nothing }).step();
    expect(given).toEqual(new Set(Object.values(net.params)));
  });
});

test('two models may be trained by turns', () => {
  const alone = trainOn(new TwoLayerNet(SIZES), { optimConfig: { learningRate: 0.1 } }).lossHistory;
  const solvers = [0, 1].map(() => new Solver(new TwoLayerNet(SIZES), blobs(400, 10, 4, 1), OPTIONS));
  const noise = new Random(3);
  const losses = Array.from({ length: 14 }, () => {
    noise.randn([50]);
    return solvers.map((solver) => solver.step());
  });
  // The evaluation that train() makes after the first iteration draws from the same numbers; until then they are equal.
  expect(losses.map(([a]) => a)).toEqual(losses.map(([, b]) => b));
  expect(losses[0][0]).toBe(alone[0]);
});
