import type { Floats } from '../arrays/index.js';

/**
 * Which operand of a product is stored transposed: `'NN'` neither; `'NT'` b is (M, K); `'TN'` a is (K, N).
 */
export type ProductForm = 'NN' | 'NT' | 'TN';

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

/** Matrix products. */
export interface ProductKernels {
  /** out (N, M) = op(a) · op(b), summed over K. */
  gemm(operands: ProductOperands): void;
}

/** The operands of a matrix product and its sizes. */
export interface ProductOperands {
  readonly form: ProductForm;
  readonly a: Floats;
  readonly b: Floats;
  readonly out: Floats;
  readonly N: number;
  readonly K: number;
  readonly M: number;
}

/** Arithmetic on arrays of equal size, element by element. `out` may be one of the operands. */
export interface ArithmeticKernels {
  /** out = a + b. */
  add(a: Floats, b: Floats, out: Floats): void;
  /** out = a − b. */
  subtract(a: Floats, b: Floats, out: Floats): void;
  /** out = a · b. */
  multiply(a: Floats, b: Floats, out: Floats): void;
  /** out = a / b. */
  divide(a: Floats, b: Floats, out: Floats): void;
  /** out = factor · x. */
  scale(x: Floats, out: Floats, factor: number): void;
  /** a += weight · (b − a): `a` moves towards `b` by this share of the way, as torch.lerp. */
  lerp(a: Floats, b: Floats, weight: number): void;
}

/**
 * What goes by the rows of a matrix: biases, sums, and picking rows; and what goes over all values: norms and bounds.
 */
export interface RowKernels {
  /** out[n, m] += b[m]. */
  addRow(b: Floats, out: Floats, N: number, M: number): void;
  /** out[n, m] = max(0, out[n, m] + b[m]). */
  addRowRelu(b: Floats, out: Floats, N: number, M: number): void;

  /** out[m] = Σ_n x[n, m]. */
  sumRows(x: Floats, out: Floats, N: number, M: number): void;
  /** out[n, m] = factors[n] · x[n, m], rows of M values. */
  scaleRows(x: Floats, factors: Floats, out: Floats, M: number): void;
  /** out[n] = Σ_m x[n, m]. */
  sumColumns(x: Floats, out: Floats, N: number, M: number): void;
  /** Σ x². */
  sumSquares(x: Floats): number;
  /** Σ |x|. */
  sumAbs(x: Floats): number;
  /** The largest |x|; NaN is the largest. 0 for no values. */
  maxAbs(x: Floats): number;
  /** x = limit where x > limit, −limit where x < −limit; NaN stays NaN. */
  clamp(x: Floats, limit: number): void;
  /** dw += reg · w, and returns Σ w²: the penalty ½·reg·Σw² and its gradient in one pass. */
  addL2Gradient(w: Floats, dw: Floats, reg: number): number;

  /** out[i, :] = source[indices[i], :], rows of D values. Indices are in range. */
  gatherRows(source: Floats, indices: Int32Array, out: Floats, D: number): void;
}

/** Activation functions and their gradients. */
export interface ActivationKernels {
  /** out = max(0, x); NaN stays NaN, and −0 is −0. `out` may be `x`. */
  relu(x: Floats, out: Floats): void;
  /** dx = dout where x > 0 or is NaN, else 0. `x` may be the ReLU's output just as well. `dx` may be `dout`. */
  reluBackward(dout: Floats, x: Floats, dx: Floats): void;
  /** The same for (N, M) arrays, and sums[m] = Σ_n dx[n, m] in the same pass. */
  reluBackwardSumRows(operands: ReluSumOperands): void;
  /** The same for (N, C, S) arrays, and sums[c] = Σ dx[n, c, s] over n and s. */
  reluBackwardSumChannels(dout: Floats, x: Floats, dx: Floats, sums: Floats, shape: ChannelShape): void;

  /** out = x where x > 0, else alpha · x. */
  leakyRelu(x: Floats, out: Floats, alpha: number): void;
  /** dx = dout where x > 0, else alpha · dout. */
  leakyReluBackward(dout: Floats, x: Floats, dx: Floats, alpha: number): void;

