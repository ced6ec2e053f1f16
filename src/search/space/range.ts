import type { Integer, LogUniform, Uniform } from './parameters.js';

/** Significant digits of numbers that are not whole. */
const DIGITS = 6;

/** Digits in which the values of a range differ at least: a narrow one has more than {@link DIGITS}. */
const OWN_DIGITS = 4;

/** Digits that tell all numbers apart. */
const MOST_DIGITS = 17;

/** A range of numbers as a line, on which each part of the same length is equally likely. */
export class Range {
  /** The ends, on the line: whole numbers have half a unit on either side. */
  readonly from: number;
  readonly to: number;
  readonly #low: number;
  readonly #high: number;
  readonly #isLog: boolean;
  readonly #isWhole: boolean;
  readonly #digits: number;

  constructor(low: number, high: number, isLog: boolean, isWhole: boolean) {
    [this.#low, this.#high, this.#isLog, this.#isWhole] = [low, high, isLog, isWhole];
    const common = Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / (high - low)));
    this.#digits = Math.min(MOST_DIGITS, Math.max(DIGITS, common + OWN_DIGITS));
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
    const near = this.#isWhole ? Math.round(value) : Number(value.toPrecision(this.#digits));
    return Math.min(this.#high, Math.max(this.#low, near));
  }

  /** The value at a share of the line, in [0, 1]. */
  at(share: number): number {
    return this.value(this.from + share * (this.to - this.from));
  }

  /** How many values {@link Range.grid} has of `count` at most. */
  countOf(count: number): number {
    return this.#isWhole ? Math.min(count, this.#high - this.#low + 1) : count;
  }

  /** `count` values from end to end, evenly on the line; the middle if it is one. Fewer whole numbers: all of them. */
  grid(count: number): number[] {
    if (this.#isWhole && count > this.#high - this.#low) {
      return Array.from({ length: this.#high - this.#low + 1 }, (_, i) => this.#low + i);
    }
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
