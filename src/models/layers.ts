import type { Settings } from '../arrays/index.js';
import { BatchNorm2d, Conv2d, init, Linear, type Module, ReLU } from '../nn/index.js';
import type { WEIGHT_OPTIONS } from '../nn/module-options.js';

/** The format of the weights, and what draws them. */
export type WeightSettings = Settings<typeof WEIGHT_OPTIONS>;

/** How a convolution of a model differs from a 3 × 3 one of stride 1 that keeps the size of the image. */
export interface ConvSettings {
  readonly kernelSize?: number;
  readonly stride?: number;
  readonly groups?: number;
}

/** A convolution without bias, padded so that stride 1 keeps the size, and the batch normalization behind it. */
export function convBatchNorm(
  inChannels: number,
  outChannels: number,
  { dtype, random }: WeightSettings,
  { kernelSize = 3, stride = 1, groups = 1 }: ConvSettings = {},
): Module[] {
  const padding = (kernelSize - 1) / 2;
  return [
    new Conv2d(inChannels, outChannels, kernelSize, { stride, padding, groups, bias: false, dtype, random }),
    new BatchNorm2d(outChannels, { dtype }),
  ];
}

/** {@link convBatchNorm} and a ReLU. */
export function convBatchNormRelu(
  inChannels: number,
  outChannels: number,
  weights: WeightSettings,
  conv: ConvSettings = {},
): Module[] {
  return [...convBatchNorm(inChannels, outChannels, weights, conv), new ReLU()];
}

/**
 * Draws the filters of all convolutions in `model` anew, by He et al. 2015: normal, with the variance that keeps the
 * size of the gradients from layer to layer; their biases become zeros.
 *
 * @returns `model`.
 */
export function heInitialized<M extends Module>(model: M, { random }: WeightSettings): M {
  return model.apply((module) => {
    if (!(module instanceof Conv2d)) return;
    init.kaimingNormal_(module.weight, { mode: 'fanOut', nonlinearity: 'relu', random });
    if (module.bias !== null) init.zeros_(module.bias);
  });
}

/** A linear layer of small normal weights, standard deviation 0.01, and no bias at the start. */
export function linear(inFeatures: number, outFeatures: number, { dtype, random }: WeightSettings): Linear {
  const layer = new Linear(inFeatures, outFeatures, { dtype, random });
  init.normal_(layer.weight, 0, 0.01, { random });
  init.zeros_(layer.bias!);
  return layer;
}
