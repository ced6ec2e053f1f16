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

/** The needs by name. */
export function byName(needs: Needs | undefined): NamedNeeds {
  if (needs === undefined) return ALL;
  return Array.isArray(needs) ? { x: needs[0], w: needs[1], b: needs[2] } : (needs as NamedNeeds);
}
