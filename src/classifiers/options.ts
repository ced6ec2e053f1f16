import { AMOUNT, ANY, count, DTYPE, type DType, type OptionsOf, option } from '../arrays/index.js';

/** The options of every classifier. */
export const CLASSIFIER_OPTIONS = {
  /** Classes, C. Default 10. */
  numClasses: option(10, count(1)),
  /** Standard deviation of the initial weights. Default 1e-3. */
  weightScale: option(1e-3, AMOUNT),
  /** Strength of the L2 penalty on the weight matrices. Default 0. */
  reg: option(0, AMOUNT),
  /** Number format of the parameters, and so of the inputs. Default `'float32'`. */
  dtype: option<DType>('float32', DTYPE),
  /** Seed of the initial weights. Without one they cannot be repeated. */
  seed: option<number | string | undefined>(undefined, ANY),
};

/** Options that every classifier has. */
export interface ClassifierOptions extends OptionsOf<typeof CLASSIFIER_OPTIONS> {}
