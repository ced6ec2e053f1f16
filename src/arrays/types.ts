import type { NdArray } from 'ndarray';

/** The number formats of an array. float32 trains; float64 checks gradients. */
export type DType = 'float32' | 'float64';

/** The flat memory of an array. */
export type Floats = Float32Array | Float64Array;

/**
 * An n-dimensional array: `ndarray`'s, over float32 or float64 numbers.
 *
 * Any strided view (`transpose(1, 0)`, `hi`, `lo`, `step(-1)`, `pick`) is one too. Two traps of `ndarray`:
 * `transpose()` without axes is the identity, and nothing is bounds-checked.
 */
export type NDArray = NdArray<Floats>;

/** The most axes that an array may have, NumPy's number: `ndarray` compiles a class for each number of axes. */
export const MAX_RANK = 32;
