// What the scripts of the notebook's module and Sequential APIs share: two nets, each trained by fit.

import { type Command, Option } from 'commander';
import { fit, kernelInfo, manualSeed, type nn, type optim } from '../src/index.js';
import { loadLoaders, withLoaderOptions } from './cifar10-loaders.js';
import { describeKernels, wholeNumber } from './options.js';
import { leads, loopOptions, type RankOptions, withRankOptions } from './ranks.js';

/** Adds the options of these scripts to a command and reads the command line. */
export function withNetOptions(command: Command): Command {
  return withRankOptions(withLoaderOptions(command))
    .addOption(new Option('--model <name>', 'what to train').choices(['two-layer', 'convnet', 'both']).default('both'))
    .option('--hidden <n>', 'units of the hidden layer', wholeNumber, 4000)
    .option('--epochs <n>', 'passes over the training images', wholeNumber, 1)
    .option('--print-every <n>', 'iterations between two lines of loss', wholeNumber, 100)
    .parse();
}

/** A net and what trains it. */
export interface NotebookNet {
  readonly model: nn.Module;
  readonly optimizer: optim.SGD;
  /** Printed before it is trained. */
  readonly description?: string;
}

/** Trains the nets that `--model` asks for, one after the other, and prints their validation accuracies. */
export function trainNets(command: Command, twoLayer: () => NotebookNet, convnet: () => NotebookNet): void {
  const { model: wanted, epochs, printEvery, seed } = command.opts();
  leads(command.opts<RankOptions>());
  const { train, val } = loadLoaders(command.opts());
  console.log(describeKernels(kernelInfo()));
  manualSeed(seed);
  const results: string[] = [];
  const run = (name: string, { model, optimizer, description }: NotebookNet): void => {
    console.log(['', name, description].filter((line) => line !== undefined).join('\n'));
    const saving = loopOptions(command.opts<RankOptions>(), name.toLowerCase().replace(/ /g, '-'));
    const settings = { optimizer, epochs, printEvery, valLoader: val, ...saving };
    const { valAccHistory, secondsHistory } = fit(model, train, settings);
    const seconds = secondsHistory.reduce((sum, n) => sum + n, 0);
    results.push(`${name}: validation accuracy ${valAccHistory.at(-1)?.toFixed(4)} after ${seconds.toFixed(1)} s`);
  };
  if (wanted !== 'convnet') run('Two-layer net', twoLayer());
  if (wanted !== 'two-layer') run('Convolutional net', convnet());
  console.log(`\n${results.join('\n')}`);
}
