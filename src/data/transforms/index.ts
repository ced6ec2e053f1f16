/**
 * Transforms of batches of images: normalization and augmentation.
 *
 * @module
 */

export { type AlternatingFlipOptions, alternatingFlip } from './alternating-flip.js';
export { type ColorJitterOptions, colorJitter } from './color-jitter.js';
export { type CutoutOptions, cutout } from './cutout.js';
export { horizontalFlip } from './mirror.js';
export { cutmix, type MixOptions, mixup } from './mix.js';
export { normalize } from './normalize.js';
export { type RandomCropOptions, randomCrop } from './random-crop.js';
export { type RandomErasingOptions, randomErasing } from './random-erasing.js';
export { randomHorizontalFlip } from './random-horizontal-flip.js';
export { type RandomResizedCropOptions, randomResizedCrop } from './random-resized-crop.js';
export { type RandomRotationOptions, randomRotation } from './random-rotation.js';
export { centerCrop, resize } from './resize.js';
export { type BatchTransform, compose, type Transform } from './transform.js';
export { type TranslateOptions, translate } from './translate.js';
export type { PaddingMode } from './windows.js';
