import { Random, Solver, TwoLayerNet, tensor } from 'layerwise';

const random = new Random(231);
const X = random.randn([20, 3, 4, 4]);
const y = random.randint(0, 10, 20);

const model = new TwoLayerNet({ inputDim: 48, hiddenDim: 30, numClasses: 10, weightScale: 0.1, seed: 231 });
const solver = new Solver(
  model,
  { XTrain: X, yTrain: y, XVal: X, yVal: y },
  { updateRule: 'adam', optimConfig: { learningRate: 1e-2 }, batchSize: 20, numEpochs: 10, verbose: false, seed: 231 },
);
solver.train();

const losses = solver.lossHistory;
if (losses.length !== 10) throw new Error(`${losses.length} steps, expected 10`);
if (!(losses[9] < losses[0])) throw new Error(`the loss went from ${losses[0]} to ${losses[9]}`);

// A bundler must not leave out what makes functions of F methods of a tensor.
if (tensor([1, 2]).mul(2).sum().item() !== 6) throw new Error('2 · (1 + 2) is not 6');
