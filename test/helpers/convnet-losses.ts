import { Random, Solver, ThreeLayerConvNet } from '../../src/index.js';

/** The losses of three steps of a small convnet, which use most kernels on several items. */
export function convnetLosses(): number[] {
  const random = new Random(1);
  const [X, y] = [random.randn([64, 3, 16, 16]), random.randint(0, 10, 64)];
  const data = { XTrain: X, yTrain: y, XVal: X, yVal: y };
  const options = { inputDim: [3, 16, 16] as [number, number, number], numFilters: 16, filterSize: 3, hiddenDim: 50 };
  const model = new ThreeLayerConvNet({ ...options, reg: 1e-3, seed: 1 });
  const rule = { updateRule: 'adam', optimConfig: { learningRate: 1e-3 } } as const;
  const solver = new Solver(model, data, { ...rule, numEpochs: 1, batchSize: 20, verbose: false, seed: 1 });
  solver.train();
  return solver.lossHistory;
}
