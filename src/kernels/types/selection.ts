import type { Floats } from '../../arrays/index.js';

/** How two numbers compare. */
export type Relation = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** Choices between values, and the places of values in rows. */
export interface SelectionKernels {
  /** out = 1 where a and b are so related, else 0. The two may differ in format. */
  compare(relation: Relation, a: Floats, b: Floats, out: Floats): void;
  /** out = a where the mask is not 0, else b. */
  select(mask: Uint8Array, a: Floats, b: Floats, out: Floats): void;
  /** da = dout where the mask is not 0, db = dout where it is; 0 elsewhere. */
  selectBackward(dout: Floats, mask: Uint8Array, da: Floats, db: Floats): void;
  /** out = min(max(x, min), max), so `max` where the two cross; NaN stays NaN. */
  limit(x: Floats, out: Floats, min: number, max: number): void;
  /** dx = dout where min ≤ x ≤ max, else 0. */
  limitBackward(operands: LimitGradientOperands): void;
  /** out[n] = the place of the first largest value in row n; NaN is the largest. */
  argmax(x: Floats, out: Floats, length: number): void;
  /** out[n] = the place of the first smallest value in row n; NaN is the smallest. */
  argmin(x: Floats, out: Floats, length: number): void;
  /** out[n, :k] = the places of the k largest (or smallest) values of row n, in order; NaN is the largest. */
  topk(operands: TopkOperands): void;
  /** out[n, m] = x[n, places[n, m]], for x (…, length) and places (…, count). Places are in range. */
  pick(operands: PickOperands): void;
  /** dx[n, places[n, m]] += dout[n, m]. */
  pickBackward(operands: PickGradientOperands): void;
}

export interface LimitGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly dx: Floats;
  readonly min: number;
  readonly max: number;
}

export interface TopkOperands {
  readonly x: Floats;
  readonly out: Floats;
  readonly length: number;
  readonly k: number;
  readonly largest: boolean;
}

/** Places in rows of `length` values, `count` for each row. */
interface Picked {
  readonly places: Int32Array;
  readonly length: number;
  readonly count: number;
}

export interface PickOperands extends Picked {
  readonly x: Floats;
  readonly out: Floats;
}

export interface PickGradientOperands extends Picked {
  readonly dout: Floats;
  readonly dx: Floats;
}
