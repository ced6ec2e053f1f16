import { describe, type NDArray } from '../../arrays/index.js';

/** What an optimizer remembers of one parameter. */
export interface ParameterState {
  /** How often it was updated. */
  step: number;
  /** Arrays of its shape, by name. */
  readonly arrays: Record<string, NDArray>;
}

/** What a value of an option has to be: a test, and how errors say it. */
export type Range = readonly [allowed: (value: unknown) => boolean, expected: string];

/** What tells one optimizer from another. `O` are its options, all of them. */
export interface Method<O extends object> {
  /** The class, as errors name it. */
  readonly name: string;
  readonly defaults: Readonly<O>;
  readonly ranges: Readonly<Record<keyof O, Range>>;
  /** Why the options do not go together, or null. */
  readonly conflict?: (options: O) => string | null;
  /** The state of a parameter: whether its steps are counted, the arrays that it always has, and those that it may have. */
  readonly state: {
    readonly counted: boolean;
    readonly always: readonly string[];
    readonly sometimes: readonly string[];
  };
  /** Updates a parameter and its state in place. The step is counted already, arrays that are missing are made. */
  readonly update: (fn: string, w: NDArray, dw: NDArray, state: ParameterState, options: O) => void;
}

const isAmount = (n: unknown): boolean => typeof n === 'number' && n >= 0 && Number.isFinite(n);
const isShare = (n: unknown): boolean => typeof n === 'number' && n >= 0 && n < 1;

export const AMOUNT: Range = [isAmount, 'a number ≥ 0'];
export const FINITE: Range = [Number.isFinite, 'a finite number'];
export const FRACTION: Range = [(n) => isAmount(n) && (n as number) <= 1, 'a number from 0 to 1'];
export const FLAG: Range = [(value) => typeof value === 'boolean', 'true or false'];
export const SHARES: Range = [
  (value) => Array.isArray(value) && value.length === 2 && value.every(isShare),
  'two numbers in [0, 1)',
];

/** What is wrong with the values of a complete set of options, a sentence each, in the order of the options. */
export function problemsOf<O extends object>({ ranges, conflict }: Method<O>, options: O): string[] {
  const problems: string[] = [];
  for (const name of Object.keys(ranges) as (keyof O)[]) {
    const [allowed, expected] = ranges[name];
    if (!allowed(options[name])) problems.push(`${String(name)} is ${describe(options[name])}, expected ${expected}`);
  }
  if (problems.length > 0) return problems;
  const reason = conflict?.(options) ?? null;
  return reason === null ? [] : [reason];
}
