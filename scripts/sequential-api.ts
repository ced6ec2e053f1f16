// The notebook's Sequential API: nets as lists of layers, with Nesterov's momentum. `--help` lists the options.

import { Command } from 'commander';
import { nn, optim } from '../src/index.js';
import { type NotebookNet, trainNets, withNetOptions } from './notebook-nets.js';
import { finish } from './options.js';

const command = withNetOptions(
  new Command('sequential-api').description(
    'Trains a two-layer net and a convolutional net on CIFAR-10, each for an epoch, written as lists of layers.',
  ),
);
const { hidden } = command.opts();

function twoLayer(): nn.Sequential {
  return new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(3 * 32 * 32, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, 10),
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

function netOf(model: nn.Sequential): NotebookNet {
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-2, momentum: 0.9, nesterov: true });
  return { model, optimizer, description: String(model) };
}

finish(() =>
  trainNets(
    command,
    () => netOf(twoLayer()),
    () => netOf(convnet()),
  ),
);
