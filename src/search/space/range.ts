import type { Integer, LogUniform, Uniform } from './parameters.js';

/** Significant digits of numbers that are not whole. */
const DIGITS = 6;

/** A range of numbers as a line, on which each part of the same length is equally likely. */
export class Range {
  /** The ends, on the line: whole numbers have half a unit on either side. */
  readonly from: number;
  readonly to: number;
  readonly #low: number;
  readonly #high: number;
  readonly #isLog: boolean;
  readonly #isWhole: boolean;

  constructor(low: number, high: number, isLog: boolean, isWhole: boolean) {
    [this.#low, this.#high, this.#isLog, this.#isWhole] = [low, high, isLog, isWhole];
    const half = isWhole ? 0.5 : 0;
    this.from = this.place(low - half);
    this.to = this.place(high + half);
  }

  /** Where a value is on the line. */
  place(value: number): number {
    return this.#isLog ? Math.log(value) : value;
  }

  /** The value at a place on the line, within the range. */
  value(place: number): number {
    const value = this.#isLog ? Math.exp(place) : place;
    const near = this.#isWhole ? Math.round(value) : Number(value.toPrecision(DIGITS));
    return Math.min(this.#high, Math.max(this.#low, near));
  }

  /** The value at a share of the line, in [0, 1]. */
  at(share: number): number {
    return this.value(this.from + share * (this.to - this.from));
  }

  /** `count` values from end to end, evenly on the line; the middle if it is one. */
  grid(count: number): number[] {
    const [first, last] = [this.place(this.#low), this.place(this.#high)];
    const places = Array.from({ length: count }, (_, i) => (count === 1 ? 0.5 : i / (count - 1)));
    return [...new Set(places.map((share) => this.value(first + share * (last - first))))];
  }
}

/** The line of a parameter that is a range. */
export function rangeOf(parameter: Uniform | LogUniform | Integer): Range {
  if ('uniform' in parameter) return new Range(...parameter.uniform, false, false);
  if ('logUniform' in parameter) return new Range(...parameter.logUniform, true, false);
  return new Range(...parameter.integer, parameter.log ?? false, true);
}

/** Whether a value is one of a range's. */
export function inRange(parameter: Uniform | LogUniform | Integer, value: unknown): boolean {
  if (typeof value !== 'number' || ('integer' in parameter && !Number.isSafeInteger(value))) return false;
  const [low, high] = endsOf(parameter);
  return value >= low && value <= high;
}

function endsOf(parameter: Uniform | LogUniform | Integer): readonly [low: number, high: number] {
  if ('integer' in parameter) return parameter.integer;
  return 'uniform' in parameter ? parameter.uniform : parameter.logUniform;
}
