import { describe, dtypeOf, isNDArray, ShapeError, tuple } from '../arrays/index.js';
import { arrayOf, Tensor, type TensorLike } from '../autograd/index.js';
import { type Container, fault } from './failure.js';

/** An axis of an input: of any size, of one size, or at least of one. */
export type Axis = string | readonly [symbol: string | null, size: number, kind?: 'least'];

/**
 * Checks the input of a module.
 *
 * @param module - Its class begins the message.
 * @param shapes - The allowed shapes. An axis `'…'` in first or last place stands for any number of axes
 *   of any size; the others are at least 1, but for `'N'`.
 * @param state - A tensor of the module, whose dtype the input must have. Null: any.
 * @throws {TypeError} if it is no tensor or array, or of another dtype.
 * @throws {ShapeError} if it has another shape.
 */
export function checkInput(
  module: Container,
  x: TensorLike,
  shapes: readonly (readonly Axis[])[],
  state: Tensor | null = null,
): void {
  if (!(x instanceof Tensor) && !isNDArray(x)) {
    throw fault(TypeError, module, { arg: 'x', found: `is ${describe(x)}`, expected: 'a tensor or an array' });
  }
  if (!shapes.some((axes) => fits(x.shape, axes))) {
    // Of an image and a batch of images, the one that was meant.
    const meant = shapes.filter((axes) => axes.length === x.shape.length && !axes.includes('…'));
    const shown = meant.length > 0 ? meant : shapes;
    const expected = shown.map((axes) => tuple(axes.map((axis, i) => text(axis, x.shape[i])))).join(' or ');
    const named = shapes.every(([first]) => first !== '…');
    const but = shown.some(([first]) => first === 'N') ? ' but N' : '';
    const empty = named && x.shape.includes(0) ? ` with every size${but} at least 1` : '';
    throw fault(ShapeError, module, { arg: 'x', found: `has shape ${tuple(x.shape)}`, expected: expected + empty });
  }
  const dtype = dtypeOf(arrayOf(x));
  if (state !== null && dtype !== state.dtype) {
    throw fault(TypeError, module, {
      arg: 'x',
      found: `has dtype ${dtype}`,
      expected: `${state.dtype}, that of the module`,
      wayOut: `make it with { dtype: '${dtype}' }, call its to('${dtype}'), or convert x`,
    });
  }
}

/** The number of axes of a module's input; undefined if it is no tensor or array. */
export function rankOf(x: TensorLike): number | undefined {
  return x instanceof Tensor || isNDArray(x) ? x.shape.length : undefined;
}

function fits(shape: readonly number[], axes: readonly Axis[]): boolean {
  const fixed = axes.filter((axis) => axis !== '…');
  const first = axes[0] === '…' ? shape.length - fixed.length : 0;
  if (fixed.length === axes.length ? shape.length !== fixed.length : shape.length < fixed.length) return false;
  return fixed.every((axis, i) => {
    const size = shape[first + i];
    if (typeof axis === 'string') return size > 0 || axis === 'N';
    return axis[2] === 'least' ? size >= axis[1] : size === axis[1];
  });
}

/** The expected size of an axis, for a message; a least size only where the axis is smaller. */
function text(axis: Axis, found: number): string {
  if (typeof axis === 'string') return axis;
  const [symbol, size, kind] = axis;
  if (symbol === null) return String(size);
  if (kind === 'least') return found < size ? `${symbol}≥${size}` : symbol;
  return `${symbol}=${size}`;
}