  /** out = min(max(0, x), 6); NaN stays NaN, and −0 is −0. */
  relu6(x: Floats, out: Floats): void;
  /** dx = dout where 0 < x < 6 or x is NaN, else 0. */
  relu6Backward(dout: Floats, x: Floats, dx: Floats): void;
  /** out = x · min(max(0, x + 3), 6) / 6; −0 at −∞. */
  hardswish(x: Floats, out: Floats): void;
  /** dx = 0 where x < −3, dout where x ≥ 3, else dout · (x / 3 + ½). */
  hardswishBackward(dout: Floats, x: Floats, dx: Floats): void;
  /** out = min(max(0, x + 3), 6) / 6. */
  hardsigmoid(x: Floats, out: Floats): void;
  /** dx = dout / 6 where −3 < x < 3, else 0, also where x is NaN. */
  hardsigmoidBackward(dout: Floats, x: Floats, dx: Floats): void;

  /** out = x where x > 0, else alpha[c] · x, for x (…, C, inner) and alpha (C,). */
  prelu(x: Floats, alpha: Floats, out: Floats, inner: number): void;
  /** dx = dout where x > 0, else alpha[c] · dout; dalpha[c] = Σ dout · x over the x of the channel that are not > 0. */
  preluBackward(operands: PreluGradientOperands): void;

  /** out[g] = the largest of the `pieces` values of x from g · pieces on; NaN is the largest. */
  maxout(x: Floats, out: Floats, pieces: number): void;
  /** dx = dout[g] at the first of the largest values of each group, 0 elsewhere. */
  maxoutBackward(dout: Floats, x: Floats, dx: Floats, pieces: number): void;
}

/** The gradient of a ReLU on an (N, M) array, and its sums by columns. */
export interface ReluSumOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly dx: Floats;
  readonly sums: Floats;
  readonly N: number;
  readonly M: number;
}

/** The gradients of a PReLU on an (…, C, inner) array. */
export interface PreluGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly alpha: Floats;
  readonly dx: Floats;
  readonly dalpha: Floats;
  readonly inner: number;
}

/**
 * Smooth activation functions and their gradients. No input overflows on the way to a finite result, and where a result
 * is next to 0 its relative error is small too; NaN stays NaN.
 */
export interface SmoothActivationKernels {
  /** out = 1 / (1 + e^−x). */
  sigmoid(x: Floats, out: Floats): void;
  /** dx = dout · out · (1 − out). */
  sigmoidBackward(dout: Floats, out: Floats, dx: Floats): void;
  /** out = tanh x. */
  tanh(x: Floats, out: Floats): void;
  /** dx = dout · (1 − out²). */
  tanhBackward(dout: Floats, out: Floats, dx: Floats): void;
  /** out = x where x > 0, else alpha · (e^x − 1). */
  elu(x: Floats, out: Floats, alpha: number): void;
  /** dx = dout where x > 0, else dout · alpha · e^x. */
  eluBackward(dout: Floats, x: Floats, dx: Floats, alpha: number): void;
  /** out = x · Φ(x), where Φ(x) = ½ · (1 + erf(x/√2)) is the normal distribution. */
  gelu(x: Floats, out: Floats): void;
  /** dx = dout · (Φ(x) + x · φ(x)), where φ(x) = e^(−x²/2) / √(2π) is its density. */
  geluBackward(dout: Floats, x: Floats, dx: Floats): void;
  /** out = x · σ(g(x)), where g(x) = 2·√(2/π) · (x + 0.044715·x³): x·Φ(x), with Φ by a tanh; −0 at −∞. */
  geluTanh(x: Floats, out: Floats): void;
  /** dx = dout · s · (1 + x · g′(x) · (1 − s)), s = σ(g(x)); the slope is 1 at ∞ and −0 at −∞. */
  geluTanhBackward(dout: Floats, x: Floats, dx: Floats): void;
  /** out = x where beta · x > threshold, else ln(1 + e^(beta · x)) / beta. beta is positive. */
  softplus(x: Floats, out: Floats, beta: number, threshold: number): void;
  /** dx = dout where beta · x > threshold, else dout · σ(beta · x). */
  softplusBackward(dout: Floats, x: Floats, dx: Floats, beta: number, threshold: number): void;
  /** out = x · σ(x), where σ(x) = 1 / (1 + e^−x); −0 at −∞. */
  silu(x: Floats, out: Floats): void;
  /** dx = dout · σ(x) · (1 + x · (1 − σ(x))); the slope is 1 at ∞ and −0 at −∞. */
  siluBackward(dout: Floats, x: Floats, dx: Floats): void;
}

