/** Which gradients of a layer with weights are needed: all but those that are set to false. */
export interface Needs {
  readonly x?: boolean;
  readonly w?: boolean;
  readonly b?: boolean;
}

/** The gradients `G` of a backward pass that was given the needs `N`: null for those that are not needed. */
export type Needed<G, N = Needs> = {
  readonly [Name in keyof G]: Name extends `d${infer Arg}`
    ? Arg extends keyof N
      ? false extends N[Arg]
        ? N[Arg] extends false
          ? null
          : G[Name] | null
        : G[Name]
      : G[Name]
    : G[Name];
};

export const ALL: Needs = {};

/** For the first layer of a network, whose input is data. */
export const WEIGHTS = { x: false } as const;
