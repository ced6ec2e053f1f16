import {
  argumentError,
  checkShapes,
  type DType,
  dtypeOf,
  heap,
  hostRoom,
  isDense,
  type NDArray,
  ndarray,
  operand,
  ops,
  type Random,
  ShapeError,
  tuple,
  withStorage,
} from '../arrays/index.js';
import { kernels, resident, residentZeros } from '../kernels/index.js';

/** Normal weights with mean 0 and standard deviation `scale`, in memory that kernels use in place. */
export function gaussian(random: Random, shape: readonly number[], scale: number, dtype: DType): NDArray {
  const w = withStorage(heap, () => random.randn(shape, dtype));
  const values = hostRoom(w);
  for (let i = 0; i < values.length; i++) values[i] *= scale;
  return resident(w);
}

/** The options of a classifier that its parameters' sizes do not say. */
export function formatOf(model: { readonly reg: number; readonly params: Readonly<Record<string, NDArray>> }): {
  reg: number;
  dtype: DType;
} {
  return { reg: model.reg, dtype: dtypeOf(model.params.W1) };
}

/** Biases at zero, in memory that kernels use in place. */
export function zeroBias(length: number, dtype: DType): NDArray {
  return residentZeros([length], dtype);
}

/** The L2 penalty `½ · reg · Σ w²`; adds its gradient `reg · w` to `dw`. */
export function addPenalty(w: NDArray, dw: NDArray, reg: number): number {
  if (reg === 0) return 0;
  const flat = operand(dw);
  const squares = kernels().addL2Gradient(operand(w), flat, reg);
  // The gradient of a transposed matrix is transposed too: what was added to is a copy of it.
  if (!isDense(dw)) ops().assign(dw, ndarray(flat, dw.shape));
  return 0.5 * reg * squares;
}

/** Checks a batch of examples of `dims` values, or of the shape `dims`, against the dtype of the parameter `like`. */
export function checkInputs(fn: string, X: NDArray, dims: number | readonly number[], like: NDArray): void {
  const { N } = checkShapes(fn, { X: [X, ['N', '…']] });
  const isCount = typeof dims === 'number';
  if (isCount ? X.size !== N * dims : tuple(X.shape) !== tuple([N, ...dims])) {
    const expected = isCount ? `(N, …) with ${dims} values to an example` : tuple(['N', ...dims]);
    throw argumentError(ShapeError, { fn, arg: 'X', found: `has shape ${tuple(X.shape)}`, expected });
  }
  if (dtypeOf(X) !== dtypeOf(like)) {
    const [found, expected] = [`has dtype ${dtypeOf(X)}`, dtypeOf(like)];
    throw argumentError(TypeError, { fn, arg: 'X', found, expected, like: 'the parameters' });
  }
}