/** An array (N, C, S): N examples of C channels of S pixels. Dense features are channels of one pixel. */
export interface ChannelShape {
  readonly N: number;
  readonly C: number;
  readonly S: number;
}

/**
 * Softmax over the C of arrays (N, C, S), and its logarithm. No x overflows; all C are NaN where one is NaN or +∞, or
 * all are −∞.
 */
export interface SoftmaxKernels {
  /** out = e^x / Σ e^x. */
  softmax(x: Floats, out: Floats, shape: ChannelShape): void;
  /** dx = out · (dout − Σ dout · out). */
  softmaxBackward(dout: Floats, out: Floats, dx: Floats, shape: ChannelShape): void;
  /** out = x − ln Σ e^x. */
  logSoftmax(x: Floats, out: Floats, shape: ChannelShape): void;
  /** dx = dout − e^out · Σ dout. */
  logSoftmaxBackward(dout: Floats, out: Floats, dx: Floats, shape: ChannelShape): void;
}

/**
 * Normalizations. Variances are biased. Where a ReLU follows, `relu` applies it in the same pass, and the backward
 * kernels take its output `y` (else null) to know where it let the gradient through.
 */
export interface NormalizationKernels {
  /** For each channel, mean and variance over N and S; out = γ·(x − mean)/√(variance + ε) + β. */
  batchnorm(operands: BatchnormOperands): void;
  /** The same with given mean and variance. */
  normalize(operands: BatchnormOperands): void;
  /** Gradients of {@link batchnorm}, dx by the simplified formula. dx does not overlap x or y. */
  batchnormBackward(operands: BatchnormGradientOperands): void;
  /** The same for S = 1 and without a ReLU, node by node through the computation graph. */
  batchnormBackwardGraph(operands: Omit<BatchnormGradientOperands, 'y'>): void;
  /** Gradients of {@link normalize}: mean and variance do not depend on x. */
  normalizeBackward(operands: BatchnormGradientOperands): void;

  /** For each of N rows, mean and inverse = 1/√(variance + ε) over D; out = γ·(x − mean)·inverse + β. */
  layernorm(operands: LayernormOperands): void;
  layernormBackward(operands: LayernormGradientOperands): void;

  /** For each example and each of G groups of neighbouring channels; mean and inverse are (N, G), γ and β (C,). */
  groupnorm(operands: GroupnormOperands): void;
  groupnormBackward(operands: GroupnormGradientOperands): void;
}

/** What every normalization reads and writes. */
interface NormalizationOperands {
  readonly x: Floats;
  readonly gamma: Floats;
  readonly beta: Floats;
  readonly out: Floats;
  readonly mean: Floats;
  readonly epsilon: number;
}

/** What the gradients of every normalization are computed from, and where they go. */
interface NormalizationGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly mean: Floats;
  readonly gamma: Floats;
  readonly dx: Floats;
  readonly dgamma: Floats;
  readonly dbeta: Floats;
}

/** `mean` and `variance`, one value a channel, are written by `batchnorm` and read by `normalize`. */
export interface BatchnormOperands extends NormalizationOperands {
  readonly variance: Floats;
  readonly shape: ChannelShape;
  readonly relu: boolean;
}

export interface BatchnormGradientOperands extends NormalizationGradientOperands {
  readonly y: Floats | null;
  readonly variance: Floats;
  readonly shape: ChannelShape;
  readonly epsilon: number;
}

/** `x` is (N, D). */
export interface LayernormOperands extends NormalizationOperands {
  readonly inverse: Floats;
  readonly N: number;
  readonly D: number;
  readonly relu: boolean;
}

export interface LayernormGradientOperands extends NormalizationGradientOperands {
  readonly y: Floats | null;
  readonly inverse: Floats;
  readonly N: number;
  readonly D: number;
}

