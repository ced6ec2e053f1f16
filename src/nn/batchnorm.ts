import {
  checkCount,
  FLAG,
  FRACTION,
  full,
  type OptionsOf,
  ones,
  option,
  orNull,
  overwrite,
  settingsOf,
  zeros,
} from '../arrays/index.js';
import { F, Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { foldBatchnorm, NORMALIZATION_OPTIONS } from '../layers/index.js';
import { type Axis, checkInput, rankOf } from './input.js';
import type { Named } from './members.js';
import { type Foldable, Module, type Weights } from './module.js';
import { DTYPE_OPTION } from './module-options.js';
import { Buffer, Parameter } from './parameter.js';

const BATCHNORM_OPTIONS = {
  ...NORMALIZATION_OPTIONS,
  /**
   * The weight of the new value in the running statistics, in [0, 1] (cs231n's momentum is the complement); null: that
   * of a plain average over all batches. Default 0.1.
   */
  momentum: option<number | null>(0.1, orNull(FRACTION)),
  /** Whether weight and bias are learned. Default true. */
  affine: option(true, FLAG),
  /** Whether there are running statistics, to normalize by in evaluation; else always by the batch. Default true. */
  trackRunningStats: option(true, FLAG),
  ...DTYPE_OPTION,
};

/** Options of {@link BatchNorm2d} and {@link BatchNorm1d}. */
export interface BatchNormModuleOptions extends OptionsOf<typeof BATCHNORM_OPTIONS> {}

/** PyTorch's names of the properties that have other names here. */
const STATE_NAMES: Readonly<Record<string, string>> = {
  runningMean: 'running_mean',
  runningVar: 'running_var',
  numBatchesTracked: 'num_batches_tracked',
};

/** Batch normalization, whatever the axes after the channels. */
abstract class BatchNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  /** Shape (numFeatures,). Begins at one. */
  readonly weight: Parameter | null;
  /** Shape (numFeatures,). Begins at zero. */
  readonly bias: Parameter | null;
  /** Shape (numFeatures,). Begins at zero. In the state dict `running_mean`. */
  readonly runningMean: Buffer | null;
  /** Shape (numFeatures,). Of unbiased variances. Begins at one. In the state dict `running_var`. */
  readonly runningVar: Buffer | null;
  /** Shape (). Batches that went into the running statistics. In the state dict `num_batches_tracked`. */
  readonly numBatchesTracked: Buffer | null;

  /**
   * Batch normalization of `numFeatures` features, or channels of images. It is in training mode at first.
   *
   * @throws {TypeError | RangeError} if an option is unknown or a number out of range.
   */
  constructor(numFeatures: number, options: BatchNormModuleOptions = {}) {
    super();
    const fn = this.constructor.name;
    checkCount(fn, 'numFeatures', numFeatures, 1);
    const { eps, momentum, affine, trackRunningStats, dtype } = settingsOf(fn, BATCHNORM_OPTIONS, options);
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    const shape = [numFeatures];
    this.weight = affine ? new Parameter(ones(shape, dtype)) : null;
    this.bias = affine ? new Parameter(zeros(shape, dtype)) : null;
    this.runningMean = trackRunningStats ? new Buffer(zeros(shape, dtype)) : null;
    this.runningVar = trackRunningStats ? new Buffer(ones(shape, dtype)) : null;
    this.numBatchesTracked = trackRunningStats ? new Buffer(zeros([], dtype)) : null;
  }

  /** As PyTorch, which has counted batches since version 0.4.1: state dicts from before lack the number. */
  protected override optionalState(): readonly Tensor[] {
    return this.numBatchesTracked === null ? [] : [this.numBatchesTracked];
  }

  /**
   * The shapes that x may have.
   *
   * @internal
   */
  protected abstract inputShapes(): readonly (readonly Axis[])[];

  /** @returns Shape of x. @throws {RangeError} if in training a channel has one value only. */
  override forward(x: TensorLike): Tensor {
    return this.#normalized(F.batchNorm, x);
  }

  override forwardRelu(x: TensorLike): Tensor {
    return this.#normalized(F.batchNormRelu, x);
  }

  override forwardGelu(x: TensorLike): Tensor {
    return this.#normalized(F.batchNormGelu, x);
  }

  /**
   * The folded weights of a layer whose weight and input are of rank `rank`; null where its channels are not those that
   * are normalized, or the statistics are those of the batch.
   *
   * @internal
   */
  protected folded({ weight, bias }: Foldable, x: TensorLike, rank: number): Weights | null {
    const { training, runningMean, runningVar, eps } = this;
    if (training || runningMean === null || runningVar === null) return null;
    if (!(weight instanceof Tensor) || weight.shape.length !== rank || rankOf(x) !== rank) return null;
    if (weight.shape[0] !== this.numFeatures || weight.dtype !== runningMean.dtype) return null;
    const [b, gamma, beta] = [bias, this.weight, this.bias].map((t) => (t instanceof Tensor ? t.data : null));
    return foldBatchnorm(weight.data, b, gamma, beta, runningMean.data, runningVar.data, eps);
  }

  #normalized(normalize: typeof F.batchNorm, x: TensorLike): Tensor {
    const { training, eps, weight, bias, runningMean, runningVar, numBatchesTracked } = this;
    checkInput(this, x, this.inputShapes(), weight ?? runningMean);
    const batches = numBatchesTracked === null ? 0 : numBatchesTracked.item() + 1;
    const momentum = this.momentum ?? 1 / Math.max(1, batches);
    const out = normalize(x, runningMean, runningVar, weight, bias, { training, momentum, eps });
    if (training && numBatchesTracked !== null) {
      overwrite(numBatchesTracked.data, full([], batches, numBatchesTracked.dtype));
    }
    return out;
  }

  protected override members(): Named<unknown>[] {
    return super.members().map(([name, value]) => [STATE_NAMES[name] ?? name, value]);
  }

  protected override extraRepr(): string {
    const { numFeatures, eps, momentum, weight, runningMean } = this;
    const affine = weight === null ? ', affine=false' : '';
    const tracked = runningMean === null ? ', trackRunningStats=false' : '';
    return `${numFeatures}, eps=${eps.toExponential()}, momentum=${momentum}${affine}${tracked}`;
  }
}

