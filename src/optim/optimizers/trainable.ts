import {
  argumentError,
  checkShapes,
  describe,
  dtypeOf,
  isNDArray,
  type NDArray,
  reachProblem,
} from '../../arrays/index.js';

/** What an optimizer updates: a parameter and its gradient. A Tensor is one. */
export interface Trainable {
  /** The values, updated in place. */
  readonly data: NDArray;
  /** The gradient of the loss with respect to them, of the same shape and dtype; null where there is none. */
  grad: { readonly data: NDArray } | null;
  readonly requiresGrad?: boolean;
  /** Whether it is no operation's result. Default true. */
  readonly isLeaf?: boolean;
  /** `grad`, for use within a call. @internal */
  lendGrad?(): { readonly data: NDArray } | null;
}

/** The gradient of a parameter, for use within a call: a Tensor's is not handed out so. */
export function gradOf(param: Trainable): { readonly data: NDArray } | null {
  return param.lendGrad === undefined ? param.grad : param.lendGrad();
}

/** @throws {TypeError | ShapeError | RangeError} if `value` is no parameter, has an empty axis, or is out of reach. */
export function checkTrainable(fn: string, name: string, value: unknown): asserts value is Trainable {
  const { data } = (value ?? {}) as Partial<Trainable>;
  if (typeof value !== 'object' || !isNDArray(data)) {
    const expected = 'a parameter: { data: an array, grad }';
    throw argumentError(TypeError, { fn, arg: name, found: `is ${describe(value)}`, expected });
  }
  checkShapes(fn, { [`${name}.data`]: [data, data.shape] });
}

/** @throws {TypeError} if `param` is the result of an operation, which no update would outlast. */
export function checkLeaf(fn: string, name: string, { isLeaf = true }: Trainable): void {
  if (isLeaf) return;
  throw argumentError(TypeError, {
    fn,
    arg: name,
    found: 'is the result of an operation',
    expected:
      'a leaf: a tensor made with tensor(data, { requiresGrad: true }), or an nn.Parameter. ' +
      'What it was computed from can be trained',
  });
}

/**
 * Checks a parameter against its gradient and the arrays of its state.
 *
 * @throws {TypeError | ShapeError | RangeError} if one has another shape or dtype, or is out of reach.
 */
export function checkUpdate(
  fn: string,
  name: string,
  data: NDArray,
  grad: { readonly data: NDArray },
  state: Readonly<Record<string, NDArray>> = {},
): void {
  const fields = Object.keys(state);
  // The names that an error needs take ten times as long to make as the answer that there is none.
  if (agree(data, grad.data) && fields.every((field) => agree(data, state[field]))) return;
  checkShapes(fn, { [`${name}.data`]: [data, data.shape], [`${name}.grad`]: [grad.data, data.shape] });
  for (const field of fields) {
    if (isNDArray(state[field]) && dtypeOf(state[field]) !== dtypeOf(data)) {
      const [arg, found] = [`${name}'s ${field}`, `has dtype ${dtypeOf(state[field])}`];
      const wayOut = 'make a new optimizer where double(), float() or to() have converted the parameters';
      throw argumentError(TypeError, { fn, arg, found, expected: dtypeOf(data), like: `${name}.data`, wayOut });
    }
    checkShapes(fn, { [`${name}.data`]: [data, data.shape], [`${name}'s ${field}`]: [state[field], data.shape] });
  }
}

/** Whether two arrays are of the same shape and dtype, and can be read: what checkShapes has nothing against. */
function agree(a: NDArray, b: NDArray): boolean {
  if (!isNDArray(a) || !isNDArray(b) || a.shape.length !== b.shape.length || dtypeOf(a) !== dtypeOf(b)) return false;
  for (let axis = 0; axis < a.shape.length; axis++) {
    if (a.shape[axis] !== b.shape[axis] || a.shape[axis] === 0) return false;
  }
  return reachProblem(a) === null && reachProblem(b) === null;
}