export interface GroupnormOperands extends NormalizationOperands {
  readonly inverse: Floats;
  readonly shape: ChannelShape;
  readonly G: number;
}

export interface GroupnormGradientOperands extends NormalizationGradientOperands {
  readonly inverse: Floats;
  readonly shape: ChannelShape;
  readonly G: number;
}

/** Dropout. */
export interface DropoutKernels {
  /** mask = 1/p with probability p, else 0; out = x · mask. The mask is a function of `key`, its place and p alone. */
  dropout(x: Floats, mask: Floats, out: Floats, p: number, key: readonly [number, number]): void;
}

/**
 * The sizes of a convolution: images (N, C, H, W), filters (F, C / groups, HH, WW), output (N, F, OH, OW). `padH` and
 * `padW` are the zeros above and left of the images; below and right of them are as many as the windows reach.
 */
export interface ConvShape {
  readonly N: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
  readonly F: number;
  readonly HH: number;
  readonly WW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padH: number;
  readonly padW: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly groups: number;
  readonly OH: number;
  readonly OW: number;
}

/** What a convolution reads and writes. */
export interface ConvOperands {
  readonly x: Floats;
  readonly w: Floats;
  readonly b: Floats;
  readonly out: Floats;
  readonly shape: ConvShape;
  readonly relu: boolean;
}

/** Convolutions (cross-correlations, with zeros around the images). */
export interface ConvolutionKernels {
  /**
   * out[n, f, i, j] = b[f] + Σ x[n, c₀ + c, i·strideH + kh·dilationH − padH, j·strideW + kw·dilationW − padW] ·
   * w[f, c, kh, kw], where c₀ is the first channel of the group of f; then a ReLU if `relu` says so.
   */
  convForward(operands: ConvOperands): void;
  /** The gradient with respect to the images. */
  convBackwardInput(dout: Floats, w: Floats, dx: Floats, shape: ConvShape): void;
  /** The gradient with respect to the filters, and unless `db` is null that with respect to the biases. */
  convBackwardWeights(dout: Floats, x: Floats, dw: Floats, db: Floats | null, shape: ConvShape): void;
  /** out[c] = Σ x[n, c, s] over n and s. */
  sumChannels(x: Floats, out: Floats, shape: ChannelShape): void;
}

/**
 * The sizes of a pooling: planes of (H, W) to planes of (OH, OW). Place (h, w) of window (i, j) is pixel (i · strideH +
 * h · dilationH − padH, j · strideW + w · dilationW − padW), if the image has that; the last windows may reach beyond
 * the padding, and begin before it.
 */
export interface PoolShape {
  /** N · C. */
  readonly planes: number;
  readonly H: number;
  readonly W: number;
  readonly poolHeight: number;
  readonly poolWidth: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padH: number;
  readonly padW: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly OH: number;
  readonly OW: number;
}

/** The sizes of an average pooling, whose dilation is 1, and what sums are divided by. */
export interface AvgPoolShape extends PoolShape {
  /** Whether a window counts its places in the padding, zeros, too: not those beyond the padding. */
  readonly countIncludePad: boolean;
  /** In place of the number of places, if it is not null. */
  readonly divisor: number | null;
}

/** Pooling. */
export interface PoolingKernels {
  /** The largest value of each window; NaN is larger than any number, and −∞ is what a window without pixels has. */
  maxPool(x: Floats, out: Floats, shape: PoolShape): void;
  /** Each window's gradient goes to its first largest value in row-major order. */
  maxPoolBackward(dout: Floats, x: Floats, dx: Floats, shape: PoolShape): void;
  /** The mean of each window. */
  avgPool(x: Floats, out: Floats, shape: AvgPoolShape): void;
  avgPoolBackward(dout: Floats, dx: Floats, shape: AvgPoolShape): void;
}

