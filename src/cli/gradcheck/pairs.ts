// The forward/backward pairs that a file exports.

/** Any function of a user's. */
export type AnyFunction = (...args: unknown[]) => unknown;

/** A function and what computes its gradients. */
export interface Pair {
  /** `affine`; `conv (Naive)` and `batchnorm (Alt)` where names end so. */
  readonly name: string;
  /** Their names in the file. */
  readonly forward: { readonly name: string; readonly fn: AnyFunction };
  /** Null for a loss, which returns its gradient itself. */
  readonly backward: { readonly name: string; readonly fn: AnyFunction } | null;
}

/** The pairs, and the functions whose other half is missing. */
export interface Found {
  readonly pairs: readonly Pair[];
  readonly alone: readonly string[];
}

const HALF = /^(\w+?)(Forward|Backward|_forward|_backward)(\w*)$/;
const BACKWARDS: Readonly<Record<string, string>> = { Forward: 'Backward', _forward: '_backward' };
const LOSS = /^\w+?(Loss|_loss)(_?(naive|vectorized|fast|alt|v?\d+))?$/i;

/**
 * Finds `fooForward` with `fooBackward`, `foo_forward` with `foo_backward`, both with the same ending (`Naive`), and
 * losses, `fooLoss` or `foo_loss`. A backward function with an ending of its own (`Alt`) belongs to the forward
 * function without one.
 */
export function findPairs(exported: Readonly<Record<string, unknown>>): Found {
  const functions = Object.entries(exported).filter((entry): entry is [string, AnyFunction] => {
    return typeof entry[1] === 'function';
  });
  const named = new Map(functions);
  const pairs: Pair[] = [];
  const used = new Set<string>();
  for (const [name, fn] of functions) {
    const half = HALF.exec(name);
    if (half === null) {
      const loss = LOSS.exec(name);
      if (loss !== null) pairs.push({ name, forward: { name, fn }, backward: null });
      continue;
    }
    const [, stem, direction, ending] = half;
    const opposite = BACKWARDS[direction];
    if (opposite === undefined) continue;
    const backward = stem + opposite;
    const backwards = [...named.keys()].filter((other) => {
      if (other === backward + ending) return true;
      const own = other.startsWith(backward) ? other.slice(backward.length) : null;
      return ending === '' && own !== null && !named.has(stem + direction + own);
    });
    for (const other of backwards) {
      const suffix = other.slice(backward.length).replace(/^_/, '');
      const title = suffix === '' ? stem : `${stem} (${suffix})`;
      pairs.push({
        name: title,
        forward: { name, fn },
        backward: { name: other, fn: named.get(other) as AnyFunction },
      });
      used.add(name).add(other);
    }
  }
  const alone = [...named.keys()].filter((name) => HALF.test(name) && !used.has(name));
  return { pairs, alone };
}
