import { tuple } from './errors.js';
import { columnFormat } from './number-format.js';
import { isFloat64 } from './realms.js';
import type { DType, NDArray } from './types.js';
import { ndarray } from './views.js';

/** Arrays of more values than this are shortened, to this many places at either end of an axis. */
const THRESHOLD = 1000;
const EDGE = 3;

/** Characters to a line of numbers. */
const WIDTH = 75;

/** What Node's `console.log` calls. */
export const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** The options of Node's `util.inspect` that say how deep inside of others a value is. */
export interface InspectOptions {
  readonly depth?: number | null;
}

/** Up to how many axes the arrays of a dtype print their values: `ndarray` has a class for each number of axes. */
export const PRINTS: Record<DType, number> = { float32: -1, float64: -1 };

/** Why the values of an array cannot be read, or null. */
type ProblemOf = (a: NDArray) => string | null;

/**
 * Lets arrays print their values, by `console.log` and `String`, which have the class of `like` or one of fewer axes.
 * Hidden properties of the classes do it, so that no array is larger or made slower.
 */
export function makePrint(like: NDArray, problemOf: ProblemOf): void {
  const dtype = isFloat64(like.data) ? 'float64' : 'float32';
  const rank = like.shape.length;
  const text = (a: NDArray, nested: boolean): string => print('array', a, problemOf(a), '', nested);
  const methods = {
    toString(this: NDArray): string {
      return text(this, false);
    },
    [INSPECT](this: NDArray, depth: number, options: InspectOptions): string {
      return text(this, isNested(depth, options));
    },
  };
  for (let axes = PRINTS[dtype] + 1; axes <= rank; axes++) {
    const prototype = Object.getPrototypeOf(ndarray(like.data, new Array(axes).fill(0)));
    for (const name of ['toString', INSPECT] as const) {
      Object.defineProperty(prototype, name, { value: methods[name], writable: true, configurable: true });
    }
  }
  PRINTS[dtype] = rank;
}

/** Whether a value that is inspected is inside of another. */
export function isNested(depth: number, { depth: whole }: InspectOptions = {}): boolean {
  return typeof whole === 'number' && depth < whole;
}

/**
 * An array as NumPy prints it: rows in columns, the shape and the dtype; shortened where it has more than 1,000 values.
 *
 * @param name - What stands before the bracket.
 * @param problem - Why its values cannot be read, or null.
 * @param note - What comes after the dtype.
 * @param nested - Whether it is inside of something else, where only what fits into the line is printed.
 */
export function print(name: string, a: NDArray, problem: string | null, note: string, nested: boolean): string {
  const about = `shape ${tuple(a.shape)}, ${isFloat64(a.data) ? 'float64' : 'float32'}${note}`;
  if (problem !== null) return `${name}(${about}; ${problem})`;
  const start = `${name}(`;
  const size = a.shape.reduce((product, n) => product * n, 1);
  if (nested) {
    const line = size > WIDTH ? '' : `${start}${rows(a, 0).replace(/\s+/g, ' ').replace(/\[ /g, '[')}, ${about})`;
    return line !== '' && line.length <= WIDTH ? line : `${start}${about})`;
  }
  const values = rows(a, start.length);
  const last = start.length + values.length - (values.lastIndexOf('\n') + 1);
  const gap = last + about.length > WIDTH + 5 ? `,\n${' '.repeat(start.length)}` : ', ';
  return `${start}${values}${gap}${about})`;
}

/** The values in brackets; lines after the first begin with `indent` spaces. */
function rows(a: NDArray, indent: number): string {
  const { data, shape, stride, offset } = a;
  if (shape.includes(0)) return '[]';
  const isShort = shape.reduce((product, n) => product * n, 1) <= THRESHOLD;
  /** Places along an axis; −1 is where some are left out. */
  const places = shape.map((n) =>
    isShort || n <= 2 * EDGE ? Array.from({ length: n }, (_, i) => i) : [0, 1, 2, -1, n - 3, n - 2, n - 1],
  );
  const shown: number[] = [];
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) shown.push(data[at]);
    else for (const i of places[axis]) if (i >= 0) collect(axis + 1, at + i * stride[axis]);
  };
  collect(0, offset);
  const format = columnFormat(shown, isFloat64(data));

  const level = (axis: number, at: number): string => {
    if (axis === shape.length) return format(data[at]);
    const left = ' '.repeat(indent + axis + 1);
    const parts = places[axis].map((i) => (i < 0 ? '…' : level(axis + 1, at + i * stride[axis])));
    const isInnermost = axis === shape.length - 1;
    const joint = `,${'\n'.repeat(shape.length - 1 - axis)}${left}`;
    return `[${isInnermost ? wrapped(parts, left, WIDTH - axis) : parts.join(joint)}]`;
  };
  return level(0, offset);
}

/** Numbers in lines of at most `width` characters, the first of which has `left` before it. */
function wrapped(parts: readonly string[], left: string, width: number): string {
  const lines: string[] = [];
  let line = left;
  for (const [i, part] of parts.entries()) {
    if (line.length + part.length > width - 1 && line.length > left.length) {
      lines.push(line.trimEnd());
      line = left;
    }
    line += i < parts.length - 1 ? `${part}, ` : part;
  }
  return [...lines, line].join('\n').slice(left.length);
}
