/** What the library runs on where code may be generated: the packages `ndarray` and `ndarray-ops`. */
export interface Packages {
  readonly ndarray: typeof import('ndarray');
  /** Compiled when it is first read, which takes ten milliseconds: many programs need none of them. */
  readonly ops: typeof import('ndarray-ops');
}

/**
 * The two packages, or null where they cannot run: both compile code from strings, which a content security policy or
 * `node --disallow-code-generation-from-strings` forbids. No other module imports them, and builds for browsers have
 * one in its place that returns null, so that a page's policy has no attempt to report.
 */
export function loadPackages(): Packages | null {
  try {
    const packages = required();
    packages.ndarray(new Float32Array(1)); // the first array of a kind compiles its class
    return packages;
  } catch {
    return null;
  }
}

/** Outside of the `try`, in which some bundlers leave a `require` as it stands. */
function required(): Packages {
  let loaded: Packages['ops'] | undefined;
  return {
    // biome-ignore lint/style/noCommonJs: they are loaded when the first array is made, which is not asynchronous
    ndarray: require('ndarray'),
    get ops() {
      // biome-ignore lint/style/noCommonJs: they are loaded when they are first used
      loaded ??= require('ndarray-ops') as Packages['ops'];
      return loaded;
    },
  };
}