/** Losses of labels with their gradients. */
export interface LossKernels {
  /** Mean over rows of −log softmax(x[n])[y[n]]; dx (N, C) is its gradient. Labels are in [0, C). */
  softmaxLoss(x: Floats, y: Int32Array, dx: Floats, N: number, C: number): number;
  /** The sum over rows of Σ_{c≠y} max(0, x[n, c] − x[n, y[n]] + 1); dx (N, C) is its gradient divided by `divisor`. */
  hingeLoss(operands: HingeOperands): number;
  /**
   * The sum over (N, S) of Σ_c q[c] · (ln Σ e^x − x[c]), for scores x (N, C, S) and q[c] = weight[c]·((1 − ε)·t[c] +
   * ε/C). Here t is `target`, or 1 at the label and 0 elsewhere; where the label is negative, q is 0. A class whose q
   * is 0 may have a score of −∞. dx is the gradient times `scale`, scale·(softmax(x)·Σ q − q), and dtarget that of t.
   */
  crossEntropy(operands: CrossEntropyOperands): number;
}

/** The hinge losses of rows of scores. */
export interface HingeOperands {
  /** Scores, shape (N, C). */
  readonly x: Floats;
  /** Labels in [0, C). */
  readonly y: Int32Array;
  readonly dx: Floats;
  /** Where the losses of the rows go; null where only their sum is wanted. */
  readonly values: Floats | null;
  readonly N: number;
  readonly C: number;
  readonly divisor: number;
}

/** The cross-entropies of scores (N, C, S) and either labels or class probabilities. */
export interface CrossEntropyOperands {
  readonly x: Floats;
  /** (N, S): classes, negative where an example does not count. */
  readonly labels: Int32Array | null;
  /** Probabilities of the classes, of the shape of x. */
  readonly target: Floats | null;
  /** (C,), or null for ones. */
  readonly weight: Floats | null;
  /** ε. */
  readonly smoothing: number;
  /** (N, S): where the losses go; null where only their sum is wanted. */
  readonly values: Floats | null;
  readonly dx: Floats;
  /** Null where it is not wanted. */
  readonly dtarget: Floats | null;
  readonly scale: number;
  readonly shape: ChannelShape;
}

/** A loss of two arrays of equal size, element by element. */
export interface ElementwiseLossOperands {
  readonly x: Floats;
  readonly y: Floats;
  /** A factor for each value of the loss, or null for ones. */
  readonly weight: Floats | null;
  /** Where the values of the loss go; null where only their sum is wanted. */
  readonly values: Floats | null;
  /** The gradient with respect to x times `scale`. */
  readonly dx: Floats;
  /** The same of y; null where it is not wanted. */
  readonly dy: Floats | null;
  readonly scale: number;
}

/** The Huber loss: ½·curvature·d² where |d| < threshold, else slope·(|d| − ½·threshold), for d = x − y. */
export interface HuberOperands extends ElementwiseLossOperands {
  readonly threshold: number;
  readonly curvature: number;
  readonly slope: number;
}

/** The binary cross-entropy of logits. */
export interface LogitOperands extends ElementwiseLossOperands {
  /** The weight of y beside that of 1 − y, for each value, or null for ones. */
  readonly positive: Floats | null;
}

/** Losses of two arrays of equal size with their gradients. Each returns the sum of its values, which are weighted. */
export interface ElementwiseLossKernels {
  /** (x − y)². */
  squaredLoss(operands: ElementwiseLossOperands): number;
  /** |x − y|, whose slope is 0 where they are equal, and at NaN. */
  absoluteLoss(operands: ElementwiseLossOperands): number;
  huberLoss(operands: HuberOperands): number;
  /**
   * −(y·ln x + (1 − y)·ln(1 − x)) with logarithms of −100 at least, NaN where x is not in [0, 1]. dx is (x − y) / (x·(1
   * − x)) with a divisor of 1e-12 at least; dy is ln(1 − x) − ln x, without a bound.
   */
  bceLoss(operands: ElementwiseLossOperands): number;
  /** The same of x = 1 / (1 + e^−logit), and with `positive`: (1 − y)·x + (1 + (positive − 1)·y)·ln(1 + e^−x). */
  bceWithLogitsLoss(operands: LogitOperands): number;
  /** y·(ln y − x), 0 where y is. */
  klLoss(operands: ElementwiseLossOperands): number;
  /** e^y·(y − x), 0 where e^y is. */
  klLogLoss(operands: ElementwiseLossOperands): number;
}

