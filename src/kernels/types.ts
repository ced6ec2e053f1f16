import type { ActivationKernels, DropoutKernels, SmoothActivationKernels } from './types/activations.js';
import type { PairKernels, PointwiseKernels } from './types/elementwise.js';
import type { AdaptivePoolingKernels, ConvolutionKernels, PaddingKernels, PoolingKernels } from './types/images.js';
import type { ElementwiseLossKernels, LikelihoodKernels, LossKernels } from './types/losses.js';
import type { NormalizationKernels, SoftmaxKernels } from './types/normalization.js';
import type { ArithmeticKernels, ProductKernels, RowKernels } from './types/products.js';
import type { LogsumexpKernels, MomentKernels, StatisticsKernels } from './types/row-statistics.js';
import type { SelectionKernels } from './types/selection.js';
import type { UpdateKernels } from './types/updates.js';

export type * from './types/activations.js';
export type * from './types/elementwise.js';
export type * from './types/images.js';
export type * from './types/losses.js';
export type * from './types/normalization.js';
export type * from './types/products.js';
export type * from './types/row-statistics.js';
export type * from './types/selection.js';
export type * from './types/updates.js';

/**
 * The inner loops that the layers rest on. Arrays are dense and row-major, and all arrays of a call have one dtype;
 * sizes are trusted, because the layers have checked them. Results go to arrays that the caller gives; these may not
 * overlap the inputs unless it is said.
 *
 * `reference/` is the definition. Any other implementation agrees with it to the tolerance stated in
 * `test/kernels/kernels.test.ts`, on every size, those that do not fill a SIMD lane or a tile included.
 *
 * Zeros, infinities and NaN. All kernels, and the layers on them, give what PyTorch 1.13 gives, the sign of a zero
 * included (`test/layers/special-values.test.ts`): NaN in is NaN out; a ReLU keeps −0, and its gradient passes where x
 * is NaN, as do both gradients of a maximum; that of |x| is 0 there; a pooling and a maximum over an axis give the
 * first of equal values, so of zeros of either sign; powers of 1 and exponents of ±½ are C's; a softmax of a row with
 * +∞ is NaN. It differs from PyTorch where
 *
 * - windows of a max pooling hold several NaN: the first takes the gradient, not the last;
 * - PyTorch comes to ∞ · 0: x·Φ(x), x·σ(x) and a hardswish of −∞ are −0, the slopes of the first two at ±∞ are 1 and
 *   −0, and the gradient of ln Σ e^x is 0 for a row of −∞;
 * - PyTorch's own answer depends on the place in a vector: the larger of +0 and −0 is +0, the smaller −0; where x is
 *   NaN the gradient of a ReLU6 passes and that of a hardswish is NaN; the slope of a hardswish at 3 is 1.
 *
 * Sums and products are as exact as a kernel's order of additions: whether a sum that cancels is +0, −0 or next to 0
 * is open, and Winograd's method spreads NaN and infinities over a tile. Sums of float32 over rows, channels and
 * pixels are within a millionth however many there are (`test/kernels/long-sums.test.ts`); those of a matrix product
 * or a convolution are added in order, as far as `wasm/product-plan.ts` does not cut them.
 */
export interface Kernels
  extends ProductKernels,
    ArithmeticKernels,
    RowKernels,
    ActivationKernels,
    SmoothActivationKernels,
    SoftmaxKernels,
    LossKernels,
    ElementwiseLossKernels,
    NormalizationKernels,
    DropoutKernels,
    ConvolutionKernels,
    PoolingKernels,
    UpdateKernels,
    PlainKernels {
  readonly name: 'reference' | 'wasm';
}

/**
 * Kernels without a loop in AssemblyScript: they always run in JavaScript. They are rarely called, short, or made of
 * functions such as `Math.exp`, and so have the same bits everywhere.
 */
export interface PlainKernels
  extends PointwiseKernels,
    PairKernels,
    LikelihoodKernels,
    LogsumexpKernels,
    StatisticsKernels,
    MomentKernels,
    SelectionKernels,
    AdaptivePoolingKernels,
    PaddingKernels {}
