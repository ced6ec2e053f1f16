/**
 * Transforms of batches of images: normalization and augmentation.
 *
 * @module
 */

export { type CutoutOptions, cutout } from './cutout.js';
export { normalize } from './normalize.js';
export { type RandomCropOptions, randomCrop } from './random-crop.js';
export { randomHorizontalFlip } from './random-horizontal-flip.js';
export { compose, type Transform } from './transform.js';
