import { isView } from './any-view.js';
import { argumentError, describe, ShapeError, tuple } from './errors.js';
import { dtypeOf, isNDArray, reachProblem } from './ndarray.js';
import { typedArrayName } from './realms.js';
import type { NDArray } from './types.js';

/**
 * A size; the symbol of a size, bound where it first appears; or, in last place, `'…'` for one or more axes. A symbol
 * stands for a size of at least 1, unless it is one of `'N?'` and `'n?'`, which may be 0, or `'…?'`, any axes.
 */
export type Dim = number | string;

type Spec = Readonly<Record<string, readonly [NDArray, readonly Dim[]]>>;

/** The symbols among the dims of a spec. */
type Symbols<S> = {
  [A in keyof S]: S[A] extends readonly [NDArray, readonly (infer D)[]] ? Bound<Extract<D, string>> : never;
}[keyof S];

type Bound<D extends string> = D extends '…' | '…?' ? never : D extends `${infer Symbol}?` ? Symbol : D;

/**
 * Checks each array against the shape written beside it, in the symbols of the documentation, and all of them against
 * the dtype of the first.
 *
 * @returns The size bound to each symbol.
 * @throws {ShapeError} naming the function, the argument, its shape and the shape expected; an axis of length 0 is
 *   refused too where its {@link Dim} does not allow it.
 * @throws {TypeError} if an argument is not an array of float32 or float64, or has another dtype than the first.
 * @throws {RangeError} if an argument reaches outside its memory, or was made in a workspace that has ended.
 *
 * @example
 * const { M } = checkShapes('affineForward', { w: [w, [3, 'M']], b: [b, ['M']] });
 * // ShapeError: affineForward: b has shape (4,), expected (M=5,)
 */
export function checkShapes<const S extends Spec>(fn: string, spec: S): Record<Symbols<S>, number> {
  const sizes: Record<string, number> = {};
  let first: string | undefined;
  for (const arg in spec) {
    const entry = spec[arg];
    // Object.prototype may have been extended. To ask whether a property is an own one takes ten times as long.
    if (!Array.isArray(entry)) continue;
    const [a, dims] = entry as Spec[string];
    checkArray(fn, arg, a, dims, sizes);
    if (first === undefined) first = arg;
    else checkSameDType(fn, arg, a, first, spec[first][0]);
  }
  return sizes;
}

/**
 * Checks an array against another one, which is called `likeArg`: its dtype, and its shape or the one that is given.
 *
 * @throws {ShapeError | TypeError | RangeError} as {@link checkShapes}, of either array.
 *
 * @example
 * checkLike('reluBackward', 'dout', dout, 'x', x);
 */
export function checkLike(
  fn: string,
  arg: string,
  a: NDArray,
  likeArg: string,
  like: NDArray,
  shape?: readonly number[],
): void {
  checkArray(fn, likeArg, like, anyShape(like), NO_SYMBOLS);
  checkArray(fn, arg, a, shape ?? like.shape, NO_SYMBOLS);
  checkSameDType(fn, arg, a, likeArg, like);
}

const NO_SYMBOLS: Record<string, number> = {};
const NO_AXES: readonly Dim[] = [];
const ANY_AXES: readonly Dim[] = ['…?'];

/** The dims of an array of any shape for {@link checkShapes}: without axes, and without values too. */
export function anyShape(a: NDArray): readonly Dim[] {
  return isNDArray(a) && a.shape.length > 0 ? ANY_AXES : NO_AXES;
}

/** Refuses a value that is no array, has another shape or reaches outside its memory; binds the symbols of `dims`. */
function checkArray(fn: string, arg: string, a: NDArray, dims: readonly Dim[], sizes: Record<string, number>): void {
  if (!isNDArray(a)) {
    const expected = 'an array of float32 or float64';
    throw argumentError(TypeError, { fn, arg, found: `is ${describe(a)}`, expected, wayOut: remedyFor(arg, a) });
  }
  if (!fits(a.shape, dims, sizes)) throw misshapen(fn, arg, a.shape, dims, sizes);
  const problem = reachProblem(a);
  if (problem !== null) throw argumentError(RangeError, { fn, arg, found: `: ${problem}` });
}

