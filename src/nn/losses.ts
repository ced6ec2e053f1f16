import { array, type Labels, type Nested, settingsOf } from '../arrays/index.js';
import { F, lossOptions, type Tensor, type TensorLike } from '../autograd/index.js';
import type { Named } from './members.js';
import { Module } from './module.js';
import { Buffer } from './parameter.js';

// Losses as modules, which keep their options. Weights are buffers: they belong to the state dict.

/** Options of {@link CrossEntropyLoss}. */
export interface CrossEntropyLossModuleOptions extends F.CrossEntropyOptions {}

/** Options of {@link NLLLoss}. */
export interface NLLLossModuleOptions extends F.NllLossOptions {}

/** Options of {@link BCELoss}. */
export interface BCELossModuleOptions extends F.BinaryCrossEntropyOptions {}

/** Options of {@link BCEWithLogitsLoss}. */
export interface BCEWithLogitsLossModuleOptions extends F.BinaryCrossEntropyWithLogitsOptions {}

/** Options of {@link KLDivLoss}. */
export interface KLDivLossModuleOptions extends F.KlDivOptions {}

/** Options of {@link SmoothL1Loss}. */
export interface SmoothL1LossModuleOptions extends F.SmoothL1LossOptions {}

/** Options of {@link HuberLoss}. */
export interface HuberLossModuleOptions extends F.HuberLossOptions {}

/** Options of {@link MSELoss} and {@link L1Loss}. */
export interface ReductionModuleOptions extends F.ReductionOptions {}

type ReductionName = 'mean' | 'sum' | 'none';

/** A copy of a weight; a number is an array of shape () in float32, which `to` converts with the module. */
function buffer(weight: TensorLike | number | undefined): Buffer | null {
  if (weight === undefined) return null;
  return new Buffer(typeof weight === 'number' ? array(weight, []) : weight);
}

/** Softmax cross-entropy: see {@link F.crossEntropy}. */
export class CrossEntropyLoss extends Module {
  /** One for each class, shape (C,); null for ones. */
  readonly weight: Buffer | null;
  readonly ignoreIndex: number;
  readonly reduction: ReductionName;
  readonly labelSmoothing: number;

  /**
   * Cross-entropy with these options.
   *
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(options: CrossEntropyLossModuleOptions = {}) {
    super();
    const settings = settingsOf('CrossEntropyLoss', lossOptions.CROSS_ENTROPY, options);
    this.weight = buffer(settings.weight);
    this.ignoreIndex = settings.ignoreIndex;
    this.reduction = settings.reduction;
    this.labelSmoothing = settings.labelSmoothing;
  }

  /**
   * The loss of scores.
   *
   * @param x - Scores, shape (N, C), (C,) or (N, C, d_1, …, d_k).
   * @param y - Labels, or class probabilities of the shape of `x`.
   */
  override forward(x: TensorLike, y: Labels | Nested | Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return F.crossEntropy(x, y, { weight: weight ?? undefined, ignoreIndex, reduction, labelSmoothing });
  }
}

/** Negative log-likelihood of labels: see {@link F.nllLoss}. */
export class NLLLoss extends Module {
  /** One for each class, shape (C,); null for ones. */
  readonly weight: Buffer | null;
  readonly ignoreIndex: number;
  readonly reduction: ReductionName;

  /**
   * The likelihood with these options.
   *
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(options: NLLLossModuleOptions = {}) {
    super();
    const settings = settingsOf('NLLLoss', lossOptions.NLL, options);
    this.weight = buffer(settings.weight);
    this.ignoreIndex = settings.ignoreIndex;
    this.reduction = settings.reduction;
  }

  /**
   * The loss of log-probabilities.
   *
   * @param x - Log-probabilities, shape (N, C), (C,) or (N, C, d_1, …, d_k).
   * @param y - Labels.
   */
  override forward(x: TensorLike, y: Labels | Nested | Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return F.nllLoss(x, y, { weight: weight ?? undefined, ignoreIndex, reduction });
  }
}

/** Binary cross-entropy of probabilities: see {@link F.binaryCrossEntropy}. */
export class BCELoss extends Module {
  /** A shape that broadcasts to that of x; null for ones. */
  readonly weight: Buffer | null;
  readonly reduction: ReductionName;

  /**
   * Binary cross-entropy with these options.
   *
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(options: BCELossModuleOptions = {}) {
    super();
    const settings = settingsOf('BCELoss', lossOptions.BINARY_CROSS_ENTROPY, options);
    this.weight = buffer(settings.weight);
    this.reduction = settings.reduction;
  }

  /**
   * The loss of probabilities.
   *
   * @param x - Probabilities, any shape.
   * @param y - Targets in [0, 1], of the same shape.
   */
  override forward(x: TensorLike, y: TensorLike): Tensor {
    const { weight, reduction } = this;
    return F.binaryCrossEntropy(x, y, { weight: weight ?? undefined, reduction });
  }
}

/** PyTorch's names of the properties that have other names here. */
const STATE_NAMES: Readonly<Record<string, string>> = { posWeight: 'pos_weight' };