/**
 * Batch normalization of images, channel by channel: `weight · (x − mean) / √(var + eps) + bias`.
 *
 * In training by mean and variance of the batch, which also move the running statistics:
 * `running = (1 − momentum) · running + momentum · batch`, with the unbiased variance. In evaluation by the running
 * ones.
 *
 * @see Ioffe and Szegedy 2015, Batch Normalization, https://arxiv.org/abs/1502.03167
 */
export class BatchNorm2d extends BatchNorm {
  /** @internal */
  protected override inputShapes(): readonly (readonly Axis[])[] {
    return [['N', ['C', this.numFeatures], 'H', 'W']];
  }

  override foldInto(layer: Foldable, x: TensorLike): Weights | null {
    return this.folded(layer, x, 4);
  }
}

/** Batch normalization of features (N, C), or of sequences (N, C, L); else as {@link BatchNorm2d}. */
export class BatchNorm1d extends BatchNorm {
  /** @internal */
  protected override inputShapes(): readonly (readonly Axis[])[] {
    return [
      ['N', ['C', this.numFeatures]],
      ['N', ['C', this.numFeatures], 'L'],
    ];
  }

  // The second axis of a sequence, which is normalized, is not that of a Linear's outputs: only of its matrices.
  override foldInto(layer: Foldable, x: TensorLike): Weights | null {
    return this.folded(layer, x, 2);
  }
}

for (const kind of [BatchNorm2d, BatchNorm1d]) keepsNothing(kind.prototype.forward);
