import type * as Library from '../../src/index.js';

/** What became of training: what it ran on, and hashes of all bits of the weights and of the losses. */
export interface Trained {
  readonly kernels: string;
  readonly simd: string | null;
  readonly threads: number;
  readonly notes: readonly string[];
  readonly twoLayerNet: string;
  readonly convnet: string;
}

/**
 * Trains a classifier with the Solver and a convnet with `fit`, on drawn numbers: in Node, on a page, in the service
 * worker of an extension.
 *
 * @param library - All its names, wherever they come from.
 */
export async function train(library: typeof Library): Promise<Trained> {
  const { ready, Random, Solver, TwoLayerNet, nn, fit, optim, DataLoader, kernelInfo, manualSeed } = library;
  await ready();
  const random = new Random(231);
  const X = random.randn([40, 3, 8, 8], 'float32');
  const y = random.randint(0, 10, 40);

  const net = new TwoLayerNet({ inputDim: 192, hiddenDim: 30, numClasses: 10, seed: 1 });
  const solver = new Solver(
    net,
    { XTrain: X, yTrain: y, XVal: X, yVal: y },
    { updateRule: 'adam', batchSize: 20, numEpochs: 3, verbose: false, seed: 2 },
  );
  solver.train();

  manualSeed(3);
  const convnet = new nn.Sequential(
    new nn.Conv2d(3, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(64, 10),
  );
  const optimizer = new optim.SGD(convnet.parameters(), { lr: 0.05, momentum: 0.9 });
  const loader = new DataLoader({ X, y }, { batchSize: 20, shuffle: true, seed: 4 });
  const { lossHistory } = fit(convnet, loader, { optimizer, epochs: 3, verbose: false });

  const { kernels, simd, threads, notes } = kernelInfo();
  return {
    kernels,
    simd,
    threads,
    notes,
    twoLayerNet: hash([solver.lossHistory, ...Object.values(net.params).map(({ data }) => data)]),
    convnet: hash([lossHistory, ...convnet.parameters().map(({ data }) => data.data)]),
  };
}

/** FNV-1a of the bits of these numbers, as float64, which holds all of float32. */
function hash(lists: readonly ArrayLike<number>[]): string {
  let state = 0x811c9dc5;
  for (const list of lists) {
    for (const byte of new Uint8Array(Float64Array.from(list).buffer)) state = Math.imul(state ^ byte, 0x01000193);
  }
  return (state >>> 0).toString(16);
}