/** @throws {TypeError} if an array has another dtype than the one that is called `likeArg`. */
export function checkSameDType(fn: string, arg: string, a: NDArray, likeArg: string, like: NDArray): void {
  if (dtypeOf(a) === dtypeOf(like)) return;
  const found = `has dtype ${dtypeOf(a)}`;
  throw argumentError(TypeError, { fn, arg, found, expected: dtypeOf(like), like: likeArg });
}

/** How an array is made of an argument that is none, `make it with array(x)`; undefined where it cannot be. */
export function remedyFor(arg: string, value: unknown): string | undefined {
  const name = /^[\w.]+$/.test(arg) ? arg : '…';
  if (Array.isArray(value) && isNDArray(value[0]) && typeof value[1]?.layer === 'string') {
    return 'a forward pass returns [out, cache], of which out is the first';
  }
  if (Array.isArray(value) || typedArrayName(value) !== undefined || isView(value))
    return `make it with array(${name})`;
  if (isFlattened(value)) return 'JSON keeps no typed arrays: copy with structuredClone, save with node:v8 serialize';
  // A tensor.
  if (isNDArray((value as { data?: unknown } | null | undefined)?.data)) return `give its data, ${name}.data`;
  return undefined;
}

/** Whether `value` is what JSON makes of an array: its numbers by their places in an object. */
function isFlattened(value: unknown): boolean {
  const { shape, data } = (value ?? {}) as { shape?: unknown; data?: unknown };
  return Array.isArray(shape) && typeof data === 'object' && data !== null && Object.hasOwn(data, '0');
}

/** Whether `shape` agrees with `dims`; binds the symbols it meets. */
function fits(shape: readonly number[], dims: readonly Dim[], sizes: Record<string, number>): boolean {
  const last = dims[dims.length - 1];
  const open = last === '…' || last === '…?';
  const fixed = open ? dims.length - 1 : dims.length;
  if (open ? shape.length <= fixed : shape.length !== fixed) return false;
  for (let axis = 0; axis < shape.length; axis++) {
    const dim = axis < fixed ? dims[axis] : last;
    if (shape[axis] === 0 && !allowsNone(dim)) return false;
    if (axis >= fixed) continue;
    const symbol = dim === 'N?' ? 'N' : dim === 'n?' ? 'n' : dim;
    if (typeof symbol === 'string') sizes[symbol] ??= shape[axis];
    if ((typeof symbol === 'number' ? symbol : sizes[symbol]) !== shape[axis]) return false;
  }
  return true;
}

/** Whether an axis may have length 0: a size of 0 that is asked for, too. */
function allowsNone(dim: Dim): boolean {
  return dim === 0 || dim === 'N?' || dim === 'n?' || dim === '…?';
}

function misshapen(
  fn: string,
  arg: string,
  shape: readonly number[],
  dims: readonly Dim[],
  sizes: Record<string, number>,
): Error {
  const symbols = dims.map((dim) => (typeof dim === 'string' ? dim.replace('?', '') : dim));
  // A symbol bound by this very argument does not say what was expected of it.
  const expected = symbols.map((dim, axis) =>
    typeof dim === 'string' && dim in sizes && sizes[dim] !== shape[axis] ? `${dim}=${sizes[dim]}` : dim,
  );
  const but = dims.includes('N?') ? ' but N' : '';
  const empty = shape.some((size, axis) => size === 0 && !allowsNone(dims[Math.min(axis, dims.length - 1)]));
  const sized = empty ? ` with every size${but} at least 1` : '';
  return argumentError(ShapeError, { fn, arg, found: `has shape ${tuple(shape)}`, expected: tuple(expected) + sized });
}
