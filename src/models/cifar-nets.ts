import { settingsOf } from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import {
  BatchNorm2d,
  Conv2d,
  Dropout,
  Flatten,
  Linear,
  MaxPool2d,
  Module,
  ReLU,
  Residual,
  Sequential,
} from '../nn/index.js';
import { convBatchNormRelu, type WeightSettings } from './layers.js';
import { IMAGE_MODEL_OPTIONS, type ImageModelOptions } from './model-options.js';

/**
 * The network of the last part of the cs231n notebook for images of 32 × 32 pixels: three blocks of two 3 × 3
 * convolutions of 32, 64 and 128 filters, each with a batch normalization and a ReLU, and a max pooling behind each
 * block; then a hidden layer of 256 with a dropout of one half.
 *
 * @param options - `numClasses` (10), `inChannels` (3), `dtype`, `random`.
 * @returns A module from (N, inChannels, 32, 32) to scores (N, numClasses).
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function convnet6(options: ImageModelOptions = {}): Sequential {
  const { numClasses, inChannels, ...weights } = settingsOf('convnet6', IMAGE_MODEL_OPTIONS, options);
  const unit = (from: number, to: number): Module[] => [
    new Conv2d(from, to, 3, { padding: 1, ...weights }),
    new BatchNorm2d(to, { dtype: weights.dtype }),
    new ReLU(),
  ];
  return new Sequential(
    ...unit(inChannels, 32),
    ...unit(32, 32),
    new MaxPool2d(2), // 32 × 32 → 16 × 16
    ...unit(32, 64),
    ...unit(64, 64),
    new MaxPool2d(2), // → 8 × 8
    ...unit(64, 128),
    ...unit(128, 128),
    new MaxPool2d(2), // → 4 × 4
    new Flatten(),
    new Linear(128 * 4 * 4, 256, weights),
    new ReLU(),
    new Dropout(0.5),
    new Linear(256, numClasses, weights),
  );
}

/**
 * A small residual network for images of 32 × 32 pixels that trains fast: a block each at 16 × 16, 8 × 8 and 4 × 4
 * pixels, half of its work at 8 × 8 in 256 channels. Images are halved by a max pooling between convolution and batch
 * normalization, so that the rest works on a quarter of the pixels. The scores are multiplied by 1/8, so that the
 * softmax is not too confident at the start.
 *
 * @param options - `numClasses` (10), `inChannels` (3), `dtype`, `random`.
 * @returns A module from (N, inChannels, 32, 32) to scores (N, numClasses).
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function fastResnet(options: ImageModelOptions = {}): Sequential {
  const { numClasses, inChannels, ...weights } = settingsOf('fastResnet', IMAGE_MODEL_OPTIONS, options);
  return new Sequential(
    ...convBatchNormRelu(inChannels, 32, weights),
    ...halvingUnit(32, 64, weights), // 32 × 32 → 16 × 16
    residual(64, weights),
    ...halvingUnit(64, 256, weights), // → 8 × 8
    residual(256, weights),
    ...halvingUnit(256, 256, weights), // → 4 × 4
    residual(256, weights),
    new MaxPool2d(4),
    new Flatten(),
    new Linear(256, numClasses, { bias: false, ...weights }),
    new Scale(0.125),
  );
}

function halvingUnit(inChannels: number, outChannels: number, weights: WeightSettings): Module[] {
  const [filter, ...rest] = convBatchNormRelu(inChannels, outChannels, weights);
  return [filter, new MaxPool2d(2), ...rest];
}

/** Channels in, the same channels out, and what one unit changes about them. */
function residual(channels: number, weights: WeightSettings): Residual {
  return new Residual(new Sequential(...convBatchNormRelu(channels, channels, weights)));
}

/** Multiplies by a constant. */
class Scale extends Module {
  constructor(readonly factor: number) {
    super();
  }

  override forward(x: TensorLike): Tensor {
    return F.mul(x, this.factor);
  }

  protected override extraRepr(): string {
    return String(this.factor);
  }
}
