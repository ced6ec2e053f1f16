import {
  argumentError,
  checkShapes,
  describe,
  dtypeOf,
  empty,
  type NDArray,
  type OptionsOf,
  oneOf,
  operand,
  option,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape, checkUpstream, type Form, formOf } from './operands.js';

/** What is put around an array. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

export const PAD_OPTIONS = {
  /**
   * `'constant'`: one value; `'reflect'`: the array mirrored at its first and last values, which are not repeated;
   * `'replicate'`: its first and last values; `'circular'`: the array again, of what negative numbers leave of it.
   * Default `'constant'`.
   */
  mode: option<PadMode>('constant', oneOf('constant', 'reflect', 'replicate', 'circular')),
  /** The value of `'constant'`. Default 0. */
  value: option(0, { allows: (value) => typeof value === 'number', expected: 'a number', Kind: RangeError }),
};

/** Options of a padding. */
export interface PadOptions extends OptionsOf<typeof PAD_OPTIONS> {}

/** What {@link padBackward} needs from {@link padForward}. Opaque: the fields may change. */
export interface PadCache {
  readonly layer: 'pad';
  readonly x: Form;
  readonly out: Form;
  /** For each axis of the output, from which index of `x` its values come; −1 where from none. */
  readonly sources: readonly Int32Array[];
}

/**
 * Forward pass of a padding: `x` with more values around it, or with fewer where a number is negative.
 *
 * @param x - Any shape for `'constant'`; the other modes pad the last axis of two or three, or the last two of three or
 *   four.
 * @param pad - Values before and after, pair by pair from the last axis on: `[left, right, top, bottom]` pads images
 *   (…, H, W). Axes without a pair stay as they are.
 * @param options - `mode` and `value`.
 * @returns `out`, a new array, and the cache, which does not keep `x`.
 * @throws {RangeError} if `pad` is no list of such pairs, or leaves nothing of an axis.
 * @throws {ShapeError} if `x` has too few axes, or an axis is too short: `'reflect'` needs more values than it adds,
 *   `'circular'` as many.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 */
export function padForward(
  x: NDArray,
  pad: readonly number[],
  options: PadOptions = {},
): [out: NDArray, cache: PadCache] {
  const fn = 'padForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  const { mode, value } = settingsOf(fn, PAD_OPTIONS, options);
  checkPad(fn, x.shape, pad, mode);
  if (mode !== 'constant' && value !== 0) {
    const expected = `none beside mode '${mode}'`;
    throw argumentError(RangeError, { fn, arg: 'value', found: `is ${value}`, expected });
  }
  const rank = x.shape.length;
  const sources = x.shape.map((size, axis) => {
    const at = 2 * (rank - 1 - axis);
    const [before, after] = at < pad.length ? [pad[at], pad[at + 1]] : [0, 0];
    if (at < pad.length) checkAxis(fn, x.shape, axis, [before, after], mode);
    return sourcesOf(mode, size, before, after);
  });
  const out = empty(
    sources.map(({ length }) => length),
    dtypeOf(x),
  );
  kernels().pad(operand(x), out.data, { sizes: x.shape, sources }, value);
  return [out, { layer: 'pad', x: formOf(x), out: formOf(out), sources }];
}

/**
 * Backward pass of a padding: each value of `x` gets the gradients of all places that it was put to.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link padForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function padBackward(dout: NDArray, cache: PadCache): NDArray {
  checkCache('padBackward', cache, 'pad');
  const { x, out, sources } = cache;
  checkUpstream('padBackward', dout, out);
  const dx = empty(x.shape, x.dtype);
  kernels().padBackward(operand(dout), dx.data, { sizes: x.shape, sources });
  return dx;
}

/** From which index of an axis of `size` the value at `i` comes, which is before or behind it too. */
const SOURCES: Readonly<Record<PadMode, (i: number, size: number, before: number, after: number) => number>> = {
  constant: (i, size) => (i >= 0 && i < size ? i : -1),
  reflect: (i, size) => (i < 0 ? -i : i < size ? i : 2 * (size - 1) - i),
  replicate: (i, size) => Math.min(size - 1, Math.max(0, i)),
  circular: (i, size, before, after) => {
    const first = Math.max(0, -before);
    const kept = leftOf(size, before, after);
    return first + ((i - first + kept) % kept);
  },
};

/** For each place of an axis that is padded, the index of `x` that its value comes from; −1 where from none. */
export function sourcesOf(mode: PadMode, size: number, before: number, after: number): Int32Array {
  return Int32Array.from({ length: before + size + after }, (_, i) => SOURCES[mode](i - before, size, before, after));
}

/** How many values of an axis remain where negative numbers take some away. */
function leftOf(size: number, before: number, after: number): number {
  return size + Math.min(0, before) + Math.min(0, after);
}

function checkPad(fn: string, shape: readonly number[], pad: readonly number[], mode: PadMode): void {
  if (!Array.isArray(pad) || pad.length % 2 === 1 || !pad.every(Number.isSafeInteger)) {
    const expected = 'pairs of whole numbers from the last axis on, [left, right, top, bottom]';
    throw argumentError(RangeError, { fn, arg: 'pad', found: `is ${describe(pad)}`, expected });
  }
  const axes = pad.length / 2;
  const fits = mode === 'constant' ? axes <= shape.length : shape.length === axes + 1 || shape.length === axes + 2;
  if (fits && (mode === 'constant' || axes === 1 || axes === 2)) return;
  const expected =
    mode === 'constant'
      ? `an axis for each of ${axes} pairs of pad`
      : `${PADDED_RANKS[axes] ?? 'a pad of one or two pairs'} for mode '${mode}' and ${describe(pad)}`;
  throw argumentError(ShapeError, { fn, arg: 'x', found: `has shape ${tuple(shape)}`, expected });
}

const PADDED_RANKS: Readonly<Record<number, string>> = { 1: 'two or three axes', 2: 'three or four axes' };

function checkAxis(fn: string, shape: readonly number[], axis: number, [before, after]: number[], mode: PadMode): void {
  const size = shape[axis];
  if (before + size + after < 1) {
    const found = `is [${before}, ${after}] for axis ${axis} of shape ${tuple(shape)}`;
    throw argumentError(RangeError, { fn, arg: 'pad', found, expected: 'numbers that leave at least one value' });
  }
  const most = Math.max(before, after);
  // In circular mode those that negative numbers take away are missing, too.
  const circular = Math.max(1, most) + size - leftOf(size, before, after);
  const least = mode === 'constant' ? 0 : mode === 'reflect' ? most + 1 : mode === 'circular' ? circular : 1;
  if (size >= Math.max(least, mode === 'constant' ? 0 : 1)) return;
  const expected = `at least ${Math.max(1, least)} values on axis ${axis} for mode '${mode}' and [${before}, ${after}]`;
  throw argumentError(ShapeError, { fn, arg: 'x', found: `has shape ${tuple(shape)}`, expected });
}
