import { type OptionsOf, oneOf, option, POSITIVE, type Range, SHARE, settingsOf } from '../arrays/index.js';
import { AdaptiveAvgPool2d, Dropout, Flatten, type Module, ReLU6, Residual, Sequential } from '../nn/index.js';
import { type ConvSettings, convBatchNorm, heInitialized, linear, type WeightSettings } from './layers.js';
import { IMAGE_MODEL_OPTIONS } from './model-options.js';

const REDUCTION: Range = { ...oneOf(), allows: (value) => value === 8 || value === 32, expected: '8 or 32' };

const MOBILENET_OPTIONS = {
  ...IMAGE_MODEL_OPTIONS,
  /** A factor of all numbers of channels. Default 1. */
  width: option(1, POSITIVE),
  /** By how much the last feature map is smaller than the image: 8, or 32 as the paper's. Default 8. */
  reduction: option<8 | 32>(8, REDUCTION),
  /** Share of the 1,280 features that the dropout before the last layer drops. Default 0.2. */
  dropout: option(0.2, SHARE),
};

/** Options of {@link mobilenetV2}. */
export interface MobilenetOptions extends OptionsOf<typeof MOBILENET_OPTIONS> {}

/** The rows of the paper's table 2: expansion, channels, blocks, stride of the first block. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/**
 * MobileNetV2: inverted residual blocks, each of which expands its channels six times by a 1 × 1 convolution, filters
 * each channel alone by 3 × 3, and projects back to few channels without a nonlinearity. ReLU6 elsewhere; a batch
 * normalization behind every convolution. For images of 32 × 32 pixels the first two of the five reductions are left
 * out, so that the last blocks see 4 × 4 pixels rather than one.
 *
 * @returns A module from (N, inChannels, H, W) to scores (N, numClasses).
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 * @see Sandler et al. 2018, MobileNetV2: Inverted Residuals and Linear Bottlenecks, table 2,
 *   https://arxiv.org/abs/1801.04381
 */
export function mobilenetV2(options: MobilenetOptions = {}): Sequential {
  const { numClasses, inChannels, width, reduction, dropout, ...weights } = settingsOf(
    'mobilenetV2',
    MOBILENET_OPTIONS,
    options,
  );
  // How many of the first strides of 2 are left out.
  let leftOut = reduction === 32 ? 0 : 2;
  const strideOf = (stride: number): number => (stride === 2 && leftOut-- > 0 ? 1 : stride);

  let channels = scaled(32 * width);
  const layers: Module[] = convBatchNormRelu6(inChannels, channels, weights, { stride: strideOf(2) });
  for (const [expansion, base, blocks, stride] of STAGES) {
    const out = scaled(base * width);
    for (let i = 0; i < blocks; i++) {
      layers.push(invertedResidual(channels, out, expansion, i === 0 ? strideOf(stride) : 1, weights));
      channels = out;
    }
  }
  const features = scaled(1280 * Math.max(1, width));
  layers.push(
    ...convBatchNormRelu6(channels, features, weights, { kernelSize: 1 }),
    new AdaptiveAvgPool2d(1),
    new Flatten(),
    new Dropout(dropout),
    linear(features, numClasses, weights),
  );
  return heInitialized(new Sequential(...layers), weights);
}

/** Expand, filter each channel, project; with a way past them where the shape stays. */
function invertedResidual(
  inChannels: number,
  outChannels: number,
  expansion: number,
  stride: number,
  weights: WeightSettings,
): Module {
  const hidden = expansion * inChannels;
  const body = new Sequential(
    ...(expansion === 1 ? [] : convBatchNormRelu6(inChannels, hidden, weights, { kernelSize: 1 })),
    ...convBatchNormRelu6(hidden, hidden, weights, { stride, groups: hidden }),
    ...convBatchNorm(hidden, outChannels, weights, { kernelSize: 1 }),
  );
  return stride === 1 && inChannels === outChannels ? new Residual(body) : body;
}

function convBatchNormRelu6(
  inChannels: number,
  outChannels: number,
  weights: WeightSettings,
  conv: ConvSettings,
): Module[] {
  return [...convBatchNorm(inChannels, outChannels, weights, conv), new ReLU6()];
}

/** The nearest multiple of 8 channels, at least 8, and not less than nine tenths of what was asked for. */
function scaled(channels: number): number {
  const nearest = Math.max(8, 8 * Math.floor((channels + 4) / 8));
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}
