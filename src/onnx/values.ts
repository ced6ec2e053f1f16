import { array, hostValues, type NDArray, printable, sizeOf, tuple } from '../arrays/index.js';
import { F, isTracing, noGrad, Tensor } from '../autograd/index.js';
import { Integers } from './integers.js';
import type { Run, Value } from './operator.js';

/** The most values of an array whose size a file's numbers say: 64 MB of float32. */
export const MOST_VALUES = 2 ** 24;

/** A value as floats. @throws {RangeError} if a whole number is too large. */
export function tensorOf(value: Value | null, { dtype }: Run): Tensor {
  if (value instanceof Tensor) return value;
  if (value === null) throw new TypeError('an input is left out, expected a tensor');
  const source = sourceOf(value);
  if (source !== null) return F.to(source, dtype);
  for (const number of value.values) whole(number);
  return new Tensor(array(value.values, [...value.shape], dtype));
}

/** The values as whole numbers; fractions of floats are cut off. */
export function integersOf(value: Value | null): Integers {
  if (value instanceof Integers) return value;
  if (value === null) throw new TypeError('an input is left out, expected whole numbers');
  if (value.data.size > MOST_VALUES) {
    throw new RangeError(`${value.data.size} values become whole numbers, expected at most ${MOST_VALUES}`);
  }
  if (isTracing()) return hidden(value.shape);
  const values = Float64Array.from(hostValues(value.data), Math.trunc);
  return new Integers([...value.shape], values);
}

/** Places among values, which an operator of `F` has found, as whole numbers. */
export function placesOf(found: Tensor): Integers {
  if (!isTracing()) return integersOf(found);
  const places = hidden(found.shape);
  sources.set(places, found);
  return places;
}

const sources = new WeakMap<Integers, Tensor>();

/** The tensor that places stand in while `exportOnnx` looks on, where it can write them; null for all others. */
export function sourceOf(value: Integers): Tensor | null {
  return sources.get(value) ?? null;
}

/** Whole numbers made of floats while `exportOnnx` looks on: read on the host, they would be constants of its file. */
function hidden(shape: readonly number[]): Integers {
  const get = (): never => {
    throw new RangeError('whole numbers are made of floats, which exportOnnx does not write');
  };
  return Object.defineProperty(new Integers([...shape], new Float64Array(0)), 'values', { get });
}

/** A list of whole numbers: axes, a shape. @throws {RangeError} if it is none. */
export function listOf(value: Value | null): number[] {
  const numbers = [...listToEnds(value)];
  for (const number of numbers) whole(number);
  return numbers;
}

/** A list of whole numbers, in which ±Infinity is an end. */
export function listToEnds(value: Value | null): Float64Array {
  if (!(value instanceof Integers)) throw new TypeError('an input is made of floats, expected whole numbers');
  if (value.values.length > 1000) throw new RangeError(`a list has ${value.values.length} numbers, expected a few`);
  return value.values;
}

function whole(value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`a whole number is ${value}, expected one within ±2^53`);
}

/** The one number in a value. @throws {RangeError} if there are more, or none. */
export function numberOf(value: Value): number {
  const values = value instanceof Tensor ? hostValues(value.data) : value.values;
  if (values.length === 1) return values[0];
  throw new RangeError(`an input has shape ${tuple(value.shape)}, expected one number`);
}

/** Whole numbers as an array. */
export function arrayOfIntegers({ shape, values }: Integers): NDArray {
  return array(values, [...shape], 'float64');
}

/** `axis` counted from the front. @throws {RangeError} if there is none in `rank` axes. */
export function axisIn(axis: number, rank: number): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  throw new RangeError(`axis ${axis} of ${rank} axes, expected ${-rank} to ${rank - 1}`);
}

/** Axes counted from the front. @throws {RangeError} if one is not there, or there twice. */
export function axesIn(axes: readonly number[], rank: number): number[] {
  const counted = axes.map((axis) => axisIn(axis, rank));
  if (new Set(counted).size < counted.length) throw new RangeError(`axes ${tuple(axes)}, expected each once`);
  return counted;
}

/** Axes that an attribute names, or since opset 13 an input. */
export function axesOf(input: Value | null | undefined, attribute: readonly number[] | null): readonly number[] | null {
  return input === null || input === undefined ? attribute : listOf(input);
}

/** The shape, if an array of it is not too large. @throws {RangeError} if a size is none. */
export function checkedShape(shape: readonly number[]): readonly number[] {
  if (shape.length <= 32 && shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    if (sizeOf(shape) <= MOST_VALUES) return shape;
  }
  throw new RangeError(`a shape is ${printable(tuple(shape))}, expected sizes ≥ 0 of at most ${MOST_VALUES} values`);
}

/** The shape that both broadcast to. @throws {RangeError} if they do not. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [n, m] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (n === m || m === 1) return n;
    if (n === 1) return m;
    throw new RangeError(`shapes ${tuple(a)} and ${tuple(b)} do not broadcast`);
  });
}

/** Whole numbers combined pair by pair, broadcast. */
export function combined(a: Integers, b: Integers, apply: (a: number, b: number) => number): Integers {
  const shape = broadcastShape(a.shape, b.shape);
  const [x, y] = [stretched(a, shape), stretched(b, shape)];
  return new Integers(
    shape,
    x.map((value, i) => apply(value, y[i])),
  );
}

/** The values of whole numbers in a shape that they broadcast to. */
export function stretched(x: Integers, shape: readonly number[]): Float64Array {
  if (x.shape.length === shape.length && x.shape.every((size, axis) => size === shape[axis])) return x.values;
  return rearranged(x, (values) => F.broadcastTo(values, [...checkedShape(shape)])).values;
}

/** Whole numbers after an operation that moves values and does not compute. */
export function rearranged(x: Integers, move: (values: NDArray) => Tensor): Integers {
  // ±Infinity moves as any number.
  const out = noGrad(() => move(arrayOfIntegers(x)));
  return new Integers([...out.shape], Float64Array.from(hostValues(out.data)));
}

/**
 * What an operator that keeps the kind of its input computes of floats; of whole numbers, in float64, and cut to whole
 * ones again: a division that follows is one of whole numbers.
 */
export function ofItsKind(value: Value | null, run: Run, apply: (x: Tensor, run: Run) => Tensor): Value {
  if (!(value instanceof Integers)) return apply(tensorOf(value, run), run);
  const out = noGrad(() => apply(new Tensor(arrayOfIntegers(value)), { ...run, dtype: 'float64' }));
  return new Integers([...out.shape], Float64Array.from(hostValues(out.data), Math.trunc));
}

/** `move` of a tensor, or of whole numbers. */
export function moved(value: Value | null, move: (values: Tensor | NDArray) => Tensor): Value {
  if (value === null) throw new TypeError('an input is left out');
  return value instanceof Integers ? rearranged(value, move) : move(value);
}
