import type { Config, ConfigValue } from '../types.js';

/** A number, each of the range equally likely. */
export interface Uniform {
  readonly uniform: readonly [low: number, high: number];
}

/** A number > 0, each order of magnitude equally likely. */
export interface LogUniform {
  readonly logUniform: readonly [low: number, high: number];
}

/** A whole number, both ends included. */
export interface Integer {
  readonly integer: readonly [low: number, high: number];
  /** Whether each order of magnitude is equally likely. Default false. */
  readonly log?: boolean;
}

/** One of some values. */
export interface Choice<T extends ConfigValue = ConfigValue> {
  readonly choice: readonly T[];
}

/** Values of other names of the space: one, or a list of which one is enough. All names have to agree. */
export type Condition = Readonly<Record<string, ConfigValue | readonly ConfigValue[]>>;

/** The names and values for which a parameter applies; elsewhere the config has no value of that name. */
export interface Conditional {
  readonly when: Condition;
}

/** What a space says of a name: how it is drawn, or the value that it always has. JSON has it in the same words. */
export type Parameter = (Uniform | LogUniform | Integer | Choice) & Partial<Conditional>;

/** The parameters of a space by name. */
export type Parameters = Readonly<Record<string, Parameter | ConfigValue>>;

type ValueOf<P> = P extends { readonly choice: readonly (infer T)[] } ? T : P extends ConfigValue ? P : number;

type Flat<T> = { readonly [Name in keyof T]: T[Name] };

/** The configs of a space with these parameters: conditional ones may be missing. */
export type ConfigOf<P> = string extends keyof P
  ? Config
  : Flat<
      { [Name in keyof P as P[Name] extends Conditional ? never : Name]: ValueOf<P[Name]> } & {
        [Name in keyof P as P[Name] extends Conditional ? Name : never]?: ValueOf<P[Name]>;
      }
    >;

/** A number from `low` to `high`, each equally likely: `{ "uniform": [low, high] }` in JSON. */
export function uniform(low: number, high: number): Uniform {
  return { uniform: [low, high] };
}

/**
 * A number from `low` > 0 to `high`, each order of magnitude equally likely: for learning rates and penalties.
 * `{ "logUniform": [low, high] }` in JSON.
 */
export function logUniform(low: number, high: number): LogUniform {
  return { logUniform: [low, high] };
}

/**
 * A whole number from `low` to `high`, both included: `{ "integer": [low, high] }` in JSON.
 *
 * @param options.log - Whether each order of magnitude is equally likely, for `low` > 0. Default false.
 */
export function integer(low: number, high: number, options: { readonly log?: boolean } = {}): Integer {
  return { integer: [low, high], ...options };
}

/** One of `values`, each equally likely: `{ "choice": [...] }` in JSON. */
export function choice<const T extends readonly ConfigValue[]>(...values: T): Choice<T[number]> {
  return { choice: values };
}

/**
 * A parameter that applies only where others have some values: `when({ act: 'gelu' }, uniform(0, 0.5))`, in JSON
 * `{ "uniform": [0, 0.5], "when": { "act": "gelu" } }`. Elsewhere the config has no value of its name.
 *
 * @param condition - Values by name, or lists of values: of choices, whole numbers and constants. All have to agree.
 */
export function when<P extends Parameter>(condition: Condition, parameter: P): P & Conditional {
  return { ...parameter, when: condition };
}
