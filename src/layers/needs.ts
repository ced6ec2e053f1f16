import { argumentError, describe } from '../arrays/index.js';

/** Which gradients of a layer with weights are needed: all but those that are false. */
export interface NamedNeeds {
  readonly x?: boolean;
  readonly w?: boolean;
  readonly b?: boolean;
}

/** {@link NamedNeeds}, or a list in the order x, w, b, as `op` gives it to a backward function. */
export type Needs = NamedNeeds | readonly boolean[];

/** The gradients `G` of a backward pass that was given the needs `N`: null for those that are not needed. */
export type Needed<G, N = Needs> = N extends readonly boolean[]
  ? { readonly [Name in keyof G]: G[Name] | null }
  : { readonly [Name in keyof G]: Name extends `d${infer Arg}` ? NeededAs<G[Name], Arg, N> : G[Name] };

type NeededAs<T, Arg, N> = Arg extends keyof N
  ? N[Arg] extends false
    ? null
    : false extends N[Arg]
      ? T | null
      : T
  : T;

/** For the first layer of a network, whose input is data. */
export const WEIGHTS = { x: false } as const;

const ALL: NamedNeeds = {};

/** The needs by name. @throws {TypeError} if they are neither an object of x, w and b nor a list of three. */
export function byName(fn: string, needs: Needs | undefined): NamedNeeds {
  if (needs === undefined) return ALL;
  if (Array.isArray(needs)) {
    const [x, w, b] = needs;
    if (needs.length === 3 && isNeed(x) && isNeed(w) && isNeed(b)) return { x, w, b };
  } else if (typeof needs === 'object' && needs !== null) {
    if (Object.keys(needs).every(isName) && Object.values(needs).every(isNeed)) return needs as NamedNeeds;
  }
  const expected = 'an object of true and false by x, w and b, or a list of three';
  throw argumentError(TypeError, { fn, arg: 'needs', found: `is ${describe(needs)}`, expected });
}

function isName(name: string): boolean {
  return name === 'x' || name === 'w' || name === 'b';
}

function isNeed(value: unknown): value is boolean | undefined {
  return typeof value === 'boolean' || value === undefined;
}
