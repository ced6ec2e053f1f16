import { ACTIVATIONS } from './activations.js';
import { ARITHMETIC } from './arithmetic.js';
import { LAYERS } from './layers.js';
import type { Emit } from './operation.js';
import { POOLING } from './pooling.js';
import { REDUCTIONS } from './reductions.js';
import { RESHAPING } from './reshaping.js';
import { SELECTING } from './selecting.js';

export { layerNormOf } from './layers.js';
export { type Emit, Operand, type Operation } from './operation.js';

/** How each function of `F` is written, by its name. */
export const EMITTERS: ReadonlyMap<string, Emit> = new Map(
  Object.entries({
    ...ACTIVATIONS,
    ...ARITHMETIC,
    ...LAYERS,
    ...POOLING,
    ...REDUCTIONS,
    ...RESHAPING,
    ...SELECTING,
  }),
);
