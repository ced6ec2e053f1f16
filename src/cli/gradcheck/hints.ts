// What is probably wrong with a gradient, by comparing it with the numerical one.

import { type NDArray, tuple } from '../../arrays/index.js';

/** A gradient that is wrong. */
export interface Wrong {
  readonly argument: string;
  /** What it is the gradient of. */
  readonly x: NDArray;
  readonly analytic: NDArray;
  /** What the letters of the shapes stand for. */
  readonly sizes: Readonly<Record<string, number>>;
  /** The elements compared, in row-major order; none if the shapes differ. */
  readonly places: readonly Compared[];
  /** The gradients of the other arguments. */
  readonly others: readonly {
    readonly argument: string;
    readonly x: NDArray;
    readonly places: readonly Compared[] | null;
  }[];
  readonly dout: NDArray | null;
}

interface Compared {
  readonly flat: number;
  readonly index: readonly number[];
  readonly numerical: number;
  readonly analytic: number;
}

/** The usual mistakes, the likeliest explanation first; null if it is none of them. */
export function hintOf(wrong: Wrong): string | null {
  return wrong.places.length === 0 ? shapeHint(wrong) : valueHint(wrong);
}

/** What the shape of a gradient says. */
function shapeHint({ x, analytic, sizes }: Wrong): string {
  const [expected, found] = [x.shape, analytic.shape];
  const differ = `has shape ${tuple(found)}, expected ${tuple(expected)}`;
  if (found.length > 1 && tuple([...found].reverse()) === tuple(expected)) return `${differ}: it is transposed`;
  const isSqueezed = tuple(found.filter((n) => n !== 1)) === tuple(expected.filter((n) => n !== 1));
  if (isSqueezed) return `${differ}: drop or keep axes of length 1`;
  if (found.length > expected.length) return `${differ}: a sum over an axis is missing`;
  const letter = Object.entries(sizes).find(([, n]) => found.length === 1 && n === found[0])?.[0];
  if (found.length === expected.length && expected.length === 1) {
    return `${differ}: the sum is over the wrong axis${letter === undefined ? '' : `, ${letter} is left`}`;
  }
  return differ;
}

function valueHint(wrong: Wrong): string | null {
  const { places, others, x, analytic, dout, sizes } = wrong;
  if (places.some((one) => Number.isNaN(one.analytic))) return 'it holds NaN';
  if (places.every((one) => one.analytic === 0)) return 'it is zero everywhere';
  if (alike(places, (one) => -one.numerical)) return 'its sign is wrong';
  const factor = factorOf(places);
  if (factor !== null) return factorHint(factor, sizes);
  const [rows, columns] = x.shape;
  if (
    x.shape.length === 2 &&
    rows === columns &&
    alike(places, (one) => numericalAt(places, [one.index[1], one.index[0]]))
  ) {
    return 'it is transposed';
  }
  for (const other of others) {
    const isSame = tuple(other.x.shape) === tuple(x.shape) && other.places !== null;
    if (isSame && alike(places, (one) => numericalAt(other.places ?? [], one.index))) {
      return `it is the gradient of ${other.argument}: two gradients have changed places`;
    }
  }
  if (dout !== null && tuple(dout.shape) === tuple(analytic.shape)) {
    if (alike(places, (one) => dout.get(...one.index)))
      return 'it is dout itself: the derivative of the layer is missing';
    if (alike(places, (one) => one.numerical / dout.get(...one.index))) return 'dout is missing: multiply by it';
  }
  if (differsByRows(places)) return 'it differs by one number for all examples: a term through a mean is missing';
  const count = places.filter((one) => !close(one.analytic, one.numerical, largest(places))).length;
  return count === places.length ? null : `${count} of ${places.length} elements differ`;
}

/** Explains a gradient that is `factor` times the right one. */
function factorHint(factor: number, sizes: Readonly<Record<string, number>>): string {
  const { N } = sizes;
  const [more, less] = [`${short(factor)} times too large`, `${short(1 / factor)} times too small`];
  const equals = (a: number, b: number): boolean => Math.abs(a - b) < 1e-4 * b;
  for (const [letter, n] of Object.entries(sizes)) {
    if (n < 2 || (letter !== 'N' && n === N)) continue;
    if (equals(factor, n)) return `it is ${more}: a mean over ${letter}, 1/${letter}, is missing`;
    if (equals(1 / factor, n)) return `it is ${less}: 1/${letter} is there once too often`;
  }
  return `it is ${factor > 1 ? more : less}`;
}

function short(x: number): string {
  return String(Number(x.toPrecision(4)));
}

/** The number that the gradient is too large by, the same everywhere; null if there is none. */
function factorOf(places: readonly Compared[]): number | null {
  const at = places.reduce((a, b) => (Math.abs(b.numerical) > Math.abs(a.numerical) ? b : a));
  const factor = at.analytic / at.numerical;
  return factor > 0 && Number.isFinite(factor) && alike(places, (one) => factor * one.numerical) ? factor : null;
}

/** Whether the gradient is what `expected` says, everywhere. */
function alike(places: readonly Compared[], expected: (one: Compared) => number): boolean {
  const size = largest(places);
  return places.every((one) => close(one.analytic, expected(one), size));
}

function close(a: number, b: number, size: number): boolean {
  return Math.abs(a - b) <= 1e-5 * (Math.abs(a) + Math.abs(b)) + 1e-7 * size;
}

function largest(places: readonly Compared[]): number {
  return places.reduce((size, one) => Math.max(size, Math.abs(one.numerical), Math.abs(one.analytic)), 0);
}

function numericalAt(places: readonly Compared[], index: readonly number[]): number {
  return places.find((one) => tuple(one.index) === tuple(index))?.numerical ?? Number.NaN;
}

/** Whether the difference is the same for all places that differ in the first axis alone, and there are several. */
function differsByRows(places: readonly Compared[]): boolean {
  const byPlace = new Map<string, number[]>();
  for (const { index, analytic, numerical } of places) {
    if (index.length < 2) return false;
    const key = index.slice(1).join();
    byPlace.set(key, [...(byPlace.get(key) ?? []), analytic - numerical]);
  }
  const size = largest(places);
  const lists = [...byPlace.values()];
  return (
    lists.every((list) => list.every((value) => close(value, list[0], size))) && lists.some((list) => list.length > 1)
  );
}
