// The notebook's Sequential API: nets as lists of layers, with Nesterov's momentum. `--help` lists the options.

import { Command, Option } from 'commander';
import { fit, kernelInfo, manualSeed, nn, optim } from '../src/index.js';
import { loadLoaders, withLoaderOptions } from './cifar10-loaders.js';
import { describeKernels, finish, wholeNumber } from './options.js';

const command = withLoaderOptions(
  new Command('sequential-api').description(
    'Trains a two-layer net and a convolutional net on CIFAR-10, each for an epoch, written as lists of layers.',
  ),
)
  .addOption(new Option('--model <name>', 'what to train').choices(['two-layer', 'convnet', 'both']).default('both'))
  .option('--hidden <n>', 'units of the hidden layer', wholeNumber, 4000)
  .option('--epochs <n>', 'passes over the training images', wholeNumber, 1)
  .option('--print-every <n>', 'iterations between two lines of loss', wholeNumber, 100)
  .parse();
const options = command.opts();

function twoLayer(): nn.Sequential {
  return new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(3 * 32 * 32, options.hidden),
    new nn.ReLU(),
    new nn.Linear(options.hidden, 10),
  );
}

function convnet(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(3, 32, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.Conv2d(32, 16, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(16 * 32 * 32, 10),
  );
}

function main(): void {
  const { train, val } = loadLoaders(command.opts());
  console.log(describeKernels(kernelInfo()));
  manualSeed(options.seed);
  const results: string[] = [];
  const run = (name: string, model: nn.Sequential): void => {
    console.log(`\n${name}\n${model}`);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e-2, momentum: 0.9, nesterov: true });
    const { epochs, printEvery } = options;
    const { valAccHistory, secondsHistory } = fit(model, train, { optimizer, epochs, printEvery, valLoader: val });
    const seconds = secondsHistory.reduce((sum, n) => sum + n, 0);
    results.push(`${name}: validation accuracy ${valAccHistory.at(-1)?.toFixed(4)} after ${seconds.toFixed(1)} s`);
  };
  if (options.model !== 'convnet') run('Two-layer net', twoLayer());
  if (options.model !== 'two-layer') run('Convolutional net', convnet());
  console.log(`\n${results.join('\n')}`);
}

finish(main);
