import type { Floats } from '../../arrays/index.js';
import type { Kernels } from '../types.js';

/** Whether a kernel and its definition make the same of equal copies of the operands. */
export type Agrees = (operands: Floats[], call: (k: Kernels, operands: Floats[]) => unknown) => boolean;
