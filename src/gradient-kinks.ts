import type { NDArray } from './arrays/index.js';

// At a kink of a ReLU, a maximum or a hinge within h of a point, the centred difference is a mean of two slopes, so
// that a correct gradient looks wrong. Differences with other steps distinguish that from a fault: those of a smooth
// function do not change with the step.

/** The values on both sides of a point, and the step as the array's dtype represents it. */
export interface Difference {
  readonly plus: number;
  readonly minus: number;
  /** The distance between the two points. */
  readonly distance: number;
}

/** Relative errors up to this need no explanation. */
const SUSPICIOUS = 1e-4;

/** How many units in the last place a value may be wrong. */
const UNITS = 2;

/**
 * Evaluates `value` with an element of `x` moved up and down by `h`, and restores the element exactly, also when
 * `value` throws. The array's dtype rounds old ± h; in float32 that matters, so the distance is measured.
 */
export function centred<V>(
  x: NDArray,
  index: readonly number[],
  h: number,
  value: () => V,
): { plus: V; minus: V; distance: number } {
  const old = x.get(...index);
  try {
    x.set(...index, old + h);
    const above = x.get(...index);
    const plus = value();
    x.set(...index, old - h);
    const below = x.get(...index);
    const minus = value();
    return { plus, minus, distance: above - below };
  } finally {
    x.set(...index, old);
  }
}

/** `|a − b| / max(1e-8, |a| + |b|)`; 0 for equal values, infinite ones too. */
export function relativeError(a: number, b: number): number {
  return a === b ? 0 : Math.abs(a - b) / Math.max(1e-8, Math.abs(a) + Math.abs(b));
}

/**
 * Whether the function has a kink within h of the point, and `analytic` is the slope there, or, at the kink itself, is
 * between the slopes of its two sides. Where the centred difference agrees with `analytic`, nothing is evaluated; else
 * the function is, five times.
 *
 * @param value - The function of `x`, which is perturbed and restored.
 * @param first - The centred difference that `analytic` was compared with, taken with the step `h`.
 */
export function isKink(
  value: () => number,
  x: NDArray,
  index: readonly number[],
  analytic: number,
  first: Difference,
  h: number,
): boolean {
  const numerical = (first.plus - first.minus) / first.distance;
  if (!(relativeError(numerical, analytic) > SUSPICIOUS)) return false;
  const middle = value();
  const unit = x.data instanceof Float32Array ? 2 ** -23 : Number.EPSILON;
  const slopes = ({ plus, minus, distance }: Difference) => {
    const [left, right] = [(middle - minus) / (distance / 2), (plus - middle) / (distance / 2)];
    const noise = (UNITS * unit * Math.max(Math.abs(plus), Math.abs(minus))) / distance;
    const slack = noise * 2 + SUSPICIOUS * Math.abs(analytic);
    return {
      mean: (plus - minus) / distance,
      noise,
      /** How much steeper one side is, less what rounding may explain. */
      bend: Math.abs(right - left) - 8 * noise,
      holds: Math.min(left, right) - slack <= analytic && analytic <= Math.max(left, right) + slack,
    };
  };
  type Slopes = ReturnType<typeof slopes>;
  const differ = (a: Slopes, b: Slopes): boolean => Math.abs(a.mean - b.mean) > 4 * Math.max(a.noise, b.noise);

  const [wide, narrow, narrowest] = [first, ...[h / 10, h / 100].map((step) => centred(x, index, step, value))].map(
    slopes,
  );
  // The bend of a smooth function shrinks with the step; where it does not, the kink is at the point itself.
  const bends = differ(wide, narrow) || differ(wide, narrowest) || narrow.bend > wide.bend / 2;
  const bendsAtAll = bends && wide.bend > 0;
  return bendsAtAll && narrowest.holds && (narrow.holds || differ(narrow, narrowest));
}

/** Indices of the element at `flat` in row-major order. */
export function unravel(flat: number, shape: readonly number[]): number[] {
  const index = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = flat % shape[axis];
    flat = Math.floor(flat / shape[axis]);
  }
  return index;
}
