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
