import { DTYPE, type DType, FINITE, type OptionsOf, option, Random, type Range } from '../arrays/index.js';

/** Finite numbers. */
export const NUMBER: Range = { ...FINITE, expected: 'a number' };

const RANDOM: Range = { allows: (value) => value instanceof Random, expected: 'a Random', Kind: TypeError };

/** The option of what draws random numbers. */
export const RANDOM_OPTION = {
  /** The generator of the random numbers. Default: the one that `manualSeed` seeds. */
  random: option<Random | undefined>(undefined, RANDOM),
};

/** The option of modules with state. */
export const DTYPE_OPTION = {
  /** `'float32'` trains, `'float64'` checks gradients. Default `'float32'`. */
  dtype: option<DType>('float32', DTYPE),
};

/** The options of modules whose weights begin at random. */
export const WEIGHT_OPTIONS = { ...DTYPE_OPTION, ...RANDOM_OPTION };

/** The number format of a module's state. */
export interface DTypeOption extends OptionsOf<typeof DTYPE_OPTION> {}

/** How the weights of a module begin. */
export interface WeightOptions extends OptionsOf<typeof WEIGHT_OPTIONS> {}
