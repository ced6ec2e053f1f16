/** A value where the types do not allow it: for tests of what bad input gets, and for models that are plain objects. */
export function pretend<T>(value: unknown): T {
  return value as T;
}