/**
 * The update rules of optim/, which has their formulas and papers. `w` and the state change in place. The gradient of a
 * rule with weight decay is g = dw + weightDecay · w, and dw itself where that is zero.
 */
export interface UpdateKernels {
  /** w −= learningRate · g. */
  sgd(w: Floats, dw: Floats, learningRate: number, weightDecay: number): void;
  /** velocity = momentum · velocity − learningRate · dw, w += velocity. */
  sgdMomentum(step: MomentumStep): void;
  /** velocity = momentum · velocity + (1 − dampening) · g, w −= learningRate · velocity. */
  dampedMomentum(step: DampedMomentumStep): void;
  /** velocity = momentum · velocity + g, w −= learningRate · (g + momentum · velocity). */
  nesterov(step: NesterovStep): void;
  /** One step of RMSProp; with momentum where there is a `velocity`, centred where there is a `mean` of gradients. */
  rmsprop(step: RmspropStep): void;
  /** cache += g², w −= learningRate · g / (√cache + epsilon). */
  adagrad(step: AdagradStep): void;
  /** One step of Adam; of AMSGrad where there is a `largest`, the largest v so far. */
  adam(step: AdamStep): void;
}

/** What a step of every rule takes. */
interface Step {
  readonly w: Floats;
  readonly dw: Floats;
  readonly learningRate: number;
}

/** One step of gradient descent with momentum. */
export interface MomentumStep extends Step {
  readonly velocity: Floats;
  readonly momentum: number;
}

/** One step of gradient descent with Nesterov's momentum. */
export interface NesterovStep extends MomentumStep {
  readonly weightDecay: number;
}

/** One step of gradient descent with a momentum whose gradients are damped. */
export interface DampedMomentumStep extends NesterovStep {
  readonly dampening: number;
}

