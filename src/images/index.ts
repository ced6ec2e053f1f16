export {
  decoded,
  decodeImage,
  decodePixels,
  IMAGE,
  type ImageSettings,
  imageFromPixels,
  type ReadImageOptions,
} from './decode.js';
export { headerOf } from './header.js';
export { imageBytes, readImage } from './read-image.js';
export { type Pixels, type Plan, planFor, type Room, render } from './resize.js';
export { evenHalf, shorterSide, type Taps, tapsOf } from './taps.js';
export { type WriteImageOptions, writeImage } from './write-image.js';
