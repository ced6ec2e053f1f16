/**
 * Networks of the literature, sized for images of 32 × 32 pixels where they have a size.
 *
 * @module
 */

export { convnet6, fastResnet } from './cifar-nets.js';
export { type MlpOptions, mlp } from './mlp.js';
export { type MobilenetOptions, mobilenetV2 } from './mobilenet.js';
export type { ImageModelOptions } from './model-options.js';
export { resnet8, resnet14, resnet20, resnet32 } from './resnet.js';
export { type VggOptions, vgg11 } from './vgg.js';