/** One step of RMSProp. */
export interface RmspropStep extends Step {
  readonly cache: Floats;
  readonly velocity: Floats | null;
  readonly mean: Floats | null;
  readonly decayRate: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** One step of AdaGrad. */
export interface AdagradStep extends Step {
  readonly cache: Floats;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** One step of Adam. */
export interface AdamStep extends Step {
  readonly m: Floats;
  readonly v: Floats;
  readonly largest: Floats | null;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** The number of this step, from 1. */
  readonly t: number;
  readonly weightDecay: number;
  /**
   * Weight decay that the gradient does not see, as AdamW's: w −= learningRate · decoupledDecay · w before the step.
   */
  readonly decoupledDecay: number;
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

/** Functions of one array, element by element. `out` may be `x`. */
export interface PointwiseKernels {
  /** out = e^x. */
  exp(x: Floats, out: Floats): void;
  /** out = ln x, −∞ at 0 and NaN below. */
  log(x: Floats, out: Floats): void;
  /** out = x^exponent: 1^NaN and (±1)^±∞ are 1, and exponents of ±½ are roots, also of −0 and −∞. */
  pow(x: Floats, out: Floats, exponent: number): void;
  /** out = √x, NaN below 0. */
  sqrt(x: Floats, out: Floats): void;
  /** dx = dout / (2 · out). */
  sqrtBackward(dout: Floats, out: Floats, dx: Floats): void;
  /** out = |x|. */
  abs(x: Floats, out: Floats): void;
  /** dx = dout · sign(x), where the sign of 0 and of NaN is 0. */
  absBackward(dout: Floats, x: Floats, dx: Floats): void;
  /** out = x / divisor. */
  divideBy(x: Floats, out: Floats, divisor: number): void;
}

/** What the gradients of a function of two arrays of equal size are computed from, and where they go. */
export interface PairGradientOperands {
  readonly dout: Floats;
  readonly a: Floats;
  readonly b: Floats;
  readonly da: Floats;
  readonly db: Floats;
}

/** Functions of two arrays of equal size, element by element, and gradients of such. */
export interface PairKernels {
  /** out = a^b: 1^NaN and (±1)^±∞ are 1. */
  power(a: Floats, b: Floats, out: Floats): void;
  /** Of a^b: da = dout · b · a^(b − 1), 0 where b = 0; db = dout · a^b · ln a, 0 where a = 0 and b ≥ 0. */
  powerBackward(operands: PairGradientOperands): void;
  /** Of a / b: da = dout / b, db = −dout · a / b². */
  divideBackward(operands: PairGradientOperands): void;
  /** Of max(a, b): the larger takes dout; of two equal ones each half, and where either is NaN each all. */
  maximumBackward(operands: PairGradientOperands): void;
  /** Of min(a, b): the smaller takes dout; of two equal ones each half, and where either is NaN each all. */
  minimumBackward(operands: PairGradientOperands): void;
}

/** Logarithms of sums of powers, along rows of `length` values. */
export interface LogsumexpKernels {
  /** out[n] = ln Σ e^x over row n. No x overflows. */
  logsumexp(x: Floats, out: Floats, length: number): void;
  /** dx = dout[n] · e^(x − out[n]); 0 for a row of −∞. */
  logsumexpBackward(operands: LogsumexpGradientOperands): void;
}

export interface LogsumexpGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly out: Floats;
  readonly dx: Floats;
  readonly length: number;
}

/** The likelihood of labels. */
export interface LikelihoodKernels {
  /**
   * The sum over (N, S) of −weight[y]·x[n, y, s], for log-probabilities x (N, C, S) and labels y (N, S), those that are
   * negative left out. dx is the gradient times `scale`.
   */
  nllLoss(operands: LikelihoodOperands): number;
}

export interface LikelihoodOperands extends Omit<CrossEntropyOperands, 'labels' | 'target' | 'smoothing' | 'dtarget'> {
  readonly labels: Int32Array;
}

/** Statistics and sums whose float64 value is rounded once. */
export interface StatisticsKernels {
  /** out = keep · running + gain · sample: running statistics of a batch normalization. */
  blend(operands: BlendOperands): void;
  /** The weights and biases of a layer and the batch normalization behind it in one; see layers/batchnorm-fold.ts. */
  foldBatchnorm(operands: FoldOperands): void;
  /** out[n, m] = Σ_k x[n, k, m]. */
  sumMiddle(x: Floats, out: Floats, N: number, K: number, M: number): void;
}

export interface BlendOperands {
  readonly running: Floats;
  readonly sample: Floats;
  readonly out: Floats;
  readonly keep: number;
  readonly gain: number;
}

/** `w` and `foldedW` are (F, length), the others (F,); no `b` and no `beta` are zeros, no `gamma` ones. */
export interface FoldOperands {
  readonly w: Floats;
  readonly b: Floats | null;
  readonly gamma: Floats | null;
  readonly beta: Floats | null;
  readonly mean: Floats;
  readonly variance: Floats;
  readonly epsilon: number;
  readonly foldedW: Floats;
  readonly foldedB: Floats;
}

/** Moments, norms and extremes of rows of `length` values, and their gradients. */
export interface MomentKernels {
  /** out[n] = Σ (x − mean)² / (length − correction) over row n; NaN for no values, and for a divisor of 0. */
  variance(x: Floats, out: Floats, length: number, correction: number): void;
  /** dx = dout[n] · 2 · (x − mean) / (length − correction). */
  varianceBackward(operands: VarianceGradientOperands): void;
  /** dvariance = dout / (2 · out), 0 where out = 0: from the gradient of a standard deviation to that of a variance. */
  deviationBackward(dout: Floats, out: Floats, dvariance: Floats): void;
  /** out[n] = (Σ |x|^p)^(1/p) over row n; the number of values that are not 0 for p = 0, the largest |x| for p = ∞. */
  norm(x: Floats, out: Floats, length: number, p: number): void;
  /** dx = dout[n] · sign(x) · |x|^(p − 1) · out[n]^(1 − p), 0 where out[n] = 0; PyTorch's subgradients for p ≤ 1, ∞. */
  normBackward(operands: NormGradientOperands): void;
  /** out[n] = the smallest value of row n; NaN is the smallest. */
  minima(x: Floats, out: Floats, length: number): void;
  /** dx = dout[n] / k at the k values of row n that are equal to out[n], or are NaN as it is; 0 elsewhere. */
  extremeBackward(operands: RowGradientOperands): void;
}

/** The gradient of a function of rows that is computed from its output `out`, one value a row. */
export interface RowGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly out: Floats;
  readonly dx: Floats;
  readonly length: number;
}

export interface NormGradientOperands extends RowGradientOperands {
  readonly p: number;
}

export interface VarianceGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly dx: Floats;
  readonly length: number;
  readonly correction: number;
}

