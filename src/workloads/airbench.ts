import * as nn from '../nn/index.js';

/**
 * The net of the speed record of CIFAR-10: filters of 2 × 2 that whiten the pictures and are not trained, then three
 * blocks of two convolutions.
 *
 * @see Jordan 2024, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU, https://arxiv.org/abs/2404.00498
 */
export function airbench(): nn.Module {
  const layers: nn.Module[] = [new nn.Conv2d(3, 24, 2, { bias: false }).requiresGrad_(false), new nn.GELU()];
  let channels = 24;
  for (const filters of [64, 256, 256]) {
    layers.push(
      new nn.Conv2d(channels, filters, 3, { padding: 1, bias: false }),
      new nn.MaxPool2d(2),
      new nn.BatchNorm2d(filters),
      new nn.GELU(),
      new nn.Conv2d(filters, filters, 3, { padding: 1, bias: false }),
      new nn.BatchNorm2d(filters),
      new nn.GELU(),
    );
    channels = filters;
  }
  layers.push(new nn.MaxPool2d(3), new nn.Flatten(), new nn.Linear(channels, 10, { bias: false }));
  return new nn.Sequential(...layers);
}
