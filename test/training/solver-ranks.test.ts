import { describe, expect, test } from 'vitest';
import { type NDArray, Random } from '../../src/arrays/index.js';
import { FullyConnectedNet } from '../../src/classifiers/index.js';
import { singleProcess } from '../../src/distributed/index.js';
import { Solver, type SolverOptions } from '../../src/solver.js';
import type { Communicator } from '../../src/training/parallel/index.js';
import { twinRanks } from '../helpers/twin-ranks.js';

const random = new Random('ranks');
const DATA = {
  XTrain: random.randn([12, 4], 'float64'),
  yTrain: random.randint(0, 3, 12),
  XVal: random.randn([6, 4], 'float64'),
  yVal: random.randint(0, 3, 6),
};
const SETTINGS = { batchSize: 6, numEpochs: 2, seed: 1, verbose: false } as const;

function net(): FullyConnectedNet {
  const options = { inputDim: 4, numClasses: 3, normalization: 'batchnorm', dropout: 0.8, dtype: 'float64' } as const;
  return new FullyConnectedNet([5], { ...options, seed: 2 });
}

function trained(options: SolverOptions): NDArray[] {
  const model = net();
  const solver = new Solver(model, DATA, { ...SETTINGS, ...options });
  solver.train();
  const statistics = model.bnParams.flatMap(({ runningMean, runningVar }) => [runningMean, runningVar] as NDArray[]);
  return [...Object.values(model.params), ...statistics];
}

describe('a Solver', () => {
  test('with one process ends with the bits of one that knows no others', () => {
    const found = trained({ distributed: singleProcess(), syncBatchnorm: true, verify: 1 });
    trained({}).forEach((a, i) => {
      expect(found[i]).toEqualBits(a);
    });
  });

  test('on two ranks takes the mean over their parts: that of its own where the other has the same', () => {
    const model = net();
    const solver = new Solver(model, DATA, { ...SETTINGS, distributed: twinRanks() });
    const chosen = new Random(1).randint(0, 12, 6).subarray(0, 3);
    const half = net();
    const X = random.randn([3, 4], 'float64');
    for (const [n, i] of chosen.entries()) for (let d = 0; d < 4; d++) X.set(n, d, DATA.XTrain.get(i, d));
    const { loss, grads } = half.loss(
      X,
      Int32Array.from(chosen, (i) => DATA.yTrain[i]),
    );
    expect(solver.step()).toBeCloseTo(loss, 14);
    const expected = half.params.W1.get(1, 2) - 1e-2 * grads.W1.get(1, 2);
    expect(model.params.W1.get(1, 2)).toBeCloseTo(expected, 14);
    expect(model.bnParams[0].runningMean).toBeAllClose(half.bnParams[0].runningMean as NDArray, { rtol: 1e-14 });
  });

  test('ends the job where a pass fails on one rank while others wait for its statistics', () => {
    const model = net();
    const solver = new Solver(model, DATA, { ...SETTINGS, distributed: twinRanks(), syncBatchnorm: true });
    model.loss = () => {
      throw new RangeError('the loss refuses');
    };
    expect(() => solver.step()).toThrow('Solver: rank 0 of 2: the loss refuses');
  });

  test.each<[message: string, options: SolverOptions]>([
    [
      'distributed is an object, expected a communicator, as mpi() and singleProcess() of layerwise/distributed make',
      { distributed: { rank: 0, size: 2 } as Communicator },
    ],
    [
      'batchSize is 1, expected at least 2, an example for each rank: take larger minibatches or fewer ranks',
      { distributed: twinRanks(), batchSize: 1 },
    ],
    ['verify is 0, expected a whole number ≥ 1', { verify: 0 }],
    ["syncBatchnorm is 'yes', expected true or false", { syncBatchnorm: 'yes' as never }],
  ])('is refused: %s', (message, options) => {
    expect(() => new Solver(net(), DATA, { ...SETTINGS, ...options })).toThrow(`Solver: ${message}`);
  });
});
