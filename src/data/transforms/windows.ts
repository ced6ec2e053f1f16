import {
  argumentError,
  dtypeOf,
  empty,
  hostValues,
  type NDArray,
  oneOf,
  type Range,
  ShapeError,
  tuple,
} from '../../arrays/index.js';

/** What pixels outside of an image are. */
export type PaddingMode = 'constant' | 'reflect' | 'replicate';

export const PADDING_MODE: Range = oneOf('constant', 'reflect', 'replicate');

/** What a window shows where it lies outside of its image. */
export interface Outside {
  readonly fill: number;
  readonly paddingMode: PaddingMode;
}

/**
 * A part of each image, which may lie partly outside of it.
 *
 * @param X - Shape (N, C, H, W).
 * @param placeOf - Row and column, in image n, of the first pixel of its window.
 * @returns A new array of shape (N, C, height, width).
 */
export function windows(
  X: NDArray,
  [height, width]: readonly [height: number, width: number],
  { fill, paddingMode }: Outside,
  placeOf: (n: number) => readonly [top: number, left: number],
): NDArray {
  const [N, C, H, W] = X.shape;
  const x = hostValues(X);
  const out = empty([N, C, height, width], dtypeOf(X));
  const { data } = out;
  const isConstant = paddingMode === 'constant';
  if (isConstant) data.fill(fill);
  const inside = paddingMode === 'reflect' ? reflected : replicated;

  for (let n = 0; n < N; n++) {
    const [top, left] = placeOf(n);
    // The rows and columns of the window that are the image's.
    const [firstRow, endRow] = [-top, H - top].map((row) => Math.min(height, Math.max(0, row)));
    const [first, end] = [-left, W - left].map((column) => Math.min(width, Math.max(0, column)));
    for (let plane = n * C; plane < (n + 1) * C; plane++) {
      for (let i = isConstant ? firstRow : 0; i < (isConstant ? endRow : height); i++) {
        const to = (plane * height + i) * width;
        const row = (plane * H + (isConstant ? top + i : inside(top + i, H))) * W;
        for (let j = first; j < end; j++) data[to + j] = x[row + left + j];
        if (isConstant) continue;
        for (let j = 0; j < first; j++) data[to + j] = x[row + inside(left + j, W)];
        for (let j = end; j < width; j++) data[to + j] = x[row + inside(left + j, W)];
      }
    }
  }
  return out;
}

/** The place in an axis of `length` pixels that a place up to `length − 1` pixels outside of it mirrors. */
function reflected(at: number, length: number): number {
  const inside = Math.abs(at);
  return inside < length ? inside : 2 * (length - 1) - inside;
}

/** The place in an axis of `length` pixels that is nearest to `at`. */
function replicated(at: number, length: number): number {
  return Math.min(length - 1, Math.max(0, at));
}

/** @throws {ShapeError} if images are too small to be reflected so far, by the argument `arg`. */
export function checkReflected(fn: string, arg: string, far: readonly number[], sizes: readonly number[]): void {
  if (far.every((pad, axis) => Math.abs(pad) < sizes[axis])) return;
  const [found, expected] = [`is ${tuple(far)}`, `less than ${tuple(sizes)}, the images, to reflect them`];
  throw argumentError(ShapeError, { fn, arg, found, expected });
}
