import { createHash } from 'node:crypto';
import {
  F,
  type NDArray,
  optim,
  Random,
  Solver,
  type Tensor,
  ThreeLayerConvNet,
  TwoLayerNet,
  tensor,
  zeros,
} from '../../src/index.js';
import { trainedBits } from './trained-bits.js';

/** Hashes of what nets of each kind come to, and of what operations give that loop over views on the host. */
export function trainedDigests(): Record<string, string> {
  const random = new Random(5);
  const images = { X: random.randn([40, 3, 8, 8]), y: random.randint(0, 4, 40) };
  const sizes = { inputDim: 192, hiddenDim: 10, numClasses: 4, reg: 1e-3, seed: 1 };
  const convNet = { ...sizes, inputDim: [3, 8, 8] as [number, number, number], numFilters: 4, filterSize: 3 };
  return {
    twoLayerNet: digest(solved(new TwoLayerNet(sizes), images)),
    convNet: digest(solved(new ThreeLayerConvNet(convNet), images)),
    modules: digest(trainedBits()),
    views: digest(views(random)),
  };
}

function solved(model: TwoLayerNet | ThreeLayerConvNet, { X, y }: { X: NDArray; y: Int32Array }): number[] {
  const data = { XTrain: X, yTrain: y, XVal: X, yVal: y };
  const solver = new Solver(model as TwoLayerNet, data, {
    ...{ updateRule: optim.adam, numEpochs: 3, batchSize: 10, verbose: false, seed: 2 },
  });
  solver.train();
  return [...solver.lossHistory, ...Object.values<NDArray>(model.params).flatMap(({ data }) => [...data])];
}

/** Broadcasting, sums over strided views, and gradients that are put into parts of an array. */
function views(random: Random): number[] {
  const x = tensor(random.randn([70, 3, 66], 'float64'), { requiresGrad: true });
  const scale = tensor(random.randn([3, 1], 'float64'), { requiresGrad: true });
  const moved = F.permute(F.mul(x, scale), [2, 0, 1]);
  const parts = F.concat([F.slice(moved, [null, [0, 20]]), F.slice(moved, [null, [30, 70]])], 1);
  const loss = F.sum(F.maximum(F.sum(parts, [0, 2]), zeros([1], 'float64')));
  loss.backward();
  return [loss, x.grad, scale.grad].flatMap((tensor) => [...(tensor as Tensor).data.data]);
}

function digest(numbers: readonly number[]): string {
  return createHash('sha256').update(Float64Array.from(numbers)).digest('hex');
}
