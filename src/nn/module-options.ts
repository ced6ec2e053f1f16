import { checkDType, checkOptions, type DType, describe, Random } from '../arrays/index.js';
import { defaultGenerator } from '../autograd/index.js';

/** The number format of a module's state. */
export interface DTypeOption {
  /** `'float32'` trains, `'float64'` checks gradients. Default `'float32'`. */
  dtype?: DType;
}

/** How the weights of a module begin. */
export interface WeightOptions extends DTypeOption {
  /** What the first weights are drawn from. Default: the generator that `manualSeed` seeds. */
  random?: Random;
}

/** @returns The dtype asked for. @throws {TypeError | RangeError} if an option is unknown, or the dtype. */
export function checkedDType(fn: string, options: DTypeOption, known: readonly string[]): DType {
  checkOptions(fn, options, known);
  const { dtype = 'float32' } = options;
  checkDType(fn, dtype);
  return dtype;
}

/** The generator asked for. @throws {TypeError} if it is none. */
export function checkedRandom(fn: string, random: Random | undefined): Random {
  if (random !== undefined && !(random instanceof Random)) {
    throw new TypeError(`${fn}: random is ${describe(random)}, expected a Random`);
  }
  return random ?? defaultGenerator();
}

/** @throws {RangeError} if `eps` is not a number > 0. */
export function checkEps(fn: string, eps: unknown): void {
  if (typeof eps === 'number' && eps > 0 && Number.isFinite(eps)) return;
  throw new RangeError(`${fn}: eps is ${describe(eps)}, expected a number > 0`);
}