/** Binary cross-entropy of logits: see {@link F.binaryCrossEntropyWithLogits}. */
export class BCEWithLogitsLoss extends Module {
  /** A shape that broadcasts to that of x; null for ones. */
  readonly weight: Buffer | null;
  /**
   * The weight of positive examples, a shape that broadcasts to that of x; null for ones. In the state dict
   * `pos_weight`.
   */
  readonly posWeight: Buffer | null;
  readonly reduction: ReductionName;

  /**
   * Binary cross-entropy with these options.
   *
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(options: BCEWithLogitsLossModuleOptions = {}) {
    super();
    const settings = settingsOf('BCEWithLogitsLoss', lossOptions.BINARY_CROSS_ENTROPY_WITH_LOGITS, options);
    this.weight = buffer(settings.weight);
    this.posWeight = buffer(settings.posWeight);
    this.reduction = settings.reduction;
  }

  /**
   * The loss of logits.
   *
   * @param x - Logits, any shape.
   * @param y - Targets in [0, 1], of the same shape.
   */
  override forward(x: TensorLike, y: TensorLike): Tensor {
    const { weight, posWeight, reduction } = this;
    const weights = { weight: weight ?? undefined, posWeight: posWeight ?? undefined };
    return F.binaryCrossEntropyWithLogits(x, y, { ...weights, reduction });
  }

  protected override members(): Named<unknown>[] {
    return super.members().map(([name, value]) => [STATE_NAMES[name] ?? name, value]);
  }
}

/** Divergence of Kullback and Leibler: see {@link F.klDiv}. */
export class KLDivLoss extends Module {
  readonly reduction: ReductionName | 'batchmean';
  readonly logTarget: boolean;

  /**
   * The divergence with these options.
   *
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(options: KLDivLossModuleOptions = {}) {
    super();
    const { reduction, logTarget } = settingsOf('KLDivLoss', lossOptions.KL_DIV, options);
    this.reduction = reduction;
    this.logTarget = logTarget;
  }

  /**
   * The loss of log-probabilities.
   *
   * @param x - Logarithms of probabilities, any shape.
   * @param y - Probabilities, or with `logTarget` their logarithms, of the same shape.
   */
  override forward(x: TensorLike, y: TensorLike): Tensor {
    const { reduction, logTarget } = this;
    return F.klDiv(x, y, { reduction, logTarget });
  }
}

/** Squared error: see {@link F.mseLoss}. */
export class MSELoss extends Module {
  readonly reduction: ReductionName;

  /**
   * The squared error with these options.
   *
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(options: ReductionModuleOptions = {}) {
    super();
    this.reduction = settingsOf('MSELoss', lossOptions.REDUCTION, options).reduction;
  }

  /**
   * The loss.
   *
   * @param x - Predictions.
   * @param y - Targets, of the same shape.
   */
  override forward(x: TensorLike, y: TensorLike): Tensor {
    return F.mseLoss(x, y, { reduction: this.reduction });
  }
}

/** Absolute error: see {@link F.l1Loss}. */
export class L1Loss extends Module {
  readonly reduction: ReductionName;

  /**
   * The absolute error with these options.
   *
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(options: ReductionModuleOptions = {}) {
    super();
    this.reduction = settingsOf('L1Loss', lossOptions.REDUCTION, options).reduction;
  }

  /**
   * The loss.
   *
   * @param x - Predictions.
   * @param y - Targets, of the same shape.
   */
  override forward(x: TensorLike, y: TensorLike): Tensor {
    return F.l1Loss(x, y, { reduction: this.reduction });
  }
}

/** Absolute error that is smooth at 0: see {@link F.smoothL1Loss}. */
export class SmoothL1Loss extends Module {
  readonly reduction: ReductionName;
  readonly beta: number;

  /**
   * The smooth absolute error with these options.
   *
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(options: SmoothL1LossModuleOptions = {}) {
    super();
    const { reduction, beta } = settingsOf('SmoothL1Loss', lossOptions.SMOOTH_L1, options);
    this.reduction = reduction;
    this.beta = beta;
  }

  /**
   * The loss.
   *
   * @param x - Predictions.
   * @param y - Targets, of the same shape.
   */
  override forward(x: TensorLike, y: TensorLike): Tensor {
    const { reduction, beta } = this;
    return F.smoothL1Loss(x, y, { reduction, beta });
  }
}

/** Huber's loss: see {@link F.huberLoss}. */
export class HuberLoss extends Module {
  readonly reduction: ReductionName;
  readonly delta: number;

  /**
   * Huber's loss with these options.
   *
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(options: HuberLossModuleOptions = {}) {
    super();
    const { reduction, delta } = settingsOf('HuberLoss', lossOptions.HUBER, options);
    this.reduction = reduction;
    this.delta = delta;
  }

  /**
   * The loss.
   *
   * @param x - Predictions.
   * @param y - Targets, of the same shape.
   */
  override forward(x: TensorLike, y: TensorLike): Tensor {
    const { reduction, delta } = this;
    return F.huberLoss(x, y, { reduction, delta });
  }
}
