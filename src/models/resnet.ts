import { settingsOf, zeros } from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { AdaptiveAvgPool2d, Flatten, Linear, Module, ReLU, Residual, Sequential } from '../nn/index.js';
import { convBatchNorm, convBatchNormRelu, heInitialized, type WeightSettings } from './layers.js';
import { IMAGE_MODEL_OPTIONS, type ImageModelOptions } from './model-options.js';

/**
 * The residual network of 8 layers for images of 32 × 32 pixels: a convolution of 16 filters; then three stages of 16,
 * 32 and 64 filters, of 1 block of two convolutions each, at 32 × 32, 16 × 16 and 8 × 8 pixels; global average pooling
 * and a linear layer. Every convolution is 3 × 3 and has a batch normalization behind it. Where a stage begins with
 * fewer pixels, the shortcut takes every second pixel and fills the new channels with zeros (option A), so that it has
 * no parameters. Filters begin normal, as in He et al. 2015.
 *
 * @param options - `numClasses` (10), `inChannels` (3), `dtype`, `random`.
 * @returns A module from (N, inChannels, H, W), of any H and W, to scores (N, numClasses).
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 * @see He et al. 2016, Deep Residual Learning for Image Recognition, section 4.2, https://arxiv.org/abs/1512.03385
 */
export function resnet8(options: ImageModelOptions = {}): Sequential {
  return resnet('resnet8', 1, options);
}

/** {@link resnet8} with 2 blocks to a stage: 14 layers. */
export function resnet14(options: ImageModelOptions = {}): Sequential {
  return resnet('resnet14', 2, options);
}

/** {@link resnet8} with 3 blocks to a stage: 20 layers, 0.27 million parameters. */
export function resnet20(options: ImageModelOptions = {}): Sequential {
  return resnet('resnet20', 3, options);
}

/** {@link resnet8} with 5 blocks to a stage: 32 layers, 0.46 million parameters. */
export function resnet32(options: ImageModelOptions = {}): Sequential {
  return resnet('resnet32', 5, options);
}

const STAGES = [16, 32, 64] as const;

function resnet(fn: string, blocks: number, options: ImageModelOptions): Sequential {
  const { numClasses, inChannels, ...weights } = settingsOf(fn, IMAGE_MODEL_OPTIONS, options);
  const layers: Module[] = convBatchNormRelu(inChannels, STAGES[0], weights);
  let channels: number = STAGES[0];
  for (const width of STAGES) {
    for (let i = 0; i < blocks; i++) {
      layers.push(basicBlock(channels, width, weights), new ReLU());
      channels = width;
    }
  }
  layers.push(new AdaptiveAvgPool2d(1), new Flatten(), new Linear(channels, numClasses, weights));
  return heInitialized(new Sequential(...layers), weights);
}

/** Two convolutions and a shortcut past them. More channels come with half of the height and the width. */
function basicBlock(inChannels: number, outChannels: number, weights: WeightSettings): Residual {
  const grows = outChannels > inChannels;
  const body = new Sequential(
    ...convBatchNormRelu(inChannels, outChannels, weights, { stride: grows ? 2 : 1 }),
    ...convBatchNorm(outChannels, outChannels, weights),
  );
  return grows
    ? new Residual(body, { shortcut: new ZeroFilledShortcut(outChannels - inChannels) })
    : new Residual(body);
}

/** Every second pixel of each row and column, and channels of zeros behind those of the input: option A. */
class ZeroFilledShortcut extends Module {
  constructor(readonly newChannels: number) {
    super();
  }

  override forward(x: TensorLike): Tensor {
    // Windows of one pixel.
    const pixels = F.avgPool2d(x, 1, { stride: 2 });
    const [N, , H, W] = pixels.shape;
    return F.concat([pixels, zeros([N, this.newChannels, H, W], pixels.dtype)], 1);
  }

  protected override extraRepr(): string {
    return `newChannels=${this.newChannels}`;
  }
}