/** How two numbers compare. */
export type Relation = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** Choices between values, and the places of values in rows. */
export interface SelectionKernels {
  /** out = 1 where a and b are so related, else 0. The two may differ in format. */
  compare(relation: Relation, a: Floats, b: Floats, out: Floats): void;
  /** out = a where the mask is not 0, else b. */
  select(mask: Uint8Array, a: Floats, b: Floats, out: Floats): void;
  /** da = dout where the mask is not 0, db = dout where it is; 0 elsewhere. */
  selectBackward(dout: Floats, mask: Uint8Array, da: Floats, db: Floats): void;
  /** out = min(max(x, min), max), so `max` where the two cross; NaN stays NaN. */
  limit(x: Floats, out: Floats, min: number, max: number): void;
  /** dx = dout where min ≤ x ≤ max, else 0. */
  limitBackward(operands: LimitGradientOperands): void;
  /** out[n] = the place of the first largest value in row n; NaN is the largest. */
  argmax(x: Floats, out: Floats, length: number): void;
  /** out[n] = the place of the first smallest value in row n; NaN is the smallest. */
  argmin(x: Floats, out: Floats, length: number): void;
  /** out[n, :k] = the places of the k largest (or smallest) values of row n, in order; NaN is the largest. */
  topk(operands: TopkOperands): void;
  /** out[n, m] = x[n, places[n, m]], for x (…, length) and places (…, count). Places are in range. */
  pick(operands: PickOperands): void;
  /** dx[n, places[n, m]] += dout[n, m]. */
  pickBackward(operands: PickGradientOperands): void;
}

export interface LimitGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly dx: Floats;
  readonly min: number;
  readonly max: number;
}

export interface TopkOperands {
  readonly x: Floats;
  readonly out: Floats;
  readonly length: number;
  readonly k: number;
  readonly largest: boolean;
}

/** Places in rows of `length` values, `count` for each row. */
interface Picked {
  readonly places: Int32Array;
  readonly length: number;
  readonly count: number;
}

export interface PickOperands extends Picked {
  readonly x: Floats;
  readonly out: Floats;
}

export interface PickGradientOperands extends Picked {
  readonly dout: Floats;
  readonly dx: Floats;
}

/** Planes of (H, W), and the rows and columns that each of OH and of OW windows covers. */
export interface AdaptivePoolShape {
  /** N · C. */
  readonly planes: number;
  readonly H: number;
  readonly W: number;
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
}

/** The first pixel of a part of an axis, and the one after its last. */
export type Span = readonly [start: number, end: number];

/** Pooling by windows of different sizes. */
export interface AdaptivePoolingKernels {
  /** The mean of each window. */
  adaptiveAvgPool(x: Floats, out: Floats, shape: AdaptivePoolShape): void;
  adaptiveAvgPoolBackward(dout: Floats, dx: Floats, shape: AdaptivePoolShape): void;
  /** The largest value of each window; NaN is larger than any number. */
  adaptiveMaxPool(x: Floats, out: Floats, shape: AdaptivePoolShape): void;
  /** Each window's gradient goes to its first largest value in row-major order. */
  adaptiveMaxPoolBackward(dout: Floats, x: Floats, dx: Floats, shape: AdaptivePoolShape): void;
}

/** What a padding puts where. */
export interface PadShape {
  /** The sizes of the input. */
  readonly sizes: readonly number[];
  /** For each axis of the output, the index of the input that each of its values comes from; −1 for none. */
  readonly sources: readonly Int32Array[];
}

/** Padding. */
export interface PaddingKernels {
  /** out = the values of x where they are put, `value` where none is. */
  pad(x: Floats, out: Floats, shape: PadShape, value: number): void;
  /** dx = the sums of dout over all places that a value is put to. */
  padBackward(dout: Floats, dx: Floats, shape: PadShape): void;
}
