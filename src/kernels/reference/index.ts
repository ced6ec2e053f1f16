import type { Kernels, PlainKernels } from '../types.js';
import { activations } from './activations.js';
import { adaptivePooling } from './adaptive-pooling.js';
import { arithmetic } from './arithmetic.js';
import { convolution } from './convolution.js';
import { dropout } from './dropout.js';
import { elementwiseLosses } from './elementwise-losses.js';
import { likelihood } from './likelihood.js';
import { logsumexp } from './logsumexp.js';
import { losses } from './losses.js';
import { moments } from './moments.js';
import { normalization } from './normalization.js';
import { padding } from './padding.js';
import { pairs } from './pairs.js';
import { pointwise } from './pointwise.js';
import { pooling } from './pooling.js';
import { products } from './products.js';
import { rows } from './rows.js';
import { selection } from './selection.js';
import { smoothActivations } from './smooth-activations.js';
import { softmax } from './softmax.js';
import { statistics } from './statistics.js';
import { updates } from './updates.js';

/** The kernels without a loop in AssemblyScript, which the WebAssembly set takes from here. */
export const plain: PlainKernels = {
  ...pointwise,
  ...pairs,
  ...likelihood,
  ...logsumexp,
  ...statistics,
  ...moments,
  ...selection,
  ...adaptivePooling,
  ...padding,
};

/**
 * The kernels in plain TypeScript: the definition of each, the oracle that the fast ones are tested against, and what
 * runs where there is no WebAssembly. Sums are kept in float64, so this is the more exact side of a comparison.
 */
export const reference: Kernels = {
  name: 'reference',
  ...products,
  ...arithmetic,
  ...rows,
  ...activations,
  ...smoothActivations,
  ...softmax,
  ...normalization,
  ...dropout,
  ...convolution,
  ...pooling,
  ...losses,
  ...elementwiseLosses,
  ...updates,
  ...plain,
};
