// The notebook's Module API: nets as subclasses of nn.Module, trained by fit. `--help` lists the options.

import { Command } from 'commander';
import { F, type NDArray, nn, optim, type Tensor } from '../src/index.js';
import { type NotebookNet, trainNets, withNetOptions } from './notebook-nets.js';
import { finish } from './options.js';

const command = withNetOptions(
  new Command('module-api').description(
    'Trains a two-layer net and a convolutional net on CIFAR-10, each for an epoch, written as modules.',
  ),
);
const { hidden } = command.opts();

/** A fully connected net with one hidden layer. */
class TwoLayerFC extends nn.Module {
  readonly fc1: nn.Linear;
  readonly fc2: nn.Linear;

  constructor(inputSize: number, hiddenSize: number, numClasses: number) {
    super();
    this.fc1 = new nn.Linear(inputSize, hiddenSize);
    this.fc2 = new nn.Linear(hiddenSize, numClasses);
    for (const layer of [this.fc1, this.fc2]) nn.init.kaimingNormal_(layer.weight);
  }

  forward(x: Tensor | NDArray): Tensor {
    return this.fc2.forward(F.relu(this.fc1.forward(F.flatten(x))));
  }
}

/** Two convolutions and a fully connected layer, for images of 32 × 32. */
class ThreeLayerConvNet extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly conv2: nn.Conv2d;
  readonly fc: nn.Linear;

  constructor(inChannels: number, channel1: number, channel2: number, numClasses: number) {
    super();
    this.conv1 = new nn.Conv2d(inChannels, channel1, 5, { padding: 2 });
    this.conv2 = new nn.Conv2d(channel1, channel2, 3, { padding: 1 });
    this.fc = new nn.Linear(channel2 * 32 * 32, numClasses);
    for (const { weight, bias } of [this.conv1, this.conv2, this.fc]) {
      nn.init.kaimingNormal_(weight, { nonlinearity: 'relu' });
      if (bias !== null) nn.init.zeros_(bias);
    }
  }

  forward(x: Tensor | NDArray): Tensor {
    const h1 = F.relu(this.conv1.forward(x));
    const h2 = F.relu(this.conv2.forward(h1));
    return this.fc.forward(F.flatten(h2));
  }
}

function netOf(model: nn.Module, lr: number): NotebookNet {
  return { model, optimizer: new optim.SGD(model.parameters(), { lr }) };
}

finish(() =>
  trainNets(
    command,
    () => netOf(new TwoLayerFC(3 * 32 * 32, hidden, 10), 1e-2),
    () => netOf(new ThreeLayerConvNet(3, 32, 16, 10), 3e-3),
  ),
);
