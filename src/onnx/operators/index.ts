import type { Operator } from '../operator.js';
import { ACTIVATIONS } from './activations.js';
import { ARITHMETIC } from './arithmetic.js';
import { CONSTANTS } from './constants.js';
import { IMAGES } from './images.js';
import { MATRICES } from './matrices.js';
import { NORMALIZATION } from './normalization.js';
import { REDUCTIONS } from './reductions.js';
import { RESHAPING } from './reshaping.js';
import { SELECTING } from './selecting.js';

/** The operators that are read, by their names in ONNX. `Constant` is read with the weights. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [ACTIVATIONS, ARITHMETIC, CONSTANTS, IMAGES, MATRICES, NORMALIZATION, REDUCTIONS, RESHAPING, SELECTING].flatMap(
    (family) => Object.entries(family),
  ),
);
