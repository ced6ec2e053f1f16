import { count, FLAG, type OptionsOf, option, type Range, SHARE, settingsOf } from '../arrays/index.js';
import { AdaptiveAvgPool2d, Conv2d, Dropout, Flatten, MaxPool2d, type Module, ReLU, Sequential } from '../nn/index.js';
import { convBatchNormRelu, heInitialized, linear } from './layers.js';
import { IMAGE_MODEL_OPTIONS } from './model-options.js';

const LAYER_SIZE = count(1);
const SIZES: Range = {
  allows: (value) => Array.isArray(value) && value.every(LAYER_SIZE.allows),
  expected: 'a list of whole numbers ≥ 1',
  Kind: RangeError,
};

const VGG_OPTIONS = {
  ...IMAGE_MODEL_OPTIONS,
  /** Whether a batch normalization follows each convolution, which then has no bias. Default true. */
  batchNorm: option(true, FLAG),
  /** Sizes of the hidden linear layers, each with a ReLU and a dropout. The paper's: [4096, 4096]. Default []. */
  hiddenDims: option<readonly number[]>([], SIZES),
  /** Share of the hidden values that the dropout drops. Default 0.5. */
  dropout: option(0.5, SHARE),
};

/** Options of {@link vgg11}. */
export interface VggOptions extends OptionsOf<typeof VGG_OPTIONS> {}

/** Filters of the convolutions, a list for each size of image; a max pooling follows each list. */
const STAGES = [[64], [128], [256, 256], [512, 512], [512, 512]] as const;

/**
 * VGG with 11 layers with weights (configuration A): eight 3 × 3 convolutions, with a max pooling that halves the image
 * behind the first, second, fourth, sixth and last; then linear layers. For images of 32 × 32 pixels the convolutions
 * end with one pixel of 512 channels, which the last linear layer scores; the paper's two hidden layers of 4,096 are an
 * option. Larger images are averaged to one pixel.
 *
 * @returns A module from (N, inChannels, H, W), H and W at least 32, to scores (N, numClasses).
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 * @see Simonyan and Zisserman 2015, Very Deep Convolutional Networks for Large-Scale Image Recognition, table 1,
 *   https://arxiv.org/abs/1409.1556
 */
export function vgg11(options: VggOptions = {}): Sequential {
  const { numClasses, inChannels, batchNorm, hiddenDims, dropout, ...weights } = settingsOf(
    'vgg11',
    VGG_OPTIONS,
    options,
  );
  const layers: Module[] = [];
  let channels = inChannels;
  for (const stage of STAGES) {
    for (const filters of stage) {
      if (batchNorm) layers.push(...convBatchNormRelu(channels, filters, weights));
      else layers.push(new Conv2d(channels, filters, 3, { padding: 1, ...weights }), new ReLU());
      channels = filters;
    }
    layers.push(new MaxPool2d(2));
  }
  layers.push(new AdaptiveAvgPool2d(1), new Flatten());
  let features = channels;
  for (const size of hiddenDims) {
    layers.push(linear(features, size, weights), new ReLU(), new Dropout(dropout));
    features = size;
  }
  layers.push(linear(features, numClasses, weights));
  return heInitialized(new Sequential(...layers), weights);
}
