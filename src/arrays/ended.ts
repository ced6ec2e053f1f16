import type { DType, Floats } from './types.js';

/** The error text for an array whose workspace has ended. */
export const ENDED_MESSAGE =
  'this array was made in a workspace that has ended: return it from the function given to workspace(), ' +
  'or copy it with resident(a)';

/**
 * Set on the memory of arrays that have ended. A property, since a training step of 20 µs ends a dozen of them: on Node
 * 20 it takes 70 to 170 ns to set and 10 to 60 to ask for, a WeakSet 600 to 1,400 and 90 to 130.
 */
const MARK = Symbol('ended');

/** Marks memory whose workspace has ended: every view of it is refused from now on. */
export function markEnded(data: Floats): void {
  (data as { [MARK]?: true })[MARK] = true;
}

/** Whether the workspace of this memory has ended. */
export function hasEnded(data: Floats): boolean {
  return (data as { [MARK]?: true })[MARK] === true;
}

const NOTHING = { float32: endedMemory(new Float32Array(0)), float64: endedMemory(new Float64Array(0)) };

/** What stands in the place of an array's numbers once the workspace that it was made in has ended. */
export function ended(dtype: DType): Floats {
  return NOTHING[dtype];
}

/** An empty memory where an element read or written, or a method called, is an error. */
function endedMemory<F extends Floats>(none: F): F {
  markEnded(none);
  const refuse = (): never => {
    throw new RangeError(ENDED_MESSAGE);
  };
  return new Proxy(none, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      const isMethod = typeof value === 'function' && key !== 'constructor';
      return isMethod || isIndex(key) ? refuse() : value;
    },
    set: refuse,
  });
}

function isIndex(key: string | symbol): boolean {
  return typeof key === 'string' && Number.isInteger(Number(key));
}
