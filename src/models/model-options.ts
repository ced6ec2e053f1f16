import { count, type OptionsOf, option } from '../arrays/index.js';
import { WEIGHT_OPTIONS } from '../nn/module-options.js';

/** The options of every classifier of images. */
export const IMAGE_MODEL_OPTIONS = {
  /** Scores to an image. Default 10. */
  numClasses: option(10, count(1)),
  /** Channels of an image. Default 3. */
  inChannels: option(3, count(1)),
  ...WEIGHT_OPTIONS,
};

/** Options of a model of images. */
export interface ImageModelOptions extends OptionsOf<typeof IMAGE_MODEL_OPTIONS> {}
