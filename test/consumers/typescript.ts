import { affineForward, type NDArray, optim, Random, Solver, TwoLayerNet, tensor, zeros } from 'layerwise';
import { type Communicator, singleProcess } from 'layerwise/distributed';
import { choice, defineTrial, logUniform, search, space } from 'layerwise/search';

const random = new Random(231);
const X: NDArray = random.randn([20, 3, 4, 4]);
const y: Int32Array = random.randint(0, 10, 20);

const model = new TwoLayerNet({ inputDim: 48, hiddenDim: 30, numClasses: 10, weightScale: 0.1, seed: 231 });
const solver = new Solver(
  model,
  { XTrain: X, yTrain: y, XVal: X, yVal: y },
  {
    updateRule: optim.adam,
    optimConfig: { learningRate: 1e-2, beta1: 0.9 },
    batchSize: 20,
    numEpochs: 10,
    verbose: false,
    seed: 231,
  },
);
solver.train();

const losses: number[] = solver.lossHistory;
if (losses.length !== 10) throw new Error(`${losses.length} steps, expected 10`);
if (!(losses[9] < losses[0])) throw new Error(`the loss went from ${losses[0]} to ${losses[9]}`);

const scores: NDArray = model.loss(X);
const { loss, grads } = model.loss(X, y);
const dW1: NDArray = grads.W1;
const [out]: [NDArray, unknown] = affineForward(X, model.params.W1, zeros([30]));
if (scores.shape[1] !== 10 || !(loss > 0) || dW1.shape[0] !== 48 || out.shape[1] !== 30)
  throw new Error('wrong shapes');

const { values, indices } = tensor([[1, 2]])
  .mul(2)
  .max(1);
const best: number = values.add(indices.float()).T.item();
if (best !== 5) throw new Error(`${best}, expected 4 + 1`);

const alone: Communicator = singleProcess();
const summed: Float32Array = alone.allReduce(Float32Array.of(1, 2));
if (alone.size !== 1 || summed[1] !== 2) throw new Error('a job of one process changed what it summed');

const configs = space({ lr: logUniform(1e-4, 1), net: choice('wide', 'deep') });
const trial = defineTrial(configs, ({ lr, net }) => ({ score: net === 'deep' ? lr : -lr }));
const found = search({ trial, metric: 'score', strategy: { name: 'random', trials: 3 } }).then(({ config }) => {
  const rate: number | undefined = config?.lr;
  if (rate === undefined) throw new Error('a search found nothing');
});

// Were a type `any`, none of these would be an error.
// @ts-expect-error: there is no such option
const options: ConstructorParameters<typeof TwoLayerNet>[0] = { hiddenDims: 3 };
// @ts-expect-error: a loss is a number
const text: string = loss;
// @ts-expect-error: a shape is of numbers
const shape: Parameters<typeof zeros>[0] = ['a'];
// @ts-expect-error: a text is no operand
const product: () => unknown = () => tensor([1]).mul('a');

// @ts-expect-error: a space has no such value
const config: typeof configs.Config = { lr: 1, net: 'narrow' };

export { config, found, options, product, shape, text };
