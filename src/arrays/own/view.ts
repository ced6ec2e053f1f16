import type { Data, NdArray } from 'ndarray';
import { typedArrayName } from '../realms.js';
import { orderOf } from './order.js';

// `ndarray` compiles a class for each type of data and number of axes. These stand for them where that is forbidden:
// each method does what the package's does, also with arguments that make no sense.

/** What holds the values: a list, or else an object with get and set, which is `ndarray`'s dtype `'generic'`. */
interface Values {
  [place: number]: unknown;
  get?(place: number): unknown;
  set?(...args: never): unknown;
}

type List = Record<number, number>;

interface Accessors {
  set(place: number, value: unknown): unknown;
}

/** An array of any number of axes over any data. */
export class View<V extends Values = Values> {
  // Declared and not defined: V8 defines fields of a base class slowly, 0.5 µs where six classes share it (Node 20).
  declare readonly data: V;
  declare readonly shape: number[];
  declare readonly stride: number[];
  declare readonly offset: number;

  constructor(data: V, shape: number[], stride: number[], offset: number) {
    this.data = data;
    this.shape = shape;
    this.stride = stride;
    this.offset = offset | 0;
  }

  get dtype(): string {
    return dtypeOf(this.data);
  }

  get dimension(): number {
    return this.shape.length;
  }

  get size(): number {
    const { shape } = this;
    let size = 1;
    for (let axis = 0; axis < shape.length; axis++) size *= shape[axis];
    return size;
  }

  get order(): number[] {
    return orderOf(this.stride);
  }

  index(...indices: number[]): number {
    let place = this.offset;
    for (let axis = 0; axis < this.stride.length; axis++) place += this.stride[axis] * indices[axis];
    return place;
  }

  get(...indices: number[]): unknown {
    const { data } = this;
    const place = this.index(...indices);
    return isList(data) ? data[place] : data.get?.(place);
  }

  set(...indicesAndValue: number[]): unknown {
    const { data } = this;
    const place = this.index(...indicesAndValue);
    const value = indicesAndValue[this.stride.length];
    if (!isList(data)) return (data as Accessors).set(place, value);
    data[place] = value;
    return value;
  }

  hi(...ends: unknown[]): View {
    const shape = this.shape.slice();
    for (let axis = 0; axis < shape.length; axis++) {
      const end = ends[axis];
      if (typeof end === 'number' && !(end < 0)) shape[axis] = end | 0;
    }
    return made(this.data, shape, this.stride.slice(), this.offset);
  }

  lo(...begins: unknown[]): View {
    const { stride } = this;
    const shape = this.shape.slice();
    let { offset } = this;
    for (let axis = 0; axis < shape.length; axis++) {
      const begin = begins[axis];
      if (!isPlace(begin)) continue;
      offset += stride[axis] * (begin | 0);
      shape[axis] -= begin | 0;
    }
    return made(this.data, shape, stride.slice(), offset);
  }

  step(...steps: unknown[]): View {
    const shape = this.shape.slice();
    const stride = this.stride.slice();
    let { offset } = this;
    for (let axis = 0; axis < shape.length; axis++) {
      const given = steps[axis];
      if (typeof given !== 'number') continue;
      const step = given | 0;
      if (step < 0) offset += stride[axis] * (shape[axis] - 1);
      shape[axis] = Math.ceil(step < 0 ? -shape[axis] / step : shape[axis] / step);
      stride[axis] *= step;
    }
    return made(this.data, shape, stride, offset);
  }

  transpose(...axes: (number | undefined)[]): View {
    const shape = this.shape.slice();
    const stride = this.stride.slice();
    for (let axis = 0; axis < shape.length; axis++) {
      const from = axes[axis];
      if (from === undefined) continue;
      shape[axis] = this.shape[from | 0];
      stride[axis] = this.stride[from | 0];
    }
    return made(this.data, shape, stride, this.offset);
  }

  pick(...places: unknown[]): View {
    const shape: number[] = [];
    const stride: number[] = [];
    let { offset } = this;
    for (let axis = 0; axis < this.shape.length; axis++) {
      const place = places[axis];
      if (isPlace(place)) offset = (offset + this.stride[axis] * place) | 0;
      else {
        shape.push(this.shape[axis]);
        stride.push(this.stride[axis]);
      }
    }
    return made(this.data, shape, stride, offset);
  }
}

