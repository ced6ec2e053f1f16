/** A tuple of a pickle. A list is an array. */
export class PickledTuple {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A dictionary of a pickle, ordered or not. */
export class PickledDict {
  #entries: Map<unknown, unknown> | null = null;

  set(key: unknown, value: unknown): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  get entries(): ReadonlyMap<unknown, unknown> {
    return this.#entries ?? EMPTY;
  }
}

const EMPTY: ReadonlyMap<unknown, unknown> = new Map();

/** A class or function that a pickle asks for by name. */
export class PickledGlobal {
  /** With its module: `collections.OrderedDict`. */
  readonly name: string;
  /** What a call makes; undefined where it may only be named. */
  readonly call: ((args: readonly unknown[]) => unknown) | undefined;

  constructor(name: string, call?: (args: readonly unknown[]) => unknown) {
    this.name = name;
    this.call = call;
  }
}

/** Bytes of a pickle, of which nobody needs the content. */
export const PICKLED_BYTES = Symbol('bytes');
