// The notebook's Barebones PyTorch: nets as functions of tensors, and a training loop by hand. `--help` lists the
// options.

import { Command, Option } from 'commander';
import {
  array,
  type DataLoader,
  F,
  kernelInfo,
  type NDArray,
  noGrad,
  optim,
  Random,
  type Tensor,
  tensor,
  workspace,
  zeros,
} from '../src/index.js';
import { loadLoaders, withLoaderOptions } from './cifar10-loaders.js';
import { describeKernels, finish, wholeNumber } from './options.js';

const command = withLoaderOptions(
  new Command('barebones-pytorch').description(
    'Trains a two-layer net and a convolutional net on CIFAR-10, each for an epoch, on tensors and their gradients ' +
      'alone.',
  ),
)
  .addOption(new Option('--model <name>', 'what to train').choices(['two-layer', 'convnet', 'both']).default('both'))
  .option('--hidden <n>', 'units of the hidden layer', wholeNumber, 4000)
  .option('--print-every <n>', 'iterations between two checks', wholeNumber, 100)
  .parse();
const options = command.opts();

type Net = (x: NDArray, params: readonly Tensor[]) => Tensor;

/** A fully connected net with one hidden layer and without biases. */
const twoLayer: Net = (x, [w1, w2]) => F.matmul(F.relu(F.matmul(F.flatten(x), w1)), w2);

/** Two convolutions and a fully connected layer. */
const convnet: Net = (x, [convW1, convB1, convW2, convB2, fcW, fcB]) => {
  const h1 = F.relu(F.conv2d(x, convW1, convB1, { padding: 2 }));
  const h2 = F.relu(F.conv2d(h1, convW2, convB2, { padding: 1 }));
  return F.add(F.matmul(F.flatten(h2), fcW), fcB);
};

const random = new Random(options.seed);

/** Kaiming's initialization: normal, with variance 2 / fanIn. */
function randomWeight(shape: readonly number[]): Tensor {
  const fanIn = shape.length === 2 ? shape[0] : shape.slice(1).reduce((product, n) => product * n);
  const values = random.randn(shape);
  const scale = Math.sqrt(2 / fanIn);
  return tensor(
    array(
      values.data.map((value) => value * scale),
      shape,
    ),
    { requiresGrad: true },
  );
}

function zeroWeight(shape: readonly number[]): Tensor {
  return tensor(zeros(shape), { requiresGrad: true });
}

/** Trains for an epoch by stochastic gradient descent. Returns the validation accuracy. */
function train(net: Net, params: readonly Tensor[], learningRate: number, loader: DataLoader, val: DataLoader): number {
  let iteration = 0;
  for (const indices of loader.indexBatches()) {
    // The arrays of a workspace are recycled at its end. The loop runs without one too, more slowly.
    const value = workspace(() => {
      const [x, y] = loader.batch(indices);
      const loss = F.crossEntropy(net(x, params), y);
      loss.backward();
      for (const w of params) {
        if (w.grad !== null) optim.sgd(w.data, w.grad.data, { learningRate });
        w.grad = null;
      }
      return loss.item();
    });
    if (iteration % options.printEvery === 0) {
      console.log(`Iteration ${iteration}, loss = ${value.toFixed(4)}`);
      checkAccuracy(net, params, val);
    }
    iteration++;
  }
  return checkAccuracy(net, params, val);
}

function checkAccuracy(net: Net, params: readonly Tensor[], loader: DataLoader): number {
  let right = 0;
  let count = 0;
  for (const [x, y] of loader) {
    const scores = noGrad(() => workspace(() => net(x, params))).data;
    for (const [n, label] of y.entries()) {
      let best = 0;
      for (let c = 1; c < scores.shape[1]; c++) if (scores.get(n, c) > scores.get(n, best)) best = c;
      if (best === label) right++;
    }
    count += y.length;
  }
  console.log(`Got ${right} / ${count} correct (${((100 * right) / count).toFixed(2)}%)\n`);
  return right / count;
}

function main(): void {
  const { train: loader, val } = loadLoaders(command.opts());
  console.log(describeKernels(kernelInfo()));
  const results: string[] = [];
  const run = (name: string, net: Net, params: readonly Tensor[], learningRate: number): void => {
    console.log(`\n${name}`);
    const begin = performance.now();
    const accuracy = train(net, params, learningRate, loader, val);
    const seconds = (performance.now() - begin) / 1000;
    results.push(`${name}: validation accuracy ${accuracy.toFixed(4)} after an epoch of ${seconds.toFixed(1)} s`);
  };
  if (options.model !== 'convnet') {
    const params = [randomWeight([3 * 32 * 32, options.hidden]), randomWeight([options.hidden, 10])];
    run('Two-layer net', twoLayer, params, 1e-2);
  }
  if (options.model !== 'two-layer') {
    const params = [
      randomWeight([32, 3, 5, 5]),
      zeroWeight([32]),
      randomWeight([16, 32, 3, 3]),
      zeroWeight([16]),
      randomWeight([16 * 32 * 32, 10]),
      zeroWeight([10]),
    ];
    run('Convolutional net', convnet, params, 3e-3);
  }
  console.log(results.join('\n'));
}

finish(main);