/** A single value. */
class Scalar extends View {
  override valueOf(): unknown {
    return this.get();
  }
}

// The package's scalars have no such fields of their own, so their clones have none.
Object.assign(Scalar.prototype, { shape: [], stride: [] });

// One class for each of the usual numbers of axes, over lists: so V8 compiles `get` and `set` to a few instructions.

class View1 extends View<List> {
  override get(i: number): number {
    return this.data[this.offset + this.stride[0] * i];
  }

  override set(i: number, value: number): number {
    this.data[this.offset + this.stride[0] * i] = value;
    return value;
  }
}

class View2 extends View<List> {
  override get(i: number, j: number): number {
    const { stride } = this;
    return this.data[this.offset + stride[0] * i + stride[1] * j];
  }

  override set(i: number, j: number, value: number): number {
    const { stride } = this;
    this.data[this.offset + stride[0] * i + stride[1] * j] = value;
    return value;
  }
}

class View3 extends View<List> {
  override get(i: number, j: number, k: number): number {
    const { stride } = this;
    return this.data[this.offset + stride[0] * i + stride[1] * j + stride[2] * k];
  }

  override set(i: number, j: number, k: number, value: number): number {
    const { stride } = this;
    this.data[this.offset + stride[0] * i + stride[1] * j + stride[2] * k] = value;
    return value;
  }
}

class View4 extends View<List> {
  override get(i: number, j: number, k: number, l: number): number {
    const { stride } = this;
    return this.data[this.offset + stride[0] * i + stride[1] * j + stride[2] * k + stride[3] * l];
  }

  override set(i: number, j: number, k: number, l: number, value: number): number {
    const { stride } = this;
    this.data[this.offset + stride[0] * i + stride[1] * j + stride[2] * k + stride[3] * l] = value;
    return value;
  }
}

/** An array over `data`, as `ndarray` makes it; the arguments are those of {@link ndarray}. */
export function view<D extends Data>(data: D, shape?: number[], stride?: number[], offset?: number): NdArray<D> {
  const values: ArrayLike<unknown> = typeof data === 'number' ? [data] : (data as ArrayLike<unknown>);
  const sizes = shape === undefined ? [values.length] : shape.slice();
  const steps = stride === undefined ? denseStride(sizes) : stride.slice(0, sizes.length);
  return made(values, sizes, steps, offset ?? lowest(sizes, steps)) as unknown as NdArray<D>;
}

/** The array of these very fields. */
function made(data: Values, shape: number[], stride: number[], offset: number): View {
  if (shape.length === 0) return new Scalar(data, shape, stride, offset);
  if (!isList(data)) return new View(data, shape, stride, offset);
  const values = data as List;
  switch (shape.length) {
    case 1:
      return new View1(values, shape, stride, offset);
    case 2:
      return new View2(values, shape, stride, offset);
    case 3:
      return new View3(values, shape, stride, offset);
    case 4:
      return new View4(values, shape, stride, offset);
    default:
      return new View(data, shape, stride, offset);
  }
}

function denseStride(shape: readonly number[]): number[] {
  const stride = shape.slice();
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    stride[axis] = step;
    step *= shape[axis];
  }
  return stride;
}

/** The offset with which the values of an array begin at the start of its data. */
function lowest(shape: readonly number[], stride: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    if (stride[axis] < 0) offset -= (shape[axis] - 1) * stride[axis];
  }
  return offset;
}

function isPlace(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function isList(data: Values): boolean {
  return Array.isArray(data) || ArrayBuffer.isView(data);
}

/** `ndarray`'s name of a type of data. */
function dtypeOf(data: Values): string {
  const Class = data.constructor as { isBuffer?: (value: unknown) => boolean } | undefined;
  if (typeof Class?.isBuffer === 'function' && Class.isBuffer(data)) return 'buffer';
  const name = typedArrayName(data);
  if (name === 'Uint8ClampedArray') return 'uint8_clamped';
  if (name !== undefined) return name.slice(0, -'Array'.length).toLowerCase();
  return Array.isArray(data) ? 'array' : 'generic';
}
