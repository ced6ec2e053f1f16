import {
  AMOUNT,
  argumentError,
  checkedIn,
  describe,
  FLAG,
  type Floats,
  type NDArray,
  type OptionsOf,
  operand,
  option,
  type Range,
  settingsOf,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { changeInPlace } from './method.js';
import { checkTrainable, checkUpdate, gradOf, type Trainable } from './optimizers/trainable.js';

const NORM_TYPE: Range = {
  allows: (value) => [1, 2, Number.POSITIVE_INFINITY].includes(value as number),
  expected: '1, 2 or Infinity',
  Kind: RangeError,
};

const MAX_NORM: Range = { ...AMOUNT, allows: (value) => value === Number.POSITIVE_INFINITY || AMOUNT.allows(value) };

const OPTIONS = {
  /**
   * Which norm: 2, the root of the sum of squares; 1, the sum of absolute values; Infinity, the largest of them.
   * Default 2.
   */
  normType: option<number>(2, NORM_TYPE),
  /** Whether a norm that is not finite is an error; else the gradients are scaled by it. Default false. */
  errorIfNonfinite: option<boolean>(false, FLAG),
};

/** Options of {@link clipGradNorm}. */
export interface ClipGradNormOptions extends OptionsOf<typeof OPTIONS> {}

/**
 * Scales the gradients in place where their norm, that of all of them as one vector, exceeds `maxNorm`: by
 * `maxNorm / (norm + 1e-6)` if that is less than 1. PyTorch's `clip_grad_norm_`.
 *
 * @param params - A parameter or several; those without a gradient are left out.
 * @param maxNorm - The norm that remains, ≥ 0; Infinity only measures.
 * @returns The norm before scaling; 0 without gradients.
 * @throws {RangeError} if `maxNorm` or an option is out of range; with `errorIfNonfinite`, if the norm is not finite.
 *   Nothing has changed then.
 * @see Pascanu, Mikolov and Bengio 2013, On the Difficulty of Training Recurrent Neural Networks, Algorithm 1
 *
 * @example
 * loss.backward();
 * const norm = optim.clipGradNorm(model.parameters(), 1);
 * optimizer.step();
 */
export function clipGradNorm(
  params: Trainable | Iterable<Trainable>,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): number {
  const fn = 'clipGradNorm';
  const { normType, errorIfNonfinite } = settingsOf(fn, OPTIONS, options);
  checkedIn(fn, 'maxNorm', maxNorm, MAX_NORM);
  const grads = gradientsOf(fn, params);

  const norm = normOf(normType, grads.map(operand));
  if (errorIfNonfinite && !Number.isFinite(norm)) {
    throw argumentError(RangeError, {
      fn,
      arg: 'the norm of the gradients',
      found: `is ${norm}`,
      expected: 'a finite number to scale them by',
    });
  }
  const factor = maxNorm / (norm + 1e-6);
  // A norm that is NaN makes all gradients NaN, as in PyTorch: nothing is hidden.
  if (factor >= 1) return norm;
  for (const grad of grads) changeInPlace(grad, (flat) => kernels().scale(flat, flat, factor));
  return norm;
}

/**
 * Bounds every value of the gradients in place: to the nearest number from −clipValue to clipValue. NaN stays NaN.
 * PyTorch's `clip_grad_value_`.
 *
 * @param params - A parameter or several; those without a gradient are left out.
 * @param clipValue - The bound, ≥ 0.
 * @throws {RangeError} if `clipValue` is not a number ≥ 0.
 */
export function clipGradValue(params: Trainable | Iterable<Trainable>, clipValue: number): void {
  const fn = 'clipGradValue';
  checkedIn(fn, 'clipValue', clipValue, AMOUNT);
  for (const grad of gradientsOf(fn, params)) changeInPlace(grad, (flat) => kernels().clamp(flat, clipValue));
}

/** Multiplies the gradients by `factor`, in place. */
export function scaleGradients(fn: string, params: Iterable<Trainable>, factor: number): void {
  for (const grad of gradientsOf(fn, params)) changeInPlace(grad, (flat) => kernels().scale(flat, flat, factor));
}

function normOf(normType: number, grads: readonly Floats[]): number {
  if (normType === 2) return Math.sqrt(grads.reduce((sum, grad) => sum + kernels().sumSquares(grad), 0));
  if (normType === 1) return grads.reduce((sum, grad) => sum + kernels().sumAbs(grad), 0);
  // Math.max: a norm of NaN stays NaN.
  return grads.reduce((max, grad) => Math.max(max, kernels().maxAbs(grad)), 0);
}

/** The gradients that there are, checked. */
function gradientsOf(fn: string, params: Trainable | Iterable<Trainable>): NDArray[] {
  if (typeof params !== 'object' || params === null) {
    throw argumentError(TypeError, { fn, arg: 'params', found: `is ${describe(params)}`, expected: 'parameters' });
  }
  const grads: NDArray[] = [];
  const list = Symbol.iterator in params ? [...params] : [params];
  list.forEach((param, i) => {
    checkTrainable(fn, `params[${i}]`, param);
    const grad = gradOf(param);
    if (!grad) return;
    checkUpdate(fn, `params[${i}]`, param.data, grad);
    grads.push(grad.data);
  });
  return grads;
}
