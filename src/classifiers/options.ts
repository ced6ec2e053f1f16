import { type DType, describe } from '../arrays/index.js';

/** Options that every classifier has. */
export interface ClassifierOptions {
  /** Classes, C. Default 10. */
  numClasses?: number;
  /** Strength of the L2 penalty on the weight matrices. Default 0. */
  reg?: number;
  /** Number format of the parameters, and so of the inputs. Default `'float32'`. */
  dtype?: DType;
  /** Seed of the initial weights. Without one they cannot be repeated. */
  seed?: number | string;
}

/** @throws {RangeError} naming the class, the option, what it is and what was expected. */
export function refuse(owner: string, option: string, value: unknown, expected: string): never {
  throw new RangeError(`${owner}: ${option} is ${describe(value)}, expected ${expected}`);
}

/** Refuses options that `owner` does not have. */
export function checkKnown(owner: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new RangeError(`${owner}: unknown option ${name}, expected ${known.join(', ')}`);
  }
}

/** Refuses sizes that are not whole numbers ≥ 1. */
export function checkCounts(owner: string, counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1) refuse(owner, name, value, 'a whole number ≥ 1');
  }
}

/** Refuses scales and strengths that are not numbers ≥ 0. */
export function checkAmounts(owner: string, amounts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(amounts)) {
    if (typeof value !== 'number' || !(value >= 0 && Number.isFinite(value))) {
      refuse(owner, name, value, 'a number ≥ 0');
    }
  }
}
