import { argumentError, count, describe, FLAG, type OptionsOf, option, SHARE, settingsOf } from '../arrays/index.js';
import { BatchNorm1d, Dropout, Flatten, Linear, type Module, ReLU, Sequential } from '../nn/index.js';
import { WEIGHT_OPTIONS } from '../nn/module-options.js';

const MLP_OPTIONS = {
  /** Whether a batch normalization follows each hidden linear layer. Default false. */
  batchNorm: option(false, FLAG),
  /** Share of the hidden values that a dropout behind each ReLU drops; 0: there is none. Default 0. */
  dropout: option(0, SHARE),
  ...WEIGHT_OPTIONS,
};

/** Options of {@link mlp}. */
export interface MlpOptions extends OptionsOf<typeof MLP_OPTIONS> {}

const SIZE = count(1);

/**
 * A multilayer perceptron: linear layers with a ReLU between two of them. The axes of an example are flattened.
 *
 * @param dims - Sizes of the input, of the hidden layers and of the output: `[3072, 100, 10]`.
 * @returns A module from (N, …) with dims[0] values to an example, to (N, dims.at(-1)).
 * @throws {RangeError} if there are less than two sizes, or one is not a whole number ≥ 1.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function mlp(dims: readonly number[], options: MlpOptions = {}): Sequential {
  const { batchNorm, dropout, ...weights } = settingsOf('mlp', MLP_OPTIONS, options);
  if (!Array.isArray(dims) || dims.length < 2 || !dims.every(SIZE.allows)) {
    const expected = 'at least two whole numbers ≥ 1: input, hidden layers, output';
    throw argumentError(RangeError, { fn: 'mlp', arg: 'dims', found: `is ${describe(dims)}`, expected });
  }
  const layers: Module[] = [new Flatten()];
  for (let i = 1; i < dims.length; i++) {
    layers.push(new Linear(dims[i - 1], dims[i], weights));
    if (i === dims.length - 1) break;
    if (batchNorm) layers.push(new BatchNorm1d(dims[i], { dtype: weights.dtype }));
    layers.push(new ReLU());
    if (dropout > 0) layers.push(new Dropout(dropout));
  }
  return new Sequential(...layers);
}
